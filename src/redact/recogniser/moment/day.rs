//! Days of a year, in numbers and with the month in words, and years.

use super::super::vocabulary::{Topic, Word, tagged_at};
use super::atom::{Atom, Kind, Number, Place};
use super::words::{BEFORE_DAY, BEFORE_EXPIRY, BEFORE_YEAR, UNITS};

/// A day that `number` begins.
pub(super) fn at(number: &Number<'_, '_>) -> Option<Atom> {
    whole(number)
        .or_else(|| with_month(number))
        .or_else(|| of_numbers(number, "."))
        .or_else(|| of_numbers(number, "/"))
}

/// A date in numbers, with its year.
fn whole(number: &Number<'_, '_>) -> Option<Atom> {
    let place = number.place;
    let separator = [".", "/", "-", ". "].into_iter().find(|own| {
        place.rest(number.range.end).starts_with(own) && number.next(1, own).is_some()
    })?;
    let (second, third) = (number.next(1, separator)?, number.next(2, separator)?);
    let [a, b, c] = [&number.range, &second, &third].map(|own| place.value(own));
    let end = third.end;
    let time = |rest: &str| {
        let mut rest = rest.chars();
        rest.next() == Some('T') && rest.next().is_some_and(|c| c.is_ascii_digit())
    };
    if !place.ends_at(end) && !time(place.rest(end)) || second.len() > 2 {
        return None;
    }
    let (day, month, year) = (1..=31, 1..=12, 1900..2100);
    let told = || number.before().is_some_and(|word| word.is_on(&BEFORE_DAY));
    let sure = match (number.range.len(), third.len()) {
        (4, 1 | 2) if year.contains(&a) && month.contains(&b) && day.contains(&c) => {
            separator == "-" || end - number.range.start == 10
        }
        (1 | 2, 4) if year.contains(&c) && is_day_of_month(a, b, separator) => true,
        (1 | 2, 2) if is_day_of_month(a, b, separator) => {
            // "4.2.18" is also a version.
            separator.len() == 1 && separator != "-" && end - number.range.start == 8 || told()
        }
        _ => return None,
    };
    let score = if sure { 0.8 } else { 0.3 };
    let whole = polish_year(place, end);
    Some(Atom {
        apart: whole > end,
        ..Atom::new(number.range.start..whole, Kind::Date, score)
    })
}

/// Whether two numbers are a day and a month; between slashes, also the other way round.
fn is_day_of_month(a: u16, b: u16, separator: &str) -> bool {
    let (day, month) = (1..=31, 1..=12);
    day.contains(&a) && month.contains(&b)
        || separator == "/" && month.contains(&a) && day.contains(&b)
}

fn is_month(word: &Word) -> bool {
    word.is(Topic::Month) || word.is(Topic::MonthShort) || word.is(Topic::MonthWeak)
}

/// Whether a word is a month where a number stands beside it.
pub(super) fn may_be_month(place: &Place<'_>, word: &Word, with_year: bool) -> bool {
    let written = place.text.slice(word.range.clone());
    let dotted = place.rest(word.range.end).starts_with('.');
    let ordinary = matches!(written, "may" | "march");
    !ordinary
        && (word.is(Topic::Month)
            || word.is(Topic::MonthShort)
            || word.is(Topic::MonthWeak) && (dotted || with_year))
}

/// `12. Oktober`, `3 de maio`, `1er janvier`, `3rd Nov`.
fn with_month(number: &Number<'_, '_>) -> Option<Atom> {
    let place = number.place;
    let end = number.range.end;
    let rest = place.rest(end);
    if number.range.len() > 2 || !(1..=31).contains(&place.value(&number.range)) {
        return None;
    }
    let after = end + ordinal(rest);
    let gap = [
        " de ", " di ", " of ", " do ", " d'", " d’", " ", "\u{a0}", "-",
    ]
    .into_iter()
    .find(|gap| place.rest(after).starts_with(gap));
    let gap = match gap {
        Some(gap) => gap.len(),
        None if rest.starts_with('.') => 0,
        None => return None,
    };
    let month = tagged_at(place.words, after + gap).filter(|word| is_month(word))?;
    let atom = |end| Some(Atom::new(number.range.start..end, Kind::Date, 0.8).told_by(month));
    if let Some(year) = year_behind(place, month.range.end)
        && may_be_month(place, month, true)
    {
        return atom(polish_year(place, year));
    }
    if !may_be_month(place, month, false) || !place.ends_at(month.range.end) {
        return None;
    }
    let rest = place.rest(month.range.end);
    let this = [" br.", " jl.", " a.s."]
        .into_iter()
        .find(|own| rest.starts_with(own));
    atom(month.range.end + this.map_or(0, str::len))
}

/// Where the word for year behind a Polish one ends.
fn polish_year(place: &Place<'_>, end: usize) -> usize {
    let rest = place.rest(end);
    let word = [" roku", " r."]
        .into_iter()
        .find(|own| rest.starts_with(own));
    end + word.map_or(0, str::len)
}

/// How long the ordinal sign is that `rest` begins with.
pub(super) fn ordinal(rest: &str) -> usize {
    let sign = ["st", "nd", "rd", "th", "er", "º", "ª", "°", "."]
        .into_iter()
        .find(|sign| rest.starts_with(sign));
    let len = sign.map_or(0, str::len);
    let goes_on = rest
        .get(len..)
        .unwrap_or("")
        .starts_with(char::is_alphanumeric);
    if goes_on && sign != Some(".") { 0 } else { len }
}

