//! Keys and tokens that their providers gave a form of its own.
//!
//! Each form is a prefix, the characters behind it and how many there are, as the providers document
//! them for secret scanning. JSON Web Tokens (RFC 7519) are read as such.

use std::ops::Range;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::types::Entity;

use super::super::super::span::Candidate;
use super::super::super::text::{Text, is_word};
use super::super::hints::{Hints, Topic};

/// Characters of a key.
#[derive(Clone, Copy, Debug)]
enum Chars {
    /// Capitals and digits.
    Upper,
    /// Lower-case hexadecimal digits.
    Hex,
    /// Letters and digits.
    Alnum,
    /// Letters, digits, hyphen, underscore.
    Url,
    /// The same with full stops.
    Dotted,
    /// The same with `+`, `/` and `=`.
    Base64,
}

impl Chars {
    const fn holds(self, b: u8) -> bool {
        match self {
            Self::Upper => b.is_ascii_uppercase() || b.is_ascii_digit(),
            Self::Hex => matches!(b, b'0'..=b'9' | b'a'..=b'f'),
            Self::Alnum => b.is_ascii_alphanumeric(),
            Self::Url => b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'),
            Self::Dotted => b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'),
            Self::Base64 => {
                b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'+' | b'/' | b'=')
            }
        }
    }
}

/// A provider's form: the prefix as an entry of the search (a stem), what follows it, from how many to how many.
#[derive(Debug)]
struct Form {
    prefix: &'static str,
    chars: Chars,
    min: usize,
    max: usize,
}

const fn form(prefix: &'static str, chars: Chars, min: usize, max: usize) -> Form {
    Form {
        prefix,
        chars,
        min,
        max,
    }
}

const FORMS: &[Form] = &[
    // Amazon Web Services
    form("AKIA~", Chars::Upper, 16, 16),
    form("ASIA~", Chars::Upper, 16, 16),
    form("ABIA~", Chars::Upper, 16, 16),
    form("ACCA~", Chars::Upper, 16, 16),
    // GitHub, GitLab
    form("ghp_~", Chars::Alnum, 36, 255),
    form("gho_~", Chars::Alnum, 36, 255),
    form("ghu_~", Chars::Alnum, 36, 255),
    form("ghs_~", Chars::Url, 36, 600),
    form("ghr_~", Chars::Alnum, 36, 255),
    form("github_pat_~", Chars::Url, 60, 255),
    form("glpat-~", Chars::Dotted, 20, 300),
    // Slack
    form("xoxb-~", Chars::Url, 20, 255),
    form("xoxp-~", Chars::Url, 20, 255),
    form("xoxa-~", Chars::Url, 20, 255),
    form("xoxr-~", Chars::Url, 20, 255),
    form("xoxs-~", Chars::Url, 20, 255),
    form("xapp-~", Chars::Url, 20, 255),
    form("hooks.slack.com/services/~", Chars::Base64, 40, 100),
    // Stripe
    form("sk_live_~", Chars::Alnum, 16, 255),
    form("sk_test_~", Chars::Alnum, 16, 255),
    form("rk_live_~", Chars::Alnum, 16, 255),
    form("rk_test_~", Chars::Alnum, 16, 255),
    form("whsec_~", Chars::Base64, 24, 255),
    // Google
    form("AIza~", Chars::Url, 35, 35),
    form("GOCSPX-~", Chars::Url, 20, 60),
    form("ya29.~", Chars::Dotted, 20, 1000),
    // OpenAI, Anthropic, Hugging Face, Groq
    form("sk-proj-~", Chars::Url, 40, 255),
    form("sk-svcacct-~", Chars::Url, 40, 255),
    form("sk-admin-~", Chars::Url, 40, 255),
    form("sk-ant-~", Chars::Url, 40, 255),
    form("sk-or-~", Chars::Url, 40, 255),
    form("sk-~", Chars::Alnum, 32, 64),
    form("hf_~", Chars::Alnum, 30, 60),
    form("gsk_~", Chars::Alnum, 40, 80),
    // Salesforce: refresh token, consumer key
    form("5Aep861~", Chars::Dotted, 40, 255),
    form("3MVG9~", Chars::Dotted, 60, 255),
    // Packages and containers
    form("npm_~", Chars::Alnum, 36, 36),
    form("pypi-AgE~", Chars::Url, 50, 1000),
    form("dckr_pat_~", Chars::Url, 24, 60),
    // Mail, commerce, clouds
    form("SG.~", Chars::Dotted, 60, 80),
    form("shpat_~", Chars::Hex, 32, 32),
    form("shpss_~", Chars::Hex, 32, 32),
    form("dop_v1_~", Chars::Hex, 64, 64),
    form("hvs.~", Chars::Url, 24, 255),
    form("lin_api_~", Chars::Alnum, 40, 60),
    form("sq0csp-~", Chars::Url, 43, 43),
    form("sq0atp-~", Chars::Url, 22, 22),
    form("EAACEdEose0cBA~", Chars::Alnum, 20, 300),
    form("AGE-SECRET-KEY-1~", Chars::Upper, 58, 58),
    form("dapi~", Chars::Hex, 32, 32),
];

