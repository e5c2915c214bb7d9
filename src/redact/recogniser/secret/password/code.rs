//! Codes of doors and gates, and what turns locks.

use std::ops::Range;

use super::super::super::super::context::floor;
use super::super::super::super::text::{Text, is_word};
use super::super::super::hints::{Hint, Hints, Topic};
use super::super::super::labelled::Value;
use super::number::ends;
use super::opens::{AGREED, NOT_CODES};
use super::words::EXPLICIT;
use super::{Hit, is_harmless};

/// How far behind its word a code that opens something may stand, in bytes.
const REACH: usize = 72;

/// Most words between a code's word and the code: "the alarm code for the upstairs stockroom has been changed to 7394".
const MAX_WORDS: usize = 10;

/// Three to ten letters and digits with two digits among them, in one piece, behind a colon or a verb; or near a word
/// for what it opens.
pub(super) fn code(
    text: &Text<'_>,
    hints: &Hints,
    hint: &Hint,
    value: Option<Value>,
) -> Option<Hit> {
    if is_harmless(text, hint) {
        return None;
    }
    let told = value.filter(|value| value.marked || value.said);
    let told = told.and_then(|value| {
        let range = piece(text, value.start)?;
        let plain = text.slice(range.clone());
        let closed = !text
            .slice(range.end..text.str.len())
            .starts_with(['-', '_', '@']);
        let sound = plain.bytes().all(|b| b.is_ascii_alphanumeric()) && closed;
        (sound && digits(plain) >= 2).then_some((range, 0.75))
    });
    let of_lock = || {
        let own = names_lock(text.slice(hint.range.clone()));
        opener(text, hint).filter(|(range, _)| own || opens(text, hints, hint, range.start))
    };
    told.or_else(of_lock)
        .or_else(|| of_card(text, hint, value?))
        .or_else(|| agreed(text, hint))
}

/// Whether a word for a code says what it opens: "Tresorcode".
fn names_lock(word: &str) -> bool {
    word.len() > 6 && word.to_lowercase().ends_with("code")
}

/// Whether a word for a lock stands between `hint` and the code at `start`, or before `hint` in its sentence.
fn opens(text: &Text<'_>, hints: &Hints, hint: &Hint, start: usize) -> bool {
    let from = hint.range.start.saturating_sub(REACH);
    let all = hints.all();
    let first = all.partition_point(|other| other.range.end <= from);
    all.get(first..)
        .unwrap_or_default()
        .iter()
        .take_while(|other| other.range.start < start)
        .filter(|other| other.is(Topic::Lock))
        .any(|other| {
            let between = text.slice(other.range.end..hint.range.start);
            let apart = between.contains([';', '\n']) || between.contains(". ");
            other.range.end <= start && !apart
        })
}

/// Three or four digits right behind "code", a card's last month before it: "08/27, code 447".
fn of_card(text: &Text<'_>, hint: &Hint, value: Value) -> Option<Hit> {
    let beside = text.slice(hint.range.end..value.start) == " ";
    let range = piece(text, value.start).filter(|_| beside)?;
    let own = text.slice(range.clone());
    let first = text
        .groups
        .partition_point(|group| group.range.end <= hint.range.start);
    let [month, year] = text.groups.get(first.checked_sub(2)?..first)? else {
        return None;
    };
    let slash = text.slice(month.range.end..year.range.start) == "/";
    let sound = slash
        && month.range.len() <= 2
        && matches!(year.range.len(), 2 | 4)
        && hint.range.start - year.range.end <= 16
        && matches!(own.len(), 3 | 4)
        && digits(own) == own.len();
    sound.then_some((range, 0.75))
}

/// Digits behind a colon, where the words before it say that they were agreed upon: "code d'arrêt donné par téléphone :
/// 4488".
fn agreed(text: &Text<'_>, hint: &Hint) -> Option<Hit> {
    let to = floor(text.str, (hint.range.end + REACH).min(text.str.len()));
    let window = text.slice(hint.range.end..to);
    let line = window.split(['\n', '.', ';']).next()?;
    let (label, _) = line.split_once(':')?;
    let words = || label.split(|c: char| !is_word(c)).map(str::to_lowercase);
    let told = words().any(|word| AGREED.contains(&word.as_str()));
    let other = words().any(|word| word != "de" && NOT_CODES.contains(&word.as_str()));
    let start = hint.range.end + label.len() + 1;
    let range = piece(text, start + blanks(text, start)).filter(|_| told && !other)?;
    (digits(text.slice(range.clone())) >= 3).then_some((range, 0.7))
}

/// Four or six digits right behind a word for an alarm, at the end of the line or sentence: "alarm 5583".
pub(super) fn alarm(text: &Text<'_>, hint: &Hint) -> Option<Hit> {
    let start = hint.range.end + blanks(text, hint.range.end);
    let range = piece(text, start).filter(|range| range.start > hint.range.end)?;
    let own = text.slice(range.clone());
    let next = text.char_at(range.end);
    let closed = next.is_none_or(|c| matches!(c, '\n' | '\r' | '.' | ',' | ';' | ')'));
    let sound = closed && matches!(own.len(), 4 | 6) && digits(own) == own.len();
    sound.then_some((range, 0.6))
}

