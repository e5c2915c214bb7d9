//! Texts in sentences, for quoting them.

/// The longest stretch in bytes; a longer one is cut at a comma or a blank.
const MAX_BYTES: usize = 320;
/// Shorter stretches are greetings, signatures, headings.
const MIN_WORDS: usize = 3;
/// A stretch that no stop ends is a sentence only when it has so many words.
const MIN_OPEN_WORDS: usize = 6;

/// How months start.
const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

/// The sentences of `text`, in order and as they are written, without the blanks around them. Never empty
/// where `text` holds a word: what has no sentences is taken as it is.
pub(super) fn sentences(text: &str) -> Vec<&str> {
    let all: Vec<&str> = text.lines().flat_map(split).flat_map(shorten).collect();
    let mut whole: Vec<&str> = all
        .iter()
        .copied()
        .filter(|part| is_sentence(part))
        .collect();
    if whole.is_empty() {
        whole = all;
    }
    whole
}

/// The sentences of all `texts`, each once.
pub fn sentences_of(texts: &[String]) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for sentence in texts.iter().flat_map(|text| sentences(text)) {
        if !found.iter().any(|own| own == sentence) {
            found.push(sentence.to_owned());
        }
    }
    found
}

/// A line, cut after stops that end a sentence.
fn split(line: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut from = 0;
    for (at, c) in line.char_indices() {
        let end = at + c.len_utf8();
        let rest = &line[end..];
        if matches!(c, '.' | '!' | '?' | '。' | '！' | '？') && ends_here(&line[from..at], c, rest)
        {
            found.push(&line[from..end]);
            from = end;
        }
    }
    found.push(&line[from..]);
    found
        .into_iter()
        .map(str::trim)
        .filter(|part| part.contains(char::is_alphanumeric))
        .collect()
}

/// Whether a stop `c` between `before` and `rest` ends a sentence: "14. May", "e.g. this", "Sp. z o.o." go on.
fn ends_here(before: &str, c: char, rest: &str) -> bool {
    if matches!(c, '。' | '！' | '？') {
        return true;
    }
    if !rest.is_empty() && !rest.starts_with(char::is_whitespace) {
        return false;
    }
    let next = rest.trim_start().chars().next();
    let last = before.rsplit(char::is_whitespace).next().unwrap_or("");
    let short = last.chars().count() <= 2 && last.starts_with(char::is_alphabetic);
    // "14. May": how many languages write dates.
    let dated = last.len() <= 2
        && last.bytes().all(|b| b.is_ascii_digit())
        && MONTHS
            .iter()
            .any(|month| rest.trim_start().starts_with(month));
    c != '.'
        || next.is_none()
        || !short && !dated && !last.contains('.') && !next.is_some_and(char::is_lowercase)
}

fn is_sentence(part: &str) -> bool {
    let words = part.split_whitespace().count();
    let closed = part.ends_with(['.', '!', '?', '。', '！', '？']);
    words >= if closed { MIN_WORDS } else { MIN_OPEN_WORDS }
}

/// A sentence that is too long to quote, in pieces.
fn shorten(mut part: &str) -> Vec<&str> {
    let mut found = Vec::new();
    while part.len() > MAX_BYTES {
        let limit = (0..=MAX_BYTES).rev().find(|at| part.is_char_boundary(*at));
        let head = &part[..limit.unwrap_or(0)];
        let cut = head
            .rfind([',', ';'])
            .filter(|at| *at > MAX_BYTES / 3)
            .map_or_else(|| head.rfind(' ').unwrap_or(head.len()), |at| at + 1);
        found.push(part[..cut].trim());
        part = part[cut..].trim_start();
    }
    found.push(part);
    found.retain(|piece| !piece.is_empty());
    found
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn texts_fall_into_sentences() {
        for (text, expected) in [
            (
                "Hello, it leaks since 3 March. I paid 4.90 EUR! Please call me.\nBest regards, [PERSON_1]",
                &[
                    "Hello, it leaks since 3 March.",
                    "I paid 4.90 EUR!",
                    "Please call me.",
                ][..],
            ),
            (
                "It comes on 14. May at the latest. We use e.g. this one.",
                &[
                    "It comes on 14. May at the latest.",
                    "We use e.g. this one.",
                ],
            ),
            (
                "Piekarnia Sp. z o.o. bakes bread. Thank you.",
                &["Piekarnia Sp. z o.o. bakes bread."],
            ),
            ("kettle broken", &["kettle broken"]),
            (
                "- three stores with eleven registers in all\n- wants gift cards",
                &["- three stores with eleven registers in all"],
            ),
            ("", &[]),
            ("...", &[]),
        ] {
            assert_eq!(sentences(text), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn sentences_are_stretches_of_the_text_in_order(text in "[a-zA-Z0-9ä ,.;!?\n-]{0,900}") {
            let mut rest = text.as_str();
            for sentence in sentences(&text) {
                let at = rest.find(sentence);
                prop_assert!(at.is_some(), "{sentence:?}");
                prop_assert!(sentence.len() <= MAX_BYTES);
                rest = &rest[at.unwrap() + sentence.len()..];
            }
        }
    }
}
