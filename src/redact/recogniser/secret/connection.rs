//! Connection strings with a password: `scheme://user:password@host`, and keys in `name=value` lists.

use std::ops::Range;

use crate::types::Entity;

use super::super::super::context::floor;
use super::super::super::span::Candidate;
use super::super::super::text::Text;
use super::super::hints::{Hint, Hints, Topic};

/// What a connection string holds.
pub(super) const WORDS: &[&str] = &[
    "://~",
    "accountkey=~",
    "sharedaccesskey=~",
    "sharedsecretvalue=~",
    "password=~",
    "pwd=~",
    "passwd=~",
    "client_secret=~",
    "clientsecret=~",
    "api_key=~",
    "apikey=~",
    "access_token=~",
    "refresh_token=~",
    "id_token=~",
    "sig=~",
    "_pass=~",
    "_pw=~",
    "_secret=~",
    "_token=~",
    "_apikey=~",
    "secret_key=~",
    "access_key=~",
];

/// Longest user name and password of a URL.
const MAX_LOGIN: usize = 256;
/// Longest value behind a name.
const MAX_VALUE: usize = 2048;

/// Adds the secrets of connection strings.
pub(super) fn find(text: &Text<'_>, hints: &Hints, found: &mut Vec<Candidate>) {
    let mut next = 0;
    for hint in hints.of_topic(Topic::Connection) {
        let hit = if text.slice(hint.range.clone()) == "://" {
            // What stands inside an address is a part of it.
            let range = (hint.range.start >= next).then(|| url(text, hint));
            let range = range.flatten();
            next = range.as_ref().map_or(next, |range| range.end);
            range.map(|range| Candidate::checked(range, Entity::Secret, 0.98))
        } else {
            value(text, hint).map(|range| Candidate::pattern(range, Entity::Secret, 0.9))
        };
        found.extend(hit);
    }
}

/// The whole URL, if it holds a password.
fn url(text: &Text<'_>, hint: &Hint) -> Option<Range<usize>> {
    let bytes = text.str.as_bytes();
    let scheme = bytes[..hint.range.start]
        .iter()
        .rev()
        .take(24)
        .take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'))
        .count();
    let ends = |b: &u8| b.is_ascii_whitespace() || matches!(b, b'"' | b'\'' | b'<' | b'>' | b'`');
    let rest = &bytes[hint.range.end..];
    let len = rest
        .iter()
        .take(MAX_LOGIN)
        .take_while(|b| !ends(b) && **b != b'/' && **b != b'?')
        .count();
    let login = rest[..len].iter().rposition(|b| *b == b'@');
    let login = login.and_then(|at| text.str.get(hint.range.end..hint.range.end + at))?;
    let (_, password) = login.split_once(':')?;
    if scheme == 0 || password.is_empty() {
        return None;
    }
    let len = rest.iter().take_while(|b| !ends(b)).count();
    let whole = hint.range.start - scheme..hint.range.end + len;
    let trimmed = text
        .slice(whole.clone())
        .trim_end_matches(['.', ',', ';', ')', ']', '}', '!']);
    Some(whole.start..whole.start + trimmed.len())
}

/// What stands behind `name=`.
fn value(text: &Text<'_>, hint: &Hint) -> Option<Range<usize>> {
    let start = hint.range.end;
    let rest = text.str.get(start..)?;
    let open = rest.chars().next()?;
    let quote = matches!(open, '"' | '\'');
    let body = &rest[usize::from(quote)..];
    let body = &body[..floor(body, MAX_VALUE + 1)];
    let end = body
        .find(|c: char| {
            if quote {
                c == open || c == '\n'
            } else {
                c.is_whitespace() || matches!(c, ';' | '&' | '"' | '\'' | ',' | '<' | '>')
            }
        })
        .unwrap_or(body.len());
    let value = &body[..end];
    let sound =
        (4..=MAX_VALUE).contains(&value.len()) && !value.starts_with(['*', '[', '{', '$', '%']);
    let start = start + usize::from(quote);
    sound.then_some(start..start + end)
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::check;
    use super::super::Secret;

    #[test]
    fn table() {
        check(
            &Secret,
            &[
                (
                    "use postgres://crm:S3cret!x@db.local:5432/crm?ssl=1.",
                    &["postgres://crm:S3cret!x@db.local:5432/crm?ssl=1"],
                ),
                (
                    "mongodb+srv://u:p%40w@c0.example/x",
                    &["mongodb+srv://u:p%40w@c0.example/x"],
                ),
                (
                    "\"https://bob:hunter2@shop.example\"",
                    &["https://bob:hunter2@shop.example"],
                ),
                ("Server=db;Uid=crm;Pwd=Tr0ub4dor;Db=x", &["Tr0ub4dor"]),
                (
                    "AccountName=x;AccountKey=aGVsbG8gd29ybGQhIQ==;EndpointSuffix=y",
                    &["aGVsbG8gd29ybGQhIQ=="],
                ),
                ("https://shop.example/a?x=1@2", &[]),
                ("https://shop.example:8443/a@b", &[]),
                ("ftp://anonymous@host/file", &[]),
                ("password=", &[]),
                ("Password=****;", &[]),
                ("sig=abc", &[]),
            ],
        );
    }
}
