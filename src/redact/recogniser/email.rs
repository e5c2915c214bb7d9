//! E-mail addresses (RFC 5321 and RFC 6531): dot-atoms and quoted local parts, international domains.
//!
//! Addresses that someone spelled out to hide them ("anna at example dot com") are left out.

use memchr::memchr_iter;

use crate::types::Entity;

use super::super::error::RedactError;
use super::super::span::Candidate;
use super::super::text::Text;
use super::Recogniser;

/// Longest local part, RFC 5321 section 4.5.3.1.1.
const MAX_LOCAL: usize = 64;
/// Longest domain, RFC 5321 section 4.5.3.1.2.
const MAX_DOMAIN: usize = 255;

/// Expands from every `@` to both sides.
#[derive(Debug)]
pub(super) struct Email;

impl Recogniser for Email {
    fn find(&self, text: &Text<'_>, found: &mut Vec<Candidate>) -> Result<(), RedactError> {
        if !text.has_at {
            return Ok(());
        }
        for at in memchr_iter(b'@', text.str.as_bytes()) {
            let Some(start) = local_start(&text.str[..at]) else {
                continue;
            };
            let Some(len) = domain_len(&text.str[at + 1..]) else {
                continue;
            };
            found.push(Candidate::checked(start..at + 1 + len, Entity::Email, 0.95));
        }
        Ok(())
    }
}

/// Where the local part that ends at the end of `before` starts.
fn local_start(before: &str) -> Option<usize> {
    if let Some(inner) = before.strip_suffix('"') {
        let open = inner
            .char_indices()
            .rev()
            .take(MAX_LOCAL)
            .find(|(_, c)| *c == '"')?
            .0;
        let quoted = &inner[open + 1..];
        return (!quoted.is_empty() && !quoted.contains('\n')).then_some(open);
    }
    let mut start = before.len();
    for (at, c) in before.char_indices().rev() {
        if !is_atom(c) && c != '.' || before.len() - at > MAX_LOCAL {
            break;
        }
        start = at;
    }
    // Markup and keys in front of an address are made of characters that a local part may hold.
    let local = &before[start..];
    let local = match local.rfind(['=', '/', '|', '{', '}', '?', '&', '`', '*']) {
        Some(at) => &local[at + 1..],
        None => local,
    };
    let local = local.trim_start_matches(['.', '\'', '-', '#', '^', '~', '!', '$', '%']);
    (!local.is_empty() && !local.ends_with('.') && !local.contains(".."))
        .then(|| before.len() - local.len())
}

fn is_atom(c: char) -> bool {
    c.is_alphanumeric() || "!#$%&'*+-/=?^_`{|}~".contains(c)
}

/// How long the domain at the start of `after` is.
fn domain_len(after: &str) -> Option<usize> {
    let end = after
        .char_indices()
        .find(|(at, c)| *at >= MAX_DOMAIN || !(c.is_alphanumeric() || matches!(c, '.' | '-')))
        .map_or(after.len(), |(at, _)| at);
    let mut domain = after[..end].trim_end_matches(['.', '-']);
    if let Some(at) = domain.find("..") {
        domain = &domain[..at];
    }
    loop {
        let (name, top) = domain.rsplit_once('.')?;
        let labels_sound = domain
            .split('.')
            .all(|l| !l.is_empty() && !l.starts_with('-') && l.len() <= 63 * 4);
        // What is glued to the top-level domain ("a@x.deDE89") goes with it: better than to miss the address.
        let top_sound = top.chars().take(2).filter(|c| c.is_alphabetic()).count() == 2;
        if !name.is_empty() && labels_sound && top_sound {
            return Some(domain.len());
        }
        // "anna@example.com.5 apples": drop the last label and look again.
        domain = name;
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::check;
    use super::*;

    #[test]
    fn table() {
        check(
            &Email,
            &[
                ("write to anna@example.com.", &["anna@example.com"]),
                (
                    "a.b+tag@mail.example.co.uk, c@d.de",
                    &["a.b+tag@mail.example.co.uk", "c@d.de"],
                ),
                ("<Anna.Mueller@EXAMPLE.DE>", &["Anna.Mueller@EXAMPLE.DE"]),
                (
                    "mailto:x_y-z@ex-ample.org?subject=hi",
                    &["x_y-z@ex-ample.org"],
                ),
                ("jörg@müller.de", &["jörg@müller.de"]),
                (
                    "user@xn--mller-kva.xn--p1ai",
                    &["user@xn--mller-kva.xn--p1ai"],
                ),
                ("\"john doe\"@example.com ok", &["\"john doe\"@example.com"]),
                ("**anna@x.de** and 'bob@y.fr'", &["anna@x.de", "bob@y.fr"]),
                ("email=o'brien@x.ie;", &["o'brien@x.ie"]),
                ("anna@x.de\nbob@y.fr", &["anna@x.de", "bob@y.fr"]),
                ("(anna@x.de)", &["anna@x.de"]),
                ("anna@example.com...", &["anna@example.com"]),
                ("anna@example.com.Thanks", &["anna@example.com.Thanks"]),
                ("see @anna or anna@ home", &[]),
                ("anna@x.deDE89 ok", &["anna@x.deDE89"]),
                ("anna@localhost", &[]),
                ("3 kg @ 5.50 each", &[]),
                ("a..b@x.de", &[]),
                ("@@@@", &[]),
            ],
        );
    }
}