/// The prefixes, and those of the forms that have their own readers.
pub(super) fn hint_words() -> impl Iterator<Item = &'static str> {
    FORMS.iter().map(|form| form.prefix).chain(["eyJ~", "00D~"])
}

/// Adds the keys of `text`.
pub(super) fn find(text: &Text<'_>, hints: &Hints, found: &mut Vec<Candidate>) {
    for hint in hints.of_topic(Topic::Key) {
        let start = hint.range.start;
        if text.char_before(start).is_some_and(is_word) {
            continue;
        }
        let prefix = text.slice(hint.range.clone());
        let hit = match prefix {
            "eyJ" => web_token(text, start),
            "00D" => session_id(text, start),
            _ => by_form(text, prefix, hint.range.clone()),
        };
        found.extend(hit.map(|(range, score)| Candidate::checked(range, Entity::Secret, score)));
    }
}

fn by_form(text: &Text<'_>, prefix: &str, range: Range<usize>) -> Option<(Range<usize>, f32)> {
    let form = FORMS
        .iter()
        .find(|form| form.prefix.strip_suffix('~') == Some(prefix))?;
    // Full stops at its end are the sentence's.
    let end = run(text, range.end, form.chars, form.max + MAX_STOPS);
    let body = text.slice(range.end..end).trim_end_matches('.');
    // A word may look like a prefix, but a key has digits.
    let keyed =
        body.bytes().any(|b| b.is_ascii_digit()) && body.bytes().any(|b| b.is_ascii_alphabetic());
    (keyed && (form.min..=form.max).contains(&body.len()))
        .then(|| (range.start..range.end + body.len(), 0.97))
}

/// Header, payload and signature in Base64; the header is JSON with `alg`.
fn web_token(text: &Text<'_>, start: usize) -> Option<(Range<usize>, f32)> {
    let end = run(text, start, Chars::Dotted, MAX_TOKEN);
    let token = text.slice(start..end).trim_end_matches('.');
    let mut parts = token.split('.');
    let (header, payload) = (parts.next()?, parts.next()?);
    let signed = parts.next().is_some();
    let header_sound = URL_SAFE_NO_PAD
        .decode(header)
        .is_ok_and(|json| json.windows(5).any(|w| w == b"\"alg\""));
    match (header_sound, signed && payload.len() >= 8) {
        (true, _) if payload.len() >= 8 => Some((start..start + token.len(), 0.98)),
        (false, true) if token.len() >= 40 => Some((start..start + token.len(), 0.7)),
        _ => None,
    }
}

/// Salesforce: the organisation's id, `!`, and the session.
fn session_id(text: &Text<'_>, start: usize) -> Option<(Range<usize>, f32)> {
    let id = run(text, start, Chars::Alnum, 19);
    if !matches!(id - start, 15 | 18) || text.char_at(id) != Some('!') {
        return None;
    }
    let end = run(text, id + 1, Chars::Dotted, MAX_TOKEN);
    let session = text.slice(id + 1..end).trim_end_matches('.');
    (session.len() >= 40).then(|| (start..id + 1 + session.len(), 0.98))
}

/// Longest token without a form of its own.
const MAX_TOKEN: usize = 4096;
/// Most full stops behind a key.
const MAX_STOPS: usize = 64;

/// Where the characters from `start` on end, `most` at most.
fn run(text: &Text<'_>, start: usize, chars: Chars, most: usize) -> usize {
    let rest = text.str.as_bytes().get(start..).unwrap_or_default();
    start
        + rest
            .iter()
            .take(most)
            .take_while(|b| chars.holds(**b))
            .count()
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::check;
    use super::super::Secret;

    /// No scanner should take the table for leaked keys, so bodies are put together here.
    fn key(prefix: &str, body: &str, len: usize) -> String {
        format!(
            "{prefix}{}",
            body.repeat(len).chars().take(len).collect::<String>()
        )
    }

    #[test]
    fn every_provider() {
        for key in [
            key("AKIA", "IOSFODNN7", 16),
            key("ghp_", "aB3dE6", 36),
            key("github_pat_", "11AB_c3", 84),
            key("xoxb-", "123456789012-aB", 50),
            key("sk_live_", "aB3dE6", 24),
            key("AIza", "SyA-1b_C2", 35),
            key("sk-proj-", "aB3_dE6-", 80),
            key("sk-ant-", "api03-aB3", 90),
            key("sk-", "aB3dE6fG9", 48),
            key("3MVG9", "aB3dE6._", 80),
            key("SG.", "aB3dE6fG9hJ", 66),
            key("00D5f0000008abc!AR8AQ", "aB3d.E6_", 80),
            "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N".to_owned(),
        ] {
            check(&Secret, &[(&format!("see {key} there"), &[&key]), (&format!("x={key}."), &[&key])]);
        }
    }

    #[test]
    fn table() {
        check(
            &Secret,
            &[
                ("AKIA is a prefix", &[]),
                ("task-12345678901234567890123456789012", &[]),
                ("risk-assessment", &[]),
                ("sk-models and more of them in our shop", &[]),
                ("00D5f0000008abc! great", &[]),
                ("eyJ.abc", &[]),
                ("npm_config_registry", &[]),
                ("SG.1 and SG.2", &[]),
            ],
        );
    }
}
