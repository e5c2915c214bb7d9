//! Codes behind a label: "Kundennummer: 0094 7712", "permis (n° 150229301118)", "loyalty card HC-5520-8817".
//!
//! The first word behind the label that holds a digit is the code, or there is none.

use std::ops::Range;

use super::super::context::{List as _, Words, lowered};
use super::super::text::is_word;
use super::clause::{Clause, Mark};

/// How a code may look.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shape {
    /// Fewest and most letters and digits.
    pub(super) len: (usize, usize),
    /// Fewest digits, unless it is a serial number as those of identity cards: eight capitals and digits or more.
    pub(super) digits: usize,
    /// Whether it may be digits in threes with dots between them, as amounts are.
    pub(super) dotted: bool,
}

/// A code that a label announces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Code {
    /// Where it is.
    pub(super) range: Range<usize>,
    /// How many digits it holds.
    pub(super) digits: usize,
    /// Whether it holds letters too.
    pub(super) mixed: bool,
    /// Whether it is written in blocks.
    pub(super) grouped: bool,
    /// Whether nothing but words that say nothing stands between it and the label.
    pub(super) direct: bool,
    /// Whether a comma stands between.
    pub(super) broken: bool,
    /// What stands right in front.
    pub(super) mark: Mark,
    /// How many words that say something stand between.
    pub(super) words: usize,
    /// How many of them begin with a capital, as names do.
    pub(super) capitals: usize,
}

impl Code {
    /// Whether it is the label's, for a label that is hardly ever said of anything else.
    pub(super) fn is_owned(&self) -> bool {
        self.direct
            || match (self.mixed, self.mark != Mark::Nothing) {
                (true, true) => true,
                (true, false) => self.words <= 2,
                (false, true) => self.words <= 3 && self.digits >= 7,
                (false, false) => {
                    self.words <= 2 && self.digits >= 8 && (self.grouped || !self.broken)
                }
            }
    }

    /// The score of a find of it: where words stand between, another label that is nearer wins.
    pub(super) const fn score(&self) -> f32 {
        if self.direct { 0.85 } else { 0.65 }
    }
}

/// The code that the label that ends at `label_end` announces.
pub(super) fn behind(text: &str, label_end: usize, shape: Shape) -> Option<Code> {
    let mut clause = Clause::behind(text, label_end);
    loop {
        let word = clause.next_word()?;
        let found = match clause.takes_class(word) || clause.at_sign {
            true => None,
            // The lists are asked last: few words have the shape of a code.
            false => code_at(text, clause.at, shape).filter(|_| !clause.is_listed(word)),
        };
        if let Some(written) = found {
            return Some(Code {
                range: clause.at..clause.at + written.len,
                digits: written.digits,
                mixed: written.letters > 0,
                grouped: written.blocks > 1,
                direct: clause.is_direct(),
                broken: clause.broken,
                mark: clause.mark,
                words: clause.words,
                capitals: clause.capitals,
            });
        }
        clause.pass(word)?;
    }
}

/// Whether all of `text` is a code.
pub(super) fn is_code(text: &str, shape: Shape) -> bool {
    code_at(text, 0, shape).is_some_and(|written| written.len == text.len())
}

/// A code as it is written.
#[derive(Clone, Copy, Debug, Default)]
struct Written {
    /// Bytes.
    len: usize,
    letters: usize,
    digits: usize,
    blocks: usize,
    /// Whether a block holds small letters.
    small: bool,
    /// Digits of the last block; 0 where it holds letters.
    last: usize,
    /// Whether blanks stand between its blocks, and nothing else.
    blanks: bool,
    /// Whether dots stand between blocks of three digits, and nothing else.
    dotted: bool,
}

