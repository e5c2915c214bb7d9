//! Where a request says that it comes from: the client's own identifier, and its place in a trace.
//!
//! Both are optional and the client's own text, so only what has exactly the right form is taken, and what
//! has not is ignored: a request is never refused for it.

use std::fmt;

use axum::http::HeaderMap;

use crate::types::LogSafe;

/// Longest identifier in bytes.
const MAX_ID: usize = 128;
/// Longest word in front of an identifier.
const MAX_PREFIX: usize = 8;
/// Bytes of `00-` + 32 + `-` + 16 + `-` + 2.
const TRACEPARENT_BYTES: usize = 55;

/// What a client calls its request: `x-request-id`, or OpenAI's `x-client-request-id`. It may be logged, so it
/// must look as machines make identifiers: words, of which names are made, are not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ClientId {
    text: String,
    /// Whether it came as `x-request-id`, so that the answer's header of that name repeats it.
    pub(super) echoed: bool,
}

/// A caller's place in its trace, by W3C Trace Context. Its `tracestate` is for those who pass a trace on;
/// this server calls nobody, so it isn't read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TraceParent {
    trace: u128,
    span: u64,
    sampled: bool,
}

impl ClientId {
    pub(super) fn of(headers: &HeaderMap) -> Option<Self> {
        let read = |name: &str| {
            let text = headers.get(name)?.to_str().ok()?;
            let sound = (1..=MAX_ID).contains(&text.len()) && text.bytes().all(is_id_byte);
            (sound && is_made_up(text)).then(|| text.to_owned())
        };
        let echoed = read("x-request-id").map(|text| Self { text, echoed: true });
        let unechoed = |text| Self {
            text,
            echoed: false,
        };
        echoed.or_else(|| read("x-client-request-id").map(unechoed))
    }

    pub(super) fn as_str(&self) -> &str {
        &self.text
    }
}

fn is_id_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b':' | b'/' | b'=' | b'+')
}

/// Whether `text` has a digit, and no word but a short one in front ("crm-4711"): each other part between
/// signs holds a digit or is of hexadecimal letters only.
fn is_made_up(text: &str) -> bool {
    let mut parts = text.split(|c: char| !c.is_ascii_alphanumeric());
    let first = parts.next().unwrap_or_default();
    let is_plain = |part: &str| {
        part.bytes().any(|b| b.is_ascii_digit()) || part.bytes().all(|b| b.is_ascii_hexdigit())
    };
    let prefix = first.len() <= MAX_PREFIX && first.bytes().all(|b| b.is_ascii_lowercase());
    text.bytes().any(|b| b.is_ascii_digit()) && (prefix || is_plain(first)) && parts.all(is_plain)
}

impl fmt::Display for ClientId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl LogSafe for ClientId {}

impl TraceParent {
    pub(super) fn of(headers: &HeaderMap) -> Option<Self> {
        let mut values = headers.get_all("traceparent").iter();
        let (Some(value), None) = (values.next(), values.next()) else {
            return None;
        };
        Self::parse(value.to_str().ok()?)
    }

    /// Version 00 has exactly these four parts. A later version may have more after them, which is all that
    /// the specification says of it; `ff` is none.
    fn parse(text: &str) -> Option<Self> {
        let (known, more) = text.split_at_checked(TRACEPARENT_BYTES)?;
        let mut parts = known.split('-');
        let mut part = |digits: usize| {
            let part = parts.next().filter(|part| part.len() == digits)?;
            let lower_hex = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
            part.bytes().all(lower_hex).then_some(part)
        };
        let (version, trace, span, flags) = (part(2)?, part(32)?, part(16)?, part(2)?);
        let sound = match version {
            "ff" => false,
            "00" => more.is_empty(),
            _ => more.is_empty() || more.starts_with('-'),
        };
        let parent = Self {
            trace: u128::from_str_radix(trace, 16).ok()?,
            span: u64::from_str_radix(span, 16).ok()?,
            sampled: u8::from_str_radix(flags, 16).ok()? & 1 == 1,
        };
        (sound && parent.trace != 0 && parent.span != 0).then_some(parent)
    }

    /// 32 hexadecimal digits.
    pub(super) fn trace_id(self) -> String {
        format!("{:032x}", self.trace)
    }

    /// 16 hexadecimal digits: the caller's span, of which ours is a part.
    pub(super) fn span_id(self) -> String {
        format!("{:016x}", self.span)
    }

