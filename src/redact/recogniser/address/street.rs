//! The conventions of streets: from a word for a kind of street to the street with its number.

use std::ops::Range;

use super::super::super::text::is_word;
use super::Street;
use super::cursor::{Cursor, is_particle};

/// Ends of names, the number behind them (DE, AT, CH, NL).
pub(super) const BEHIND: &[&str] = &[
    "straße~",
    "strasse~",
    "str.~",
    "str~",
    "weg~",
    "gasse~",
    "allee~",
    "platz~",
    "damm~",
    "ufer~",
    "chaussee~",
    "straat~",
    "laan~",
    "plein~",
    "gracht~",
    "kade~",
    "dijk~",
    "singel~",
    "dreef~",
    "stieg~",
    "markt~",
];
const BEHIND_STRONG: &[&str] = &[
    "straße", "strasse", "str.", "str", "gasse", "allee", "chaussee", "straat", "laan", "gracht",
    "weg", "singel",
];
/// Words that end like a street and are none, lower case.
const NO_STREETS: &[&str] = &[
    "arbeitsplatz",
    "parkplatz",
    "spielplatz",
    "sitzplatz",
    "stellplatz",
    "lagerplatz",
    "marktplatz",
    "ausweg",
    "umweg",
    "rückweg",
    "heimweg",
    "hinweg",
    "transportweg",
    "lieferweg",
    "postweg",
    "dienstweg",
    "rechtsweg",
    "gehweg",
    "weg",
    "unterwegs",
    "keinesweg",
    "bestellweg",
    "supermarkt",
    "baumarkt",
    "absatzmarkt",
    "markt",
    "platz",
    "damm",
    "ufer",
    "einsatz",
    "ersatz",
    "flohmarkt",
    "weihnachtsmarkt",
    "schlafplatz",
    "bauplatz",
    "tankstellenplatz",
    "sackgasse",
    "mediamarkt",
    "verdriet",
    "vertrieb",
    "parkeerplein",
];

/// Kinds in front of names, the number behind (ES, IT, PL, PT).
pub(super) const BEFORE: &[&str] = &[
    "calle",
    "c/~",
    "avenida",
    "avda",
    "avda.",
    "av.",
    "plaza",
    "plza.",
    "paseo",
    "pº",
    "carrer",
    "ronda",
    "camino",
    "carretera",
    "via",
    "viale",
    "v.le",
    "piazza",
    "p.zza",
    "corso",
    "c.so",
    "vicolo",
    "largo",
    "lungomare",
    "ul.",
    "ulica",
    "ulicy",
    "al.",
    "aleja",
    "alei",
    "os.",
    "osiedle",
    "plac",
    "pl.",
    "rua",
    "r.",
    "travessa",
    "praça",
    "estrada",
    "alameda",
    "rue",
    "strada",
];
const BEFORE_STRONG: &[&str] = &[
    "calle",
    "c/",
    "avenida",
    "avda",
    "avda.",
    "carrer",
    "viale",
    "v.le",
    "piazza",
    "p.zza",
    "vicolo",
    "ul.",
    "ulica",
    "ulicy",
    "aleja",
    "alei",
    "osiedle",
    "rua",
    "travessa",
    "praça",
    "alameda",
    "rue",
    "boulevard",
    "avenue",
    "paseo",
];

/// Kinds in front of names, the number first (FR, BE, LU, CH).
pub(super) const FRENCH: &[&str] = &[
    "rue",
    "avenue",
    "av.",
    "boulevard",
    "bd",
    "bld",
    "chemin",
    "impasse",
    "allée",
    "place",
    "quai",
    "cours",
    "route",
    "passage",
    "faubourg",
    "sentier",
    "square",
    "ruelle",
];
const FRENCH_STRONG: &[&str] = &[
    "rue",
    "avenue",
    "av.",
    "boulevard",
    "bd",
    "bld",
    "chemin",
    "impasse",
    "allée",
    "quai",
    "faubourg",
    "ruelle",
];

