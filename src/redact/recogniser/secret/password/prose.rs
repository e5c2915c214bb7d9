//! Passwords in sentences.

use super::super::super::super::context::floor;
use super::super::super::super::text::{Text, is_word};
use super::super::super::hints::{Hint, Hints, Topic};
use super::super::super::labelled::Value;
use super::Hit;
use super::words::{AMBIGUOUS, NOT_BETWEEN, NOT_PASSWORDS, TYPED};

/// How far a password is read, in bytes: several times as far as one may go.
const MAX_READ: usize = 1024;
/// How far behind the word for it what looks like a password is taken for one, in bytes, and in words.
const MAX_SHAPED: usize = 120;
const MAX_WORDS: usize = 8;
/// How far behind the word for it a colon or a quotation mark may stand.
const MAX_LABEL: usize = 56;
/// How far behind one password in quotation marks the second may stand.
const MAX_SECOND: usize = 48;

/// The quotation mark that closes what `open` opens.
const fn closing(open: char) -> char {
    match open {
        '„' | '“' => '“',
        '«' => '»',
        '»' => '«',
        '‘' | '’' => '’',
        same => same,
    }
}

/// What a label or a verb announces.
pub(super) fn password(text: &Text<'_>, word: &str, value: Value) -> Option<Hit> {
    let rest = text.str.get(value.start..)?;
    let rest = &rest[..floor(rest, MAX_READ)];
    // French quotation marks have blanks inside.
    let quote = text
        .slice(0..value.start)
        .trim_end_matches([' ', '\u{a0}', '\u{202f}'])
        .chars()
        .next_back()
        .filter(|c| value.quoted && "\"'`„“”«‘’".contains(*c));
    let len = match quote {
        Some(open) => {
            let close = closing(open);
            rest.find(|c: char| c == close || c == '\n' || open == '“' && c == '”')?
        }
        None => rest.find(char::is_whitespace).unwrap_or(rest.len()),
    };
    let raw = rest[..len].trim_end();
    let secret = trimmed(trimmed(raw).trim_end_matches("**"));
    let secret = if secret.is_empty() { raw } else { secret };
    let chars = secret.chars().count();
    let told = value.marked || value.said || value.quoted;
    let prose = NOT_PASSWORDS.contains(&secret.to_lowercase().as_str());
    let masked = secret
        .chars()
        .all(|c| matches!(c, '*' | '•' | 'x' | 'X' | '.' | '-' | '_'));
    if !told
        || prose
        || masked
        || !(3..=128).contains(&chars)
        || secret.starts_with(['[', '{', '<'])
    {
        return None;
    }
    let range = value.start..value.start + secret.len();
    let digit = secret.chars().any(|c| c.is_ascii_digit());
    let symbol = has_symbol(secret);
    let capital_inside = secret.chars().skip(1).any(char::is_uppercase);
    // Three letters alone are any word.
    if chars < 4 && !digit && !symbol {
        return None;
    }
    let spaces = secret.matches(' ').count();
    let quoted = quote.is_some()
        && (spaces == 0 || spaces <= 6 && chars <= 64 && (value.marked || value.said));
    if quoted || spaces == 0 && (digit || symbol || capital_inside) {
        return Some((range, 0.9));
    }
    // A plain word: only where the sentence ends with it, or nothing but a colon stands before it.
    let ends = raw.len() > secret.len()
        || rest[len..].trim_start_matches([' ', '\t']).is_empty()
        || rest[len..].starts_with('\n');
    let plural = word.ends_with('s');
    let clear = value.marked || !AMBIGUOUS.contains(&word);
    (spaces == 0 && ends && clear && !plural).then_some((range, 0.7))
}

/// A word that looks like a password, a few words behind one for a password: "the password provisionally Sommer#24"; in
/// the next sentence only behind a verb of typing.
pub(super) fn shaped(text: &Text<'_>, hint: &Hint) -> Option<Hit> {
    let rest = text.str.get(hint.range.end..)?;
    let rest = &rest[..floor(rest, MAX_SHAPED)];
    let line = rest.lines().next()?;
    let (mut ended, mut typed) = (false, false);
    for (number, word) in line.split_whitespace().enumerate() {
        let (start, secret) = bare(text, word);
        if looks_chosen(secret) && (typed || !ended && number < MAX_WORDS) {
            return Some((start..start + secret.len(), 0.75));
        }
        typed = TYPED.contains(&secret.to_lowercase().as_str());
        // An initial ends no sentence.
        ended |= word.ends_with(['.', '!', '?', ';']) && word.chars().count() != 2;
    }
    None
}

/// Another that looks like one, right behind the first: "sommer12 or Sommer12".
pub(super) fn alternative(text: &Text<'_>, end: usize) -> Option<Hit> {
    let rest = text.str.get(end..)?;
    let rest = &rest[..floor(rest, MAX_SHAPED)];
    let line = rest.lines().next()?;
    let mut words = line
        .trim_start_matches(['"', '“', '”', '»', ','])
        .split_whitespace();
    let joiner = words.next()?;
    let (start, secret) = bare(text, words.next()?);
    let joined = ["or", "oder", "bzw.", "ou", "o", "of", "lub", "albo", "/"].contains(&joiner);
    (joined && looks_chosen(secret)).then_some((start..start + secret.len(), 0.7))
}

