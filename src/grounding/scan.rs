//! Text, byte by byte, as words: the same for what is known and for what is written.
//!
//! A word is letters, digits and the signs `$ % _ @`, and what joins two of them: a hyphen, an apostrophe
//! or a full stop anywhere, a comma, colon or slash between digits. Bytes outside ASCII are letters,
//! except that typographic signs part words; what is written may hold those only inside known words.

/// Longest word in bytes; a longer one holds no facts.
pub(super) const MAX_WORD: usize = 64;

/// What a byte does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// It may join two parts of a word; the next byte decides.
    Joins,
    /// It is part of no word, and ends one if one was open.
    Parts,
    /// It goes on with a word, or starts one where none was open.
    Word {
        /// Whether it starts a word (and ends one before it).
        starts: bool,
    },
}

/// The word that is being written.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scan {
    word: [u8; MAX_WORD],
    len: usize,
    too_long: bool,
    joiner: Option<u8>,
    /// Whether the word holds a digit, an `@`, a currency sign or an inner full stop.
    fact: bool,
}

impl Default for Scan {
    fn default() -> Self {
        Self {
            word: [0; MAX_WORD],
            len: 0,
            too_long: false,
            joiner: None,
            fact: false,
        }
    }
}

impl Scan {
    /// The open word, without a joiner that nothing follows yet.
    pub(super) fn word(&self) -> &[u8] {
        self.word.get(..self.len).unwrap_or_default()
    }

    pub(super) fn is_fact(&self) -> bool {
        self.fact || self.too_long
    }

    /// The sign after the open word, if it may still join it to more.
    pub(super) fn joiner(&self) -> Option<u8> {
        self.joiner
    }

    /// What `byte` does after what came so far.
    pub(super) fn look(&self, byte: u8) -> Step {
        if is_word(byte) {
            return match self.joiner {
                None => Step::Word {
                    starts: self.len == 0,
                },
                Some(joiner) => Step::Word {
                    starts: !self.joins(joiner, byte),
                },
            };
        }
        let joins = matches!(byte, b'.' | b',' | b':' | b'/' | b'-' | b'\'');
        if joins && self.len > 0 && self.joiner.is_none() {
            Step::Joins
        } else {
            Step::Parts
        }
    }

    /// Takes `byte`, whose step `look` told.
    pub(super) fn take(&mut self, byte: u8, step: Step) {
        match step {
            Step::Joins => self.joiner = Some(byte),
            Step::Parts => *self = Self::default(),
            Step::Word { starts: true } => {
                *self = Self::default();
                self.push(byte);
            }
            Step::Word { starts: false } => {
                if let Some(joiner) = self.joiner.take() {
                    self.fact |= joiner == b'.';
                    self.push(joiner);
                }
                self.push(byte);
            }
        }
    }

    fn push(&mut self, byte: u8) {
        self.fact |= byte.is_ascii_digit() || matches!(byte, b'@' | b'$' | b'%');
        match self.word.get_mut(self.len) {
            Some(place) => {
                *place = byte;
                self.len += 1;
            }
            None => self.too_long = true,
        }
    }

    fn joins(&self, joiner: u8, next: u8) -> bool {
        let digits = self.word().last().is_some_and(u8::is_ascii_digit) && next.is_ascii_digit();
        matches!(joiner, b'-' | b'.' | b'\'') || digits
    }
}

/// The words of a whole text, with whether each is a fact, and whether exactly one blank stands before it.
pub(super) fn words(text: &str) -> Vec<(Vec<u8>, bool, bool)> {
    let mut found = Vec::new();
    let mut scan = Scan::default();
    let (mut blanks, mut others) = (0_usize, 1_usize);
    let mut alone = false;
    let mut close = |scan: &Scan, alone: bool| {
        if !scan.word().is_empty() && !scan.too_long {
            found.push((scan.word().to_vec(), scan.is_fact(), alone));
        }
    };
    for byte in plain_signs(text).bytes() {
        let step = scan.look(byte);
        match step {
            Step::Word { starts: true } => {
                let joiner = scan.joiner().is_some();
                close(&scan, alone);
                alone = blanks == 1 && others == 0 && !joiner;
                (blanks, others) = (0, 0);
            }
            Step::Word { starts: false } => {}
            Step::Joins => {}
            Step::Parts => {
                others += usize::from(scan.joiner().is_some());
                close(&scan, alone);
                scan = Scan::default();
                blanks += usize::from(byte == b' ');
                others += usize::from(byte != b' ');
            }
        }
        scan.take(byte, step);
    }
    close(&scan, alone);
    found
}

/// Typographic signs in ASCII, and blanks for those that part words.
fn plain_signs(text: &str) -> String {
    let plain = |c: char| match c {
        '’' | '‘' => '\'',
        '‐' | '‑' => '-',
        c if c.is_ascii() || c.is_alphanumeric() || is_currency(c) => c,
        _ => ' ',
    };
    text.chars().map(plain).collect()
}

const fn is_currency(c: char) -> bool {
    matches!(c, '€' | '£' | '¥' | '₹' | '¢')
}

const fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte >= 0x80 || matches!(byte, b'$' | b'%' | b'_' | b'@')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_fall_into_words() {
        let rows: [(&str, &[(&str, bool)]); 6] = [
            (
                "It costs 1,199.00 EUR, or $20.",
                &[
                    ("It", false),
                    ("costs", false),
                    ("1,199.00", true),
                    ("EUR", false),
                    ("or", false),
                    ("$20", true),
                ],
            ),
            (
                "R-2209/a, 17:00 and 2026-05-14: don't",
                &[
                    ("R-2209", true),
                    ("a", false),
                    ("17:00", true),
                    ("and", false),
                    ("2026-05-14", true),
                    ("don't", false),
                ],
            ),
            (
                "red,blue a.b x@y.z",
                &[
                    ("red", false),
                    ("blue", false),
                    ("a.b", true),
                    ("x@y.z", true),
                ],
            ),
            (
                "“Größe 8–12” kg’s",
                &[("Größe", false), ("8", true), ("12", true), ("kg's", false)],
            ),
            (
                "end. Next -3 --",
                &[("end", false), ("Next", false), ("3", true)],
            ),
            ("", &[]),
        ];
        for (text, expected) in rows {
            let found = words(text);
            let found: Vec<(&str, bool)> = found
                .iter()
                .map(|(word, fact, _)| (std::str::from_utf8(word).unwrap(), *fact))
                .collect();
            assert_eq!(found, expected, "{text}");
        }
    }

    #[test]
    fn single_blanks_are_seen() {
        let alone: Vec<bool> = words("89 EUR, 14 May  x\ny 5")
            .iter()
            .map(|own| own.2)
            .collect();
        assert_eq!(alone, [false, true, false, true, false, false, true]);
    }
}
