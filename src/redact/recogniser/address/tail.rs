//! What follows a street: flats, postcode, city, region.

use super::super::super::text::is_word;
use super::cursor::Cursor;

/// Words for parts of a building, lower case.
const UNITS: &[&str] = &[
    "apt",
    "apartment",
    "unit",
    "suite",
    "ste",
    "flat",
    "floor",
    "fl",
    "room",
    "appt",
    "appartement",
    "bât",
    "étage",
    "piso",
    "planta",
    "puerta",
    "esc",
    "escalera",
    "int",
    "interno",
    "scala",
    "m",
    "lok",
    "top",
    "stiege",
    "whg",
    "wohnung",
    "bus",
    "hinterhaus",
    "og",
    "eg",
];

/// States of the US, provinces of Canada and states of Australia.
const STATES: &str = "AL AK AZ AR CA CO CT DE FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH NJ NM NY \
    NC ND OH OK OR PA RI SC SD TN TX UT VT VA WA WV WI WY DC PR AB BC MB NB NL NS NT NU ON PE QC SK YT NSW VIC QLD \
    SA TAS ACT";

/// Where the address ends whose street ends at `at`, if a postcode follows.
pub(super) fn end(text: &str, at: usize) -> Option<usize> {
    let mut cursor = Cursor::new(text, at);
    compass(&mut cursor);
    for _ in 0..2 {
        unit(&mut cursor);
    }
    continental(cursor)
        .or_else(|| english(cursor))
        .map(|cursor| cursor.at)
}

/// "NW", "SE" behind an American street.
fn compass(cursor: &mut Cursor<'_>) {
    let mut probe = *cursor;
    if probe.skip(1, |c| c == ' ') > 0
        && matches!(
            probe.word(),
            "N" | "S" | "E" | "W" | "NW" | "NE" | "SW" | "SE"
        )
    {
        *cursor = probe;
    }
}

/// ", Apt 4", ", 3º B", " m. 5".
fn unit(cursor: &mut Cursor<'_>) {
    let mut probe = *cursor;
    if separators(&mut probe) == 0 {
        return;
    }
    if probe.eat("#") {
        if probe.skip(5, |c| c.is_ascii_alphanumeric()) > 0 {
            *cursor = probe;
        }
        return;
    }
    let ordinal = {
        let mut floor = probe;
        let fits = floor.digits(1, 2).is_some()
            && floor.skip(1, |c| matches!(c, 'º' | 'ª' | '°' | '.')) > 0;
        floor.skip(1, |c| c == ' ');
        let door = floor.at;
        floor.skip(4, char::is_alphanumeric);
        let short = floor.at - door <= 4 && !floor.peek().is_some_and(is_word);
        (fits && short).then_some(floor)
    };
    if let Some(floor) = ordinal {
        *cursor = floor;
        return;
    }
    let word = probe.word().to_lowercase();
    if !UNITS.contains(&word.as_str()) {
        return;
    }
    probe.skip(3, |c| matches!(c, '.' | ' ' | '#' | ':'));
    let number = probe.skip(4, |c| c.is_ascii_alphanumeric());
    if number > 0 && !probe.peek().is_some_and(is_word) {
        *cursor = probe;
    }
}

fn separators(cursor: &mut Cursor<'_>) -> usize {
    cursor.skip(5, |c| {
        matches!(
            c,
            ' ' | ',' | ';' | '\n' | '\r' | '\t' | '-' | '–' | '|' | '\u{a0}'
        )
    })
}

