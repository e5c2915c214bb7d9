//! Texts that belong together, masked one after the other.

use std::collections::{BTreeMap, BTreeSet};

use crate::types::Entity;

use super::Vault;
use super::error::RedactError;
use super::redactor::{check_size, spans};
use super::span::Span;
use super::work::Work;

/// Texts that belong together, masked one after the other; see
/// [`Redactor::conversation`](super::Redactor::conversation).
#[derive(Debug)]
pub struct Conversation<'r> {
    pub(super) work: Work<'r>,
}

impl Conversation<'_> {
    /// Declares a value that is `entity` as a whole: it is looked for, in all its forms, in every text that
    /// follows.
    ///
    /// # Errors
    ///
    /// [`RedactError::TooManyTerms`].
    pub fn declare(&mut self, entity: Entity, value: &str) -> Result<(), RedactError> {
        self.work.declare(entity, value)?;
        self.work.known.refresh()
    }

    /// Lets the model of names read `texts`, which will follow, together: that is faster than one by one.
    ///
    /// # Errors
    ///
    /// [`RedactError`], as [`Redactor::redact`](super::Redactor::redact).
    pub fn look_ahead(&mut self, texts: &[&str]) -> Result<(), RedactError> {
        check_size(texts.iter().map(|text| text.len()).sum())?;
        self.work.find_names(texts)
    }

    /// Replaces these kinds only from here on; what is declared of other kinds is not looked for.
    pub fn keep_to(&mut self, only: BTreeSet<Entity>) {
        self.work.rules.only = Some(only);
    }

    /// Declares several values at once; see [`Conversation::declare`].
    ///
    /// # Errors
    ///
    /// [`RedactError::TooManyTerms`].
    pub fn declare_all<'v>(
        &mut self,
        values: impl IntoIterator<Item = (Entity, &'v str)>,
    ) -> Result<(), RedactError> {
        for (entity, value) in values {
            let wanted = self.work.rules.only.as_ref();
            if wanted.is_none_or(|only| only.contains(&entity)) {
                self.work.declare(entity, value)?;
            }
        }
        self.work.known.refresh()
    }

    /// As [`Conversation::mask`], each span with what stands for it.
    ///
    /// # Errors
    ///
    /// [`RedactError`], as [`Redactor::redact`](super::Redactor::redact).
    pub fn mask_marked(
        &mut self,
        text: &str,
    ) -> Result<(String, Vec<(Span, String)>), RedactError> {
        check_size(text.len())?;
        let found = self.work.find(text)?;
        let mut stand_ins = Vec::with_capacity(found.len());
        let masked = self
            .work
            .replaced(text, &found, |own| stand_ins.push(own.to_owned()))?;
        let marked = found
            .into_iter()
            .zip(stand_ins)
            .filter_map(|(candidate, own)| {
                let span = Span {
                    range: candidate.range,
                    entity: candidate.entity?,
                    score: candidate.score,
                };
                Some((span, own))
            });
        Ok((masked, marked.collect()))
    }

    /// Masks the next text, and gives the spans of what was found in it.
    ///
    /// # Errors
    ///
    /// [`RedactError`], as [`Redactor::redact`](super::Redactor::redact).
    pub fn mask(&mut self, text: &str) -> Result<(String, Vec<Span>), RedactError> {
        check_size(text.len())?;
        let found = self.work.find(text)?;
        Ok((self.work.replace(text, &found)?, spans(&found)))
    }

    /// Masks a text, and gives all that was replaced in it, what only looked like a placeholder too.
    #[cfg(any(test, fuzzing))]
    #[doc(hidden)]
    pub fn replaced(
        &mut self,
        text: &str,
    ) -> Result<(String, Vec<std::ops::Range<usize>>), RedactError> {
        let found = self.work.find(text)?;
        let masked = self.work.replace(text, &found)?;
        Ok((masked, found.into_iter().map(|c| c.range).collect()))
    }

    /// How many different values were replaced so far.
    pub fn values(&self) -> usize {
        self.work.vault.len()
    }

    /// How many different values of each kind were replaced so far.
    pub fn counts(&self) -> BTreeMap<Entity, u32> {
        self.work.vault.counts()
    }

    /// The values behind the placeholders.
    pub fn into_vault(self) -> Vault {
        self.work.into_vault()
    }
}