/// What stands behind a colon, or in quotation marks, some words behind the word for a password: "mot de passe noté sur
/// un Post-it : …", "palabra clave acordada: «…»".
pub(super) fn labelled(text: &Text<'_>, hints: &Hints, hint: &Hint) -> Option<Hit> {
    let rest = text.str.get(hint.range.end..)?;
    let line = rest[..floor(rest, MAX_LABEL)].lines().next()?;
    let mark = line.find([':', '«', '»', '„', '“', '"', '.', '!', '?', ';', '('])?;
    let between = &line[..mark];
    let other = between
        .split(|c: char| !is_word(c))
        .any(|word| NOT_BETWEEN.contains(&word.to_lowercase().as_str()));
    if other || line[mark..].starts_with(['.', '!', '?', ';', '(']) {
        return None;
    }
    let value = &rest[mark..];
    let value = value.trim_start_matches([':', ' ', '\u{a0}', '\u{202f}']);
    let open = value.chars().next()?;
    let quoted = "«»„“\"".contains(open);
    let value = match quoted {
        true => value[open.len_utf8()..].trim_start_matches([' ', '\u{a0}', '\u{202f}']),
        false => value,
    };
    let value = &value[..floor(value, 64)];
    let own = match quoted {
        true => {
            let close = closing(open);
            value
                .split(|c: char| c == close || open == '“' && c == '”' || c == '\n')
                .next()?
                .trim_end()
        }
        false => {
            let raw = value.split_whitespace().next()?;
            match raw.contains(char::is_alphabetic) {
                true => trimmed(raw),
                // Keys of a lock are no punctuation.
                false => raw.trim_end_matches(['.', ',', ';', ')']),
            }
        }
    };
    let start = own.as_ptr().addr() - text.str.as_ptr().addr();
    let chars = own.chars().count();
    let numeric = own.chars().all(|c| !c.is_alphabetic());
    let address = own.contains("www.")
        || own.contains(['/', '\\', '[', '<'])
        || own.contains('@') && own.contains('.');
    let word = NOT_PASSWORDS.contains(&own.to_lowercase().as_str());
    let strong = own.chars().any(|c| c.is_ascii_digit()) || has_symbol(own);
    let sound = match (quoted, numeric) {
        (_, true) => {
            chars >= 4 && hints.near(Topic::Lock, &hint.range) && !own.contains(['.', ',', ':'])
        }
        (true, false) => chars >= 4 && !own.contains(' '),
        (false, false) => chars >= 5 && strong,
    };
    (sound && !address && !word).then_some((start..start + own.len(), 0.75))
}

/// A second password in quotation marks, soon behind the first.
pub(super) fn second(text: &Text<'_>, end: usize) -> Option<Hit> {
    let rest = text.str.get(end..)?;
    let quoted = rest.trim_start_matches([' ', '\u{a0}', '\u{202f}']);
    let close = quoted.chars().next().filter(|c| "»“”".contains(*c))?;
    let line = quoted[close.len_utf8()..].lines().next()?;
    let line = &line[..floor(line, MAX_SECOND)];
    let open = match close {
        '»' => '«',
        '“' => '„',
        _ => '“',
    };
    let at = line
        .find(open)
        .filter(|at| !line[..*at].contains(['.', '!', '?']))?;
    let at = at + open.len_utf8();
    let own = line[at..].split(close).next()?;
    let closed = line[at + own.len()..].starts_with(close);
    let own = own.trim_matches([' ', '\u{a0}', '\u{202f}']);
    let start = own.as_ptr().addr() - text.str.as_ptr().addr();
    let sound = closed && !own.contains(char::is_whitespace) && own.chars().count() >= 4;
    sound.then_some((start..start + own.len(), 0.65))
}

/// A name and a password with a slash between: "login till-admin-07 / b4ra-Brith!".
pub(super) fn login(text: &Text<'_>, hint: &Hint) -> Option<Hit> {
    let rest = text.str.get(hint.range.end..)?;
    let line = rest[..floor(rest, 80)].lines().next()?;
    let (name, password) = line.split_once('/')?;
    let (start, secret) = bare(text, password.split_whitespace().next()?);
    let words = name.split_whitespace().count();
    let plain = !line.contains("://") && !name.contains("www.") && (1..=4).contains(&words);
    (plain && looks_chosen(secret)).then_some((start..start + secret.len(), 0.75))
}

/// `word` without what is around it in a sentence, and where it starts.
fn bare<'t>(text: &Text<'t>, word: &'t str) -> (usize, &'t str) {
    let at = word.as_ptr().addr() - text.str.as_ptr().addr();
    let opened = word.trim_start_matches(['"', '\'', '„', '“', '«', '(', ':', '=', '-']);
    let start = at + word.len() - opened.len();
    (start, trimmed(opened))
}

/// `raw` without the punctuation of its sentence.
fn trimmed(raw: &str) -> &str {
    raw.trim_end_matches(['.', ',', ';', ')', '"', '\'', '?', ':', '|', '”', '“', '»'])
}

fn has_symbol(secret: &str) -> bool {
    secret
        .chars()
        .any(|c| !c.is_alphanumeric() && !matches!(c, '-' | '\'' | '’' | '/' | ' '))
}

/// Whether people choose such passwords: small letters, and digits or a sign among them; no address, number or code.
pub(super) fn looks_chosen(word: &str) -> bool {
    let small = word.chars().filter(|c| c.is_lowercase()).count();
    let digits = word.chars().filter(char::is_ascii_digit).count();
    let sign = word.contains(['!', '#', '&', '$', '%', '+', '*', '?', '_', '.', '@']);
    let other = word.contains(['/', '[', ']', '<', '>', '{', '}', '=', ':', '\\'])
        || word.contains('@') && word.contains('.');
    (6..=64).contains(&word.chars().count())
        && word.starts_with(char::is_alphabetic)
        && small >= 3
        && (digits >= 2 || digits == 1 && sign)
        && !other
}
