//! The recognisers that share one search for the words that announce what they find.

use super::super::error::RedactError;
use super::super::span::Candidate;
use super::super::text::Text;
use super::hints::{Hinted, Hints, Topic};
use super::{compact, national_id, vat};

/// All of them, with one scan of the text for their words and one for numbers.
#[derive(Debug)]
pub(super) struct All;

impl Hinted for All {
    fn find_hinted(
        &self,
        text: &Text<'_>,
        hints: &Hints,
        found: &mut Vec<Candidate>,
    ) -> Result<(), RedactError> {
        compact::scan(text, |number| {
            national_id::judge(text, hints, number, found);
            vat::judge(text, hints, number, found);
        });
        Ok(())
    }
}

/// Every word that announces something, with its topic.
pub(super) fn hint_words() -> impl Iterator<Item = (Topic, &'static str)> {
    let lists = [(Topic::Vat, vat::WORDS)];
    let listed = lists
        .into_iter()
        .flat_map(|(topic, words)| words.iter().map(move |word| (topic, *word)));
    national_id::hint_words()
        .map(|word| (Topic::NationalId, word))
        .chain(listed)
}
