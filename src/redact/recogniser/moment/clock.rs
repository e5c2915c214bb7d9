//! Hours in numbers.

use super::atom::{Atom, Kind, Number};
use super::day::is_measured;
use super::words::BEFORE_HOUR;

/// An hour that `number` begins.
pub(super) fn at(number: &Number<'_, '_>) -> Option<Atom> {
    if number.range.len() > 2 || number.place.value(&number.range) > 24 {
        return None;
    }
    with_colon(number)
        .or_else(|| with_h(number))
        .or_else(|| with_point(number))
        .or_else(|| with_word(number))
        .or_else(|| told(number))
}

/// `14:20`, `14:20:05.123`, `14:20 Uhr`.
fn with_colon(number: &Number<'_, '_>) -> Option<Atom> {
    let place = number.place;
    let minutes = number.next(1, ":").filter(|own| own.len() == 2)?;
    if place.value(&minutes) > 59 {
        return None;
    }
    let seconds = number
        .next(2, ":")
        .filter(|own| own.len() == 2 && place.value(own) < 60);
    let mut end = seconds.as_ref().map_or(minutes.end, |own| own.end);
    if let Some(parts) = seconds.and_then(|_| number.next(3, ".").or_else(|| number.next(3, ","))) {
        end = parts.end;
    }
    // "at 1:50", but "scale 1:50".
    let ratio = number.range.len() == 1 && place.value(&number.range) <= 1;
    let told = || number.before().is_some_and(|word| word.is_on(&BEFORE_HOUR));
    let suffix = suffix(place.rest(end));
    let sure = suffix.is_some() || !ratio || told();
    end += suffix.map_or(0, |(len, _)| len);
    end += zone(place.rest(end));
    if !place.ends_at(end) || suffix.is_none() && is_measured(place, end) {
        return None;
    }
    let score = if sure { 0.65 } else { 0.3 };
    Some(Atom::new(number.range.start..end, Kind::Clock, score))
}

/// `15h20`, `14 h 30`, `14h`.
fn with_h(number: &Number<'_, '_>) -> Option<Atom> {
    let place = number.place;
    let rest = place.rest(number.range.end);
    let sign = ["h", "H", " h", "\u{a0}h", "\u{202f}h"]
        .into_iter()
        .find(|sign| rest.starts_with(sign))?;
    let mut end = number.range.end + sign.len();
    let minutes = ["", " ", "\u{a0}", "\u{202f}"]
        .into_iter()
        .find_map(|gap| number.next(1, &format!("{sign}{gap}")))
        .filter(|own| own.len() == 2 && place.value(own) < 60);
    let lasts = || {
        let word = number.before();
        word.is_some_and(|word| {
            word.is_any(&[
                "pendant", "durant", "durante", "en", "dure", "dura", "wahrend", "in",
            ])
        })
    };
    let score = match &minutes {
        Some(own) => {
            end = own.end;
            0.7
        }
        None if is_told(number) => 0.65,
        None => 0.3,
    };
    if !place.ends_at(end) || lasts() {
        return None;
    }
    Some(Atom::new(number.range.start..end, Kind::Clock, score))
}

/// `14.20 Uhr`, `alle 14.20`.
fn with_point(number: &Number<'_, '_>) -> Option<Atom> {
    let place = number.place;
    let minutes = number.next(1, ".").filter(|own| own.len() == 2)?;
    if place.value(&minutes) > 59 {
        return None;
    }
    let suffix = suffix(place.rest(minutes.end));
    let told = || {
        let word = number.before();
        word.is_some_and(|word| {
            word.is_any(&[
                "alle", "ore", "ora", "om", "at", "godz", "godzinie", "inizio", "dalle", "kl",
                "uhrzeit", "orario",
            ])
        })
    };
    let end = minutes.end + suffix.map_or(0, |(len, _)| len);
    if !place.ends_at(end) || suffix.is_none() && is_measured(place, end) {
        return None;
    }
    let score = if suffix.is_some() || told() { 0.7 } else { 0.3 };
    Some(Atom::new(number.range.start..end, Kind::Clock, score))
}

/// `10 am`, `7 Uhr`, `5 o'clock`, `om 8 uur`.
fn with_word(number: &Number<'_, '_>) -> Option<Atom> {
    let place = number.place;
    let start = number.range.end;
    let (len, suffix) = suffix(place.rest(start))?;
    let end = start + len;
    let sure = match suffix {
        Suffix::Half => {
            // "10 am Montag" is German.
            let german = || {
                place
                    .behind(end)
                    .is_some_and(|word| word.is_next() && is_german_day(word.written))
            };
            (1..=12).contains(&place.value(&number.range)) && !german()
        }
        Suffix::Clock => true,
        Suffix::Hours => is_told(number),
    };
    (sure && place.ends_at(end)).then(|| Atom::new(number.range.start..end, Kind::Clock, 0.75))
}

