//! Dates of birth: dates in many notations that words in front or behind declare as such.
//!
//! [`dates`] reads every date of a text; the record layer compares them with declared birthdates.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use crate::types::Entity;

use super::super::context::{Nearby, Verdict};
use super::super::error::RedactError;
use super::super::span::Candidate;
use super::super::text::{Run, Text};
use super::Recogniser;

/// Words for birth in eight languages.
const GOOD: &[&str] = &[
    "born",
    "birth",
    "birthday",
    "birthdate",
    "birthdates",
    "dob",
    "bday",
    "geboren",
    "geb",
    "geburts~",
    "geborene",
    "geborener",
    "né",
    "née",
    "nee",
    "naissance",
    "anniversaire",
    "nacido",
    "nacida",
    "nací",
    "nació",
    "nacimiento",
    "cumpleaños",
    "nac",
    "fnac",
    "nato",
    "nata",
    "nascita",
    "compleanno",
    "nasc",
    "nascido",
    "nascida",
    "nascimento",
    "geboorte~",
    "verjaardag",
    "urodzenia",
    "urodzony",
    "urodzona",
    "ur",
    "född",
    "födelse~",
    "født",
    "fødsels~",
];

/// Words that say what else a date is.
const BAD: &[&str] = &[
    "order",
    "ordered",
    "bestellt",
    "bestell~",
    "invoice",
    "rechnung~",
    "delivered",
    "delivery",
    "liefer~",
    "due",
    "expires",
    "expiry",
    "exp",
    "valid",
    "gültig",
    "purchased",
    "purchase",
    "gekauft",
    "kauf~",
    "since",
    "seit",
    "bought",
    "received",
    "created",
    "updated",
    "termin",
    "appointment",
    "issued",
    "ausgestellt",
    "livraison",
    "commande",
    "facture",
    "pedido",
    "entrega",
    "factura",
    "ordine",
    "consegna",
    "fattura",
    "besteld",
    "geleverd",
];

/// What must be in a text before anything else is looked at, lower case.
const HINTS: &[&str] = &[
    "born", "birth", "dob", "d.o.b", "bday", "geb", "né", "nee ", "naiss", "anniv", "nac",
    "cumple", "nat", "nasc", "complean", "verjaar", "ur.", "urodz", "född", "föd", "fød", "*", "†",
];

const MONTHS: &[(&str, u8)] = &[
    (
        "january|januar|jänner|janvier|enero|gennaio|januari|janeiro|janv|jan|gen|ene",
        1,
    ),
    (
        "february|februar|feber|février|fevrier|febrero|febbraio|februari|fevereiro|févr|feb|fev",
        2,
    ),
    (
        "march|märz|maerz|mars|marzo|maart|março|marco|mrz|mar|mrt",
        3,
    ),
    ("april|avril|abril|aprile|apr|abr|avr", 4),
    ("may|mai|mayo|maggio|mei|maio|mag", 5),
    ("june|juni|juin|junio|giugno|junho|jun|giu", 6),
    ("july|juli|juillet|julio|luglio|julho|juil|jul|lug", 7),
    ("august|août|aout|agosto|augustus|aug|ago", 8),
    (
        "september|septembre|septiembre|setiembre|settembre|setembro|sept|sep|set",
        9,
    ),
    (
        "october|oktober|octobre|octubre|ottobre|outubro|oct|okt|ott|out",
        10,
    ),
    ("november|novembre|noviembre|novembro|nov", 11),
    (
        "december|dezember|décembre|decembre|diciembre|dicembre|dezembro|dec|dez|déc|dic",
        12,
    ),
];

/// A date in a text, and what it may mean: `(year, month, day)`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) struct Date {
    /// Byte offsets.
    pub(in super::super) range: Range<usize>,
    /// Its readings: two where day and month can be told only by the country.
    pub(in super::super) readings: Vec<(u16, u8, u8)>,
    /// Whether the year has two digits only.
    short_year: bool,
}

/// Finds dates whose surroundings speak of birth.
#[derive(Debug)]
pub(super) struct BirthDate;

