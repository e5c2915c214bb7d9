//! Passwords by their look alone: letters and digits in one piece, with a sign among them that no word has.

use std::ops::Range;

use memchr::memchr3_iter;

use crate::types::Entity;

use super::super::super::span::Candidate;
use super::super::super::text::{Text, is_word};

/// Fewest and most bytes.
const LEN: std::ops::RangeInclusive<usize> = 8..=40;

/// Adds the passwords of `text` that are told by their signs.
pub(super) fn find(text: &Text<'_>, found: &mut Vec<Candidate>) {
    let mut next = 0;
    for at in memchr3_iter(b'!', b'$', b'%', text.str.as_bytes()) {
        if at >= next
            && let Some(range) = around(text, at)
        {
            next = range.end;
            found.push(Candidate::pattern(range, Entity::Secret, 0.65));
        }
    }
}

fn around(text: &Text<'_>, sign: usize) -> Option<Range<usize>> {
    let bytes = text.str.as_bytes();
    let belongs = |byte: &&u8| {
        byte.is_ascii_alphanumeric()
            || matches!(byte, b'!' | b'$' | b'%' | b'_' | b'.' | b'-' | b'#' | b'+')
    };
    let before = bytes.get(..sign)?.iter().rev().take(*LEN.end() + 1);
    let start = sign - before.take_while(belongs).count();
    let behind = bytes.get(sign..)?.iter().take(*LEN.end() + 1);
    let whole = text.slice(start..sign + behind.take_while(belongs).count());
    let own = whole.trim_end_matches(['.', '!', '-', '_', '%']);
    let range = start..start + own.len();
    if !LEN.contains(&own.len()) {
        return None;
    }
    let count = |kind: fn(&u8) -> bool| own.bytes().filter(kind).count();
    let (letters, digits) = (count(u8::is_ascii_alphabetic), count(u8::is_ascii_digit));
    let inner = own
        .as_bytes()
        .get(sign - start + 1)
        .is_some_and(u8::is_ascii_alphanumeric);
    let first = own
        .bytes()
        .next()
        .is_some_and(|byte| byte.is_ascii_alphabetic());
    // "70%Rabatt", "Mai%202024.pdf", "US$12": a sign of amounts, and of letters in addresses.
    let encoded = || {
        let two = bytes.get(sign + 1..sign + 3);
        two.is_some_and(|two| two.iter().all(u8::is_ascii_hexdigit))
    };
    let amount = match bytes.get(sign) {
        Some(b'%') => bytes.get(sign.checked_sub(1)?)?.is_ascii_digit() || encoded(),
        Some(b'$') => letters < 6,
        _ => false,
    };
    // "Danke!Bestellung4711", "Danke!12.05.2024", "SALE!2024"
    let mut parts = own.split('!');
    let rest = parts.nth(1).filter(|_| parts.next().is_none());
    let sentence = rest.is_some_and(|rest| {
        let word = rest.bytes().filter(u8::is_ascii_alphabetic).count() > 8;
        let number = rest
            .bytes()
            .all(|byte| byte.is_ascii_digit() || byte == b'.');
        let recent = rest.len() == 4 && rest.starts_with("20");
        rest.starts_with(|c: char| c.is_ascii_uppercase()) && word
            || number && (recent || rest.contains('.'))
    });
    let touched = |c: Option<char>| {
        c.is_some_and(|c| is_word(c) || matches!(c, '/' | '@' | '=' | '&' | '?' | '\\' | '<' | '{'))
    };
    let alone = !touched(text.char_before(start)) && !touched(text.char_at(start + whole.len()));
    let sound = letters >= 4 && digits >= 2 && first && inner;
    (sound && alone && !amount && !sentence).then_some(range)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_among_letters_and_digits() {
        for (text, expected) in [
            (
                "schluessel is Wohn!traum_2291 falls",
                Some("Wohn!traum_2291"),
            ),
            ("a que uso, aguias!1904, se", Some("aguias!1904")),
            ("pass kr0on%luchter88.", Some("kr0on%luchter88")),
            ("Rechnung%20Mai%202024.pdf", None),
            ("Danke!12.05.2024 passt", None),
            ("Ausverkauf!2024", None),
            ("„Tafel$Berg77“", Some("Tafel$Berg77")),
            ("Danke!2 Stück", None),
            ("50%Rabatt24", None),
            ("nur 30%auf2024", None),
            ("Hallo!Bestellung4711", None),
            ("US$1200now", None),
            ("/a/b!c1d2e3f4", None),
            ("x=abc!12def", None),
            ("Great!!! 2024", None),
            ("wow!2024", None),
        ] {
            let mut found = Vec::new();
            find(&Text::new(text, &[]), &mut found);
            let got: Vec<_> = found.iter().map(|one| &text[one.range.clone()]).collect();
            assert_eq!(got, expected.into_iter().collect::<Vec<_>>(), "{text}");
        }
    }
}
