//! Web addresses: with a scheme, with `www.`, or bare domains under a known top-level domain.

mod domains;

use std::ops::Range;

use memchr::memchr_iter;

use crate::types::{Entity, Jurisdiction};

use super::super::error::RedactError;
use super::super::span::Candidate;
use super::super::text::{Text, is_word};
use super::Recogniser;

use self::domains::{FILE_ENDINGS, GENERIC, PATHED, RESERVED, WORDS};

/// Looks at `://` and at dots between letters.
#[derive(Debug)]
pub(super) struct Url;

impl Url {
    /// Nothing is compiled; fallible like its siblings.
    pub(super) const fn new() -> Result<Self, RedactError> {
        Ok(Self)
    }
}

impl Recogniser for Url {
    fn find(&self, text: &Text<'_>, found: &mut Vec<Candidate>) -> Result<(), RedactError> {
        let first = found.len();
        let mut end = 0;
        for at in memchr_iter(b':', text.str.as_bytes()) {
            // What stands inside an address is a part of it.
            if at >= end
                && text.slice(at..text.str.len()).starts_with("://")
                && let Some(range) = with_scheme(text.str, at)
            {
                end = range.end;
                found.push(Candidate::checked(range, Entity::Url, 0.9));
            }
        }
        let schemes: Vec<_> = found.iter().skip(first).map(|c| c.range.clone()).collect();
        let mut schemes = schemes.into_iter().peekable();
        let mut at = 0;
        for dot in memchr_iter(b'.', text.str.as_bytes()) {
            if dot < at {
                continue;
            }
            let host = host_around(text.str, at, dot);
            at = host.end.max(dot + 1);
            while schemes.next_if(|range| range.end <= dot).is_some() {}
            let inside = schemes.peek().is_some_and(|range| range.start <= dot);
            if !inside && let Some((range, score)) = bare(text, host) {
                at = range.end.max(at);
                found.push(Candidate::pattern(range, Entity::Url, score));
            }
        }
        Ok(())
    }
}

/// The address whose scheme ends at `at`.
fn with_scheme(text: &str, at: usize) -> Option<Range<usize>> {
    let start = at
        - text[..at]
            .bytes()
            .rev()
            .take_while(u8::is_ascii_alphanumeric)
            .take(8)
            .count();
    let scheme = &text[start..at];
    let known = ["https", "http", "ftps", "ftp", "sftp", "ws", "wss"]
        .iter()
        .any(|s| scheme.eq_ignore_ascii_case(s));
    if !known {
        return None;
    }
    let end = tail_end(text, at + 3);
    (end > at + 4).then_some(start..end)
}

/// Where an address that goes on at `at` ends: before white space, quotes and closing punctuation.
fn tail_end(text: &str, at: usize) -> usize {
    let rest = text.get(at..).unwrap_or("");
    let stop = rest
        .find(|c: char| {
            c.is_whitespace()
                || matches!(
                    c,
                    '<' | '>' | '"' | '`' | '{' | '}' | '|' | '\\' | '^' | '“' | '”' | '»' | '«'
                )
        })
        .unwrap_or(rest.len());
    let mut tail = &rest[..stop];
    let count = |tail: &str, bracket: char| tail.matches(bracket).count();
    let mut round = count(tail, ')').saturating_sub(count(tail, '('));
    let mut square = count(tail, ']').saturating_sub(count(tail, '['));
    loop {
        let Some(last) = tail.chars().next_back() else {
            return at;
        };
        // A closing bracket belongs to the address only where it was opened in it.
        let mut unopened = |last: char| {
            let excess = if last == ')' { &mut round } else { &mut square };
            let unopened = *excess > 0;
            *excess = excess.saturating_sub(1);
            unopened
        };
        let drop = match last {
            '.' | ',' | ';' | ':' | '!' | '?' | '\'' | '*' | '_' | '…' | '’' => true,
            ')' | ']' => unopened(last),
            _ => false,
        };
        if !drop {
            return at + tail.len();
        }
        tail = &tail[..tail.len() - last.len_utf8()];
    }
}

/// The letters, digits, hyphens and dots around the dot at `dot`, from `least` on.
fn host_around(text: &str, least: usize, dot: usize) -> Range<usize> {
    let belongs = |c: &char| is_word(*c) && *c != '_' || matches!(c, '-' | '.');
    let back: usize = text[least..dot]
        .chars()
        .rev()
        .take_while(belongs)
        .map(char::len_utf8)
        .sum();
    let ahead: usize = text[dot..]
        .chars()
        .take_while(belongs)
        .map(char::len_utf8)
        .sum();
    dot - back..dot + ahead
}

