//! What an input says: its facts, names and placeholders.

use std::collections::BTreeSet;

use super::scan::words;

/// Words that are numbers.
const NUMBERS: [(&str, &str); 40] = [
    ("two", "2"),
    ("three", "3"),
    ("four", "4"),
    ("five", "5"),
    ("six", "6"),
    ("seven", "7"),
    ("eight", "8"),
    ("nine", "9"),
    ("ten", "10"),
    ("eleven", "11"),
    ("twelve", "12"),
    ("thirteen", "13"),
    ("fourteen", "14"),
    ("fifteen", "15"),
    ("sixteen", "16"),
    ("seventeen", "17"),
    ("eighteen", "18"),
    ("nineteen", "19"),
    ("twenty", "20"),
    ("thirty", "30"),
    ("forty", "40"),
    ("fifty", "50"),
    ("sixty", "60"),
    ("seventy", "70"),
    ("eighty", "80"),
    ("ninety", "90"),
    ("hundred", "100"),
    ("hundreds", ""),
    ("thousand", "1000"),
    ("thousands", ""),
    ("million", ""),
    ("millions", ""),
    ("dozen", "12"),
    ("dozens", ""),
    ("half", ""),
    ("third", "3rd"),
    ("fourth", "4th"),
    ("fifth", "5th"),
    ("twice", ""),
    ("couple", ""),
];

/// Months and days of the week.
const CALENDAR: [&str; 19] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
];

/// Words that make another fact of the number beside them, and one name for all ways of writing each.
const UNITS: [(&str, &str); 82] = [
    ("january", "jan"),
    ("february", "feb"),
    ("march", "mar"),
    ("april", "apr"),
    ("may", "may"),
    ("june", "jun"),
    ("july", "jul"),
    ("august", "aug"),
    ("september", "sep"),
    ("october", "oct"),
    ("november", "nov"),
    ("december", "dec"),
    ("jan", "jan"),
    ("feb", "feb"),
    ("mar", "mar"),
    ("apr", "apr"),
    ("jun", "jun"),
    ("jul", "jul"),
    ("aug", "aug"),
    ("sep", "sep"),
    ("sept", "sep"),
    ("oct", "oct"),
    ("nov", "nov"),
    ("dec", "dec"),
    ("eur", "eur"),
    ("euro", "eur"),
    ("euros", "eur"),
    ("usd", "usd"),
    ("dollar", "usd"),
    ("dollars", "usd"),
    ("cents", "cents"),
    ("gbp", "gbp"),
    ("pound", "gbp"),
    ("pounds", "gbp"),
    ("chf", "chf"),
    ("francs", "chf"),
    ("sek", "sek"),
    ("nok", "nok"),
    ("dkk", "dkk"),
    ("kronor", "sek"),
    ("pln", "pln"),
    ("zloty", "pln"),
    ("jpy", "jpy"),
    ("yen", "jpy"),
    ("inr", "inr"),
    ("rupees", "inr"),
    ("aud", "aud"),
    ("cad", "cad"),
    ("percent", "%"),
    ("percentage", "%"),
    ("second", "second"),
    ("seconds", "second"),
    ("minute", "minute"),
    ("minutes", "minute"),
    ("hour", "hour"),
    ("hours", "hour"),
    ("day", "day"),
    ("days", "day"),
    ("week", "week"),
    ("weeks", "week"),
    ("month", "month"),
    ("months", "month"),
    ("year", "year"),
    ("years", "year"),
    ("am", "am"),
    ("pm", "pm"),
    ("mm", "mm"),
    ("cm", "cm"),
    ("km", "km"),
    ("metres", "metre"),
    ("meters", "metre"),
    ("inches", "inch"),
    ("feet", "foot"),
    ("kg", "kg"),
    ("grams", "gram"),
    ("litres", "litre"),
    ("liters", "litre"),
    ("degrees", "degree"),
    ("watts", "watt"),
    ("pieces", "piece"),
    ("points", "point"),
    ("times", "time"),
];

/// Words with a capital that name nothing.
const COMMON: &[&str] = &[
    "best",
    "customer",
    "dear",
    "hello",
    "hi",
    "i",
    "i'd",
    "i'll",
    "i'm",
    "i've",
    "kind",
    "regards",
    "service",
    "sincerely",
    "team",
    "thank",
    "thanks",
    "warm",
    "yours",
];

