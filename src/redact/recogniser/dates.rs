//! Every date of a text, in many notations.
//!
//! The recogniser of dates of birth looks at the words around them; the record layer compares them with declared
//! birthdates. A date in words is read at its digits: only where a month can stand beside them, and a year behind it,
//! does a pattern look, and only there.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use super::super::context::floor;
use super::super::listed::ByWord;
use super::super::lowercase::lowercase;
use super::super::text::{Group, Run, Text, is_letter};

const MONTHS: &[(&str, u8)] = &[
    (
        "january|januar|jänner|janvier|enero|gennaio|januari|janeiro|stycznia|styczeń|janv|jan|gen|ene|sty",
        1,
    ),
    (
        "february|februar|feber|février|fevrier|febrero|febbraio|februari|fevereiro|lutego|luty|févr|feb|fev|lut",
        2,
    ),
    (
        "march|märz|maerz|mars|marzo|maart|março|marco|marca|marzec|mrz|mar|mrt",
        3,
    ),
    (
        "april|avril|abril|aprile|kwietnia|kwiecień|apr|abr|avr|kwi",
        4,
    ),
    ("may|mai|mayo|maggio|mei|maio|mag|maja|maj", 5),
    (
        "june|juni|juin|junio|giugno|junho|czerwca|czerwiec|jun|giu|cze",
        6,
    ),
    (
        "july|juli|juillet|julio|luglio|julho|lipca|lipiec|juil|jul|lug|lip",
        7,
    ),
    (
        "august|août|aout|agosto|augustus|sierpnia|sierpień|aug|ago|sie",
        8,
    ),
    (
        "september|septembre|septiembre|setiembre|settembre|setembro|września|wrzesień|sept|sep|set|wrz",
        9,
    ),
    (
        "october|oktober|octobre|octubre|ottobre|outubro|października|październik|oct|okt|ott|out|paź",
        10,
    ),
    (
        "november|novembre|noviembre|novembro|listopada|listopad|nov|lis",
        11,
    ),
    (
        "december|dezember|décembre|decembre|diciembre|dicembre|dezembro|grudnia|grudzień|dec|dez|déc|dic|gru",
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
    pub(super) short_year: bool,
}

/// Every date in `text`, in order of place within each notation; read when somebody asks for the first time.
pub(in super::super) fn dates<'d>(text: &'d Text<'_>) -> &'d [Date] {
    text.dates.get_or_init(|| all(text))
}

fn all(text: &Text<'_>) -> Vec<Date> {
    let mut dates = Vec::new();
    for run in text.runs() {
        numeric(text, run, &mut dates);
    }
    let shortened = text.groups.windows(3).filter_map(|three| {
        let [day, month, year] = three else {
            return None;
        };
        shortened(text, [day, month, year])
    });
    dates.extend(shortened);
    written(text, &mut dates);
    dates
}

/// `12.03.1980`, `1980-03-12`, `3/12/80`, `12. 3. 1980`, `12 03 1980`.
fn numeric(text: &Text<'_>, run: Run<'_>, dates: &mut Vec<Date>) {
    let mut from = 0;
    while let Some(three) = run.groups.get(from..from + 3) {
        let date = numeric_at(text, run, three, from);
        from += if date.is_some() { 3 } else { 1 };
        dates.extend(date);
    }
}

fn numeric_at(text: &Text<'_>, run: Run<'_>, three: &[Group], from: usize) -> Option<Date> {
    let [first, second, third] = three else {
        return None;
    };
    let shape = [first, second, third].map(|group| group.range.len());
    if !matches!(shape, [4, 1..=2, 1..=2] | [1..=2, 1..=2, 4 | 2]) {
        return None;
    }
    let range = run.span(from, from + 3).or_else(|| {
        // "1980-03-12T00:00:00Z"
        let time = text.slice(third.range.end..text.str.len()).starts_with('T');
        (time && !first.glued_left).then_some(first.range.start..third.range.end)
    });
    // In a table the commas are no decimal points.
    let listed = || {
        let range = first.range.start..third.range.end;
        let free = |glued: bool, beside: Option<char>| !glued || beside == Some(',');
        let left = free(first.glued_left, text.char_before(range.start));
        let right = free(third.glued_right, text.char_at(range.end));
        let long = [first, third].iter().any(|group| group.range.len() == 4);
        (left && right && long).then_some(range)
    };
    let range = range.or_else(listed)?;
    let value = |group: &Group| text.slice(group.range.clone()).parse::<u16>().ok();
    let between = |a: &Group, b: &Group| text.slice(a.range.end..b.range.start).trim();
    let separator = between(first, second);
    if separator != between(second, third) || !matches!(separator, "." | "-" | "/" | "" | "–") {
        return None;
    }
    let (a, b, c) = (value(first)?, value(second)?, value(third)?);
    let (readings, short_year) = match shape {
        [4, 1..=2, 1..=2] => ([Some((a, b, c)), None], false),
        [1..=2, 1..=2, 4] if separator == "." => ([Some((c, b, a)), None], false),
        [1..=2, 1..=2, 4] => ([Some((c, b, a)), Some((c, a, b))], false),
        [1..=2, 1..=2, 2] if !separator.is_empty() => {
            let year = if c > 30 { 1900 + c } else { 2000 + c };
            ([Some((year, b, a)), Some((year, a, b))], true)
        }
        _ => return None,
    };
    let mut readings: Vec<_> = readings
        .into_iter()
        .flatten()
        .filter_map(|(y, m, d)| sound(y, m, d))
        .collect();
    readings.dedup();
    (!readings.is_empty()).then_some(Date {
        range,
        readings,
        short_year,
    })
}

/// `08-12-'61`.
fn shortened(text: &Text<'_>, [day, month, year]: [&Group; 3]) -> Option<Date> {
    if year.range.len() != 2 || !matches!(text.char_before(year.range.start), Some('\'' | '’')) {
        return None;
    }
    let between = |a: &Group, b: &Group| text.slice(a.range.end..b.range.start).trim();
    let separator = between(day, month);
    let sound_shape = matches!(separator, "." | "-" | "/")
        && between(month, year).trim_end_matches(['\'', '’']).trim() == separator
        && day.range.len() <= 2
        && month.range.len() <= 2
        && !day.glued_left
        && !year.glued_right;
    let value = |group: &Group| text.slice(group.range.clone()).parse::<u16>().ok();
    let (a, b, c) = (value(day)?, value(month)?, value(year)?);
    let full = if c > 30 { 1900 + c } else { 2000 + c };
    let mut readings: Vec<_> = [(full, b, a), (full, a, b)]
        .into_iter()
        .filter_map(|(y, m, d)| sound(y, m, d))
        .collect();
    readings.dedup();
    (sound_shape && !readings.is_empty()).then_some(Date {
        range: day.range.start..year.range.end,
        readings,
        short_year: true,
    })
}

/// Whether eight digits read as a date of the last hundred years or so: `19560317`, `17031956`.
pub(super) fn compact(digits: &str) -> bool {
    let part = |range: Range<usize>| digits.get(range).and_then(|part| part.parse().ok());
    let read = |year, month, day| {
        let date = sound(part(year)?, part(month)?, part(day)?)?;
        (1900..2030).contains(&date.0).then_some(())
    };
    digits.len() == 8 && (read(0..4, 4..6, 6..8).is_some() || read(4..8, 2..4, 0..2).is_some())
}

/// Behind the day: an ordinal, what joins it to the month, the month, the year.
const DAY_FIRST: &str = r"([0-9]{1,2})(?:\.|st|nd|rd|th|er|º|ª|°)?[ \u{a0}./-]{0,2}(?:of |de |di |d')?MONTH[.,]?[ \u{a0}./-]{1,2}(?:de |del |of )?['’]?([0-9]{4}|[0-9]{2})";
const MONTH_FIRST: &str =
    r"MONTH[.,]?[ \u{a0}-]{1,2}([0-9]{1,2})(?:st|nd|rd|th)?,?[ \u{a0}-]{1,2}([0-9]{4})";

/// Most bytes between the day and the year behind it, with a month between them in whatever letters.
const MAX_MONTH: usize = 80;
/// What a day's ordinal ends with, where that is ASCII.
const ORDINALS: &[&str] = &["st", "nd", "rd", "th", "er"];
/// What joins it to the month.
const JOINERS: &[&str] = &["of ", "de ", "di ", "d'"];
/// Most full stops, blanks and the like between the day and the month behind it.
const MAX_JOINTS: usize = 3;
/// Most bytes of a month in front of the day.
const MAX_BEFORE: usize = 48;
/// Most bytes between a day that stands behind its month and the year.
const MAX_ORDINAL: usize = 8;

fn pattern(form: &str, anchor: &str) -> Option<Regex> {
    let months: Vec<_> = MONTHS.iter().map(|(names, _)| *names).collect();
    let form = form.replace("MONTH", &format!("({})", months.join("|")));
    Regex::new(&format!("(?i){anchor}{form}")).ok()
}

/// `12 March 1980`, `March 12th, 1980`, `12 de marzo de 1980`, `12. März 1980`, `12-Mar-80`.
fn written(text: &Text<'_>, dates: &mut Vec<Date>) {
    static PATTERNS: LazyLock<Option<[Regex; 2]>> =
        LazyLock::new(|| Some([pattern(DAY_FIRST, "^")?, pattern(MONTH_FIRST, "")?]));
    let Some([day_first, month_first]) = &*PATTERNS else {
        return;
    };
    let pairs = || text.groups.iter().zip(text.groups.iter().skip(1));
    let mut next = 0;
    for (day, year) in pairs() {
        let start = next
            .max(day.range.start)
            .max(day.range.end.saturating_sub(2));
        let gap = year.range.start - day.range.end;
        if gap > MAX_MONTH
            || year.range.len() < 2
            || start >= day.range.end
            || !month_behind(text.str, day.range.end)
        {
            continue;
        }
        let window = text.slice(start..year.range.end.min(year.range.start + 4));
        if let Some(found) = day_first.find(window) {
            next = start + found.end();
            dates.extend(read(text, start..next, Order::DayFirst));
        }
    }
    let mut next = 0;
    for (day, year) in pairs() {
        let gap = year.range.start - day.range.end;
        let before = day.range.start.checked_sub(1);
        let before = before.and_then(|at| text.str.as_bytes().get(at));
        if gap > MAX_ORDINAL
            || day.range.len() > 2
            || year.range.len() < 4
            || !matches!(before, Some(b' ' | b'-' | 0xa0))
            || letters(text.slice(day.range.end..year.range.start)) > 2
        {
            continue;
        }
        let start = floor(text.str, day.range.start.saturating_sub(MAX_BEFORE)).max(next);
        let window = text.slice(start..year.range.start + 4);
        let found = month_first.find(window).filter(|found| {
            let digit = found.as_str().find(|c: char| c.is_ascii_digit());
            digit.map(|at| start + found.start() + at) == Some(day.range.start)
        });
        if let Some(found) = found {
            next = start + found.end();
            let range = start + found.start()..next;
            dates.extend(read(text, range, Order::MonthFirst));
        }
    }
}

/// How many ASCII letters `between` holds: those of an ordinal are two.
fn letters(between: &str) -> usize {
    between.bytes().filter(u8::is_ascii_alphabetic).count()
}

/// Whether a month may stand behind the day that ends at `at`: false where [`DAY_FIRST`] cannot fit.
fn month_behind(text: &str, at: usize) -> bool {
    let rest = text.get(at..).unwrap_or("");
    let ordinal = |own: &str| ORDINALS.iter().any(|known| own.eq_ignore_ascii_case(known));
    let behind_ordinal = match rest.split_at_checked(2) {
        Some((own, behind)) if ordinal(own) => behind,
        _ => "",
    };
    month_at_start(rest) || month_at_start(behind_ordinal)
}

/// Whether `rest` begins as a month may, what joins it to the day left out. What is not ASCII may be anything.
fn month_at_start(rest: &str) -> bool {
    let bytes = rest.as_bytes().iter();
    let joints = bytes.take(MAX_JOINTS);
    let joints = joints.take_while(|b| matches!(b, b' ' | b'.' | b'/' | b'-'));
    let rest = rest.get(joints.count()..).unwrap_or("");
    let begins = |rest: &str| {
        let letters = rest.bytes().take_while(u8::is_ascii_alphabetic).count();
        let (word, behind) = rest.split_at(letters);
        match behind.bytes().next() {
            Some(byte) if !byte.is_ascii() => true,
            _ => !word.is_empty() && month_number(word).is_some(),
        }
    };
    let mut joined = JOINERS.iter().filter_map(|joiner| {
        let (own, month) = rest.split_at_checked(joiner.len())?;
        own.eq_ignore_ascii_case(joiner).then_some(month)
    });
    begins(rest) || joined.any(begins)
}

/// What stands first in a date in words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Order {
    DayFirst,
    MonthFirst,
}

