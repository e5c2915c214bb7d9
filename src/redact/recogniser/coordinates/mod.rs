//! Latitude and longitude: decimal pairs that are too fine to be anything else, or next to words, and
//! degrees with minutes.

mod degrees;

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use crate::types::Entity;

use super::super::context::floor;
use super::super::error::RedactError;
use super::super::span::Candidate;
use super::super::text::{Text, is_word};
use super::hints::{Hinted, Hints, Topic};
use super::labelled::value_at;

/// Words for coordinates in eight languages.
pub(super) const WORDS: &[&str] = &[
    "lat",
    "latitude",
    "lon",
    "lng",
    "long",
    "longitude",
    "gps",
    "geo",
    "coordinates",
    "coords",
    "koordinaten",
    "breitengrad",
    "längengrad",
    "coordonnées",
    "coordenadas",
    "coordinate",
    "latitud",
    "longitud",
    "latitudine",
    "longitudine",
    "coördinaten",
    "współrzędne",
    "szerokość",
    "długość",
    "współrzędnych",
    "współrzędnymi",
    "coordenada",
    "geokoordinaten",
    "geolocation",
    "geolocalización",
    "géolocalisation",
    "geolocalizzazione",
    "geolocatie",
    "geolokalizacja",
    "geolocalização",
];

/// Reads decimal numbers from the runs of digits, and degrees from around `°`.
#[derive(Debug)]
pub(super) struct Coordinates;

impl Hinted for Coordinates {
    fn find_hinted(
        &self,
        text: &Text<'_>,
        hints: &Hints,
        found: &mut Vec<Candidate>,
    ) -> Result<(), RedactError> {
        let mut next = 0;
        for run in text.runs() {
            for pair in run.groups.windows(2) {
                let (whole, fraction) = (&pair[0].range, &pair[1].range);
                let point = text.slice(whole.end..fraction.start) == ".";
                if !point || whole.len() > 3 || fraction.len() < 2 || whole.start < next {
                    continue;
                }
                if let Some((range, score)) = pair_at(text, hints, whole.start) {
                    next = range.end;
                    found.push(Candidate::pattern(range, Entity::Coordinates, score));
                }
            }
        }
        let patterns = Patterns::get().ok_or(RedactError::Pattern {
            recogniser: "coordinates",
        })?;
        for hint in hints.of_topic(Topic::Coordinates) {
            let range = value_at(text.str, hint.range.end)
                .and_then(|value| matched(text, &patterns.commas, value.start));
            found.extend(range.map(|range| Candidate::pattern(range, Entity::Coordinates, 0.9)));
        }
        degrees::find(text, found)
    }
}

/// Notations that are read as a whole.
#[derive(Debug)]
struct Patterns {
    /// `N 43.5528 E 7.0174`.
    lettered: Regex,
    /// `50,9413; 6,9583`.
    commas: Regex,
}

impl Patterns {
    fn get() -> Option<&'static Self> {
        static PATTERNS: LazyLock<Option<Patterns>> = LazyLock::new(|| {
            let decimal = r"[-+]?[0-9]{1,3}\.[0-9]{3,8} ?°?";
            let comma = r"[-+]?[0-9]{1,3},[0-9]{4,8}°?(?: ?[NSEWO]\b)?";
            let (north, east) = (format!("[NS] ?{decimal}"), format!("[EWO] ?{decimal}"));
            let lettered = format!("^(?:{north}[ ,;/]{{0,3}}{east}|{east}[ ,;/]{{0,3}}{north})\\b");
            let commas = format!(r"^{comma}(?: ?[;/|] ?|,? ){comma}");
            Some(Patterns {
                lettered: Regex::new(&lettered).ok()?,
                commas: Regex::new(&commas).ok()?,
            })
        });
        PATTERNS.as_ref()
    }
}

/// What `pattern` finds at `start`.
fn matched(text: &Text<'_>, pattern: &Regex, start: usize) -> Option<Range<usize>> {
    // A pair has at most 80 bytes.
    let to = floor(text.str, (start + 80).min(text.str.len()));
    let hit = pattern.find(text.slice(start..to))?;
    let range = start..start + hit.end();
    let goes_on = text.char_at(range.end).is_some_and(|c| c.is_ascii_digit());
    (!goes_on).then_some(range)
}

