//! Identifiers of what is kept for its owner: jobs, files, held answers.

use std::fmt;

use crate::types::{LogSafe, RequestId};

/// Hexadecimal digits of an identifier, after its start.
const DIGITS: usize = 32;

macro_rules! identifiers {
    ($($(#[$doc:meta])* $name:ident = $start:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub struct $name(String);

        impl $name {
            /// The identifier of what `request` makes.
            pub fn of(request: RequestId) -> Self {
                Self(format!("{}{}", $start, request.hex()))
            }

            /// The identifier that a client sent; `None` for what nothing of this kind is called.
            pub fn parse(text: &str) -> Option<Self> {
                let digits = text.strip_prefix($start)?;
                let sound = digits.len() == DIGITS
                    && digits.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
                sound.then(|| Self(text.to_owned()))
            }

            /// The identifier as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl LogSafe for $name {}
    )*};
}

identifiers! {
    /// The identifier of a job: that of the request that began it, as the response shows it.
    JobId = "resp_";
    /// The identifier of a file: that of the request that uploaded it.
    FileId = "file-";
    /// The identifier of a held answer, its own: a request can have several.
    HeldId = "held_";
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::Timestamp;

    #[test]
    fn only_our_own_form_is_an_identifier() {
        let request = RequestId::new(Timestamp::from_millis(1));
        let own = JobId::of(request);
        assert_eq!(JobId::parse(own.as_str()), Some(own.clone()));
        let upper = own.as_str().to_uppercase();
        let longer = format!("{own}0");
        for text in [
            "",
            "resp_",
            "resp_1",
            "req_",
            &upper,
            &longer,
            "resp_\u{e9}",
            FileId::of(request).as_str(),
        ] {
            assert_eq!(JobId::parse(text), None, "{text}");
        }
        let file = FileId::of(request);
        assert_eq!(FileId::parse(file.as_str()), Some(file));
    }
}
