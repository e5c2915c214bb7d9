//! User names by their look: "shopper_lena99", "koenig.von.berg", "@tobi_85".

use std::ops::Range;

use super::super::context::floor;
use super::super::text::is_word;
use super::clause::Clause;
use super::hints::{Hint, Topic};
use super::user_name::NOT_NAMES;

/// Endings of files and of domains, which are no ends of names.
const ENDINGS: &[&str] = &[
    "jpg", "jpeg", "png", "gif", "pdf", "csv", "txt", "json", "xml", "zip", "xls", "xlsx", "doc",
    "docx", "html", "htm", "php", "js", "py", "rs", "exe", "log", "md", "yml", "yaml", "toml",
    "sql", "com", "net", "org", "example", "eu", "info", "biz", "io", "app", "shop", "de", "at",
    "ch", "fr", "be", "es", "it", "nl", "pl", "pt", "uk", "ie", "us", "br", "local", "test",
];

/// The name that `hint` announces, and how likely it is one.
pub(super) fn behind(text: &str, hint: &Hint) -> Option<(Range<usize>, f32)> {
    let mut clause = Clause::behind(text, hint.range.end);
    loop {
        let word = clause.next_word()?;
        let name = name_at(text, clause.at);
        let range = clause.at..clause.at + name.len();
        if hint.is(Topic::UserName)
            && clause.is_direct()
            && !clause.is_listed(word)
            && has_password(text, &range)
        {
            return Some((range, 0.75));
        }
        if is_odd(name, clause.at_sign) {
            let shown = clause.quoted || clause.at_sign;
            if !shown && clause.words > 0 {
                return None;
            }
            let start = clause.at - usize::from(clause.at_sign);
            let score = if clause.is_direct() { 0.8 } else { 0.65 };
            return Some((start..range.end, score));
        }
        // A date may stand between an account and its name.
        let numeric = word.bytes().all(|b| b.is_ascii_digit());
        match numeric {
            true => clause.skip(word),
            false => clause.pass(word)?,
        }
    }
}

/// The handles of `text` that no word announces: only those with digits, since others are shops' as often as people's.
pub(super) fn mentions(text: &str) -> impl Iterator<Item = (Range<usize>, f32)> {
    text.match_indices('@').filter_map(|(at, _)| {
        let apart = !text[..at]
            .chars()
            .next_back()
            .is_some_and(|c| is_word(c) || matches!(c, '.' | '-' | '/' | '@'));
        if !apart {
            return None;
        }
        let name = name_at(text, at + 1);
        let behind = text[at + 1 + name.len()..].trim_start_matches([' ', '\t']);
        let code = behind.starts_with(['=', '(', '/', '@']);
        let digits = name.bytes().any(|b| b.is_ascii_digit());
        (digits && !code && is_odd(name, true)).then(|| (at..at + 1 + name.len(), 0.7))
    })
}

/// The letters, digits, dots, hyphens and underscores at `at`; those of ASCII, as in most user names.
fn name_at(text: &str, at: usize) -> &str {
    let rest = text.get(at..).unwrap_or("");
    let belongs = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
    let len = rest.bytes().take(64).take_while(belongs).count();
    let name = rest.get(..len).unwrap_or("").trim_end_matches(['.', '-']);
    match rest.get(name.len()..).and_then(|rest| rest.chars().next()) {
        Some(c)
            if is_word(c)
                || matches!(c, '@' | '/' | '[' | '(')
                || rest[name.len()..].starts_with("://") =>
        {
            ""
        }
        _ => name,
    }
}

/// Whether `name` looks like a user name and like nothing else: small letters, and an underscore, a dot or a digit.
fn is_odd(name: &str, at_sign: bool) -> bool {
    let bytes = name.as_bytes();
    let letters = bytes
        .split(|b| !b.is_ascii_alphabetic())
        .map(<[u8]>::len)
        .max()
        .unwrap_or(0);
    let count = |belongs: fn(&u8) -> bool| bytes.iter().filter(|b| belongs(b)).count();
    let (small, digits) = (count(u8::is_ascii_lowercase), count(u8::is_ascii_digit));
    let capitals = count(u8::is_ascii_uppercase);
    let underscore = name.trim_matches('_').contains('_');
    let dot = name.contains('.');
    // A word that is cut short, or a sentence that begins without a blank.
    let sound = digits > 0 || underscore || capitals == 0 && dot && !name.contains('-');
    let blocks = name.split(['.', '_', '-']);
    let ending = name.rsplit('.').next().filter(|_| dot).unwrap_or("");
    let first = bytes
        .first()
        .is_some_and(|b| b.is_ascii_alphabetic() || at_sign && *b == b'_');
    (5..=32).contains(&bytes.len())
        && first
        && letters >= 3
        && small >= 3
        && sound
        && (underscore || dot || digits > 0 && is_tailed(name))
        && blocks.clone().all(|block| !block.is_empty())
        && !ENDINGS.contains(&ending)
        && !name.contains("www.")
}

/// Small letters with two to four digits behind them: "jdoe85", "till-admin-07"; "page-2" is none.
fn is_tailed(name: &str) -> bool {
    let letters = name.trim_end_matches(|c: char| c.is_ascii_digit());
    (4..name.len()).contains(&letters.len())
        && (2..=4).contains(&(name.len() - letters.len()))
        && letters.bytes().all(|b| b.is_ascii_lowercase() || b == b'-')
        && letters.bytes().filter(|b| *b == b'-').count() != 1
}

/// Whether `name` is a plain word in small letters and its password follows: "user jdoe, password b4ra".
fn has_password(text: &str, name: &Range<usize>) -> bool {
    let own = text.get(name.clone()).unwrap_or("");
    let behind = text
        .get(name.end..)
        .unwrap_or("")
        .trim_start_matches([' ', '"', '”', '“', '»']);
    let Some(rest) = behind.strip_prefix([',', '/', ';', '|', '\n']) else {
        return false;
    };
    let rest = rest.trim_start();
    let rest = rest.get(..floor(rest, 48)).unwrap_or("").to_lowercase();
    let value = PASSWORDS.iter().find_map(|word| rest.strip_prefix(word));
    let line = value
        .and_then(|value| value.split('\n').next())
        .unwrap_or("");
    own.len() >= 4
        && own.bytes().all(|b| b.is_ascii_lowercase() || b == b'-')
        && !NOT_NAMES.contains(&own)
        && !PASSWORDS.contains(&own)
        && line.contains(|c: char| c.is_ascii_digit() || matches!(c, '#' | '!' | '$' | '@'))
}

/// Words for a password.
const PASSWORDS: &[&str] = &[
    "password",
    "passwort",
    "kennwort",
    "pass",
    "pwd",
    "pw",
    "mot de passe",
    "mdp",
    "contraseña",
    "clave",
    "parola",
    "wachtwoord",
    "ww",
    "hasło",
    "senha",
    "palavra-passe",
    "pin",
];