/// A decimal number with its sign: value, places behind the point, end.
#[derive(Clone, Debug)]
struct Decimal {
    value: f64,
    places: usize,
    range: Range<usize>,
    /// Whether a degree sign or a point of the compass stands behind it.
    compass: bool,
}

impl Decimal {
    fn at(text: &str, start: usize) -> Option<Self> {
        let bytes = text.as_bytes();
        let sign = usize::from(matches!(bytes.get(start), Some(b'-' | b'+')));
        let digits = |from: usize| {
            bytes
                .get(from..)
                .unwrap_or_default()
                .iter()
                .take(16)
                .take_while(|b| b.is_ascii_digit())
                .count()
        };
        let whole = digits(start + sign);
        let point = start + sign + whole;
        if !(1..=3).contains(&whole) || bytes.get(point) != Some(&b'.') {
            return None;
        }
        let places = digits(point + 1);
        let mut end = point + 1 + places;
        let value = text.get(start..end)?.parse().ok()?;
        let rest = text.get(end..)?;
        if rest.starts_with(|c: char| c.is_ascii_digit()) {
            return None;
        }
        let after = rest.trim_start_matches('°').trim_start_matches(' ');
        let letter = after.starts_with(['N', 'S', 'E', 'W', 'O'])
            && !after[1..].starts_with(char::is_alphanumeric);
        let compass = letter || rest.starts_with('°');
        if letter {
            end = text.len() - after.len() + 1;
        } else if compass {
            end += '°'.len_utf8();
        }
        Some(Self {
            value,
            places,
            range: start..end,
            compass,
        })
    }
}

/// The pair, or the lone value next to its word, whose first digit is at `start`.
fn pair_at(text: &Text<'_>, hints: &Hints, start: usize) -> Option<(Range<usize>, f32)> {
    let signed = start
        .checked_sub(1)
        .filter(|at| matches!(text.str.as_bytes().get(*at), Some(b'-' | b'+')))
        .unwrap_or(start);
    // A point of the compass in front.
    let before = text.slice(0..signed);
    let letter = before.strip_suffix(' ').unwrap_or(before);
    if letter.ends_with(['N', 'S', 'E', 'W', 'O']) {
        let at = letter.len() - 1;
        let pattern = Patterns::get().filter(|_| !text.char_before(at).is_some_and(is_word));
        let pair = pattern.and_then(|patterns| matched(text, &patterns.lettered, at));
        if let Some(range) = pair {
            return Some((range, 0.95));
        }
    }
    let glued = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '€' | '$' | '£');
    if text.char_before(signed).is_some_and(glued) {
        return None;
    }
    let first = Decimal::at(text.str, signed)?;
    let told = hints.near(Topic::Coordinates, &first.range);
    let gap = text.slice(first.range.end..text.str.len());
    let between = gap
        .char_indices()
        .take(24)
        .find(|(_, c)| c.is_ascii_digit() || matches!(c, '-' | '+'))
        .map(|(at, _)| at)
        .filter(|at| {
            let between = &gap[..*at];
            let plain = between
                .chars()
                .all(|c| matches!(c, ' ' | ',' | ';' | '/' | '\u{a0}'));
            let labelled = told
                && between
                    .chars()
                    .all(|c| c.is_ascii_alphabetic() || " ,;:=\"'/()\n".contains(c));
            *at > 0 && (plain || labelled)
        });
    let second = between.and_then(|at| Decimal::at(text.str, first.range.end + at));
    let Some(second) = second else {
        let near = told && first.places >= 4 && first.value.abs() <= 180.0;
        return near.then_some((first.range, 0.6));
    };
    let places = first.places.min(second.places);
    let on_earth = first.value.abs() <= 90.0 && second.value.abs() <= 180.0
        || first.value.abs() <= 180.0 && second.value.abs() <= 90.0;
    let compass = first.compass && second.compass;
    let score = match (told, compass, places) {
        (true, _, 2..) => 0.95,
        (_, true, 2..) => 0.95,
        (false, false, 5..) => 0.75,
        (false, false, 4) if is_plain(text, &first, &second) => 0.6,
        _ => return None,
    };
    on_earth.then_some((first.range.start..second.range.end, score))
}

