//! Passwords, PINs and codes in prose and chats: "my password is …", "gate code A7315", in eight languages.

mod answer;
mod code;
mod keyed;
mod number;
mod opens;
mod prose;
mod words;

use std::ops::Range;

use crate::types::Entity;

use super::super::super::context::floor;
use super::super::super::span::Candidate;
use super::super::super::text::{Text, is_word};
use super::super::hints::{Hint, Hints, Topic};
use super::super::labelled::value_at;

pub(super) use self::keyed::words as keyed_words;
pub(super) use self::opens::LOCKS;
use self::opens::{ALARMS, CODES, COMBINATIONS, NOT_CODES, PADLOCKS};
pub(super) use self::words::WORDS;
use self::words::{CARD_CODES, LOGINS, PINS};

/// How far a word beside another is read, in bytes.
const MAX_WORD: usize = 64;

/// A find and how sure it is.
type Hit = (Range<usize>, f32);

/// What a word announces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// Digits only.
    Pin,
    /// The three or four digits on the back of a card.
    CardCode,
    /// Digits and capitals.
    Code,
    /// Digits that turn a lock.
    Combination,
    /// A name and a password.
    Login,
    /// Anything.
    Password,
}

impl Kind {
    fn of(word: &str) -> Self {
        let lists = [
            (PINS, Self::Pin),
            (CARD_CODES, Self::CardCode),
            (CODES, Self::Code),
            (COMBINATIONS, Self::Combination),
            (LOGINS, Self::Login),
        ];
        let listed = lists.into_iter().find(|(list, _)| list.contains(&word));
        listed.map_or(Self::Password, |(_, kind)| kind)
    }
}

/// Adds the passwords of `text`.
pub(super) fn find(text: &Text<'_>, hints: &Hints, found: &mut Vec<Candidate>) {
    let mut add = |(range, score): Hit| {
        found.push(Candidate::pattern(range, Entity::Secret, score));
    };
    for hint in hints.of_topic(Topic::Password) {
        // "pwd=…" is a connection string's.
        if text.char_at(hint.range.end) == Some('=') {
            continue;
        }
        let value = value_at(text.str, hint.range.end);
        let word = text.slice(hint.range.clone()).to_lowercase();
        let kind = Kind::of(&word);
        let hit = match kind {
            Kind::Pin => number::pin(text, hint, &word, value),
            Kind::CardCode => number::card_code(text, hint),
            Kind::Code => code::code(text, hints, hint, value),
            Kind::Combination => code::combination(text, hints, hint, value),
            Kind::Login => prose::login(text, hint),
            Kind::Password if is_key(text, hint, &word) => None,
            Kind::Password => {
                let told = value.and_then(|value| prose::password(text, &word, value));
                told.or_else(|| prose::shaped(text, hint))
                    .or_else(|| prose::labelled(text, hints, hint))
                    .or_else(|| code::explicit(text, hint, &word, value))
            }
        };
        let hit = hit.or_else(|| answer::find(text, hint, kind));
        if let Some((range, _)) = &hit {
            let more = prose::second(text, range.end);
            let more = more.or_else(|| prose::alternative(text, range.end));
            more.into_iter().for_each(&mut add);
        }
        hit.into_iter().for_each(&mut add);
    }
    for hint in hints.of_topic(Topic::Lock) {
        let word = text.slice(hint.range.clone()).to_lowercase();
        let hit = match word.as_str() {
            word if PADLOCKS.contains(&word) => code::padlock(text, hint),
            word if ALARMS.contains(&word) => code::alarm(text, hint),
            _ => None,
        };
        hit.into_iter().for_each(&mut add);
    }
    keyed::signed(text, hints).for_each(&mut add);
    for hint in hints.of_topic(Topic::Keypad) {
        keyed::find(text, hints, hint)
            .into_iter()
            .for_each(&mut add);
    }
}

/// Whether "clave" is a key of another kind: "palabras clave", "factores clave".
fn is_key(text: &Text<'_>, hint: &Hint, word: &str) -> bool {
    let keys = [
        "palabras", "punto", "puntos", "factor", "factores", "dato", "datos", "piezas",
    ];
    word == "clave" && keys.contains(&word_before(text, hint).as_str())
}

/// Whether the word before `hint` says that a code lets nobody in: "promo code".
fn is_harmless(text: &Text<'_>, hint: &Hint) -> bool {
    NOT_CODES.contains(&word_before(text, hint).as_str())
}

/// The word in front of `hint`, in small letters; of a very long one its end.
fn word_before(text: &Text<'_>, hint: &Hint) -> String {
    let from = floor(text.str, hint.range.start.saturating_sub(MAX_WORD));
    let before = text.slice(from..hint.range.start);
    let before = before.trim_end_matches([' ', '-']);
    let last = before.rsplit(|c: char| !c.is_alphanumeric()).next();
    last.unwrap_or("").to_lowercase()
}

/// The word at `at`, in small letters.
fn word_at(text: &Text<'_>, at: usize) -> String {
    let to = floor(text.str, (at + MAX_WORD).min(text.str.len()));
    let rest = text.slice(at..to);
    let rest = rest.trim_start_matches([' ', '\u{a0}']);
    let word = rest.split(|c: char| !is_word(c)).next().unwrap_or("");
    word.chars().take(24).collect::<String>().to_lowercase()
}

#[cfg(test)]
mod tests;
