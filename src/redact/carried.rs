//! A vault's values as bytes, for a caller that keeps its own model and hands them back later.
//!
//! The bytes are the values in clear: whoever takes them seals them before they leave the process.
//! A value is its placeholder (`PERSON_1`), a line feed, its length in bytes, a line feed, its text. A surrogate is `=` or,
//! of a name, `~`, its kind, a line feed, and then twice a length, a line feed and a text: its own and its value's.

use std::collections::BTreeMap;
use std::sync::Arc;

use zeroize::Zeroizing;

use super::Restorer;
use super::forms::{Forms, Kind};
use super::placeholder::{Label, Placeholder};
use super::vault::{MAX_VALUES, Vault};

/// What the name of a surrogate begins with.
const EXACT: &str = "=";
/// What the name of a word of a surrogate begins with.
const NAME: &str = "~";

/// The bytes are no vault's. Says nothing of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the bytes are not the values of a vault")]
pub struct CarriedError;

impl Vault {
    /// The values, in clear, to be sealed.
    pub fn carry(&self) -> Zeroizing<Vec<u8>> {
        let size = |(_, text): (_, &str)| text.len() + 64;
        let forms = self.forms().iter();
        let forms: usize = forms
            .map(|(_, _, text, value)| text.len() + value.len() + 96)
            .sum();
        // Room for all of it, so that growing leaves no copy behind.
        let size = self.texts().map(size).sum::<usize>() + forms;
        let mut bytes = Zeroizing::new(Vec::with_capacity(size));
        for (placeholder, text) in self.texts() {
            let (label, number) = (placeholder.label.as_str(), placeholder.number);
            bytes.extend_from_slice(format!("{label}_{number}\n{}\n", text.len()).as_bytes());
            bytes.extend_from_slice(text.as_bytes());
        }
        for (kind, entity, text, value) in self.forms().iter() {
            let kind = match kind {
                Kind::Exact => EXACT,
                Kind::Name => NAME,
            };
            let (label, len) = (entity.label(), value.len());
            let head = format!("{kind}{label}\n{}\n{text}{len}\n", text.len());
            bytes.extend_from_slice(head.as_bytes());
            bytes.extend_from_slice(value.as_bytes());
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
        let (mut values, mut forms) = (BTreeMap::new(), Forms::default());
        while !rest.is_empty() {
            let (name, after) = rest.split_once('\n').ok_or(CarriedError)?;
            let (text, after) = measured(after)?;
            rest = after;
            if let Some((kind, label)) = kind_of(name) {
                let (value, after) = measured(after)?;
                let entity = label.parse().map_err(|_| CarriedError)?;
                forms.add(text, value, entity, kind);
                rest = after;
                if forms.len() > MAX_VALUES {
                    return Err(CarriedError);
                }
                continue;
            }
            let (label, number) = name.rsplit_once('_').ok_or(CarriedError)?;
            let placeholder = Placeholder {
                label: label_of(label).ok_or(CarriedError)?,
                number: number.parse().map_err(|_| CarriedError)?,
            };
            values.insert(placeholder, Zeroizing::new(text.to_owned()));
            if values.len() > MAX_VALUES {
                return Err(CarriedError);
            }
        }
        Ok(Self::new(values, Arc::new(forms)))
    }
}

/// A length, a line feed, and as many bytes; and what follows.
fn measured(bytes: &str) -> Result<(&str, &str), CarriedError> {
    let (length, after) = bytes.split_once('\n').ok_or(CarriedError)?;
    let length: usize = length.parse().map_err(|_| CarriedError)?;
    after.split_at_checked(length).ok_or(CarriedError)
}

/// The kind of a surrogate, and its label.
fn kind_of(name: &str) -> Option<(Kind, &str)> {
    let exact = name.strip_prefix(EXACT).map(|label| (Kind::Exact, label));
    exact.or_else(|| name.strip_prefix(NAME).map(|label| (Kind::Name, label)))
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
