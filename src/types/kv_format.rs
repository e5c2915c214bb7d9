//! How keys and values are kept.

use std::fmt;
use std::str::FromStr;

use serde::Deserialize;

/// The form of keys and values in the cache.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum KvFormat {
    /// In half precision.
    #[default]
    F16,
    /// In 8 bits, with a scale for each 32 dimensions of a token.
    Q8,
}

/// The text names no form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the forms of keys and values are `f16` and `q8`")]
pub struct ParseKvFormatError;

impl KvFormat {
    /// Its name in settings.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::F16 => "f16",
            Self::Q8 => "q8",
        }
    }
}

impl fmt::Display for KvFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for KvFormat {
    type Err = ParseKvFormatError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut all = [Self::F16, Self::Q8].into_iter();
        all.find(|own| own.as_str() == text)
            .ok_or(ParseKvFormatError)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_reads_as_it_is_written() {
        for format in [KvFormat::F16, KvFormat::Q8] {
            assert_eq!(format.to_string().parse(), Ok(format));
        }
        for text in ["", "F16", "q4", "f16 "] {
            assert_eq!(text.parse::<KvFormat>(), Err(ParseKvFormatError));
        }
    }
}