/// `3.11.`, `27/11`; `09/28` of what runs out.
fn of_numbers(number: &Number<'_, '_>, separator: &str) -> Option<Atom> {
    let place = number.place;
    let second = number.next(1, separator)?;
    if number.range.len() > 2 {
        return None;
    }
    let (a, b) = (place.value(&number.range), place.value(&second));
    let expires = || {
        number
            .before()
            .is_some_and(|word| word.is_on(&BEFORE_EXPIRY))
    };
    let told = || number.before().is_some_and(|word| word.is_on(&BEFORE_DAY));
    let range = number.range.start..second.end;
    if separator == "/" && (1..=12).contains(&a) && place.ends_at(second.end) {
        let year = match second.len() {
            2 => (20..50).contains(&b) && expires(),
            4 => (1900..2100).contains(&b) && (expires() || told()),
            _ => false,
        };
        if year {
            return Some(Atom::new(range, Kind::Date, 0.65));
        }
    }
    if second.len() > 2 || !is_day_of_month(a, b, separator) {
        return None;
    }
    let rest = place.rest(second.end);
    let mut behind = rest.chars();
    let dotted = separator == "."
        && behind.next() == Some('.')
        && !behind.next().is_some_and(char::is_alphanumeric);
    if !dotted && (!place.ends_at(second.end) || is_measured(place, second.end)) {
        return None;
    }
    let told = told();
    let score = match separator {
        "." if !dotted && (!told || second.len() < 2) => return None,
        _ if told => 0.65,
        _ => 0.3,
    };
    // In Polish the full stop is that of the sentence.
    let polish = || {
        let word = number.before();
        word.is_some_and(|word| word.is_any(&["od", "do", "z", "dnia", "dniu"]))
    };
    let end = second.end + usize::from(dotted && !polish());
    Some(Atom::new(range.start..end, Kind::Date, score))
}

/// Whether what follows is what the number counts.
pub(super) fn is_measured(place: &Place<'_>, end: usize) -> bool {
    place
        .behind(end)
        .is_some_and(|word| (word.gap.is_empty() || word.is_next()) && word.is_on(&UNITS))
}

/// A year that words tell.
pub(super) fn year(number: &Number<'_, '_>) -> Option<Atom> {
    let place = number.place;
    let end = number.range.end;
    if number.range.len() != 4
        || !(1900..2100).contains(&place.value(&number.range))
        || !place.ends_at(end)
    {
        return None;
    }
    let rest = place.rest(end);
    for polish in [" roku", " r."] {
        if rest.starts_with(polish) {
            return Some(Atom::new(
                number.range.start..end + polish.len(),
                Kind::Date,
                0.6,
            ));
        }
    }
    let before = number.before()?;
    let told = before.is_on(&BEFORE_YEAR) && !is_measured(place, end);
    let closes = rest.is_empty() || rest.starts_with(['.', ',', ';', ':', '!', '?', ')', '\n']);
    // "In 2000 boxes" is no year.
    let goes_on = || !place.value(&number.range).is_multiple_of(100) && !is_measured(place, end);
    let inside = || before.is_next() && before.is_any(&["in", "en", "em", "w", "im", "during"]);
    (told || inside() && (closes || goes_on()))
        .then(|| Atom::new(number.range.clone(), Kind::Date, 0.6))
}

/// A number that is a day or an hour only beside something else: behind `last`, or in front of a dash.
pub(super) fn bare(number: &Number<'_, '_>, last: Option<&Atom>) -> Option<Atom> {
    let place = number.place;
    let day = last.is_some_and(|last| {
        matches!(last.kind, Kind::Weekday | Kind::Short)
            && number.range.start - last.range.end.min(number.range.start) < 6
    });
    let rest = place.rest(number.range.end);
    let begins = [
        "-", "–", " -", " –", ".-", ".–", " bis ", ". bis ", " to ", " until ", " till ",
    ];
    if !day && !begins.iter().any(|own| rest.starts_with(own)) {
        return None;
    }
    if number.range.len() > 2 || place.value(&number.range) > 31 {
        return None;
    }
    let sign = ordinal(place.rest(number.range.end));
    let dot = place.rest(number.range.end).starts_with('.');
    let range = number.range.start..number.range.end + if dot { 0 } else { sign };
    place
        .ends_at(range.end)
        .then(|| Atom::new(range, Kind::Number, 0.0))
}

/// A year behind `at`: where it ends.
pub(super) fn year_behind(place: &Place<'_>, at: usize) -> Option<usize> {
    let rest = place.rest(at);
    let gap = ["., ", ". ", ", ", " de ", " del ", " ", "\u{a0}", "/"]
        .into_iter()
        .find(|gap| rest.starts_with(gap))?;
    let start = at + gap.len();
    let digits = |at: usize| {
        place
            .rest(at)
            .bytes()
            .take_while(u8::is_ascii_digit)
            .take(5)
            .count()
    };
    let range = start..start + digits(start);
    if let Some(short) = place.rest(start).strip_prefix(['\'', '’'])
        && gap == " "
    {
        let from = start + place.rest(start).len() - short.len();
        return (digits(from) == 2 && place.ends_at(from + 2)).then_some(from + 2);
    }
    let sound = range.len() == 4 && (1900..2100).contains(&place.value(&range));
    (sound && place.ends_at(range.end)).then_some(range.end)
}
