//! PINs, and the codes on the backs of cards.

use super::super::super::super::context::floor;
use super::super::super::super::text::{Group, Text};
use super::super::super::clause::is_of_another;
use super::super::super::hints::Hint;
use super::super::super::labelled::Value;
use super::opens::UNITS;
use super::{Hit, word_at};

/// How far behind its word the code of a card may stand, in bytes.
const REACH: usize = 56;

/// Most bytes between a word for a PIN and one that stands some words on.
const MAX_BETWEEN: usize = 40;

/// Three to eight digits behind a colon or a verb, four to eight right behind the word; "pin 12" is a pin of something.
pub(super) fn pin(text: &Text<'_>, hint: &Hint, word: &str, value: Option<Value>) -> Option<Hit> {
    let value = value?;
    let rest = text.str.get(value.start..)?;
    let len = rest.bytes().take_while(u8::is_ascii_digit).count();
    let range = value.start..value.start + len;
    let told = value.marked || value.said;
    let between = text.slice(hint.range.end..value.start);
    let bare = between
        .chars()
        .all(|c| matches!(c, ' ' | '\u{a0}' | '(' | '"'));
    // "tan" is a colour, and the six digits of "pincode 110001" a postcode of India.
    let direct = match word {
        "tan" => text.slice(hint.range.clone()) == "TAN",
        "pins" => false,
        "pincode" | "pin-code" => len != 6,
        _ => true,
    };
    let direct = direct && bare && !between.is_empty() && (4..=8).contains(&len);
    let sound = (3..=8).contains(&len) && ends(text, range.end);
    if (told || direct) && sound {
        return Some((range, 0.85));
    }
    let sure = matches!(word, "pin" | "pinnummer" | "geheimzahl" | "puk" | "otp");
    let on = || some_words_on(text, hint).filter(|_| sure);
    behind_comma(text, hint).or_else(on)
}

/// "il pin sotto la striscia 5528": four to six digits a few words on in the same sentence.
fn some_words_on(text: &Text<'_>, hint: &Hint) -> Option<Hit> {
    let first = text
        .groups
        .partition_point(|group| group.range.start < hint.range.end);
    let range = text.groups.get(first)?.range.clone();
    if range.start - hint.range.end > MAX_BETWEEN {
        return None;
    }
    let between = text.slice(hint.range.end..range.start);
    let words = between.split_whitespace().count();
    let apart = between.contains(['.', ',', ';', '?', '!', '\n', '/', '-']);
    let sound = (4..=6).contains(&range.len())
        && (1..=6).contains(&words)
        && !between.trim_start().starts_with("code")
        && !apart
        && between.starts_with(' ')
        && text.stands_alone(&range)
        && ends(text, range.end);
    (sound && !is_of_another(text.str, range.start)).then_some((range, 0.65))
}

/// "even the PIN, 2580."
fn behind_comma(text: &Text<'_>, hint: &Hint) -> Option<Hit> {
    let rest = text.str.get(hint.range.end..)?;
    let number = rest.strip_prefix(", ")?;
    let len = number.bytes().take_while(u8::is_ascii_digit).count();
    let start = hint.range.end + 2;
    let closed = number[len..].starts_with(['.', ',', ';', ')', '!']) || number.len() == len;
    let sound = matches!(len, 4 | 6) && closed && ends(text, start + len);
    sound.then_some((start..start + len, 0.7))
}

/// The first three or four digits that stand alone, in the same sentence behind the word, or right before it.
pub(super) fn card_code(text: &Text<'_>, hint: &Hint) -> Option<Hit> {
    let to = floor(text.str, (hint.range.end + REACH).min(text.str.len()));
    let first = text
        .groups
        .partition_point(|group| group.range.start < hint.range.end);
    let behind = text
        .groups
        .get(first..)?
        .iter()
        .take_while(|group| group.range.start < to)
        .find(|group| {
            let between = text.slice(hint.range.end..group.range.start);
            let sentence =
                between.contains(". ") || between.contains('\n') && !between.contains(':');
            !sentence && is_card_code(text, group)
        });
    let before = || {
        let group = text.groups.get(first.checked_sub(1)?)?;
        let between = text.slice(group.range.end..hint.range.start);
        // The last digits of a card have others before them.
        let head = text.slice(0..group.range.start).trim_end_matches(' ');
        let row = head.ends_with(|c: char| c.is_ascii_digit());
        let beside = matches!(between, " " | " (" | " = ") && !row;
        (beside && is_card_code(text, group)).then_some(group)
    };
    let group = behind.or_else(before)?;
    Some((group.range.clone(), 0.8))
}

/// Whether three or four digits stand alone.
fn is_card_code(text: &Text<'_>, group: &Group) -> bool {
    let signs = ['/', '.', '-', ',', '#', '€', '$', '£'];
    matches!(group.range.len(), 3 | 4)
        && !group.glued_left
        && !group.glued_right
        && ends(text, group.range.end)
        && !text.slice(0..group.range.start).ends_with(signs)
}

/// Whether a number ends at `at` and has no unit.
pub(super) fn ends(text: &Text<'_>, at: usize) -> bool {
    let rest = text.slice(at..text.str.len());
    let mut chars = rest.chars();
    let (next, then) = (chars.next(), chars.next());
    let goes_on = match next {
        Some(c) if c.is_alphanumeric() || matches!(c, '%' | '€' | '$' | '£' | '/' | ':') => true,
        Some(',' | '.' | '-') => then.is_some_and(|c| c.is_ascii_digit()),
        Some(' ' | '\u{a0}') => matches!(then, Some('%' | '€' | '$' | '£' | '×')),
        _ => false,
    };
    let unit = next == Some(' ') && UNITS.contains(&word_at(text, at).as_str());
    !goes_on && !unit
}
