//! What was replaced, for one request: in memory, zeroised when dropped.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt;
use std::sync::Arc;

use zeroize::{Zeroize as _, Zeroizing};

use crate::types::Entity;

use super::Restorer;
use super::error::RedactError;
use super::fold::fold;
use super::forms::Forms;
use super::known::Identity;
use super::placeholder::{Label, Placeholder};

/// Most different values of one request.
pub(super) const MAX_VALUES: usize = 99_999;

/// The values behind the placeholders of one request.
///
/// Nothing shows them but a [`Restorer`]; they are overwritten when the vault is dropped.
///
/// A value is restored as it was first written. Where one person or company was written in several
/// ways that share a placeholder ("Anna Müller", then "Anna"), the whole name is restored, because it is right wherever any of them stood.
pub struct Vault {
    values: BTreeMap<Placeholder, Value>,
    /// Normalised value → number, so that one value always has one placeholder.
    numbers: HashMap<(Label, String), u32>,
    last: BTreeMap<Label, u32>,
    /// Values that something else than a placeholder stands for, normalised, for counting.
    others: HashSet<(Entity, String)>,
    /// Surrogates, and what they stand for.
    forms: Arc<Forms>,
}

/// A value behind a placeholder.
pub(super) struct Value {
    /// As it is restored.
    pub(super) text: Zeroizing<String>,
    /// The first way of writing, folded.
    first: Zeroizing<String>,
}

impl Vault {
    /// A vault of nothing.
    #[cfg(test)]
    pub(crate) fn for_test() -> Self {
        Self::new()
    }

    pub(super) fn new() -> Self {
        Self {
            values: BTreeMap::new(),
            numbers: HashMap::new(),
            last: BTreeMap::new(),
            others: HashSet::new(),
            forms: Arc::default(),
        }
    }

    /// Counts a value that something else than a placeholder stands for.
    pub(super) fn count(&mut self, entity: Entity, key: String) -> Result<(), RedactError> {
        if self.values.len() + self.others.len() >= MAX_VALUES {
            return Err(RedactError::TooManySpans { limit: MAX_VALUES });
        }
        self.others.insert((entity, key));
        Ok(())
    }

    /// Takes surrogates, and what they stand for.
    pub(super) fn take_forms(&mut self, forms: Forms) {
        self.forms = Arc::new(forms);
    }

    /// The surrogates, and what they stand for.
    pub(super) const fn forms(&self) -> &Arc<Forms> {
        &self.forms
    }

    /// The placeholder of `written`: the same for all ways of writing one value.
    pub(super) fn placeholder(
        &mut self,
        label: Label,
        identity: Identity,
        written: &str,
    ) -> Result<Placeholder, RedactError> {
        let slot = (label, identity.key);
        if let Some(number) = self.numbers.get(&slot) {
            let placeholder = Placeholder {
                label,
                number: *number,
            };
            if let (Some(value), Some(mut full)) =
                (self.values.get_mut(&placeholder), identity.full)
            {
                // What is written as what goes back changes nothing.
                if *value.text != written && *value.first != fold(written) {
                    *value.text = std::mem::take(&mut full);
                }
                full.zeroize();
            }
            return Ok(placeholder);
        }
        if self.values.len() >= MAX_VALUES {
            return Err(RedactError::TooManySpans { limit: MAX_VALUES });
        }
        let last = self.last.entry(label).or_insert(0);
        *last += 1;
        let placeholder = Placeholder {
            label,
            number: *last,
        };
        let value = Value {
            text: Zeroizing::new(written.to_owned()),
            first: Zeroizing::new(fold(written)),
        };
        self.values.insert(placeholder, value);
        self.numbers.insert(slot, placeholder.number);
        Ok(placeholder)
    }

    /// How many different values of each kind there are.
    pub(super) fn counts(&self) -> BTreeMap<Entity, u32> {
        let count = |(label, number): (&Label, &u32)| match label {
            Label::Entity(entity) => Some((*entity, *number)),
            Label::Text => None,
        };
        let mut counts: BTreeMap<Entity, u32> = self.last.iter().filter_map(count).collect();
        for (entity, _) in &self.others {
            *counts.entry(*entity).or_default() += 1;
        }
        counts
    }

    /// The placeholders in use (`[PERSON_1]`), sorted.
    pub(super) fn placeholders(&self) -> Vec<String> {
        self.values.keys().map(Placeholder::to_string).collect()
    }

    /// The values behind the placeholders.
    pub(super) fn texts(&self) -> impl Iterator<Item = (&Placeholder, &str)> {
        self.values
            .iter()
            .map(|(placeholder, value)| (placeholder, value.text.as_str()))
    }

    /// How many values are in it.
    pub fn len(&self) -> usize {
        self.values.len() + self.others.len()
    }

    /// Whether nothing was replaced.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Puts values back into an answer, piece by piece. The restorer takes the values with it.
    pub fn restorer(mut self) -> Restorer {
        Restorer::new(
            std::mem::take(&mut self.values)
                .into_iter()
                .map(|(p, v)| (p, v.text))
                .collect(),
            Arc::clone(&self.forms),
        )
    }
}

impl Drop for Vault {
    fn drop(&mut self) {
        // The values overwrite themselves.
        for ((_, mut key), _) in self.numbers.drain() {
            key.zeroize();
        }
        for (_, mut key) in self.others.drain() {
            key.zeroize();
        }
    }
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Vault({} values)", self.len())
    }
}
