//! Identifiers of background jobs.

use std::fmt;

use crate::types::{LogSafe, RequestId};

/// The start of every identifier, as of every response's.
const START: &str = "resp_";
/// Hexadecimal digits after it.
const DIGITS: usize = 32;

/// The identifier of a job: that of the request that began it, as the response shows it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct JobId(String);

impl JobId {
    /// The identifier of the job that `request` begins.
    pub fn of(request: RequestId) -> Self {
        Self(format!("{START}{}", request.hex()))
    }

    /// The identifier that a client sent; `None` for what no job is called.
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix(START)?;
        let sound = digits.len() == DIGITS
            && digits
                .bytes()
                .all(|b| b.is_ascii_digit() || matches!(b, b'a'..=b'f'));
        sound.then(|| Self(text.to_owned()))
    }

    /// The identifier as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for JobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl LogSafe for JobId {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::Timestamp;

    #[test]
    fn only_our_own_form_is_an_identifier() {
        let own = JobId::of(RequestId::new(Timestamp::from_millis(1)));
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
        ] {
            assert_eq!(JobId::parse(text), None, "{text}");
        }
    }
}
