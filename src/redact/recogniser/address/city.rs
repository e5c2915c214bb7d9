//! A city beside a street without a postcode: "Hauptstraße 5, Berlin", "Berlin, Hauptstraße 5".
//!
//! Nothing but its place and its capital says that it is one, so it must fill all that stands between two marks, and be no
//! word that people write there.

use super::super::super::fold::fold;
use super::cursor::Cursor;

/// Words with a capital beside an address that are no cities, folded.
const NO_CITIES: &[&str] = &[
    "also",
    "and",
    "april",
    "attention",
    "attn",
    "august",
    "best",
    "bestellung",
    "bitte",
    "bonjour",
    "call",
    "cell",
    "cheers",
    "ciao",
    "customer",
    "danke",
    "dear",
    "december",
    "dezember",
    "dienstag",
    "donnerstag",
    "dringend",
    "email",
    "fax",
    "februar",
    "february",
    "freitag",
    "friday",
    "gracias",
    "grazie",
    "gruss",
    "grusse",
    "hallo",
    "hello",
    "herzliche",
    "heute",
    "hi",
    "hola",
    "ich",
    "invoice",
    "ja",
    "januar",
    "january",
    "juli",
    "july",
    "june",
    "juni",
    "kind",
    "kunde",
    "kundin",
    "liebe",
    "mai",
    "mail",
    "many",
    "march",
    "marz",
    "may",
    "merci",
    "mfg",
    "mit",
    "mittwoch",
    "mobil",
    "mobile",
    "monday",
    "montag",
    "morgen",
    "nein",
    "no",
    "november",
    "obrigado",
    "october",
    "oh",
    "ok",
    "oktober",
    "order",
    "phone",
    "please",
    "rechnung",
    "ref",
    "reference",
    "regards",
    "samstag",
    "saturday",
    "sehr",
    "september",
    "sincerely",
    "so",
    "sonntag",
    "sorry",
    "sunday",
    "tel",
    "telefon",
    "thank",
    "thanks",
    "thursday",
    "today",
    "tomorrow",
    "tuesday",
    "und",
    "urgent",
    "viele",
    "vielen",
    "we",
    "wednesday",
    "wir",
    "yes",
    "yours",
];
/// Words that a city stands behind, folded.
const IN: &[&str] = &[
    "a",
    "address",
    "adresse",
    "anschrift",
    "aus",
    "en",
    "from",
    "in",
    "nach",
    "near",
    "of",
    "te",
    "to",
    "w",
    "z",
];

/// Where the city ends that fills what follows a street at `at`.
pub(super) fn behind(text: &str, at: usize) -> Option<usize> {
    let mut cursor = Cursor::new(text, at);
    let comma = cursor.eat(", ");
    if !comma && !cursor.eat("\n") && !cursor.eat("\r\n") {
        return None;
    }
    let start = cursor.at;
    // On a line of its own it could be a name: one word only.
    if !cursor.name(if comma { 3 } else { 1 }) {
        return None;
    }
    let city = text.get(start..cursor.at)?;
    // "Dublin 2", "Wien 7"
    let mut district = cursor;
    if district.eat(" ") && district.digits(1, 2).is_some() {
        cursor = district;
    }
    let rest = cursor.rest();
    let filled = match rest.chars().next() {
        None | Some('\n' | '\r') => true,
        Some(',' | '.' | ';' | ')') => comma && !rest[1..].starts_with(char::is_alphanumeric),
        Some(_) => false,
    };
    (filled && is_city(city)).then_some(cursor.at)
}

/// Where the city starts that stands before a street at `at`: behind a word such as "in", or at the start of a line or
/// behind a colon.
pub(super) fn before(text: &str, at: usize) -> Option<usize> {
    let head = text.get(..at)?.strip_suffix(", ")?;
    let line = head.rsplit(['\n', ':', ',', ';', '.']).next()?;
    let words: Vec<&str> = line.split(' ').filter(|word| !word.is_empty()).collect();
    let is_name = |word: &&&str| {
        word.starts_with(char::is_uppercase) && word.chars().all(|c| c.is_alphabetic() || c == '-')
    };
    let n = words.iter().rev().take_while(is_name).count().min(2);
    let first = words.len().checked_sub(n)?;
    let told = match first.checked_sub(1).and_then(|at| words.get(at)) {
        Some(word) => IN.contains(&fold(word).as_str()),
        None => true,
    };
    let name = words.get(first..)?.first()?;
    let start = head.rfind(name)?;
    (n > 0 && told && is_city(head.get(start..)?)).then_some(start)
}

/// Whether every word of `name` may be a city's.
fn is_city(name: &str) -> bool {
    let sound = |word: &str| {
        let folded = fold(word);
        folded.len() >= 3 && !NO_CITIES.contains(&folded.as_str())
    };
    let mut words = name
        .split([' ', '-'])
        .filter(|word| word.starts_with(char::is_uppercase));
    words.next().is_some_and(sound) && words.all(|word| !NO_CITIES.contains(&fold(word).as_str()))
}
