//! Random-looking strings behind words for keys and tokens.

use std::ops::Range;

use crate::types::Entity;

use super::super::super::context::floor;
use super::super::super::span::Candidate;
use super::super::super::text::Text;
use super::super::hints::{Hints, Topic};
use super::super::labelled::value_at;

/// Words for a key.
pub(super) const WORDS: &[&str] = &[
    "token",
    "access token",
    "access_token",
    "refresh token",
    "refresh_token",
    "api key",
    "api-key",
    "api_key",
    "apikey",
    "x-api-key",
    "secret",
    "client secret",
    "client_secret",
    "secret key",
    "secret_key",
    "access key",
    "access_key",
    "aws_secret_access_key",
    "private key",
    "encryption key",
    "key",
    "bearer",
    "basic",
    "authorization",
    "credential",
    "credentials",
    "session id",
    "session",
    "sessionid",
    "sid",
    "webhook",
    "schlüssel",
    "schluessel",
    "zugangstoken",
    "zugangsschlüssel",
    "clé",
    "jeton",
    "clave",
    "chiave",
    "sleutel",
    "klucz",
    "chave",
    "chave da api",
    "chave de api",
    "clave de api",
    "clave de la api",
    "clave api",
    "clé api",
    "clé d'api",
    "clé de l'api",
    "chiave api",
    "api-schlüssel",
    "api-sleutel",
    "klucz api",
    "password",
    "salt",
];

/// How many words for keys inside one string are looked behind.
const MAX_INSIDE: usize = 8;
/// Shortest string that counts.
const MIN_LEN: usize = 16;
/// Shortest string that counts some words away from a word for a key.
const MIN_ALONE: usize = 22;
/// How far away, in bytes.
const REACH: usize = 120;
/// Least entropy in bits per character: hexadecimal digits reach 4, random letters and digits about 5, English
/// words written together stay below 3.5 at such lengths, and have no digits.
const MIN_BITS: f64 = 3.0;

/// Adds the random-looking strings of `text`.
pub(super) fn find(text: &Text<'_>, hints: &Hints, found: &mut Vec<Candidate>) {
    let (mut last, mut inside) = (0..0, 0);
    for hint in hints.of_topic(Topic::Token) {
        let Some(value) = value_at(text.str, hint.range.end) else {
            continue;
        };
        // "key=key=key=": what is a token behind its first words is not read again for each of many.
        inside = if last.contains(&value.start) {
            inside + 1
        } else {
            0
        };
        if inside > MAX_INSIDE {
            continue;
        }
        let Some(range) = token(text, value.start) else {
            continue;
        };
        last = range.clone();
        let token = text.slice(range.clone());
        let label = text.slice(hint.range.clone()).to_ascii_lowercase();
        let told = (value.marked || value.said) && label.contains("api") && is_mixed(token);
        if told || is_random(token) {
            found.push(Candidate::pattern(range, Entity::Secret, 0.8));
        }
    }
    find_near(text, hints, found);
}

/// Adds the strings around words for keys that are too random and too long to be anything else.
fn find_near(text: &Text<'_>, hints: &Hints, found: &mut Vec<Candidate>) {
    // Up to where windows, and strings in them, were read.
    let (mut next, mut read) = (0, 0);
    for hint in hints.of_topic(Topic::Token) {
        let from = floor(text.str, hint.range.start.saturating_sub(REACH)).max(next);
        let to = floor(text.str, (hint.range.end + REACH).min(text.str.len()));
        // Of a word that begins further in front its end would be read.
        let cut = from > next && !text.char_before(from).is_some_and(char::is_whitespace);
        let window = text.slice(from..to);
        let skipped = window.find(char::is_whitespace).filter(|_| cut);
        let from = if cut {
            from + skipped.unwrap_or(window.len())
        } else {
            from
        };
        if from >= to {
            continue;
        }
        let mut at = from;
        for word in text.slice(from..to).split_whitespace() {
            at = word.as_ptr().addr() - text.str.as_ptr().addr();
            let opened = word.trim_start_matches(|c: char| !c.is_ascii_alphanumeric());
            let start = at + word.len() - opened.len();
            if start < read {
                continue;
            }
            let range = token(text, start).filter(|range| range.len() >= MIN_ALONE);
            read = range.as_ref().map_or(start + 1, |range| range.end);
            let sound = |range: &Range<usize>| {
                let own = text.slice(range.clone());
                let digits = own.bytes().filter(u8::is_ascii_digit).count();
                let blocks = own.split(['-', '_']).filter(|block| block.len() >= 12);
                let inside = |block: &str| block.bytes().any(|byte| byte.is_ascii_digit());
                let uuid = own.len() == 36;
                digits >= 4
                    && (uuid || blocks.into_iter().any(inside))
                    && !own.contains(['/', '=', '.'])
                    && is_random(own)
            };
            if let Some(range) = range.filter(sound) {
                found.push(Candidate::pattern(range, Entity::Secret, 0.7));
            }
        }
        // A word at the border is read whole, and once.
        next = at.max(next);
    }
}