/// The date at `range`, where a pattern found one: two numbers, and the month between them or in front.
fn read(text: &Text<'_>, range: Range<usize>, order: Order) -> Option<Date> {
    if !text.stands_alone(&range) {
        return None;
    }
    let written = text.slice(range.clone());
    let digits = |c: char| c.is_ascii_digit();
    let head = written.trim_end_matches(digits);
    let year = written.get(head.len()..)?;
    let from = written.find(digits)?;
    let behind = written.get(from..)?;
    let day = behind.get(..behind.find(|c| !digits(c))?)?;
    let month = match order {
        Order::MonthFirst => written.get(..from)?,
        Order::DayFirst => head.get(from + day.len()..)?,
    };
    let mut words = month.split(|c: char| !is_letter(c) || matches!(c, 'º' | 'ª'));
    let month = words.find_map(|word| {
        // "3rdMarch"
        let bare = ORDINALS.iter().find_map(|ordinal| {
            let (own, rest) = word.split_at_checked(ordinal.len())?;
            own.eq_ignore_ascii_case(ordinal).then_some(rest)
        });
        month_number(word).or_else(|| month_number(bare?))
    });
    let short_year = year.len() == 2;
    let year = year.parse::<u16>().unwrap_or(0);
    let year = match (short_year, year) {
        (true, 31..) => 1900 + year,
        (true, _) => 2000 + year,
        (false, _) => year,
    };
    let reading = sound(year, month?.into(), day.parse().ok()?)?;
    Some(Date {
        range,
        readings: vec![reading],
        short_year,
    })
}

