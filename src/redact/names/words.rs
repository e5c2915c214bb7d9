//! Words of a text, with their pieces and how they are capitalised.
//!
//! A word is a run of letters and digits, or a mark on its own. It is labelled by its first piece.

use std::ops::Range;

use crate::tokenizer::PlacedPiece;

/// A word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Word {
    /// Its bytes in the text.
    pub(super) range: Range<usize>,
    /// Its pieces, by number.
    pub(super) pieces: Range<usize>,
    /// How it is capitalised: 0 without a capital, 1 with the first letter alone, 2 all letters of several, 3 any
    /// other way. The model was trained with these numbers.
    pub(super) case: u8,
}

/// The words that `pieces` of `text` make up, in order.
pub(super) fn words(text: &str, pieces: &[PlacedPiece]) -> Vec<Word> {
    let mut words: Vec<Word> = Vec::with_capacity(pieces.len());
    for (number, piece) in pieces.iter().enumerate() {
        if let Some(last) = words.last_mut()
            && piece.range.start < last.range.end
        {
            last.pieces.end = number + 1;
            last.range.end = last.range.end.max(piece.range.end);
            continue;
        }
        let rest = text.get(piece.range.start..).unwrap_or_default();
        let run: usize = rest
            .chars()
            .take_while(|c| c.is_alphanumeric())
            .map(char::len_utf8)
            .sum();
        words.push(Word {
            range: piece.range.start..piece.range.end.max(piece.range.start + run),
            pieces: number..number + 1,
            case: case_of(rest.get(..run).unwrap_or_default()),
        });
    }
    words
}

fn case_of(word: &str) -> u8 {
    let is_capital = |c: char| c.is_uppercase() || matches!(c, 'ǅ' | 'ǈ' | 'ǋ' | 'ǲ');
    let mut letters = word.chars().filter(|c| c.is_alphabetic());
    let first = letters.next().is_some_and(is_capital);
    let (mut more, mut capitals) = (0, 0);
    for letter in letters {
        more += 1;
        capitals += usize::from(is_capital(letter));
    }
    match (first, capitals) {
        (false, 0) => 0,
        (true, 0) => 1,
        (true, _) if capitals == more => 2,
        _ => 3,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn capitals_are_told_apart() {
        for (word, case) in [
            ("anna", 0),
            ("", 0),
            ("42", 0),
            ("Anna", 1),
            ("A", 1),
            ("M2", 1),
            ("2Nd", 1),
            ("Ämter", 1),
            ("ANNA", 2),
            ("AG", 2),
            ("A1B", 2),
            ("McKay", 3),
            ("iPhone", 3),
            ("ANNAs", 3),
            ("GmbH", 3),
            ("Анна", 1),
        ] {
            assert_eq!(case_of(word), case, "{word}");
        }
    }

    #[test]
    fn a_word_is_a_run_of_letters_or_a_mark() {
        let text = "Jürgen's 2nd e-mail 中文 e\u{301}t";
        let piece = |id, range| PlacedPiece { id, range };
        let whole = |part: &str| {
            let at = text.find(part).unwrap();
            at..at + part.len()
        };
        let parts = [
            "Jür", "gen", "'", "s ", "2", "nd", "e-", "-", "mail", "中", "文", "e\u{301}", "t",
        ];
        let pieces: Vec<_> = parts
            .iter()
            .map(|part| {
                let range = whole(part);
                piece(
                    1,
                    range.start..range.start + part.trim_end_matches([' ', '-']).len().max(1),
                )
            })
            .collect();
        let found: Vec<_> = words(text, &pieces[..12])
            .into_iter()
            .map(|word| (&text[word.range], word.pieces))
            .collect();
        assert_eq!(
            found,
            [
                ("Jürgen", 0..2),
                ("'", 2..3),
                ("s", 3..4),
                ("2nd", 4..6),
                ("e", 6..7),
                ("-", 7..8),
                ("mail", 8..9),
                ("中文", 9..11),
                ("e\u{301}", 11..12),
            ]
        );
    }
}
