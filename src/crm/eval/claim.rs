//! What an answer claims that its input does not.
//!
//! Read off the text alone: numbers, amounts, dates, codes, addresses of mail and web, and words with a
//! capital inside a sentence. A claim is *known* when the input makes it in any usual way of writing:
//! `89.00` and `89`, `two` and `2`, `May 14`, `14 May` and `2026-05-14`. A number that the input has beside
//! another unit or another month is a new claim.

use std::collections::BTreeSet;

use serde::Serialize;

use super::words::{Word, words};

/// What kind of claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ClaimKind {
    /// A number with a currency or per cent.
    Amount,
    /// Letters and digits in one word.
    Code,
    /// A day with a month, a month, a day of the week.
    Date,
    /// An address of mail or web.
    Link,
    /// A word with a capital inside a sentence.
    Name,
    /// A number in digits or words.
    Number,
}

/// Something that the input does not say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Claim {
    /// What kind.
    pub kind: ClaimKind,
    /// As the answer writes it.
    pub text: String,
}

/// What an input says, ready for comparing.
#[derive(Debug, Default)]
pub struct Source {
    /// All text in lower case.
    text: String,
    /// Words in lower case, whole and in their parts.
    words: BTreeSet<String>,
    numbers: BTreeSet<String>,
    amounts: BTreeSet<(String, &'static str)>,
    calendar: BTreeSet<&'static str>,
    days: BTreeSet<(String, &'static str)>,
}

const NUMBER_WORDS: [(&str, &str); 27] = [
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
];

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

/// Units whose number is an amount: how they are written, and what they are.
const UNITS: [(&str, &str); 25] = [
    ("%", "%"),
    ("percent", "%"),
    ("€", "eur"),
    ("eur", "eur"),
    ("euro", "eur"),
    ("euros", "eur"),
    ("$", "usd"),
    ("usd", "usd"),
    ("dollar", "usd"),
    ("dollars", "usd"),
    ("£", "gbp"),
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
    ("cad", "cad"),
    ("aud", "aud"),
];

/// Words with a capital that name nothing.
const COMMON: &[&str] = &[
    "i",
    "i'm",
    "i've",
    "i'd",
    "i'll",
    "dear",
    "hello",
    "hi",
    "best",
    "kind",
    "warm",
    "regards",
    "sincerely",
    "yours",
    "thank",
    "thanks",
    "subject",
    "customer",
    "service",
    "team",
    "support",
    "case",
    "call",
    "ok",
    "pdf",
    "vat",
    "crm",
    "ps",
    "mr",
    "mrs",
    "ms",
    "dr",
    "faq",
    "id",
    "tv",
];

impl Source {
    /// Reads an input.
    pub fn new(input: &str) -> Self {
        let mut source = Self {
            text: input.to_lowercase(),
            ..Self::default()
        };
        let found = words(input);
        for (at, word) in found.iter().enumerate() {
            let lower = word.text.to_lowercase();
            for part in lower.split(|c: char| !c.is_alphanumeric()) {
                source.words.insert(part.to_owned());
                source.numbers.extend(number(part));
            }
            source.date_parts(&lower);
            source.numbers.extend(number(&lower));
            source.calendar.extend(calendar(&lower));
            for (value, unit) in amount_at(&found, at) {
                source.amounts.insert((value, unit));
            }
            source.days.extend(day_at(&found, at));
            source.words.insert(lower);
        }
        source
    }

    /// `2026-05-14` is also May, and the 14th of it.
    fn date_parts(&mut self, word: &str) {
        let mut parts = word.get(..10).unwrap_or("").split('-');
        let (Some(year), Some(month), Some(day)) = (parts.next(), parts.next(), parts.next())
        else {
            return;
        };
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        if year.len() != 4 || ![year, month, day].into_iter().all(digits) {
            return;
        }
        let month = month.parse::<usize>().ok().and_then(|n| n.checked_sub(1));
        if let Some(name) = month.and_then(|n| CALENDAR.get(..12)?.get(n)) {
            self.calendar.insert(name);
            self.days
                .extend(number(day.trim_start_matches('0')).map(|day| (day, *name)));
        }
    }

    /// The claims of `answer` that this input does not make, each once, in order.
    pub fn invented(&self, answer: &str) -> Vec<Claim> {
        let found = words(answer);
        let mut claims: Vec<Claim> = Vec::new();
        for (at, word) in found.iter().enumerate() {
            let Some(kind) = self.invented_at(&found, at) else {
                continue;
            };
            let claim = Claim {
                kind,
                text: written(&found, at, word, kind),
            };
            if !claims.contains(&claim) {
                claims.push(claim);
            }
        }
        claims
    }

    fn invented_at(&self, found: &[Word<'_>], at: usize) -> Option<ClaimKind> {
        let word = found.get(at)?;
        let lower = word.text.to_lowercase();
        if is_link(&lower) {
            return (!self.text.contains(&lower)).then_some(ClaimKind::Link);
        }
        if let Some(kind) = self.unknown_number(&lower) {
            return Some(kind);
        }
        if amount_at(found, at)
            .into_iter()
            .any(|own| !self.amounts.contains(&own))
        {
            return Some(ClaimKind::Amount);
        }
        if day_at(found, at).is_some_and(|own| !self.days.contains(&own)) {
            return Some(ClaimKind::Date);
        }
        if let Some(name) = calendar(&lower) {
            // "may" and "march" are verbs too.
            let capital = word.text.starts_with(char::is_uppercase);
            return (capital && !word.first && !self.calendar.contains(name))
                .then_some(ClaimKind::Date);
        }
        self.is_unknown_name(found, at).then_some(ClaimKind::Name)
    }

    fn unknown_number(&self, lower: &str) -> Option<ClaimKind> {
        if let Some(value) = number(lower) {
            return (!self.numbers.contains(&value)).then_some(ClaimKind::Number);
        }
        if !lower.contains(|c: char| c.is_ascii_digit()) || self.words.contains(lower) {
            return None;
        }
        // "14-day", "8–12", "24-bottle": two parts that are known one by one.
        let parts: Vec<&str> = lower.split(['-', '–', '/']).collect();
        let known = |part: &&str| match number(part) {
            Some(value) => self.numbers.contains(&value),
            None if part.contains(|c: char| c.is_ascii_digit()) => self.words.contains(*part),
            None => part.chars().count() > 2,
        };
        let loose = parts.len() == 2 && parts.iter().all(known);
        (!loose).then_some(ClaimKind::Code)
    }

    fn is_unknown_name(&self, found: &[Word<'_>], at: usize) -> bool {
        let unknown = |word: &Word<'_>| {
            let lower = word.text.to_lowercase();
            let stem = lower.trim_end_matches("'s").trim_end_matches("’s");
            let plain = stem.split(|c: char| !c.is_alphanumeric());
            word.text.starts_with(char::is_uppercase)
                && !COMMON.contains(&stem)
                && unit(stem).is_none()
                && !plain
                    .clone()
                    .all(|part| self.words.contains(part) || COMMON.contains(&part))
        };
        let Some(word) = found.get(at).filter(|word| unknown(word)) else {
            return false;
        };
        let next = found.get(at + 1).filter(|next| !next.first && !next.parted);
        // Any word may have a capital at the start of a sentence; two in a row are a name.
        !word.first
            || next
                .is_some_and(|next| unknown(next) && calendar(&next.text.to_lowercase()).is_none())
    }
}

/// How a report shows the claim at `at`: an amount and a date with their other half.
fn written(found: &[Word<'_>], at: usize, word: &Word<'_>, kind: ClaimKind) -> String {
    let next = found.get(at + 1).map_or("", |next| next.text);
    match kind {
        ClaimKind::Amount if unit(&next.to_lowercase()).is_some() => {
            format!("{} {next}", word.text)
        }
        ClaimKind::Date if number(word.text).is_some() || number(next).is_some() => {
            format!("{} {next}", word.text)
        }
        _ => word.text.to_owned(),
    }
}

fn is_link(word: &str) -> bool {
    word.contains('@') || word.contains("://") || word.starts_with("www.")
}

/// The value of a number, written one way: `1,199` and `1199.00` are `1199`.
fn number(word: &str) -> Option<String> {
    if let Some((_, digits)) = NUMBER_WORDS.iter().find(|(name, _)| *name == word) {
        return Some((*digits).to_owned());
    }
    let bare = word.trim_matches(['%', '€', '$', '£']);
    let bare = ["st", "nd", "rd", "th"]
        .iter()
        .find_map(|end| bare.strip_suffix(end))
        .filter(|rest| rest.bytes().all(|b| b.is_ascii_digit()))
        .unwrap_or(bare);
    let sound = bare.starts_with(|c: char| c.is_ascii_digit())
        && bare.ends_with(|c: char| c.is_ascii_digit())
        && bare
            .bytes()
            .all(|b| b.is_ascii_digit() || matches!(b, b'.' | b','));
    if !sound {
        return None;
    }
    let (whole, fraction) = match bare.rfind(['.', ',']) {
        // A last group of three digits is a thousand.
        Some(at) if bare.len() - at - 1 != 3 => (&bare[..at], &bare[at + 1..]),
        _ => (bare, ""),
    };
    let whole: String = whole.chars().filter(char::is_ascii_digit).collect();
    let fraction = fraction.trim_end_matches('0');
    Some(if fraction.is_empty() {
        whole
    } else {
        format!("{whole}.{fraction}")
    })
}

fn unit(word: &str) -> Option<&'static str> {
    UNITS
        .iter()
        .find(|(name, _)| *name == word)
        .map(|(_, unit)| *unit)
}

fn calendar(word: &str) -> Option<&'static str> {
    CALENDAR.iter().find(|name| **name == word).copied()
}

/// The amount whose number stands at `at`, its unit in the word or beside it.
fn amount_at(found: &[Word<'_>], at: usize) -> Vec<(String, &'static str)> {
    let Some(word) = found.get(at) else {
        return Vec::new();
    };
    let Some(value) = number(&word.text.to_lowercase()) else {
        return Vec::new();
    };
    let sign =
        |text: &str| unit(text.trim_matches(|c: char| c.is_ascii_digit() || c == '.' || c == ','));
    if let Some(unit) = sign(word.text) {
        return vec![(value, unit)];
    }
    let after = found.get(at + 1).filter(|next| !next.parted);
    let before = at
        .checked_sub(1)
        .and_then(|at| found.get(at))
        .filter(|_| !word.parted);
    let beside = |word: Option<&Word<'_>>| word.and_then(|word| unit(&word.text.to_lowercase()));
    // "48000 EUR 2026": the unit after a number is its own; one before it counts where none follows.
    beside(after)
        .or_else(|| beside(before))
        .map(|unit| (value, unit))
        .into_iter()
        .collect()
}

/// The day of a month whose number stands at `at`.
fn day_at(found: &[Word<'_>], at: usize) -> Option<(String, &'static str)> {
    let word = found.get(at)?;
    let day = number(&word.text.to_lowercase())?;
    if !day.parse::<u8>().is_ok_and(|n| (1..=31).contains(&n)) {
        return None;
    }
    let month = |word: Option<&Word<'_>>| {
        let word = word?;
        let name = calendar(&word.text.to_lowercase())?;
        CALENDAR.get(..12)?.contains(&name).then_some(name)
    };
    let skips_of = found.get(at + 1).is_some_and(|next| next.text == "of");
    let after = month(
        found
            .get(at + 1 + usize::from(skips_of))
            .filter(|next| !next.parted),
    );
    let before = at
        .checked_sub(1)
        .and_then(|at| found.get(at))
        .filter(|_| !word.parted);
    after.or_else(|| month(before)).map(|name| (day, name))
}

#[cfg(test)]
mod tests {
    use super::*;

    const INPUT: &str = "Ada Byron paid 1,199.00 EUR on 14 May for two lamps (order R-2209, 88120). \
        Offer: 20 percent off, ends 2026-06-30. Mail ada@example.com. The Luna lamp is 3 kg. \
        Last year she paid 70 USD. Call after 17:00 on Friday.";

    #[test]
    fn the_table_of_claims() {
        use ClaimKind::{Amount, Code, Date, Link, Name, Number};
        let rows: &[(&str, &[(ClaimKind, &str)])] = &[
            ("She paid 1199 EUR on May 14 for 2 lamps.", &[]),
            ("She paid €1,199 on the 14th of May.", &[]),
            (
                "Ends on June 30: 20% off. Write to ada@example.com by Friday at 17:00.",
                &[],
            ),
            ("Ada's order R-2209 and the Luna lamp.", &[]),
            ("It may take time. However, I march on.", &[]),
            ("She paid 1200 EUR.", &[(Number, "1200")]),
            ("She paid 1199 USD.", &[(Amount, "1199 USD")]),
            ("She paid $1199.", &[(Amount, "$1199")]),
            ("On 14 June it ends.", &[(Date, "14 June")]),
            ("It ends in July.", &[(Date, "July")]),
            ("Come on Monday.", &[(Date, "Monday")]),
            (
                "Order R-2210 and 88121.",
                &[(Code, "R-2210"), (Number, "88121")],
            ),
            (
                "Seven lamps, 30% off.",
                &[(Number, "Seven"), (Amount, "30%")],
            ),
            ("Order R-88120 is a 3-kilo lamp.", &[(Code, "R-88120")]),
            ("Write to eve@example.com.", &[(Link, "eve@example.com")]),
            ("We told Grace about it.", &[(Name, "Grace")]),
            ("Grace Hopper called.", &[(Name, "Grace"), (Name, "Hopper")]),
            ("Problem: Lamps from Luna. Tomorrow we call.", &[]),
        ];
        let source = Source::new(INPUT);
        for (answer, expected) in rows {
            let got = source.invented(answer);
            let got: Vec<(ClaimKind, &str)> = got
                .iter()
                .map(|claim| (claim.kind, claim.text.as_str()))
                .collect();
            assert_eq!(&got, expected, "{answer}");
        }
    }

    #[test]
    fn an_input_invents_nothing_of_itself() {
        assert_eq!(Source::new(INPUT).invented(INPUT), []);
    }

    #[test]
    fn numbers_have_one_form() {
        for (written, value) in [
            ("1,199.00", Some("1199")),
            ("1.199,50", Some("1199.5")),
            ("4.90", Some("4.9")),
            ("4,90", Some("4.9")),
            ("3,200", Some("3200")),
            ("3rd", Some("3")),
            ("20%", Some("20")),
            ("twelve", Some("12")),
            ("r-2209", None),
            ("17:00", None),
            (".", None),
        ] {
            assert_eq!(number(written).as_deref(), value, "{written}");
        }
    }
}