fn token(text: &Text<'_>, start: usize) -> Option<Range<usize>> {
    let belongs = |b: &&u8| {
        b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'=' | b'_' | b'-' | b'.' | b'~')
    };
    let bytes = text.str.as_bytes().get(start..)?;
    // To its end, however long: what is left of a key is a key.
    let len = bytes.iter().take_while(belongs).count();
    let trimmed = text
        .slice(start..start + len)
        .trim_end_matches(['.', '-', '/']);
    (trimmed.len() >= MIN_LEN).then_some(start..start + trimmed.len())
}

fn is_random(token: &str) -> bool {
    let digits = token.bytes().filter(u8::is_ascii_digit).count();
    let letters = token.bytes().filter(u8::is_ascii_alphabetic).count();
    // Words joined by hyphens or slashes are names and paths; long blocks are not words.
    let longest = token
        .split(['-', '/', '.', '_', '='])
        .map(str::len)
        .max()
        .unwrap_or(0);
    let uuid = token.len() == 36 && token.split('-').map(str::len).eq([8, 4, 4, 4, 12]);
    digits >= 2 && letters >= 4 && (longest >= 12 || uuid) && bits(token) >= MIN_BITS
}

/// Whether capitals, small letters and digits stand together, as in keys that have hyphens.
fn is_mixed(token: &str) -> bool {
    let has = |kind: fn(&u8) -> bool| token.bytes().filter(kind).count();
    has(u8::is_ascii_uppercase) >= 2
        && has(u8::is_ascii_lowercase) >= 2
        && has(u8::is_ascii_digit) >= 3
        && !token.contains("://")
        && bits(token) >= MIN_BITS
}

/// Shannon's entropy of the characters in bits per character.
fn bits(token: &str) -> f64 {
    let mut counts = [0_u32; 256];
    for b in token.bytes() {
        counts[usize::from(b)] += 1;
    }
    let len = f64::from(u32::try_from(token.len()).unwrap_or(u32::MAX));
    counts
        .iter()
        .filter(|n| **n > 0)
        .map(|n| {
            let share = f64::from(*n) / len;
            -share * share.log2()
        })
        .sum()
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::check;
    use super::super::Secret;
    use super::bits;

    #[test]
    fn table() {
        check(
            &Secret,
            &[
                (
                    "API key: 9f86d081884c7d659a2feaa0c55ad015.",
                    &["9f86d081884c7d659a2feaa0c55ad015"],
                ),
                (
                    "aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLE4KEY",
                    &["wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLE4KEY"],
                ),
                (
                    "Authorization: Bearer a8Kd93kfLs02mfPq81xZ",
                    &["a8Kd93kfLs02mfPq81xZ"],
                ),
                (
                    "Schlüssel ist a8Kd93kfLs02mfPq81xZ",
                    &["a8Kd93kfLs02mfPq81xZ"],
                ),
                (
                    "token 550e8400-e29b-41d4-a716-446655440000",
                    &["550e8400-e29b-41d4-a716-446655440000"],
                ),
                (
                    "Chave da API: lm-prod-8Zr2-kk41-QpX\nLoc",
                    &["lm-prod-8Zr2-kk41-QpX"],
                ),
                ("api key: ring-2024-collection-winter", &[]),
                ("key account manager", &[]),
                ("key: ring-2024-collection-winter", &[]),
                ("the key is internationalisation", &[]),
                ("session 2024-11-24/berlin-store-12", &[]),
                ("a8Kd93kfLs02mfPq81xZ", &[]),
                ("key 12345678901234567890", &[]),
            ],
        );
    }

    // log2 of the number of equally frequent characters.
    #[test]
    fn entropy_is_shannons() {
        for (token, expected) in [
            ("aaaa", 0.0),
            ("abab", 1.0),
            ("abcd", 2.0),
            ("01234567", 3.0),
        ] {
            assert!((bits(token) - expected).abs() < 1e-12, "{token}");
        }
    }

    #[test]
    fn a_long_key_is_masked_to_its_end() {
        let key = "a8Kd93kfLs02mfPq81xZ".repeat(150);
        for text in [
            format!("the api token: {key} thanks"),
            format!("use this key for the plug-in, {key} thanks"),
        ] {
            check(&Secret, &[(&text, &[&key])]);
        }
    }
}