/// The code that starts at `start`.
fn code_at(text: &str, start: usize, shape: Shape) -> Option<Written> {
    let rest = text.get(start..)?;
    let bytes = rest.as_bytes();
    let mut code = Written {
        blanks: true,
        dotted: true,
        ..Written::default()
    };
    let mut shorter = None;
    let mut at = 0;
    let mut separator = None;
    while code.letters + code.digits <= shape.len.1 {
        let block = bytes[at..]
            .iter()
            .take_while(|b| b.is_ascii_alphanumeric())
            .count();
        let Some(longer) = code.with(rest.get(at..at + block)?, separator) else {
            break;
        };
        code = Written {
            len: at + block,
            ..longer
        };
        shorter = shorter.or(Some(code));
        let mut behind = rest[code.len..].chars();
        let (next, then) = (behind.next(), behind.next());
        separator = next.filter(|c| matches!(c, '-' | '/' | '.' | ' ' | '\u{a0}' | '\u{202f}'));
        if separator.is_none() || !then.is_some_and(|c| c.is_ascii_alphanumeric()) {
            break;
        }
        at = code.len + separator.map_or(0, char::len_utf8);
    }
    if code.blocks == 0 {
        return None;
    }
    // "4711 12 Stück": two blocks of digits with a blank between them are one number only if both are long.
    let split = code.blanks && code.letters == 0 && code.blocks == 2 && code.last < 3;
    let code = if split { shorter? } else { code };
    code.fits(rest, shape).then_some(code)
}

impl Written {
    /// With one more block; `None` where that is no part of a code.
    fn with(self, block: &str, separator: Option<char>) -> Option<Self> {
        let count = |belongs: fn(&u8) -> bool| block.bytes().filter(belongs).count();
        let digits = count(u8::is_ascii_digit);
        let letters = block.len() - digits;
        let small = count(u8::is_ascii_lowercase) > 0;
        let fits = match separator {
            None => digits > 0 || (1..=8).contains(&letters) && !small,
            Some('-' | '/') => block.len() <= 12 && !small && letters <= 8,
            Some('.') => letters == 0 && self.last > 0,
            // Letters in front, then groups of two to five digits.
            Some(_) => match self.digits {
                0 => letters == 0 && self.letters <= 4,
                _ => letters == 0 && (2..=5).contains(&digits) && (2..=5).contains(&self.last),
            },
        };
        let other = self.blocks > 0 && separator != Some(' ');
        let thousands = self.blocks == 0 && digits <= 3 || separator == Some('.') && digits == 3;
        (fits && !block.is_empty()).then_some(Self {
            len: 0,
            letters: self.letters + letters,
            digits: self.digits + digits,
            blocks: self.blocks + 1,
            small: self.small || small,
            last: if letters == 0 { digits } else { 0 },
            blanks: self.blanks && !other,
            dotted: self.dotted && thousands && letters == 0,
        })
    }

    /// Whether it is a code of `shape`, and no date, amount or word; `rest` starts with it.
    fn fits(&self, rest: &str, shape: Shape) -> bool {
        let own = rest.get(..self.len).unwrap_or("");
        let mut behind = rest[self.len..].chars();
        let (next, then) = (behind.next(), behind.next());
        let goes_on = match next {
            Some(',' | '.' | ':') => then.is_some_and(|c| c.is_ascii_digit()),
            Some(c) => is_word(c) || matches!(c, '@' | '%' | '€' | '$' | '£'),
            None => false,
        };
        let serial = self.blocks == 1
            && self.letters > 0
            && self.len >= 8
            && self.digits >= 2
            && !self.small;
        // "1500mm", "35x45" and words with digits in them are no codes; "ek7214093" is.
        let measure = own.starts_with(|c: char| c.is_ascii_digit()) && self.letters > 1;
        let odd = self.small && (self.blocks > 1 || self.digits < 4 || measure);
        let year =
            self.len == 4 && self.letters == 0 && (own.starts_with("19") || own.starts_with("20"));
        let amount = self.blocks > 1 && self.dotted && !shape.dotted;
        (shape.len.0..=shape.len.1).contains(&(self.letters + self.digits))
            && (self.digits >= shape.digits || serial)
            && !(goes_on || odd || year || amount)
            && !(self.letters == 0 && (is_date(own) || is_counted(&rest[self.len..])))
    }
}

