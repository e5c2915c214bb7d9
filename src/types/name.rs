//! Names that operators give.

use std::borrow::Borrow;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::LogSafe;

/// The name of a use case, model, key, node or rule: 1 to 64 of `a-z 0-9 - _ .`, no leading
/// punctuation. So a name is safe in a log, a metric label and a file name.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name(Arc<str>);

/// The text can't be a name. Says nothing of the text, which may be a user's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "a name has 1 to 64 characters of a-z, 0-9, '-', '_' and '.', and starts with a letter or digit"
)]
pub struct ParseNameError;

impl Name {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Name {
    type Err = ParseNameError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
        let sound = (1..=64).contains(&text.len())
            && text.bytes().all(|b| plain(b) || b"-_.".contains(&b))
            && text.bytes().next().is_some_and(plain);
        if sound {
            Ok(Self(text.into()))
        } else {
            Err(ParseNameError)
        }
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", &*self.0)
    }
}

impl Borrow<str> for Name {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl Serialize for Name {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

impl LogSafe for Name {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_plain() {
        let long = "a".repeat(65);
        for (text, sound) in [
            ("case-summary", true),
            ("smollm2-135m-instruct", true),
            ("4.1_x", true),
            ("", false),
            ("-a", false),
            ("..", false),
            ("Case", false),
            ("a b", false),
            ("a/b", false),
            ("ä", false),
            (long.as_str(), false),
        ] {
            assert_eq!(text.parse::<Name>().is_ok(), sound, "{text}");
        }
    }
}