/// A code right behind a word that is said of nothing else: "door code 4471".
pub(super) fn explicit(
    text: &Text<'_>,
    hint: &Hint,
    word: &str,
    value: Option<Value>,
) -> Option<Hit> {
    let start = value?.start;
    let beside = text.slice(hint.range.end..start).trim().is_empty();
    let range = piece(text, start).filter(|_| beside && EXPLICIT.contains(&word))?;
    (digits(text.slice(range.clone())) >= 3).then_some((range, 0.8))
}

/// A combination: digits with hyphens between them, or near a word for a lock digits in a row.
pub(super) fn combination(
    text: &Text<'_>,
    hints: &Hints,
    hint: &Hint,
    value: Option<Value>,
) -> Option<Hit> {
    let word = text.slice(hint.range.clone());
    let sure = word.eq_ignore_ascii_case("szyfr") || word.eq_ignore_ascii_case("digicode");
    let start = value?.start;
    if let Some(range) = dial(text, start) {
        return Some((range, 0.8));
    }
    if sure || hints.near(Topic::Lock, &hint.range) {
        return opener(text, hint);
    }
    None
}

/// What opens a padlock or a key safe, behind its name and a colon: "Candado azul: 8-0-8".
pub(super) fn padlock(text: &Text<'_>, hint: &Hint) -> Option<Hit> {
    let to = floor(text.str, (hint.range.end + REACH).min(text.str.len()));
    let line = text
        .slice(hint.range.end..to)
        .split(['\n', '.', ';'])
        .next()?;
    let colon = line.find(':').filter(|at| !line[..*at].contains(','));
    let start = match colon {
        Some(at) => hint.range.end + at + 1,
        None => hint.range.end,
    };
    let start = start + blanks(text, start);
    let hit = dial(text, start).or_else(|| {
        let range = piece(text, start)?;
        let own = text.slice(range.clone());
        (digits(own) == own.len() && own.len() >= 4
            || digits(own) >= 3 && own.ends_with(['#', '*']))
        .then_some(range)
    })?;
    Some((hit, 0.75))
}

/// The code behind `hint`, some words away.
fn opener(text: &Text<'_>, hint: &Hint) -> Option<Hit> {
    let to = floor(text.str, (hint.range.end + REACH).min(text.str.len()));
    let window = text.slice(hint.range.end..to);
    let line = window.split('\n').next()?;
    let mut words = 0;
    for word in line.split_whitespace() {
        let start = word.as_ptr().addr() - text.str.as_ptr().addr();
        let opened = word.trim_start_matches(['(', '"', '\'', ':', '„', '“', '«', ',', '=']);
        let start = start + word.len() - opened.len();
        let hit = dial(text, start).or_else(|| {
            let range = piece(text, start)?;
            let own = text.slice(range.clone());
            let alone = !text
                .slice(range.end..text.str.len())
                .starts_with(['-', '_', '@']);
            let mixed = digits(own) < own.len();
            (alone && digits(own) >= if mixed { 2 } else { 3 }).then_some(range)
        });
        if let Some(range) = hit {
            return Some((range, 0.75));
        }
        let lower = opened.trim_end_matches(|c| !is_word(c)).to_lowercase();
        let other = lower != "de" && NOT_CODES.contains(&lower.as_str());
        words += 1;
        if other || words > MAX_WORDS || word.ends_with(['.', '!', ';']) && word.len() > 3 {
            return None;
        }
    }
    None
}

/// Single digits, or pairs, with hyphens between them: "3-9-1-7", "12-34-07".
fn dial(text: &Text<'_>, start: usize) -> Option<Range<usize>> {
    let rest = text.str.get(start..)?;
    let len = rest
        .bytes()
        .take(16)
        .take_while(|b| b.is_ascii_digit() || *b == b'-')
        .count();
    let own = rest.get(..len)?.trim_end_matches('-');
    let parts = own.split('-');
    let width = parts.clone().next().map_or(0, str::len);
    let alike = own.split('-').all(|part| part.len() == width);
    let alone = !text.char_before(start).is_some_and(is_word) && ends(text, start + own.len());
    let sound = matches!(width, 1 | 2) && parts.count() >= 3 && alike && alone;
    sound.then_some(start..start + own.len())
}

/// Three to ten capitals, digits and keys at `start`, standing alone.
fn piece(text: &Text<'_>, start: usize) -> Option<Range<usize>> {
    let rest = text.str.get(start..)?;
    let belongs = |b: &u8| b.is_ascii_uppercase() || b.is_ascii_digit() || matches!(b, b'*' | b'#');
    let len = rest.bytes().take(11).take_while(belongs).count();
    let range = start..start + len;
    let before = text.char_before(start);
    let alone = !before.is_some_and(|c| is_word(c) || matches!(c, '-' | '/' | '.' | '€' | '$'));
    ((3..=10).contains(&len) && alone && ends(text, range.end)).then_some(range)
}

fn digits(own: &str) -> usize {
    own.bytes().filter(u8::is_ascii_digit).count()
}

fn blanks(text: &Text<'_>, at: usize) -> usize {
    let rest = text.slice(at..text.str.len());
    rest.len()
        - rest
            .trim_start_matches([' ', '\u{a0}', '"', '„', '«', '('])
            .len()
}