/// A host without a scheme, with what follows it, and how sure that is.
fn bare(text: &Text<'_>, mut host: Range<usize>) -> Option<(Range<usize>, f32)> {
    let around = [text.char_before(host.start), text.char_at(host.end)];
    if around.contains(&Some('@')) || around[0] == Some('/') || around[0] == Some('\\') {
        return None;
    }
    let raw = text.slice(host.clone());
    let trimmed = raw.trim_end_matches(['.', '-']);
    host.end = host.start + trimmed.len();
    let name = trimmed.trim_start_matches(['.', '-']);
    host.start = host.end - name.len();
    let (labels, top) = name.rsplit_once('.')?;
    let owner = labels.rsplit('.').next()?;
    let sound = name
        .split('.')
        .all(|l| !l.is_empty() && !l.starts_with('-') && !l.ends_with('-') && l.len() <= 63);
    if !sound || !labels.chars().any(char::is_alphabetic) {
        return None;
    }
    let www = labels
        .get(..4)
        .is_some_and(|w| w.eq_ignore_ascii_case("www."));
    let lower = top.to_ascii_lowercase();
    let generic = GENERIC.contains(&lower.as_str());
    let country = lower.len() == 2 && lower.parse::<Jurisdiction>().is_ok();
    let rarer = PATHED.contains(&lower.as_str());
    // Behind `www.` whatever is written like a domain is one.
    let told = www && labels.contains('.') && lower.len() >= 2;
    let told = told && lower.bytes().all(|b| b.is_ascii_lowercase());
    if !(generic || country || rarer || told || lower.starts_with("xn--")) {
        return None;
    }
    let mut end = host.end;
    if let Some(port) = text.slice(end..text.str.len()).strip_prefix(':') {
        let digits = port.bytes().take(5).take_while(u8::is_ascii_digit).count();
        if digits >= 2 {
            end += 1 + digits;
        }
    }
    let path = match text.char_at(end) {
        Some('/') => !rarer || name == name.to_lowercase(),
        Some('?' | '#') => !rarer,
        _ => false,
    };
    if path {
        end = tail_end(text.str, end).max(end);
    }
    let one_case = name == name.to_lowercase() || name == name.to_uppercase() || top == lower;
    let usual = !rarer || RESERVED.contains(&lower.as_str());
    let sentence = WORDS.contains(&lower.as_str())
        && !labels.contains('.')
        && owner.starts_with(char::is_uppercase);
    let bare = one_case
        && usual
        && !FILE_ENDINGS.contains(&lower.as_str())
        && (owner.chars().count() >= 2 || generic)
        && !sentence;
    let fine = www || path || bare;
    let score = if www {
        0.85
    } else if path {
        0.75
    } else {
        0.6
    };
    fine.then_some((host.start..end, score))
}

#[cfg(test)]
mod tests {
    use super::super::testing::check;
    use super::*;

    #[test]
    fn table() {
        check(
            &Url,
            &[
                (
                    "see https://example.com/a?b=c#d.",
                    &["https://example.com/a?b=c#d"],
                ),
                ("(http://example.com/x_(y))", &["http://example.com/x_(y)"]),
                (
                    "HTTP://LOCALHOST:3000/ok, next",
                    &["HTTP://LOCALHOST:3000/ok"],
                ),
                ("ftp://files.example.org", &["ftp://files.example.org"]),
                ("www.example.de!", &["www.example.de"]),
                (
                    "[shop](https://shop.example.com)",
                    &["https://shop.example.com"],
                ),
                ("visit example.com/offers now", &["example.com/offers"]),
                (
                    "on example.com, and sub.example.co.uk.",
                    &["example.com", "sub.example.co.uk"],
                ),
                ("Amazon.de, kettle-shop.it", &["kettle-shop.it"]),
                ("müller-söhne.de", &["müller-söhne.de"]),
                ("example.com:8080/x", &["example.com:8080/x"]),
                ("<https://a.example/b>", &["https://a.example/b"]),
                (
                    "i.sol@fjord.example | www.fjord.example\n",
                    &["www.fjord.example"],
                ),
                (
                    "Sito: ceramiche.example/catalogo\n",
                    &["ceramiche.example/catalogo"],
                ),
                (
                    "crm.shop.test/login, nas.local/x",
                    &["crm.shop.test/login", "nas.local/x"],
                ),
                ("www.petit-marche.boutique", &["www.petit-marche.boutique"]),
                ("shop.example", &["shop.example"]),
                ("main.test and done.one, is it done.one? www.", &[]),
                ("we are at home.Work/life balance", &[]),
                ("www.2.5", &[]),
                ("anna@example.com", &[]),
                ("anna.example@x.com", &[]),
                ("z.B. d.h. e.g. i.e.", &[]),
                ("Danke.Es geht", &[]),
                ("Muster GmbH & Co.KG", &[]),
                ("README.md main.py node.js", &[]),
                ("version 1.2.3", &[]),
                ("12.50", &[]),
                ("end of sentence.Next one", &[]),
                ("://", &[]),
            ],
        );
    }
}