/// "10115 Berlin", "1012 AB Amsterdam", "00-950 Warszawa", "1000-205 Lisboa".
fn continental(mut cursor: Cursor<'_>) -> Option<Cursor<'_>> {
    if separators(&mut cursor) == 0 {
        return None;
    }
    let start = cursor.at;
    // "D-10115"
    let mut coded = cursor;
    if coded.skip(2, |c| c.is_ascii_uppercase()) > 0 && coded.eat("-") {
        cursor = coded;
    }
    let digits = cursor.rest().bytes().take_while(u8::is_ascii_digit).count();
    cursor.at += digits;
    let mut more = cursor;
    let after = more.skip(1, |c| matches!(c, '-' | ' '));
    let hyphen = after == 1 && cursor.peek() == Some('-');
    let next_digits = more.rest().bytes().take_while(u8::is_ascii_digit).count();
    let letters = more
        .rest()
        .bytes()
        .take_while(u8::is_ascii_uppercase)
        .count();
    match (digits, hyphen, next_digits) {
        (2, true, 3) | (4, true, 3) | (3, false, 2) if after == 1 => {
            cursor.at = more.at + next_digits
        }
        (4, false, 0) if letters == 2 && !more.rest()[2..].starts_with(is_word) => {
            cursor.at = more.at + 2
        }
        (4, false, 0) if after == 0 && letters == 2 => cursor.at += 2,
        (4 | 5, false, 0) => {}
        _ => return None,
    }
    if cursor.peek().is_some_and(is_word) {
        return None;
    }
    let code = cursor;
    cursor.skip(2, |c| matches!(c, ' ' | ',' | '\u{a0}'));
    if cursor.at > code.at && cursor.name(4) {
        let mut province = cursor;
        if province.eat(" (")
            && province.skip(3, |c| c.is_ascii_uppercase()) > 0
            && province.eat(")")
        {
            return Some(province);
        }
        return Some(cursor);
    }
    // Without a city only what is hardly a number: a year has four digits.
    let plain = code.text.get(start..code.at).is_some_and(|c| c.len() > 4);
    plain.then_some(code)
}

/// "London SW1A 1AA", "Springfield, IL 62701-1234", "Toronto, ON M5V 2T6", "Sydney NSW 2000".
fn english(mut cursor: Cursor<'_>) -> Option<Cursor<'_>> {
    for _ in 0..4 {
        if separators(&mut cursor) == 0 {
            return None;
        }
        if let Some(end) = coded(cursor) {
            return Some(end);
        }
        // One line or part: words with capitals, up to where a code may stand.
        let mut read = false;
        for _ in 0..4 {
            let before = cursor;
            if read {
                cursor.skip(1, |c| c == ' ');
                if let Some(end) = coded(cursor) {
                    return Some(end);
                }
            }
            if !cursor.name(1) {
                cursor = before;
                break;
            }
            read = true;
        }
        if !read {
            return None;
        }
    }
    None
}

/// A British, Irish or Canadian code, or a state with digits.
fn coded(cursor: Cursor<'_>) -> Option<Cursor<'_>> {
    let classes: String = cursor
        .rest()
        .chars()
        .take(9)
        .map(|c| match c {
            'A'..='Z' => 'A',
            '0'..='9' => '0',
            ' ' => ' ',
            _ => '.',
        })
        .collect();
    const CODES: &[&str] = &[
        "A0 0AA", "A00 0AA", "AA0 0AA", "AA00 0AA", "A0A 0AA", "AA0A 0AA", // United Kingdom
        "A0A 0A0",  // Canada
        "A00 AA00", "A00 A000", "A00 A0A0", "A00 A00A", "A00 AAA0", // Ireland
    ];
    let code = CODES
        .iter()
        .find(|code| classes.starts_with(**code) && !classes[code.len()..].starts_with(['A', '0']));
    if let Some(code) = code {
        let mut end = cursor;
        end.at += code.len();
        return (!end.peek().is_some_and(is_word)).then_some(end);
    }
    let mut state = cursor;
    let name = state.word();
    let known = matches!(name.len(), 2 | 3) && STATES.split(' ').any(|s| s == name);
    let gap = state.skip(2, |c| matches!(c, ' ' | ',' | '.'));
    if !known || gap == 0 {
        return None;
    }
    if let Some(end) = coded_after_state(state) {
        return Some(end);
    }
    let five = state.digits(5, 5).or_else(|| state.digits(4, 4)).is_some();
    let mut plus = state;
    if plus.eat("-") && plus.digits(4, 4).is_some() {
        state = plus;
    }
    (five && !state.peek().is_some_and(is_word)).then_some(state)
}

/// A Canadian code behind its province.
fn coded_after_state(cursor: Cursor<'_>) -> Option<Cursor<'_>> {
    let mut end = cursor;
    let bytes = cursor.rest().as_bytes();
    let fits = bytes.len() >= 7
        && bytes[..7]
            .iter()
            .zip(b"A0A 0A0")
            .all(|(b, class)| match class {
                b'A' => b.is_ascii_uppercase(),
                b'0' => b.is_ascii_digit(),
                _ => *b == b' ',
            });
    end.at += 7;
    (fits && !end.peek().is_some_and(is_word)).then_some(end)
}
