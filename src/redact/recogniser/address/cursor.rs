//! Small readers of words and numbers, which the conventions of addresses share.

use super::super::super::text::is_word;

/// Words inside names of streets and cities that have no capital.
const PARTICLES: &[&str] = &[
    "de", "la", "le", "les", "du", "des", "d", "l", "del", "della", "delle", "dei", "degli", "di",
    "da", "do", "dos", "das", "von", "der", "den", "dem", "am", "an", "zu", "zum", "zur", "the",
    "of", "y", "e", "i", "van", "het", "ten", "ter", "op", "aan", "in", "im", "bei", "ob", "sur",
    "sous", "en", "lès", "św", "al", "els", "les", "dels", "auf", "vor", "upon", "on",
];

/// A place in a text from which things are read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cursor<'t> {
    pub(super) text: &'t str,
    pub(super) at: usize,
}

impl<'t> Cursor<'t> {
    pub(super) const fn new(text: &'t str, at: usize) -> Self {
        Self { text, at }
    }

    pub(super) fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or("")
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    /// Steps over at most `max` characters that fit.
    pub(super) fn skip(&mut self, max: usize, fits: impl Fn(char) -> bool) -> usize {
        let len: usize = self
            .rest()
            .chars()
            .take(max)
            .take_while(|c| fits(*c))
            .map(char::len_utf8)
            .sum();
        self.at += len;
        len
    }

    pub(super) fn eat(&mut self, token: &str) -> bool {
        let fits = self.rest().starts_with(token);
        self.at += if fits { token.len() } else { 0 };
        fits
    }

    /// A word of letters, with hyphens, apostrophes and full stops of abbreviations inside.
    pub(super) fn word(&mut self) -> &'t str {
        let start = self.at;
        let rest = self.rest();
        let mut len = 0;
        let mut chars = rest.char_indices().peekable();
        while let Some((at, c)) = chars.next() {
            let next = chars.peek().map(|(_, c)| *c);
            let letter_next = next.is_some_and(char::is_alphabetic);
            let inside = matches!(c, '-' | '\'' | '’' | '.') && len > 0 && letter_next;
            if !c.is_alphabetic() && !inside {
                break;
            }
            len = at + c.len_utf8();
        }
        self.at += len;
        self.text.get(start..self.at).unwrap_or("")
    }

    /// Digits, between `min` and `max` of them, with no digit behind.
    pub(super) fn digits(&mut self, min: usize, max: usize) -> Option<&'t str> {
        let len = self
            .rest()
            .bytes()
            .take(max + 1)
            .take_while(u8::is_ascii_digit)
            .count();
        if !(min..=max).contains(&len) {
            return None;
        }
        let start = self.at;
        self.at += len;
        self.text.get(start..self.at)
    }

    /// A house number: "12", "12a", "12 a", "12-14", "10/5", "12-B".
    pub(super) fn house_number(&mut self) -> bool {
        let mut probe = *self;
        let Some(number) = probe.digits(1, 5) else {
            return false;
        };
        if number.starts_with('0') {
            return false;
        }
        probe.letter();
        for _ in 0..2 {
            let mut more = probe;
            let joined = more.skip(1, |c| matches!(c, '-' | '/' | '–')) > 0;
            if !joined
                || !(more.digits(1, 4).is_some() && {
                    more.letter();
                    true
                } || more.letter())
            {
                break;
            }
            probe = more;
        }
        if probe.measures() {
            return false;
        }
        *self = probe;
        true
    }

    /// One letter of a house number, directly or behind a blank.
    fn letter(&mut self) -> bool {
        let mut probe = *self;
        let blank = probe.skip(1, |c| c == ' ') > 0;
        let fits = match probe.peek() {
            Some(c) if blank => matches!(c, 'a'..='d' | 'A'..='D'),
            Some(c) => c.is_ascii_alphabetic(),
            None => false,
        };
        probe.skip(1, |_| fits);
        let alone = !probe.peek().is_some_and(is_word);
        if fits && alone {
            *self = probe;
        }
        fits && alone
    }

    /// Whether what stands here makes the number before it an amount, a time or a part of a word.
    fn measures(&self) -> bool {
        const UNITS: &[&str] = &[
            "m", "km", "kg", "cm", "mm", "eur", "euro", "euros", "usd", "x", "min", "stück", "uhr",
            "pm", "am", "pcs", "items", "pieces", "minutes", "minuten", "days", "tage", "jours",
            "días", "giorni", "dagen", "dni", "dias", "percent", "prozent", "times", "units",
            "hours", "stunden", "heures", "mal",
        ];
        let rest = self.rest();
        let mut chars = rest.chars();
        match (chars.next(), chars.next()) {
            (Some('.' | ',' | ':'), Some(c)) if c.is_ascii_digit() => return true,
            (Some('%' | '€' | '$' | '£' | '°'), _) => return true,
            (Some(' '), Some('%' | '€' | '$' | '£')) => return true,
            (Some(c), _) if is_word(c) => return true,
            _ => {}
        }
        let mut probe = *self;
        probe.skip(1, |c| c == ' ');
        UNITS.contains(&probe.word().to_lowercase().as_str())
    }

    /// Words of a name, the last no particle: at least one with a capital, or with a digit in front of it.
    pub(super) fn name(&mut self, max: usize) -> bool {
        let mut named = 0;
        let mut probe = *self;
        for _ in 0..max {
            let mut next = probe;
            if next.at > self.at {
                let gap = next.skip(1, |c| c == ' ');
                if gap == 0 {
                    break;
                }
            }
            let word = next.word();
            next.skip(1, |c| c == '.' && word.chars().count() <= 4);
            let capital = word.starts_with(char::is_uppercase)
                || word
                    .rsplit_once(['\'', '’'])
                    .is_some_and(|(_, w)| w.starts_with(char::is_uppercase));
            let particle = PARTICLES.contains(&word.to_lowercase().as_str());
            if word.is_empty() || !capital && !particle {
                break;
            }
            probe = next;
            if capital {
                named = probe.at;
            }
        }
        let found = named > self.at;
        if found {
            self.at = named;
        }
        found
    }
}

/// Whether `word` has no capital inside names.
pub(super) fn is_particle(word: &str) -> bool {
    PARTICLES.contains(&word)
}