/// Whether a word in front says that an hour follows.
fn is_told(number: &Number<'_, '_>) -> bool {
    number.before().is_some_and(|word| {
        let from = || {
            let other = number.place.before(word.range.start);
            word.is_any(&["de"]) && other.is_some_and(|own| own.is_any(&["partir"]))
        };
        // "13h30 e 15h"
        let both = || {
            let head = number.place.str.get(..word.range.start).unwrap_or("");
            let hour = |c: char| c == 'h' || c.is_ascii_digit();
            word.is_any(&["e", "y", "et", "und", "and", "ou", "o"])
                && head.trim_end().ends_with(hour)
        };
        word.is_on(&BEFORE_HOUR) || word.written == "à" || from() || both()
    })
}

fn is_german_day(word: &str) -> bool {
    word.ends_with("tag")
        || word.ends_with("Mittwoch")
        || matches!(word, "Abend" | "Morgen" | "Wochenende" | "besten" | "Ende")
}

/// `alle 5`, `a las 10`, `às 7`, `om 8 uur`.
fn told(number: &Number<'_, '_>) -> Option<Atom> {
    let place = number.place;
    // Few words end as those do.
    let head = place.str.as_bytes().get(..number.range.start)?;
    if !matches!(
        head,
        [.., b'e' | b's' | b'm' | b't' | b'f' | b'd' | b'z', b' ']
    ) {
        return None;
    }
    let before = number.before().filter(|word| word.is_next())?;
    let end = number.range.end;
    let dutch =
        || before.is_any(&["om", "tot", "vanaf", "rond"]) && place.rest(end).starts_with(" uur");
    let hours = || {
        let spoken = matches!(before.written, "alle" | "às" | "las" | "godz" | "godzinie")
            || before.written == "ore";
        spoken && !is_measured(place, end)
    };
    (place.ends_at(end) && (dutch() || hours()))
        .then(|| Atom::new(number.range.clone(), Kind::Clock, 0.6))
}

/// What tells that a number is an hour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Suffix {
    /// Before or after noon.
    Half,
    /// "Uhr", "o'clock".
    Clock,
    /// "heures", which may also be how long something takes.
    Hours,
}

/// The word that `rest` begins with if it tells that a number is an hour: how long it is, with the blank in front.
fn suffix(rest: &str) -> Option<(usize, Suffix)> {
    let blank = [" ", "\u{a0}", "\u{202f}"]
        .into_iter()
        .find(|blank| rest.starts_with(blank))
        .map_or(0, str::len);
    let word = rest.as_bytes().get(blank..)?;
    if !matches!(
        word.first(),
        Some(b'a' | b'A' | b'p' | b'P' | b'u' | b'U' | b'o' | b'h')
    ) {
        return None;
    }
    let words: [(&[u8], Suffix); 9] = [
        (b"uhr", Suffix::Clock),
        (b"a.m.", Suffix::Half),
        (b"p.m.", Suffix::Half),
        (b"am", Suffix::Half),
        (b"pm", Suffix::Half),
        (b"o'clock", Suffix::Clock),
        ("o’clock".as_bytes(), Suffix::Clock),
        (b"heures", Suffix::Hours),
        (b"horas", Suffix::Hours),
    ];
    words.into_iter().find_map(|(own, suffix)| {
        let same = word.get(..own.len())?.eq_ignore_ascii_case(own);
        let goes_on = word.get(own.len()).is_some_and(u8::is_ascii_alphanumeric);
        (same && !goes_on).then_some((blank + own.len(), suffix))
    })
}

/// How long the zone is that `rest` begins with, with the blank in front.
fn zone(rest: &str) -> usize {
    if rest.starts_with('Z') {
        return 1;
    }
    let blank = usize::from(rest.starts_with(' '));
    let word = rest.get(blank..).unwrap_or("");
    for name in ["MESZ", "MEZ", "CEST", "CET", "UTC", "GMT", "BST", "WET"] {
        if word.starts_with(name) {
            return blank + name.len();
        }
    }
    if !word.starts_with(['+', '-']) {
        return 0;
    }
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).take(5).count();
    let first = word.get(1..).unwrap_or("");
    match (digits(first), first.get(2..)) {
        (4, _) => blank + 5,
        (2, Some(rest)) if rest.starts_with(':') && digits(rest.get(1..).unwrap_or("")) == 2 => {
            blank + 6
        }
        _ => 0,
    }
}
