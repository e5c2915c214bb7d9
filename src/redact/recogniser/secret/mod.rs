//! Secrets: keys with the formats of their providers, tokens, private keys, connection strings, passwords in
//! prose, and random-looking strings behind words for keys.

mod connection;
mod entropy;
mod key;
mod password;
mod pem;
mod symbols;

use super::super::error::RedactError;
use super::super::span::Candidate;
use super::super::text::Text;
use super::hints::{Hinted, Hints, Topic};

/// Every word that announces a secret, with its topic.
pub(super) fn hint_words() -> impl Iterator<Item = (Topic, &'static str)> {
    let listed = [
        (Topic::Password, password::WORDS),
        (Topic::Lock, password::LOCKS),
        (Topic::Token, entropy::WORDS),
        (Topic::Connection, connection::WORDS),
        (Topic::Pem, pem::WORDS),
    ];
    listed
        .into_iter()
        .flat_map(|(topic, words)| words.iter().map(move |word| (topic, *word)))
        .chain(key::hint_words().map(|word| (Topic::Key, word)))
        .chain(password::keyed_words().map(|word| (Topic::Keypad, word)))
}

/// Looks where words announce something.
#[derive(Debug)]
pub(super) struct Secret;

impl Hinted for Secret {
    fn find_hinted(
        &self,
        text: &Text<'_>,
        hints: &Hints,
        found: &mut Vec<Candidate>,
    ) -> Result<(), RedactError> {
        key::find(text, hints, found);
        pem::find(text, hints, found);
        connection::find(text, hints, found);
        password::find(text, hints, found);
        entropy::find(text, hints, found);
        symbols::find(text, found);
        Ok(())
    }
}
