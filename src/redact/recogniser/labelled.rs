//! Values behind a label: "passport no. is C01X00T47", "Kennzeichen: B-MW 1234".

use super::super::context::floor;
use super::super::text::is_word;

/// Most bytes between a label and its value.
const MAX_GAP: usize = 40;
/// Most words between a label and its value.
const MAX_FILLERS: usize = 4;

/// Words that stand between a label and its value, in eight languages.
const FILLERS: &[&str] = &[
    "no",
    "nr",
    "num",
    "number",
    "numbers",
    "nummer",
    "numéro",
    "numero",
    "número",
    "numer",
    "n",
    "nº",
    "n°",
    "code",
    "id",
    "is",
    "ist",
    "lautet",
    "est",
    "es",
    "era",
    "é",
    "è",
    "to",
    "jest",
    "was",
    "war",
    "are",
    "sind",
    "currently",
    "now",
    "still",
    "jetzt",
    "aktuell",
    "new",
    "neu",
    "neue",
    "neues",
    "of",
    "vom",
    "von",
    "de",
    "di",
    "van",
    "del",
    "du",
    "plate",
    "card",
    "the",
    "das",
    "der",
    "die",
    "set",
    "address",
    "adresse",
];

/// What a label announces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Value {
    /// Where it starts.
    pub(super) start: usize,
    /// Whether a colon, an equals sign or a hash stands before it.
    pub(super) marked: bool,
    /// Whether a verb ("is", "lautet") stands before it.
    pub(super) said: bool,
    /// Whether a quotation mark stands before it.
    pub(super) quoted: bool,
}

/// The value that the label ending at `label_end` announces, on the same line or, after a colon, the next.
pub(super) fn value_at(text: &str, label_end: usize) -> Option<Value> {
    let mut value = Value {
        start: label_end,
        marked: false,
        said: false,
        quoted: false,
    };
    let mut fillers = 0;
    // The rest of a compound: "Reisepassnummer".
    let rest = text.get(label_end..)?;
    let compound = &rest[..floor(rest, MAX_GAP + 4)];
    let compound = compound.len() - compound.trim_start_matches(is_word).len();
    let mut rest = &rest[compound..];
    loop {
        while let Some(c) = rest.chars().next() {
            match c {
                ':' | '=' | '#' | '：' => value.marked = true,
                '"' | '\'' | '`' | '„' | '“' | '”' | '«' | '‘' | '’' => {
                    value.quoted = true
                }
                '\n' if value.marked && !value.quoted => {}
                ' ' | '\t' | '\u{a0}' | '\u{202f}' | '.' | '-' | '–' | '(' | '*' | '_' | '|'
                | '>' | 'º' | '°' | '\r' => {}
                _ => break,
            }
            rest = &rest[c.len_utf8()..];
        }
        value.start = text.len() - rest.len();
        if value.start - label_end > MAX_GAP || rest.is_empty() {
            return None;
        }
        let len = rest.find(|c: char| !is_word(c)).unwrap_or(rest.len());
        let word = rest[..len].to_lowercase();
        if value.quoted || fillers == MAX_FILLERS || !FILLERS.contains(&word.as_str()) {
            return Some(value);
        }
        value.said |= matches!(
            word.as_str(),
            "is" | "ist"
                | "lautet"
                | "est"
                | "es"
                | "era"
                | "é"
                | "è"
                | "to"
                | "jest"
                | "was"
                | "war"
        );
        fillers += 1;
        rest = &rest[len..];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_stand_behind_their_labels() {
        for (text, label, value) in [
            ("passport no. is C01X00T47", "passport", Some("C01X00T47")),
            ("Reisepassnummer: C01X", "pass", Some("C01X")),
            ("Passport:\nC01X", "Passport", Some("C01X")),
            ("Passport\nC01X", "Passport", Some("\nC01X")),
            ("passport and visa", "passport", Some("and visa")),
            ("passport", "passport", None),
        ] {
            let end = text.find(label).unwrap() + label.len();
            let got = value_at(text, end).and_then(|v| text.get(v.start..));
            assert_eq!(got, value.filter(|v| !v.is_empty()), "{text}");
        }
    }
}
