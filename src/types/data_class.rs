//! How sensitive a field is.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::LogSafe;

/// The class of a field, as its use case declares it; from the least to the most protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DataClass {
    /// Known to everybody: product names, shop addresses.
    Public,
    /// Of the company, not of a person: case numbers, statuses.
    Internal,
    /// Prices, discounts, supplier terms.
    Commercial,
    /// Of an identified or identifiable natural person (GDPR Art. 4(1)).
    Personal,
    /// Special categories of personal data (GDPR Art. 9).
    Special,
}

impl DataClass {
    /// Every class, from the least to the most protected.
    pub const ALL: [Self; 5] = [
        Self::Public,
        Self::Internal,
        Self::Commercial,
        Self::Personal,
        Self::Special,
    ];

    /// The name in configuration and audit entries.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Internal => "internal",
            Self::Commercial => "commercial",
            Self::Personal => "personal",
            Self::Special => "special",
        }
    }
}

impl fmt::Display for DataClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl LogSafe for DataClass {}