/// Kinds behind names, the number first (UK, IE, US, CA, AU).
pub(super) const ENGLISH: &[&str] = &[
    "street",
    "st",
    "road",
    "rd",
    "avenue",
    "ave",
    "lane",
    "ln",
    "boulevard",
    "blvd",
    "terrace",
    "terr",
    "crescent",
    "cres",
    "gardens",
    "mews",
    "quay",
    "highway",
    "hwy",
    "parkway",
    "pkwy",
    "way",
    "drive",
    "dr",
    "place",
    "pl",
    "court",
    "ct",
    "close",
    "square",
    "sq",
    "park",
    "row",
    "hill",
    "walk",
    "circle",
    "cir",
    "grove",
    "green",
    "parade",
    "loop",
    "trail",
    "rise",
    "esplanade",
    "freeway",
    "turnpike",
];
const ENGLISH_STRONG: &[&str] = &[
    "street",
    "st",
    "road",
    "rd",
    "avenue",
    "ave",
    "lane",
    "boulevard",
    "blvd",
    "terrace",
    "crescent",
    "highway",
    "hwy",
    "parkway",
    "pkwy",
    "mews",
];

/// Post office boxes.
pub(super) const POST_BOX: &[&str] = &[
    "po box",
    "p.o. box",
    "p.o.box",
    "post office box",
    "postfach",
    "boîte postale",
    "bp",
    "apartado",
    "apartado de correos",
    "casella postale",
    "postbus",
    "skrytka pocztowa",
    "caixa postal",
    "locked bag",
];

/// Most words of a street's name.
const MAX_NAME: usize = 6;

/// "Hauptstraße 5", "Lange Str. 7", "Prinsengracht 263-II".
pub(super) fn behind(text: &str, hint: &Range<usize>) -> Option<Street> {
    let kind = text.get(hint.clone())?.to_lowercase();
    let mut cursor = Cursor::new(text, hint.end);
    cursor.eat(".");
    if cursor.skip(1, |c| matches!(c, ' ' | '\u{a0}')) == 0
        && cursor.peek().is_some_and(char::is_alphabetic)
    {
        return None;
    }
    if !cursor.house_number() {
        return None;
    }
    let mut start = word_start(text, hint.start);
    let word = text.get(start..hint.end)?;
    if start == hint.start {
        // "Lange Straße": the kind alone needs its name.
        start = names_before(text, start, 3)?;
    } else if NO_STREETS.contains(&word.to_lowercase().as_str()) {
        return None;
    }
    let capital = text.get(start..hint.end)?.chars().any(char::is_uppercase);
    let surely = kind.contains("stra") || kind.starts_with("str");
    let strong =
        BEHIND_STRONG.contains(&kind.as_str()) && capital && (hint.start > start || surely);
    (capital || surely && kind != "str").then_some(Street {
        range: start..cursor.at,
        strong: strong || surely && word.len() > kind.len(),
    })
}

/// "Calle Mayor, 12", "ul. Marszałkowska 10/5", "Rue de la Loi 16".
pub(super) fn before(text: &str, hint: &Range<usize>) -> Option<Street> {
    let written = text.get(hint.clone())?;
    let kind = written.to_lowercase();
    let strong = BEFORE_STRONG.contains(&kind.as_str());
    if text[..hint.start].chars().next_back().is_some_and(is_word) {
        return None;
    }
    if !strong && written.starts_with(char::is_lowercase) && !kind.ends_with('.') {
        return None;
    }
    let mut cursor = Cursor::new(text, hint.end);
    cursor.skip(2, |c| matches!(c, '.' | ' ' | '\u{a0}'));
    let from = cursor.at;
    if !(cursor.name(MAX_NAME) || strong && plain_words(&mut cursor)) {
        return None;
    }
    if cursor.at == from {
        return None;
    }
    cursor.skip(2, |c| matches!(c, ',' | ' ' | '\u{a0}'));
    for sign in [
        "n.º", "nº", "n°", "n.", "núm.", "num.", "nr", "numero", "número",
    ] {
        if cursor.eat(sign) {
            cursor.skip(1, |c| c == ' ');
            break;
        }
    }
    let unnumbered = cursor.rest().starts_with("s/n") || cursor.rest().starts_with("snc");
    if unnumbered {
        cursor.at += 3;
    } else if !cursor.house_number() {
        return None;
    }
    Some(Street {
        range: hint.start..cursor.at,
        strong,
    })
}

