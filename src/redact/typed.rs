//! What a user typed that looks like one of our placeholders.

use crate::types::Entity;

use super::span::{Candidate, Evidence};

/// Finds labels of entities followed by a number, in brackets or in capitals: they get a placeholder of
/// their own, so that they neither collide with ours nor are restored to a person.
pub(super) fn typed_placeholders(text: &str) -> Vec<Candidate> {
    let mut found = Vec::new();
    if !text.contains(['[', '{', '<', '(', '_']) {
        return found;
    }
    let upper = text.to_ascii_uppercase();
    for entity in Entity::ALL {
        for (at, label) in upper.match_indices(entity.label()) {
            let mut start = at;
            let mut end = at + label.len();
            let bytes = upper.as_bytes();
            while end < bytes.len().min(at + label.len() + 8) && matches!(bytes[end], b'_' | b' ' | b'-' | b'0'..=b'9') {
                end += 1;
            }
            let bracketed = start > 0 && matches!(bytes[start - 1], b'[' | b'{' | b'<' | b'(');
            let numbered = upper[at..end].contains('_') && upper[at..end].ends_with(|c: char| c.is_ascii_digit());
            if bracketed {
                start -= 1;
                if bytes.get(end).is_some_and(|byte| matches!(byte, b']' | b'}' | b'>' | b')')) {
                    end += 1;
                } else if !numbered {
                    continue;
                }
            } else if !numbered {
                continue;
            }
            let evidence = Evidence::Checksum;
            found.push(Candidate { range: start..end, entity: None, score: 1.0, evidence, subject: None });
        }
    }
    found
}