/// What an input says. All lists are sorted.
pub(super) struct Known {
    /// Words that are facts, as they are written.
    facts: Vec<Vec<u8>>,
    /// All other words, in lower case.
    words: Vec<Vec<u8>>,
    /// Months and days that are written with a capital.
    calendar: BTreeSet<&'static str>,
    /// Facts with the unit beside them.
    units: BTreeSet<(Vec<u8>, &'static str)>,
    placeholders: Vec<Vec<u8>>,
    /// The placeholders' names, with the bracket: `[PERSON`.
    labels: Vec<Vec<u8>>,
}

impl Known {
    /// Reads the texts of an input in which `placeholders` stand.
    pub(super) fn new(texts: &[String], placeholders: &[String]) -> Self {
        let (mut facts, mut plain) = (BTreeSet::new(), BTreeSet::new());
        let (mut calendar, mut units) = (BTreeSet::new(), BTreeSet::new());
        for text in texts {
            let text = placeholders
                .iter()
                .fold(text.clone(), |text, own| text.replace(own, "  "));
            let mut last: Option<(Vec<u8>, bool)> = None;
            for (word, fact, alone) in words(&text) {
                let lower = word.to_ascii_lowercase();
                if let Some((before, was_fact)) = last.filter(|_| alone) {
                    match (was_fact, fact) {
                        (true, false) => units.extend(unit(&lower).map(|unit| (before, unit))),
                        (false, true) => {
                            let unit = unit(&before.to_ascii_lowercase());
                            units.extend(unit.map(|unit| (word.clone(), unit)));
                        }
                        (true, true) | (false, false) => {}
                    }
                }
                if fact {
                    facts.insert(word.clone());
                } else {
                    if word.first().is_some_and(u8::is_ascii_uppercase) {
                        calendar.extend(calendar_name(&lower));
                    }
                    let parts = lower.split(|byte| matches!(byte, b'-' | b'\''));
                    plain.extend(parts.filter(|part| !part.is_empty()).map(<[u8]>::to_vec));
                    plain.insert(lower);
                }
                last = Some((word, fact));
            }
        }
        plain.extend(COMMON.iter().map(|word| word.as_bytes().to_vec()));
        let placeholders: BTreeSet<_> = placeholders
            .iter()
            .map(|own| own.clone().into_bytes())
            .collect();
        let label = |own: &Vec<u8>| {
            own.iter()
                .rposition(|b| *b == b'_')
                .map(|at| own[..at].to_vec())
        };
        let labels: BTreeSet<_> = placeholders.iter().filter_map(label).collect();
        Self {
            facts: facts.into_iter().collect(),
            words: plain.into_iter().collect(),
            calendar,
            units,
            placeholders: placeholders.into_iter().collect(),
            labels: labels.into_iter().collect(),
        }
    }

    /// Whether `word` is a fact of the input, the unit beside it included.
    pub(super) fn has_fact(&self, word: &[u8], unit: Option<&'static str>) -> bool {
        self.facts
            .binary_search_by(|own| own.as_slice().cmp(word))
            .is_ok()
            && self.fits(word, unit)
    }

    /// Whether `start` can become a fact of the input.
    pub(super) fn starts_fact(&self, start: &[u8], unit: Option<&'static str>) -> bool {
        starting(&self.facts, start).any(|own| self.fits(own, unit))
    }

    /// Whether the input has `fact` beside `unit`.
    pub(super) fn fits(&self, fact: &[u8], unit: Option<&'static str>) -> bool {
        unit.is_none_or(|unit| self.units.contains(&(fact.to_vec(), unit)))
    }

    /// Whether the input has the word `lower`, which is in lower case.
    pub(super) fn has_word(&self, lower: &[u8]) -> bool {
        self.words
            .binary_search_by(|own| own.as_slice().cmp(lower))
            .is_ok()
    }

    /// Whether `lower` can become a word of the input.
    pub(super) fn starts_word(&self, lower: &[u8]) -> bool {
        starting(&self.words, lower).next().is_some()
    }

    /// Whether `lower` is a number or, with a `capital`, a day or month that the input doesn't have.
    pub(super) fn lacks(&self, lower: &[u8], capital: bool) -> bool {
        if let Some((_, digits)) = NUMBERS.iter().find(|(name, _)| name.as_bytes() == lower) {
            return !self.has_word(lower) && !self.has_fact(digits.as_bytes(), None);
        }
        capital && calendar_name(lower).is_some_and(|name| !self.calendar.contains(name))
    }

    /// Whether `start` can become a placeholder, or is one.
    pub(super) fn starts_placeholder(&self, start: &[u8]) -> bool {
        starting(&self.placeholders, start).next().is_some()
    }

    pub(super) fn is_placeholder(&self, text: &[u8]) -> bool {
        self.placeholders
            .binary_search_by(|own| own.as_slice().cmp(text))
            .is_ok()
    }

    /// The placeholders' names, with the bracket.
    pub(super) fn labels(&self) -> &[Vec<u8>] {
        &self.labels
    }
}

/// The unit that `lower` is.
pub(super) fn unit(lower: &[u8]) -> Option<&'static str> {
    UNITS
        .iter()
        .find(|(name, _)| name.as_bytes() == lower)
        .map(|(_, unit)| *unit)
}

fn calendar_name(lower: &[u8]) -> Option<&'static str> {
    CALENDAR
        .iter()
        .find(|name| name.as_bytes() == lower)
        .copied()
}

/// The entries of a sorted list that start with `start`.
fn starting<'a>(sorted: &'a [Vec<u8>], start: &'a [u8]) -> impl Iterator<Item = &'a [u8]> {
    let from = sorted.partition_point(|own| own.as_slice() < start);
    let rest = sorted.get(from..).unwrap_or_default();
    rest.iter()
        .map(Vec::as_slice)
        .take_while(move |own| own.starts_with(start))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn facts_names_and_units_are_read() {
        let known = Known::new(
            &[
                "[PERSON_1] paid 89 EUR on May 14 and 3 March for Luna (two). It may rain."
                    .to_owned(),
            ],
            &["[PERSON_1]".to_owned()],
        );
        assert!(known.has_fact(b"89", None) && known.starts_fact(b"8", Some("eur")));
        assert!(!known.has_fact(b"89", Some("usd")));
        assert!(known.has_fact(b"14", Some("may")) && !known.has_fact(b"14", Some("mar")));
        assert!(!known.has_fact(b"PERSON_1", None) && !known.has_word(b"person_1"));
        assert!(known.starts_word(b"lu") && known.has_word(b"luna") && !known.starts_word(b"lx"));
        assert!(!known.lacks(b"two", false) && known.lacks(b"ten", false));
        assert!(!known.lacks(b"three", false), "3 stands there");
        assert!(
            !known.lacks(b"may", true)
                && known.lacks(b"june", true)
                && !known.lacks(b"june", false)
        );
        assert!(known.starts_placeholder(b"[PERS") && known.is_placeholder(b"[PERSON_1]"));
        assert_eq!(known.labels(), [b"[PERSON".to_vec()]);
    }
}