/// "12.03.2024", "2024-03-12", "12/2024".
fn is_date(own: &str) -> bool {
    let mut blocks = own
        .split(['.', '-', '/'])
        .map(|block| (block.len(), block.parse().unwrap_or(0)));
    let day = |(len, value): (usize, u16)| len <= 2 && value <= 31;
    let year = |(len, value): (usize, u16)| len == 2 || len == 4 && (1900..2100).contains(&value);
    match (blocks.next(), blocks.next(), blocks.next(), blocks.next()) {
        (Some(month), Some(last), None, _) => {
            month.0 <= 2 && last.0 == 4 && day(month) && year(last)
        }
        (Some(first), Some(second), Some(third), None) => {
            day(second) && (day(first) && year(third) || first.0 == 4 && year(first) && day(third))
        }
        _ => false,
    }
}

/// What behind a number says that it is an amount.
static UNITS: Words = Words::of_line(
    "eur euro euros usd gbp chf pln zł brl stück stk pcs pieces units uds szt kg g mm cm m km mal times fois \
     veces volte keer razy vezes uhr h min tage days jours días giorni dagen dni dias punkte points puntos punti \
     punten punktów pontos kw kwh mb gb percent prozent years jahre",
);

/// Whether a unit follows: "1500 EUR".
fn is_counted(rest: &str) -> bool {
    let word = rest.trim_start_matches([' ', '\u{a0}', '\u{202f}']);
    if word.starts_with(['€', '%', '$', '£', '×']) {
        return true;
    }
    let len = word.find(|c| !is_word(c)).unwrap_or(word.len());
    word.get(..len)
        .is_some_and(|word| lowered(word, |word| UNITS.holds(word)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHAPE: Shape = Shape {
        len: (6, 16),
        digits: 4,
        dotted: false,
    };

    fn found(text: &str, shape: Shape) -> Option<&str> {
        let code = behind(text, 4, shape).filter(Code::is_owned)?;
        text.get(code.range)
    }

    #[test]
    fn codes_are_read_as_they_are_written() {
        for (text, expected) in [
            ("card 0094 7712.", Some("0094 7712")),
            ("card no. HG-K 771 200 48 stays", Some("HG-K 771 200 48")),
            ("card (n° 150229301118)", Some("150229301118")),
            ("card: 88-104-22-6", Some("88-104-22-6")),
            ("card 3310.5528.01 was", Some("3310.5528.01")),
            ("card C54PGXHHV0, ok", Some("C54PGXHHV0")),
            ("card 12345/12/1234", Some("12345/12/1234")),
            ("card ek7214093", Some("ek7214093")),
            ("card with you, 6335 0041 7720, and", Some("6335 0041 7720")),
            ("card of the driver: B072RRE2I55.", Some("B072RRE2I55")),
            ("card kat. B nr 00123/12", Some("00123/12")),
            ("card 471112 12 boxes", Some("471112")),
            ("card 471112 25 EUR", Some("471112")),
            ("card 1: 471112", Some("471112")),
            ("card 12.03.2024", None),
            ("card 2024-03-12", None),
            ("card 12/2024", None),
            ("card 150000 EUR", None),
            ("card 1.250.000", None),
            ("card 150000,00", None),
            ("card 10500mm", None),
            ("card for order 4500123456", None),
            ("card. 4500123456", None),
            ("card and so on we went 4500123456", None),
            ("card anna_123456", None),
            ("card 123456@shop", None),
        ] {
            assert_eq!(found(text, SHAPE), expected, "{text}");
        }
    }

    #[test]
    fn dots_between_threes_are_for_those_who_ask() {
        let dotted = Shape {
            dotted: true,
            ..SHAPE
        };
        assert_eq!(found("card 1.020.345.678", dotted), Some("1.020.345.678"));
        assert!(is_code("12.345.678", dotted));
        assert!(!is_code("12.345.678 x", dotted));
    }
}