/// "12 rue de la Paix", "12 bis, avenue Foch".
pub(super) fn french(text: &str, hint: &Range<usize>) -> Option<Street> {
    let kind = text.get(hint.clone())?.to_lowercase();
    let head = text
        .get(..hint.start)?
        .trim_end_matches([' ', ',', '\u{a0}']);
    if head.len() == hint.start {
        return None;
    }
    let head = ["bis", "ter", "quater"]
        .iter()
        .find_map(|word| head.strip_suffix(word))
        .unwrap_or(head)
        .trim_end_matches(' ');
    let start = number_start(text, head.len())?;
    let mut cursor = Cursor::new(text, hint.end);
    cursor.skip(1, |c| c == '.');
    if cursor.skip(1, |c| matches!(c, ' ' | '\u{a0}')) == 0
        || !(cursor.name(MAX_NAME) || dated(&mut cursor))
    {
        return None;
    }
    Some(Street {
        range: start..cursor.at,
        strong: FRENCH_STRONG.contains(&kind.as_str()),
    })
}

/// "221B Baker Street", "Flat 3, 12 St Mary's Road", "1600 Pennsylvania Ave".
pub(super) fn english(text: &str, hint: &Range<usize>) -> Option<Street> {
    let written = text.get(hint.clone())?;
    let kind = written.to_lowercase();
    let head = text.get(..hint.start)?;
    if !head.ends_with(' ') {
        return None;
    }
    // Words with capitals back to the number.
    let mut at = head.trim_end_matches(' ').len();
    for words in 0..5 {
        if words > 0
            && let Some(start) = number_start(text, at)
        {
            let mut end = hint.end;
            if text[end..].starts_with('.') && written.len() <= 4 {
                end += 1;
            }
            let capital = written.starts_with(char::is_uppercase);
            return Some(Street {
                range: unit_before(text, start)..end,
                strong: capital && ENGLISH_STRONG.contains(&kind.as_str()),
            });
        }
        let word_at = name_start(text, at)?;
        let word = text.get(word_at..at)?;
        let ordinal = word.starts_with(|c: char| c.is_ascii_digit());
        if !(ordinal
            || word.starts_with(char::is_uppercase)
            || is_particle(&word.to_lowercase()) && words > 0)
        {
            return None;
        }
        let before = text.get(..word_at)?.trim_end_matches(' ');
        if before.len() == word_at {
            return None;
        }
        at = before.len();
    }
    None
}

/// "PO Box 123".
pub(super) fn post_box(text: &str, hint: &Range<usize>) -> Option<Street> {
    let written = text.get(hint.clone())?;
    if written.eq_ignore_ascii_case("bp") && written != "BP" {
        return None;
    }
    let mut cursor = Cursor::new(text, hint.end);
    cursor.skip(3, |c| matches!(c, ' ' | ':' | '.' | '#'));
    let len = cursor
        .rest()
        .bytes()
        .take(9)
        .take_while(|b| b.is_ascii_digit() || *b == b' ')
        .count();
    let number = cursor.rest().get(..len)?.trim_end();
    let digits = number.bytes().filter(u8::is_ascii_digit).count();
    (1..=8).contains(&digits).then(|| Street {
        range: hint.start..cursor.at + number.len(),
        strong: written.len() > 2,
    })
}

/// Where the word that ends at `end` starts: letters, hyphens, full stops and apostrophes.
fn word_start(text: &str, end: usize) -> usize {
    let mut start = end;
    for (at, c) in text[..end].char_indices().rev().take(40) {
        if !(c.is_alphabetic() || matches!(c, '-' | '\'' | '’' | '.')) {
            break;
        }
        start = at;
    }
    let trimmed = text[start..end].trim_start_matches(['-', '\'', '’', '.']);
    end - trimmed.len()
}

