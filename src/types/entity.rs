//! Kinds of personal data and secrets.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::LogSafe;

macro_rules! entities {
    ($($(#[$doc:meta])* $variant:ident = $label:literal,)*) => {
        /// A kind of personal data, identifier or secret; its label is the placeholder's name.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum Entity {
            $($(#[$doc])* #[serde(rename = $label)] $variant,)*
        }

        impl Entity {
            /// Every kind, in the order of their labels' declaration.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// The label, as in placeholders (`[EMAIL_1]`), audit counts and spans.
            pub const fn label(self) -> &'static str {
                match self { $(Self::$variant => $label,)* }
            }
        }
    };
}

entities! {
    /// A postal address or a part of one that identifies a person.
    Address = "ADDRESS",
    /// A payment card number.
    Card = "CARD",
    /// A city, region, state or postcode.
    Location = "LOCATION",
    /// A date of birth.
    DateOfBirth = "DATE_OF_BIRTH",
    /// An e-mail address.
    Email = "EMAIL",
    /// An international bank account number.
    Iban = "IBAN",
    /// An IP address.
    IpAddress = "IP_ADDRESS",
    /// A national, tax, social-security or health identifier.
    NationalId = "NATIONAL_ID",
    /// A company or other organisation that a record declares personal.
    Organisation = "ORGANISATION",
    /// A natural person's name.
    Person = "PERSON",
    /// A phone number.
    Phone = "PHONE",
    /// A Salesforce record identifier.
    SalesforceId = "SALESFORCE_ID",
    /// A web address.
    Url = "URL",
    /// A vehicle's licence plate.
    LicencePlate = "LICENCE_PLATE",
    /// A driving licence number.
    DrivingLicence = "DRIVING_LICENCE",
    /// A passport number, or the machine-readable lines of a passport or identity card.
    Passport = "PASSPORT",
    /// A VAT number.
    VatNumber = "VAT_NUMBER",
    /// A bank's BIC (SWIFT code).
    Bic = "BIC",
    /// A network card's address.
    MacAddress = "MAC_ADDRESS",
    /// A mobile device's IMEI.
    Imei = "IMEI",
    /// Latitude and longitude.
    Coordinates = "COORDINATES",
    /// An address of a crypto-currency.
    CryptoWallet = "CRYPTO_WALLET",
    /// A person's age.
    Age = "AGE",
    /// A password, key, token or connection string.
    Secret = "SECRET",
    /// A user name, customer number or another value that a use case declares identifying.
    Identifier = "IDENTIFIER",
    /// A date or a time.
    DateTime = "DATE_TIME",
    /// A title or a form of address.
    Title = "TITLE",
    /// A nationality, an origin or a religion.
    Nationality = "NATIONALITY",
}

/// The text is no entity's label. Says nothing of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not the label of an entity")]
pub struct ParseEntityError;

impl FromStr for Entity {
    type Err = ParseEntityError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .iter()
            .copied()
            .find(|e| e.label() == text)
            .ok_or(ParseEntityError)
    }
}

impl fmt::Display for Entity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.label())
    }
}

impl LogSafe for Entity {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_read_back() {
        for entity in Entity::ALL {
            assert_eq!(entity.label().parse(), Ok(*entity));
        }
        assert_eq!("person".parse::<Entity>(), Err(ParseEntityError));
    }
}
