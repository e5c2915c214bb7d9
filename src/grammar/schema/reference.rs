//! References within a schema.

use serde_json::Value;

use crate::grammar::error::{GrammarError, Reason};

use super::place::Place;

/// Where the reference `text` leads in `root`: the pointer and the schema there.
pub(super) fn follow<'s>(
    root: &'s Value,
    text: &str,
    place: &Place<'_>,
) -> Result<(String, &'s Value), GrammarError> {
    let (document, fragment) = text.split_once('#').unwrap_or((text, ""));
    let own = ["$id", "id"].iter().find_map(|key| root.get(key)?.as_str());
    let own = own.map(|id| id.trim_end_matches('#'));
    if !document.is_empty() && own != Some(document) {
        return Err(place.unsupported(Reason::RemoteReference));
    }
    let no_target = || place.unsupported(Reason::NoTarget);
    let fragment = unescape(fragment).ok_or_else(no_target)?;
    if fragment.is_empty() || fragment == "/" {
        return Ok((String::new(), root));
    }
    if fragment.starts_with('/') {
        let target = root.pointer(&fragment).ok_or_else(no_target)?;
        return Ok((fragment, target));
    }
    let mut found = Vec::new();
    anchors(root, &fragment, &mut String::new(), &mut found);
    match found.pop() {
        Some(target) if found.is_empty() => Ok(target),
        _ => Err(no_target()),
    }
}

/// Collects the schemas with the anchor `name`.
fn anchors<'s>(
    value: &'s Value,
    name: &str,
    pointer: &mut String,
    found: &mut Vec<(String, &'s Value)>,
) {
    let len = pointer.len();
    let mut go = |key: &str, inner: &'s Value, found: &mut Vec<(String, &'s Value)>| {
        pointer.push('/');
        pointer.push_str(&key.replace('~', "~0").replace('/', "~1"));
        anchors(inner, name, pointer, found);
        pointer.truncate(len);
    };
    match value {
        Value::Object(object) => {
            for (key, inner) in object {
                go(key, inner, found);
            }
            let is = |key: &str, prefix: &str| {
                let own = object.get(key).and_then(Value::as_str);
                own.and_then(|own| own.strip_prefix(prefix)) == Some(name)
            };
            if is("$anchor", "") || is("$id", "#") || is("id", "#") {
                found.push((pointer.clone(), value));
            }
        }
        Value::Array(items) => {
            for (at, inner) in items.iter().enumerate() {
                go(&at.to_string(), inner, found);
            }
        }
        _ => {}
    }
}

/// Takes percent escapes away.
fn unescape(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let digits = [rest.next()?, rest.next()?];
            let digits = std::str::from_utf8(&digits).ok()?;
            bytes.push(u8::from_str_radix(digits, 16).ok()?);
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn references_lead_to_pointers() {
        let root = json!({
            "$id": "https://x.test/root.json",
            "$defs": {"a/b": {"type": "null"}, "c": {"$anchor": "sea"}, "d": {"id": "#dee"}},
            "items": [true]
        });
        for (text, expected) in [
            ("#", Some("")),
            ("#/$defs/a~1b", Some("/$defs/a~1b")),
            ("#/%24defs/c", Some("/$defs/c")),
            ("#/items/0", Some("/items/0")),
            ("#sea", Some("/$defs/c")),
            ("#dee", Some("/$defs/d")),
            ("https://x.test/root.json#/$defs/c", Some("/$defs/c")),
            ("https://x.test/root.json", Some("")),
            ("other.json#/a", None),
            ("#/nowhere", None),
            ("#nowhere", None),
            ("#/%zz", None),
        ] {
            let got = follow(&root, text, &Place::ROOT).ok();
            assert_eq!(
                got.as_ref().map(|(pointer, _)| pointer.as_str()),
                expected,
                "{text}"
            );
        }
    }
}