fn month_number(name: &str) -> Option<u8> {
    static NUMBERS: LazyLock<ByWord<u8>> = LazyLock::new(|| {
        let numbered = |(names, number): &(&'static str, u8)| {
            let number = *number;
            names.split('|').map(move |name| (name, number))
        };
        MONTHS.iter().flat_map(numbered).collect()
    });
    NUMBERS.get(&*lowercase(name)).copied()
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

/// The same as [`written`] by a search of the whole text: slower, and simple enough to compare with.
#[cfg(test)]
pub(in crate::redact) fn written_anywhere(text: &Text<'_>) -> Vec<Date> {
    let forms = [(DAY_FIRST, (1, 2)), (MONTH_FIRST, (2, 1))];
    forms
        .into_iter()
        .flat_map(|(form, parts)| {
            let pattern = pattern(form, "").unwrap();
            let found: Vec<_> = pattern.captures_iter(text.str).collect();
            found
                .into_iter()
                .filter_map(move |found| read_groups(text, &found, parts))
        })
        .collect()
}

/// The date that a pattern found, as its groups say; `day` and `month` are two of them, the year is the third.
#[cfg(test)]
fn read_groups(
    text: &Text<'_>,
    found: &regex::Captures<'_>,
    (day, month): (usize, usize),
) -> Option<Date> {
    let range = found.get(0)?.range();
    let part = |at: usize| found.get(at).map_or("", |m| m.as_str());
    let year = part(3).parse::<u16>().ok()?;
    let short_year = part(3).len() == 2;
    let full = match (short_year, year) {
        (true, 31..) => 1900 + year,
        (true, _) => 2000 + year,
        (false, _) => year,
    };
    let month = month_number(part(month))?;
    let reading = sound(full, month.into(), part(day).parse().ok()?)?;
    text.stands_alone(&range).then(|| Date {
        range,
        readings: vec![reading],
        short_year,
    })
}

/// The dates in words alone.
#[cfg(test)]
pub(in crate::redact) fn written_near_digits(text: &Text<'_>) -> Vec<Date> {
    let mut dates = Vec::new();
    written(text, &mut dates);
    dates
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_month_may_stand_behind_a_day() {
        for (names, number) in MONTHS {
            for name in names.split('|') {
                assert_eq!(month_number(name), Some(*number), "{name}");
                for behind in [". ", "th of ", " de ", "-", ".. D'", "\u{a0}"] {
                    assert!(
                        month_behind(&format!("3{behind}{name} 1999"), 1),
                        "{behind}{name}"
                    );
                }
            }
        }
    }

    #[test]
    fn dates_near_digits_are_the_dates_of_a_whole_search() {
        for text in [
            "12 March 19801 May 1990",
            "5 May 2020 6 May 2021",
            "may 5, 2020 may 6, 2021",
            "xmay 5, 2020, amar 5 2020",
            "1234 March 2020 and 12 march 20",
            "12.\u{a0}März 1980; 3 ſeptember 1999, 1er janvier 1960",
            "am 3. 4. Mai 1999 12 12 de marzo de 80",
            "sept-5-2020 sep 55 2020, Sept. 5th, 20201",
            "12 12 may 12 12 2020 may 12 12 may 1212",
            "28 lutego 1954, 3 września '90 i 5 maja 2001",
        ] {
            let text = Text::new(text, &[]);
            assert_eq!(
                written_near_digits(&text),
                written_anywhere(&text),
                "{}",
                text.str
            );
        }
    }
}
