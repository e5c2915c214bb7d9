//! A vault's values as bytes, for a caller that keeps its own model and hands them back later.
//!
//! The bytes are the values in clear: whoever takes them seals them before they leave the process.
//! A value is its placeholder (`PERSON_1`), a line feed, its length in bytes, a line feed, its text.

use std::collections::BTreeMap;

use zeroize::Zeroizing;

use super::Restorer;
use super::placeholder::{Label, Placeholder};
use super::vault::{MAX_VALUES, Vault};

/// The bytes are no vault's. Says nothing of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the bytes are not the values of a vault")]
pub struct CarriedError;

impl Vault {
    /// The values, in clear, to be sealed.
    pub fn carry(&self) -> Zeroizing<Vec<u8>> {
        let size = |(_, text): (_, &str)| text.len() + 64;
        // Room for all of it, so that growing leaves no copy behind.
        let mut bytes = Zeroizing::new(Vec::with_capacity(self.texts().map(size).sum()));
        for (placeholder, text) in self.texts() {
            let (label, number) = (placeholder.label.as_str(), placeholder.number);
            bytes.extend_from_slice(format!("{label}_{number}\n{}\n", text.len()).as_bytes());
            bytes.extend_from_slice(text.as_bytes());
        }
        bytes
    }
}

impl Restorer {
    /// A restorer of what [`Vault::carry`] gave.
    ///
    /// # Errors
    ///
    /// [`CarriedError`].
    pub fn carried(bytes: &[u8]) -> Result<Self, CarriedError> {
        let mut rest = std::str::from_utf8(bytes).map_err(|_| CarriedError)?;
        let mut values = BTreeMap::new();
        while !rest.is_empty() {
            let (name, after) = rest.split_once('\n').ok_or(CarriedError)?;
            let (length, after) = after.split_once('\n').ok_or(CarriedError)?;
            let length: usize = length.parse().map_err(|_| CarriedError)?;
            let (text, after) = after.split_at_checked(length).ok_or(CarriedError)?;
            let (label, number) = name.rsplit_once('_').ok_or(CarriedError)?;
            let placeholder = Placeholder {
                label: label_of(label).ok_or(CarriedError)?,
                number: number.parse().map_err(|_| CarriedError)?,
            };
            values.insert(placeholder, Zeroizing::new(text.to_owned()));
            if values.len() > MAX_VALUES {
                return Err(CarriedError);
            }
            rest = after;
        }
        Ok(Self::new(values))
    }
}

fn label_of(name: &str) -> Option<Label> {
    if name == Label::Text.as_str() {
        return Some(Label::Text);
    }
    name.parse().ok().map(Label::Entity)
}

#[cfg(test)]
mod tests {
    use super::super::{Redactor, RedactorOptions};
    use super::*;

    fn carried(text: &str) -> (String, Zeroizing<Vec<u8>>) {
        let redactor = Redactor::new(RedactorOptions::default()).unwrap();
        let mut conversation = redactor.conversation();
        let (masked, _) = conversation.mask(text).unwrap();
        (masked, conversation.into_vault().carry())
    }

    #[test]
    fn what_is_carried_restores() {
        for text in [
            "Dear Ms Ada Byron, write to ada@example.com\nor call +49 30 901820.",
            "My card is 4111 1111 1111 1111; [PERSON_1] is what I typed.",
            "nothing at all",
        ] {
            let (masked, bytes) = carried(text);
            let mut restorer = Restorer::carried(&bytes).unwrap();
            let restored = restorer.push(&masked) + &restorer.finish();
            assert_eq!(restored, text, "{masked}");
        }
    }

    #[test]
    fn other_bytes_are_refused() {
        for bytes in [
            &b"PERSON_1"[..],
            b"PERSON_1\n3\nab",
            b"PERSON_1\n2\nabc",
            b"PERSON_x\n0\n",
            b"NOBODY_1\n0\n",
            b"PERSON_1\n-1\n",
            b"PERSON_1\n1\n\xff",
        ] {
            assert_eq!(Restorer::carried(bytes).unwrap_err(), CarriedError);
        }
    }
}