/// What two numbers with four decimal places may be otherwise.
const RATES: &[&str] = &[
    "rate",
    "factors",
    "faktoren",
    "facteurs",
    "scores",
    "weights",
    "rates",
    "kurs",
    "kurse",
    "wechselkurs",
    "wechselkurse",
    "curso",
    "taux",
    "tasa",
    "cambio",
    "câmbio",
    "koers",
    "eur",
    "usd",
    "chf",
    "gbp",
    "sek",
    "czk",
    "ratio",
    "index",
    "score",
    "loss",
    "faktor",
    "factor",
    "coeff",
];

/// What follows a number that is no degree.
const UNITS: &[&str] = &[
    "mm", "cm", "m", "km", "kg", "g", "l", "eur", "euro", "usd", "chf", "gbp", "sek", "x", "kw",
    "kwh", "ms", "s",
];

/// Whether two numbers without a word about them are a place: in Europe, or with a sign, no row of more, no rates.
fn is_plain(text: &Text<'_>, first: &Decimal, second: &Decimal) -> bool {
    let between = text.slice(first.range.end..second.range.start);
    let (north, east) = (first.value, second.value);
    let europe = (34.0..=72.0).contains(&north) && (-32.0..=45.0).contains(&east);
    let signed = (north < 0.0 || east < 0.0) && (north.abs() >= 10.0 || east.abs() >= 10.0);
    let from = floor(text.str, first.range.start.saturating_sub(40));
    let before = text.slice(from..first.range.start).to_lowercase();
    let after = text.slice(second.range.end..text.str.len());
    let next = after.trim_start_matches([' ', ',', ';', '/', '\u{a0}']);
    let row = next.len() < after.len() && next.starts_with(|c: char| c.is_ascii_digit())
        || before
            .trim_end_matches([' ', ',', ';', '/'])
            .ends_with(|c: char| c.is_ascii_digit());
    let word = next.split(|c: char| !is_word(c)).next().unwrap_or("");
    let unit = next.starts_with(['%', '€', '$', '£', '×'])
        || UNITS.contains(&word.to_lowercase().as_str());
    let joined = between.contains([',', ';', '/']) || second.value < 0.0;
    let mut words = before.split(|c: char| !is_word(c));
    let rated = words.any(|word| RATES.contains(&word));
    joined && (europe || signed) && !row && !unit && !rated
}

#[cfg(test)]
mod tests {
    use super::super::testing::check;
    use super::*;

    #[test]
    fn table() {
        check(
            &Coordinates,
            &[
                ("at 52.520008, 13.404954.", &["52.520008, 13.404954"]),
                ("GPS 48.8566,2.3522", &["48.8566,2.3522"]),
                ("-33.868820, 151.209290", &["-33.868820, 151.209290"]),
                ("52.5200° N, 13.4050° E", &["52.5200° N, 13.4050° E"]),
                ("lat: 52.52, lng: 13.405", &["52.52, lng: 13.405"]),
                ("latitude 52.5200", &["52.5200"]),
                ("hidden at 50.9413, 6.9583 and", &["50.9413, 6.9583"]),
                ("pinged around 53.8008,-1.5491.", &["53.8008,-1.5491"]),
                ("punto exacto 42.3996; -8.8070.", &["42.3996; -8.8070"]),
                (
                    "aux coordonnées N 43.5528 E 7.0174.",
                    &["N 43.5528 E 7.0174"],
                ),
                ("at N43.5528, E7.0174", &["N43.5528, E7.0174"]),
                ("Koordinaten: 50,9413; 6,9583", &["50,9413; 6,9583"]),
                ("(-23.5505, -46.6333)", &["-23.5505, -46.6333"]),
                ("1.0845, 0.8567", &[]),
                ("rates 45.1234, 25.1234", &[]),
                ("11.4523, 25.1234", &[]),
                ("45.1234, 12.5678, 13.1234", &[]),
                ("45.1234, 12.5678 mm", &[]),
                ("45.1234 12.5678", &[]),
                ("12.50, 13.99 EUR", &[]),
                ("21.5 °C", &[]),
                ("size 10.5 x 20.25", &[]),
                ("version 1.23456", &[]),
                ("152.520008, 213.404954", &[]),
                ("1.123456.2, 3.123456", &[]),
                ("45° angle", &[]),
            ],
        );
    }
}
