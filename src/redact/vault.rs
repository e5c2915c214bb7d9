//! What was replaced, for one request: in memory, zeroised when dropped.

use std::collections::{BTreeMap, HashMap};
use std::fmt;

use zeroize::Zeroize as _;

use crate::types::Entity;

use super::Restorer;
use super::error::RedactError;

/// Most different values of one request.
const MAX_VALUES: usize = 9_999;

/// The values behind the placeholders of one request.
///
/// Nothing shows them but a [`Restorer`]; they are overwritten when the vault is dropped.
pub struct Vault {
    values: BTreeMap<(Entity, u32), String>,
    /// Normalised value → number, so that one value always has one placeholder.
    numbers: HashMap<(Entity, String), u32>,
    counts: BTreeMap<Entity, u32>,
}

impl Vault {
    pub(super) fn new() -> Self {
        Self { values: BTreeMap::new(), numbers: HashMap::new(), counts: BTreeMap::new() }
    }

    /// The placeholder of a value: its own if it was seen before, by its normalised form `key`.
    pub(super) fn placeholder(&mut self, entity: Entity, key: String, value: &str) -> Result<String, RedactError> {
        let slot = (entity, key);
        if let Some(number) = self.numbers.get(&slot) {
            return Ok(text_of(entity, *number));
        }
        if self.values.len() >= MAX_VALUES {
            return Err(RedactError::TooManySpans { limit: MAX_VALUES });
        }
        let number = self.counts.entry(entity).or_insert(0);
        *number += 1;
        self.values.insert((entity, *number), value.to_owned());
        self.numbers.insert(slot, *number);
        Ok(text_of(entity, *number))
    }

    /// How many different values of each kind there are.
    pub(super) fn counts(&self) -> &BTreeMap<Entity, u32> {
        &self.counts
    }

    /// Puts values back into an answer, piece by piece. The restorer takes the values with it.
    pub fn restorer(mut self) -> Restorer {
        Restorer::new(std::mem::take(&mut self.values))
    }
}

/// `[PERSON_1]`
fn text_of(entity: Entity, number: u32) -> String {
    format!("[{entity}_{number}]")
}

impl Drop for Vault {
    fn drop(&mut self) {
        self.values.values_mut().for_each(|value| value.zeroize());
        for ((_, mut key), _) in self.numbers.drain() {
            key.zeroize();
        }
    }
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Vault({} values)", self.values.len())
    }
}
