//! What becomes of personal data that was found.

use std::fmt;

use serde::Deserialize;

use super::LogSafe;

/// What stands in a text in place of a find.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// Nothing, and the space around it is repaired. Can't be put back.
    Drop,
    /// A short pseudonym under a key of the node (`PERSON-kdwrtmbqxhzfp`): the same for the same value. Can't be put back.
    Hash,
    /// The value itself.
    Keep,
    /// Asterisks, with the few characters that tell one value from another left (`**** 1111`). Can't be put back.
    Mask,
    /// A numbered placeholder (`[PERSON_1]`), put back in the answer.
    #[default]
    Placeholder,
    /// An invented value of the same kind and form, put back in the answer.
    Surrogate,
}

impl Mode {
    /// The name in configurations and metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Drop => "drop",
            Self::Hash => "hash",
            Self::Keep => "keep",
            Self::Mask => "mask",
            Self::Placeholder => "placeholder",
            Self::Surrogate => "surrogate",
        }
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl LogSafe for Mode {}
