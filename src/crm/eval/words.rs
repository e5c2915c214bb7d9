//! Texts as words, for comparing answers with inputs.

/// A word of a text, stripped of the punctuation around it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Word<'t> {
    /// The word.
    pub(super) text: &'t str,
    /// Whether a sentence, a line or a quotation starts with it.
    pub(super) first: bool,
    /// Whether punctuation parts it from the word before.
    pub(super) parted: bool,
}

/// The words of `text`, in order.
pub(super) fn words(text: &str) -> Vec<Word<'_>> {
    let mut found = Vec::new();
    for line in text.lines() {
        let (mut first, mut parted) = (true, true);
        for raw in line.split_whitespace() {
            let word = raw.trim_matches(is_edge);
            if word.is_empty() {
                parted = true;
                continue;
            }
            let lead = &raw[..raw.find(word).unwrap_or(0)];
            found.push(Word {
                text: word,
                first: first || lead.contains(['"', '“', '(', '*', '#']),
                parted: parted || !lead.is_empty() && !is_symbol(lead),
            });
            let trail = raw.trim_end_matches(['"', '”', ')', '*', '\'', '’']);
            first = trail.ends_with(['.', '!', '?', ':']);
            parted = raw.ends_with(|c: char| is_edge(c) && !is_symbol(c.encode_utf8(&mut [0; 4])));
        }
    }
    found
}

/// Sentences: the stretches between full stops, question and exclamation marks and ends of lines that
/// hold at least two words.
pub(super) fn sentences(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    for line in text.lines() {
        let mut from = 0;
        for (at, c) in line.char_indices() {
            let end = at + c.len_utf8();
            let next = line[end..].chars().next();
            if matches!(c, '.' | '!' | '?') && next.is_none_or(|n| n.is_whitespace() || is_edge(n))
            {
                found.push(&line[from..end]);
                from = end;
            }
        }
        found.push(&line[from..]);
    }
    found.retain(|sentence| words(sentence).len() >= 2);
    found
}

/// Lower case, one space between words, nothing at the edges.
pub(super) fn plain(text: &str) -> String {
    let words = text.split_whitespace().map(str::to_lowercase);
    words.collect::<Vec<_>>().join(" ")
}

/// Punctuation around words. Signs that belong to numbers stay on.
fn is_edge(c: char) -> bool {
    !c.is_alphanumeric() && !matches!(c, '%' | '€' | '$' | '£')
}

fn is_symbol(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| matches!(c, '+' | '-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_know_where_they_stand() {
        let text = "Dear Ada, it costs (89 €). Then: \"Call me\"\nBye";
        let found = words(text);
        let firsts: Vec<&str> = found.iter().filter(|w| w.first).map(|w| w.text).collect();
        assert_eq!(firsts, ["Dear", "89", "Then", "Call", "Bye"]);
        let all: Vec<&str> = found.iter().map(|w| w.text).collect();
        assert_eq!(
            all,
            [
                "Dear", "Ada", "it", "costs", "89", "€", "Then", "Call", "me", "Bye"
            ]
        );
    }

    #[test]
    fn sentences_end_at_stops_and_lines() {
        assert_eq!(
            sentences("It costs 4.90 EUR. Why? Please call\nYes.\nThank you!"),
            ["It costs 4.90 EUR.", " Please call", "Thank you!"]
        );
    }
}