impl Recogniser for BirthDate {
    fn find(&self, text: &Text<'_>, found: &mut Vec<Candidate>) -> Result<(), RedactError> {
        if !text.has_digit || !hinted(text.str) {
            return Ok(());
        }
        for date in dates(text) {
            let near = Nearby::of(text.str, date.range.start, date.range.end);
            let star = text.slice(0..date.range.start).trim_end().ends_with('*')
                && !text.slice(0..date.range.start).trim_end().ends_with("**");
            let score = match near.verdict(GOOD, BAD) {
                Verdict::For => 0.9,
                Verdict::Silent if star && !date.short_year => 0.7,
                _ => continue,
            };
            found.push(Candidate::pattern(date.range, Entity::DateOfBirth, score));
        }
        Ok(())
    }
}

fn hinted(text: &str) -> bool {
    static SEARCH: LazyLock<Option<aho_corasick::AhoCorasick>> = LazyLock::new(|| {
        let mut builder = aho_corasick::AhoCorasick::builder();
        builder.ascii_case_insensitive(true).build(HINTS).ok()
    });
    SEARCH.as_ref().is_none_or(|search| search.is_match(text))
}

/// Every date in `text`, in order of place within each notation.
pub(in super::super) fn dates(text: &Text<'_>) -> Vec<Date> {
    let mut dates: Vec<_> = text
        .runs
        .iter()
        .flat_map(|run| numeric(text, run))
        .collect();
    if text.has_digit {
        written(text, &mut dates);
    }
    dates
}

/// `12.03.1980`, `1980-03-12`, `3/12/80`, `12. 3. 1980`, `12 03 1980`.
fn numeric(text: &Text<'_>, run: &Run) -> Vec<Date> {
    let mut dates = Vec::new();
    let mut from = 0;
    while from + 3 <= run.groups.len() {
        let date = numeric_at(text, run, from);
        from += if date.is_some() { 3 } else { 1 };
        dates.extend(date);
    }
    dates
}

fn numeric_at(text: &Text<'_>, run: &Run, from: usize) -> Option<Date> {
    let shape = run.shape(from, from + 3);
    let mut range = run.span(from, from + 3).or_else(|| {
        // "1980-03-12T00:00:00Z"
        let [first, .., last] = run.groups.get(from..from + 3)? else {
            return None;
        };
        let time = text.slice(last.range.end..text.str.len()).starts_with('T');
        (time && !first.glued_left).then_some(first.range.start..last.range.end)
    })?;
    let group = |at: usize| run.groups.get(from + at).map(|g| g.range.clone());
    let value = |at: usize| {
        text.slice(group(at).unwrap_or_default())
            .parse::<u16>()
            .ok()
    };
    let between = |at: usize| {
        text.slice(group(at).map_or(0, |g| g.end)..group(at + 1).map_or(0, |g| g.start))
    };
    let separator = between(0).trim();
    if separator != between(1).trim() || !matches!(separator, "." | "-" | "/" | "" | "–") {
        return None;
    }
    let (a, b, c) = (value(0)?, value(1)?, value(2)?);
    let (readings, short_year) = match shape[..] {
        [4, 1..=2, 1..=2] => (vec![(a, b, c)], false),
        [1..=2, 1..=2, 4] if separator == "." => (vec![(c, b, a)], false),
        [1..=2, 1..=2, 4] => (vec![(c, b, a), (c, a, b)], false),
        [2, 2, 2] | [1..=2, 1..=2, 2] if !separator.is_empty() => {
            let year = if c > 30 { 1900 + c } else { 2000 + c };
            (vec![(year, b, a), (year, a, b)], true)
        }
        _ => return None,
    };
    let mut readings: Vec<_> = readings
        .into_iter()
        .filter_map(|(y, m, d)| sound(y, m, d))
        .collect();
    readings.dedup();
    range.end = range.end.min(text.str.len());
    (!readings.is_empty()).then_some(Date {
        range,
        readings,
        short_year,
    })
}

