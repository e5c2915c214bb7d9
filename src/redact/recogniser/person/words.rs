//! The words of a text as names are made of them.

/// A word and where it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Word {
    pub(super) start: usize,
    pub(super) end: usize,
}

/// The words of a text: letters, with hyphens and apostrophes inside ("O'Brien", "Anna-Lena"; not "Smith's").
pub(super) fn words(text: &str) -> Vec<Word> {
    let mut words: Vec<Word> = Vec::with_capacity(text.len() / 6);
    let mut start = None;
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let next = chars.peek().map(|(_, c)| *c);
        let joint = start.is_some()
            && matches!(c, '-' | '\'' | '’')
            && next.is_some_and(char::is_alphabetic)
            && !is_genitive(text, at, c)
            || start.is_some_and(|s| c == '.' && is_abbreviation(text, s, at));
        if c.is_alphabetic() || c == '\u{301}' || c == '\u{308}' || joint {
            start = start.or(Some(at));
        } else if let Some(from) = start.take() {
            words.push(Word {
                start: from,
                end: at,
            });
        }
    }
    if let Some(from) = start {
        words.push(Word {
            start: from,
            end: text.len(),
        });
    }
    words
}

/// Whether `'s` at `at` ends a word.
fn is_genitive(text: &str, at: usize, c: char) -> bool {
    let mut rest = text.get(at + c.len_utf8()..).unwrap_or("").chars();
    c != '-' && rest.next() == Some('s') && !rest.next().is_some_and(char::is_alphabetic)
}

/// "sig.ra" and "dott.ssa" are one word.
fn is_abbreviation(text: &str, start: usize, at: usize) -> bool {
    let head = text.get(start..at).unwrap_or("");
    let rest = text.get(at..).unwrap_or("");
    head.eq_ignore_ascii_case("sig") && rest.starts_with(".ra")
        || head.eq_ignore_ascii_case("dott") && rest.starts_with(".ssa")
}

/// Writes a word in lower case to `out`; nothing for a long one.
pub(super) fn lower_into(word: &str, out: &mut String) {
    out.clear();
    // The longest first word of a phrase is short.
    if word.len() <= 24 {
        word.chars()
            .flat_map(char::to_lowercase)
            .for_each(|c| out.push(if c == '’' { '\'' } else { c }));
    }
}