    /// Whether the caller records its trace.
    pub(super) fn is_sampled(self) -> bool {
        self.sampled
    }
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderName, HeaderValue};

    use super::*;

    const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
    const SPAN: &str = "00f067aa0ba902b7";

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            let value = HeaderValue::from_bytes(value.as_bytes()).unwrap();
            headers.append(HeaderName::from_static(name), value);
        }
        headers
    }

    #[test]
    fn client_ids_are_short_and_plain() {
        let check = |pairs: &[(&'static str, &str)], expected: Option<(&str, bool)>| {
            let found = ClientId::of(&headers(pairs));
            let found = found.as_ref().map(|id| (id.as_str(), id.echoed));
            assert_eq!(found, expected, "{pairs:?}");
        };
        let long = "a1".repeat(64);
        check(
            &[("x-request-id", "order-7_a.b:c/d=+")],
            Some(("order-7_a.b:c/d=+", true)),
        );
        check(&[("x-request-id", &long)], Some((&long, true)));
        let (uuid, ulid) = (
            "1f0e3c5a-ffff-4d2b-9c1e-0a1b2c3d4e5f",
            "01ARZ3NDEKTSV4RRFFQ69G5FAV",
        );
        check(&[("x-request-id", uuid)], Some((uuid, true)));
        check(&[("x-request-id", ulid)], Some((ulid, true)));
        check(&[("x-client-request-id", "a1")], Some(("a1", false)));
        check(
            &[("x-client-request-id", "a1"), ("x-request-id", "d2")],
            Some(("d2", true)),
        );
        check(
            &[("x-client-request-id", "a1"), ("x-request-id", "d 2")],
            Some(("a1", false)),
        );
        for bad in [
            "Erika-Mustermann",
            "erika",
            "case-of-Mustermann-7",
            "Erika-7",
            "",
            "erika@example.com",
            "a b",
            "a\tb",
            "\"a\"",
            "ä",
            "a,b",
            &"a1".repeat(65),
        ] {
            check(&[("x-request-id", bad)], None);
        }
        check(&[], None);
    }

    #[test]
    fn traceparent_has_exactly_one_form() {
        let check = |text: &str, expected: Option<bool>| {
            let found = TraceParent::of(&headers(&[("traceparent", text)]));
            assert_eq!(found.map(TraceParent::is_sampled), expected, "{text}");
            if let Some(found) = found {
                assert_eq!(
                    (found.trace_id(), found.span_id()),
                    (TRACE.to_owned(), SPAN.to_owned())
                );
            }
        };
        check(&format!("00-{TRACE}-{SPAN}-01"), Some(true));
        check(&format!("00-{TRACE}-{SPAN}-00"), Some(false));
        // Flags that nobody knows yet change nothing.
        check(&format!("00-{TRACE}-{SPAN}-fe"), Some(false));
        check(&format!("cc-{TRACE}-{SPAN}-01"), Some(true));
        check(&format!("cc-{TRACE}-{SPAN}-01-what-comes"), Some(true));
        for bad in [
            String::new(),
            format!("00-{TRACE}-{SPAN}"),
            format!("00-{TRACE}-{SPAN}-01-"),
            format!("00-{TRACE}-{SPAN}-01-what-comes"),
            format!("cc-{TRACE}-{SPAN}-01.what-comes"),
            format!("ff-{TRACE}-{SPAN}-01"),
            format!("00-{}-{SPAN}-01", TRACE.to_uppercase()),
            format!("00-{}-{SPAN}-01", "0".repeat(32)),
            format!("00-{TRACE}-{}-01", "0".repeat(16)),
            format!("00-{TRACE}-{SPAN}-0g"),
            format!("0-0{TRACE}-{SPAN}-01"),
            format!("00-{TRACE}+{SPAN}-01"),
            format!("00_{TRACE}_{SPAN}_01"),
            format!(" 00-{TRACE}-{SPAN}-01x"),
            format!("00-+{}-{SPAN}-01", &TRACE[1..]),
        ] {
            check(&bad, None);
        }
        let twice = format!("00-{TRACE}-{SPAN}-01");
        let twice = headers(&[("traceparent", &twice), ("traceparent", &twice)]);
        assert_eq!(TraceParent::of(&twice), None);
    }
}