/// `12 March 1980`, `March 12th, 1980`, `12 de marzo de 1980`, `12. März 1980`, `12-Mar-80`.
fn written(text: &Text<'_>, dates: &mut Vec<Date>) {
    static PATTERNS: LazyLock<Option<[Regex; 2]>> = LazyLock::new(|| {
        let months: Vec<_> = MONTHS.iter().map(|(names, _)| *names).collect();
        let month = format!("({})", months.join("|"));
        let day_first = format!(
            r"(?i)([0-9]{{1,2}})(?:\.|st|nd|rd|th|er|º|ª|°)?[ \u{{a0}}./-]{{0,2}}(?:of |de |di |d')?{month}[.,]?[ \u{{a0}}./-]{{1,2}}(?:de |del |of )?([0-9]{{4}}|[0-9]{{2}})"
        );
        let month_first = format!(
            r"(?i){month}[.,]?[ \u{{a0}}-]{{1,2}}([0-9]{{1,2}})(?:st|nd|rd|th)?,?[ \u{{a0}}-]{{1,2}}([0-9]{{4}})"
        );
        Some([Regex::new(&day_first).ok()?, Regex::new(&month_first).ok()?])
    });
    let Some([day_first, month_first]) = &*PATTERNS else {
        return;
    };
    for (pattern, day, month) in [(day_first, 1, 2), (month_first, 2, 1)] {
        for found in pattern.captures_iter(text.str) {
            let part = |at: usize| found.get(at).map_or("", |m| m.as_str());
            let Some(range) = found
                .get(0)
                .map(|m| m.range())
                .filter(|r| text.stands_alone(r))
            else {
                continue;
            };
            let short_year = part(3).len() == 2;
            let year = part(3).parse::<u16>().unwrap_or(0);
            let year = match (short_year, year) {
                (true, 31..) => 1900 + year,
                (true, _) => 2000 + year,
                (false, _) => year,
            };
            let reading = month_number(part(month))
                .and_then(|m| sound(year, m.into(), part(day).parse().ok()?));
            if let Some(reading) = reading {
                dates.push(Date {
                    range,
                    readings: vec![reading],
                    short_year,
                });
            }
        }
    }
}

fn month_number(name: &str) -> Option<u8> {
    let name = name.to_lowercase();
    MONTHS
        .iter()
        .find(|(names, _)| names.split('|').any(|n| n == name))
        .map(|(_, number)| *number)
}

fn sound(year: u16, month: u16, day: u16) -> Option<(u16, u8, u8)> {
    let (month, day) = (u8::try_from(month).ok()?, u8::try_from(day).ok()?);
    let longest = match month {
        2 => 29,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    ((1880..=2100).contains(&year) && (1..=longest).contains(&day)).then_some((year, month, day))
}

#[cfg(test)]
mod tests {
    use super::super::testing::check;
    use super::*;

    #[test]
    fn table() {
        check(
            &BirthDate,
            &[
                ("born 12.03.1980 in Bonn", &["12.03.1980"]),
                ("DOB: 1980-03-12", &["1980-03-12"]),
                ("date of birth 3/12/80,", &["3/12/80"]),
                ("born on March 12th, 1980.", &["March 12th, 1980"]),
                ("born 12 March 1980", &["12 March 1980"]),
                ("geb. am 12. März 1980", &["12. März 1980"]),
                ("Geburtsdatum: 1.2.1999", &["1.2.1999"]),
                ("geboren am 01.02.99", &["01.02.99"]),
                ("née le 3 août 1975", &["3 août 1975"]),
                ("né le 03/08/1975", &["03/08/1975"]),
                (
                    "date de naissance : 1er janvier 1960",
                    &["1er janvier 1960"],
                ),
                ("nacida el 3 de mayo de 1980", &["3 de mayo de 1980"]),
                ("Fecha de nacimiento: 03-05-1980", &["03-05-1980"]),
                ("nato il 5 maggio 1970", &["5 maggio 1970"]),
                ("data di nascita 05/05/1970", &["05/05/1970"]),
                ("geboren op 5 mei 1970", &["5 mei 1970"]),
                ("geboortedatum 05-05-1970", &["05-05-1970"]),
                ("(* 12.03.1980)", &["12.03.1980"]),
                ("12.03.1980 geboren", &["12.03.1980"]),
                ("ordered on 12.03.2024", &[]),
                ("born in Bonn, ordered 12.03.2024", &[]),
                ("born 31.02.1980", &[]),
                ("Bornholm 5/5", &[]),
                ("geb. 12345678", &[]),
                ("12.03.1980", &[]),
            ],
        );
    }
}
