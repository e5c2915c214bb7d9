//! Latitude and longitude: decimal pairs that are too fine to be anything else, or next to words, and
//! degrees with minutes.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use crate::types::Entity;

use super::super::error::RedactError;
use super::super::span::Candidate;
use super::super::text::Text;
use super::hints::{Hinted, Hints, Topic};

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
    "geolocation",
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
        degrees(text, found)
    }
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
        _ => return None,
    };
    on_earth.then_some((first.range.start..second.range.end, score))
}

/// `52°31'12"N 13°24'18"E`.
fn degrees(text: &Text<'_>, found: &mut Vec<Candidate>) -> Result<(), RedactError> {
    static PATTERN: LazyLock<Option<Regex>> = LazyLock::new(|| {
        let one = r#"[0-9]{1,3}° ?[0-9]{1,2}(?:\.[0-9]{1,8})? ?['’′] ?(?:[0-9]{1,2}(?:[.,][0-9]{1,6})? ?(?:["”″]|''|’’|′′) ?)?[NSEWO]\b"#;
        Regex::new(&format!(r"^{one}(?:[ ,;/]{{0,3}}{one})?")).ok()
    });
    let pattern = PATTERN.as_ref().ok_or(RedactError::Pattern {
        recogniser: "coordinates",
    })?;
    let mut next = 0;
    for (at, _) in text.str.match_indices('°') {
        let digits = text.str[..at]
            .bytes()
            .rev()
            .take(3)
            .take_while(u8::is_ascii_digit)
            .count();
        let start = at - digits;
        if start < next || digits == 0 {
            continue;
        }
        // A pair has at most 80 bytes.
        let to = super::super::context::floor(text.str, (start + 80).min(text.str.len()));
        if let Some(hit) = pattern.find(text.slice(start..to)) {
            next = start + hit.end();
            found.push(Candidate::checked(start..next, Entity::Coordinates, 0.95));
        }
    }
    Ok(())
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
                ("52°31'12\"N 13°24'18\"E", &["52°31'12\"N 13°24'18\"E"]),
                ("40°26′46″N 79°58′56″W", &["40°26′46″N 79°58′56″W"]),
                ("latitude 52.5200", &["52.5200"]),
                ("1.0845, 0.8567", &[]),
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