/// Where the name starts whose last word ends before `end`: words with capitals, at most `max`.
fn names_before(text: &str, end: usize, max: usize) -> Option<usize> {
    let mut start = None;
    let mut at = end;
    for _ in 0..max {
        let before = text[..at].trim_end_matches([' ', '\u{a0}']);
        if before.len() == at {
            break;
        }
        let word_at = word_start(text, before.len());
        let word = &text[word_at..before.len()];
        if !word.starts_with(char::is_uppercase) {
            break;
        }
        start = Some(word_at);
        at = word_at;
        // Only adjectives go on: "Lange Straße", "Große Bleichen"; the word before is mostly a sentence.
        if !word.ends_with('e') && !word.ends_with("er") {
            break;
        }
    }
    start
}

/// Where the word of a name that ends at `end` starts: letters, digits of an ordinal, apostrophes.
fn name_start(text: &str, end: usize) -> Option<usize> {
    let mut start = end;
    for (at, c) in text[..end].char_indices().rev().take(30) {
        if !(c.is_alphanumeric() || matches!(c, '-' | '\'' | '’' | '.')) {
            break;
        }
        start = at;
    }
    let word = text.get(start..end)?;
    let letters = word.chars().any(char::is_alphabetic);
    (letters && !word.starts_with(['.', '-'])).then_some(start)
}

/// Where the house number that ends at `end` starts; not one that a price or a date ends with.
fn number_start(text: &str, end: usize) -> Option<usize> {
    let head = text.get(..end)?;
    let letter = head
        .chars()
        .next_back()
        .is_some_and(|c| c.is_ascii_alphabetic());
    let digits_end = if letter { end - 1 } else { end };
    let belongs = |b: &&u8| b.is_ascii_digit() || matches!(b, b'/' | b'-');
    let len = text.as_bytes()[..digits_end]
        .iter()
        .rev()
        .take(11)
        .take_while(belongs)
        .count();
    let start = digits_end - len;
    let number = text.get(start..digits_end)?;
    let first = number.split(['/', '-']).next().unwrap_or("");
    let sound = number.starts_with(|c: char| ('1'..='9').contains(&c))
        && number.ends_with(|c: char| c.is_ascii_digit())
        && first.len() <= 5
        && number.matches(['/', '-']).count() <= 1;
    let before = text[..start].chars().next_back();
    let part = before
        .is_some_and(|c| is_word(c) || matches!(c, '.' | ',' | '/' | '-' | '€' | '$' | '£' | '#'));
    (sound && !part).then_some(start)
}

/// "Flat 3, 12 …": where the part of the building in front of the number starts.
fn unit_before(text: &str, start: usize) -> usize {
    const PARTS: &[&str] = &[
        "flat",
        "apartment",
        "apt",
        "unit",
        "suite",
        "apt.",
        "level",
        "shop",
    ];
    let head = text[..start].trim_end_matches([' ', ',', '\n']);
    if head.len() == start {
        return start;
    }
    let number = head
        .bytes()
        .rev()
        .take(4)
        .take_while(u8::is_ascii_alphanumeric)
        .count();
    let before = head[..head.len() - number].trim_end_matches(' ');
    let word = before
        .rsplit(|c: char| c.is_whitespace() || c == ',')
        .next()
        .unwrap_or("");
    if number > 0 && PARTS.contains(&word.to_lowercase().as_str()) {
        before.len() - word.len()
    } else {
        start
    }
}

/// "calle mayor 12": up to three words in lower case right before the number.
fn plain_words(cursor: &mut Cursor<'_>) -> bool {
    let mut probe = *cursor;
    for _ in 0..3 {
        if probe.word().is_empty() {
            return false;
        }
        let end = probe;
        if probe.skip(1, |c| c == ' ') == 0 {
            return false;
        }
        if probe.peek().is_some_and(|c| c.is_ascii_digit()) {
            *cursor = end;
            return true;
        }
    }
    false
}

/// "rue du 8 Mai 1945", "rue du 11 Novembre".
fn dated(cursor: &mut Cursor<'_>) -> bool {
    let mut probe = *cursor;
    probe.eat("du ");
    if probe.digits(1, 2).is_none() || probe.skip(1, |c| c == ' ') == 0 || probe.word().len() < 3 {
        return false;
    }
    let mut year = probe;
    if year.eat(" ") && year.digits(4, 4).is_some() {
        probe = year;
    }
    *cursor = probe;
    true
}
