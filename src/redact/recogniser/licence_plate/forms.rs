//! Forms of licence plates, by country.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use super::super::super::context::floor;
use super::super::super::text::{Text, is_word};
use super::super::compact::is_fragment;
use super::districts::{AUSTRIA, IRELAND, ROMANIA, SPAIN, SWITZERLAND, is_german};
use super::words::{NOT_LETTERS, NOT_SMALL};

/// Longest plate, in bytes.
const MAX_LEN: usize = 20;

/// What may follow a word for a plate.
const LOOSE: &str = concat!(
    r"^(?:",
    r"[A-ZÄÖÜ]{1,3}[- ][A-Z]{1,2}[- ]?[1-9][0-9]{0,3}[EH]?", // Germany
    r"|[A-Z]{2}[- ]?[0-9]{3}[- ]?[A-Z]{2}",                  // France, Italy
    r"|[A-Z]{2}[0-9]{2} ?[A-Z]{3}|[A-Z][0-9]{1,3} ?[A-Z]{3}|[A-Z]{3} ?[0-9]{1,4}[A-Z]?", // United Kingdom
    r"|[0-9]{4}[- ]?[BCDFGHJKLMNPRSTVWXYZ]{3}",                                          // Spain
    r"|[A-Z0-9]{1,3}-[A-Z0-9]{2,3}-[A-Z0-9]{1,3}", // Netherlands, Portugal, Belgium, Sweden
    r"|[A-Z0-9]{2}[ ·][A-Z0-9]{2}[ ·][A-Z0-9]{2}", // Portugal
    r"|[A-Z]{2,3}[ -]?[A-Z0-9]{4,5}",              // Poland
    r"|[A-Z]{1,2}[- ]?[0-9]{1,6} ?[A-Z]{0,3}",     // Austria, Switzerland
    r"|[0-9]{2,3}-[A-Z]{1,2}-[0-9]{1,6}",          // Ireland
    r"|[0-9][A-Z]{3}[0-9]{3}|[A-Z]{3}-[0-9]{4}|[A-Z0-9]{3}[ -][A-Z0-9]{3,4}", // US, Canada, Australia, Brazil
    r")\b",
);

/// The same in small letters, as people write in chats: only forms that are no words and amounts.
const SMALL: &str = concat!(
    r"^(?:[a-z]{2}[0-9]{2} ?[a-z]{3}|[0-9]{4} ?[bcdfghjklmnprstvwxyz]{3}|[a-z]{2}[- ]?[0-9]{3}[- ]?[a-z]{2}",
    r"|[a-z]{2}-[0-9]{2}-[a-z]{2}|[a-z]-[0-9]{3}-[a-z]{2}|[a-z]{2}-[0-9]{3}-[a-z]|[a-z]{3}[0-9][a-z][0-9]{2}",
    r"|[0-9]{2}-[a-z]{3}-[0-9]|[0-9]-[a-z]{3}-[0-9]{2,3}|[a-z]{1,3}-[a-z]{1,2} ?[1-9][0-9]{0,3})\b",
);

/// What may stand near a word for a vehicle in small letters: forms of which nothing else is made.
const SMALL_NEAR: &str = concat!(
    r"^(?:[a-z]{2}[0-9]{2} ?[b-df-hj-np-tv-z]{3}|[b-df-hj-np-tv-z]{2} [0-9]{2} [b-df-hj-np-tv-z]{3}", // United Kingdom
    r"|[a-z]{2}[0-9]{3}[a-z]{2}|[a-z]{2} [0-9]{3} [b-df-hj-np-tv-z]{2}", // France, Italy
    r"|[b-df-hj-np-tv-z]{2} [0-9]{2} [b-df-hj-np-tv-z]{2}",              // Portugal
    r"|[0-9]{4}[bcdfghjklmnprstvwxyz]{3}",                               // Spain
    r"|[a-z][0-9]{3}[a-z]{2}|[0-9]{2}[a-z]{3}[0-9]|[0-9]{2}[b-df-hj-np-tv-z]{4}", // Netherlands
    r"|[bcdefgklnoprstwz][a-z]{1,2} ?[0-9][a-z][0-9]{3}|[bcdefgklnoprstwz][a-z] ?(?:[0-9]{4}[a-z]|[0-9][a-z]{2}[0-9]{2})", // Poland
    r"|[a-z]{3}[0-9][a-z][0-9]{2}", // Brazil
    r"|[a-z]{2}-[0-9]{2,3}-[a-z]{2}|[0-9]{2}-[a-z]{2}-[0-9]{2}|[a-z]-[0-9]{3}-[a-z]{2}|[a-z]{2}-[0-9]{3}-[a-z]",
    r"|[0-9]{2}-[0-9]{2}-[a-z]{2}",
    r"|[0-9]{2}-[a-z]{3}-[0-9]|[0-9]-[a-z]{3}-[0-9]{2,3})\b",
);

/// The same right beside such a word, or between commas: in the Netherlands.
const SMALL_WEAK: &str = r"^(?:[a-z]{2}[0-9]{3}[a-z]|[a-z]{3}[0-9]{2}[a-z])\b";

/// And in Germany.
const SMALL_GERMAN: &str = r"^([a-zäöü]{1,3})[- ]([a-z]{1,2})[- ]?[1-9][0-9]{1,3}[eh]?\b";

/// Months between the day and the year: "5-dec-24".
const MONTHS: &[&str] = &[
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec", "mai",
    "okt", "dez", "mei", "maj", "dic",
];

/// A German plate, of a district that is looked up.
const GERMAN: &str = r"^([A-ZÄÖÜ]{1,3})[- \x{a0}][A-Z]{1,2}[- \x{a0}]?[1-9][0-9]{0,3}[EH]?\b";

/// What may stand near a word for a vehicle; DE and the like are filled in.
const STRICT: &str = concat!(
    r"^(?:",
    // The longest first.
    r"[A-Z]{2} ?[0-9]{2} ?[A-Z]{2} ?GP|[A-Z]{3} ?[0-9]{3} ?(?:GP|EC|MP|NC|NW|FS|ZN|L)", // South Africa
    r"|[CN][A-Z]{1,2} [0-9]{3}[- ][0-9]{3}",
    r"|[A-Z]{2}[- ]?[0-9]{2}[- ]?[A-Z]{1,2}[- ]?[0-9]{4}", // India
    r"|[A-HJ-NP-TV-Z]{2}-[0-9]{3}-[A-HJ-NP-TV-Z]{2}|[A-Z]{2} ?[0-9]{3} ?[A-Z]{2}", // France, Italy, Slovakia
    r"|[0-9]{2,4}[- ][A-Z]{2,3}[- ](?:0[1-9]|[1-8][0-9]|9[0-5]|2[AB])", // France until 2009
    r"|[A-HJ-PR-Y]{2}[0-9]{2} ?[A-HJ-PR-Z]{3}|[A-Z]{3} ?[0-9]{3}[A-HJ-NPRSTV-Y]", // United Kingdom
    r"|(?:R[- ]?)?[0-9]{4}[- ]?[BCDFGHJKLMNPRSTVWXYZ]{3}",              // Spain, and trailers there
    r"|(?:SPAIN)[- ][0-9]{4}[- ]?[A-Z]{1,2}|C[- ][0-9]{4}[- ]?[BCDFGHJKLMNPRSTVWXYZ]{3}", // and mopeds
    r"|[A-Z]{2} [0-9][A-Z][0-9]{4}|[A-HJ-NPR-Y][0-9]{1,3} [A-HJ-PR-Z]{3}", // Italy, United Kingdom once
    r"|[A-Z]{2}-[0-9]{2}-[0-9]{2}|[0-9]{2}-[0-9]{2}-[A-Z]{2}|[0-9]{2}[- ·][A-Z]{2}[- ·][0-9]{2}", // Netherlands, Portugal
    r"|[A-Z]{2}[- ·][0-9]{2}[- ·][A-Z]{2}|[A-Z]{2}-[A-Z]{2}-[0-9]{2}|[0-9]{2}-[A-Z]{2}-[A-Z]{2}",
    r"|[0-9]{2}-[A-Z]{3}-[0-9]|[0-9]-[A-Z]{3}-[0-9]{2,3}|[A-Z]{2}-[0-9]{3}-[A-Z]|[A-Z]-[0-9]{3}-[A-Z]{2}",
    r"|[A-Z]{3}-[0-9]{2}-[A-Z]|[A-Z]-[0-9]{2}-[A-Z]{3}|[0-9]-[A-Z]{2}-[0-9]{3}|[0-9]{3}-[A-Z]{2}-[0-9]",
    r"|[BCDEFGKLNOPRSTWZ][A-Z] ?(?:[0-9]{4}[A-Z]|[0-9]{3}[A-Z]{2}|[0-9][A-Z][0-9]{3}|[0-9][A-Z]{2}[0-9]{2})", // Poland
    r"|[BCDEFGKLNOPRSTWZ][A-Z]{2} ?(?:[A-Z][0-9]{3}|[0-9]{2}[A-Z]{2}|[0-9][A-Z][0-9]{2}|[0-9]{2}[A-Z][0-9]",
    r"|[0-9][A-Z]{2}[0-9]|[A-Z]{2}[0-9]{2}|[0-9]{4}[A-Z]|[0-9]{3}[A-Z]{2})",
    r"|[1-9][ABCEHJKLMPSTUZ][0-9A-Z] ?[0-9]{4}", // Czechia
    r"|(?:SWITZERLAND)[- ·][1-9][0-9]{0,2}[ .'’]?[0-9]{3}", // Switzerland
    r"|(?:AUSTRIA)[- ][1-9][0-9]{1,4} ?[A-Z]{1,3}", // Austria
    r"|[0-9]{2,3}-(?:IRELAND)-[0-9]{1,6}",       // Ireland
    r"|(?:ROMANIA)[- ]?[0-9]{2,3}[- ]?[A-Z]{3}", // Romania
    r"|[ABCEHIKMOPTXY]{1,2} ?[0-9]{4} ?[ABCEHIKMOPTXY]{2}", // Bulgaria, Ukraine
    r"|[A-Z]{2} ?[A-Z]{2}-[0-9]{3}",             // Hungary
    r"|[A-Z]{2} [0-9]{2} [0-9]{3}",              // Denmark
    r"|[A-Z]{3}[0-9][A-Z][0-9]{2}",              // Brazil
    r"|[A-Z]{3}-[0-9]{2,3}-[0-9]{2}|[A-Z]{3}-[0-9]{3}-[A-Z]", // Mexico
    r"|[0-9][A-Z]{2}[- ]?[0-9][A-Z]{2}|[A-Z]{3}[- ][0-9]{2}[A-Z]", // Australia, Sweden
    r"|[0-9][A-Z]{3}[0-9]{3}",                   // California
    r")\b",
);

/// What may stand right beside such a word, and is too common otherwise: Belgium, Finland, Hungary, Brazil; mopeds in
/// Germany, Estonia; Luxembourg, Norway, Poland; Northern Ireland; Turkey.
const WEAK: &str = concat!(
    r"^(?:[A-Z]{3}-[0-9]{3,4}|[0-9]{3}[- ]?[A-Z]{3}|[A-Z]{2} ?[0-9]{4,5}|[BCDEFGKLNOPRSTWZ][A-Z]{2} [0-9]{5}",
    r"|[A-Z]{1,2}Z ?[0-9]{4}|[0-8][0-9] [A-Z]{1,3} [0-9]{2,5})\b",
);

/// The forms, compiled.
#[derive(Debug)]
pub(super) struct Forms {
    loose: Regex,
    small: Regex,
    german: Regex,
    strict: Regex,
    weak: Regex,
    small_near: Regex,
    small_german: Regex,
    small_weak: Regex,
}

impl Forms {
    /// The one set of forms.
    pub(super) fn get() -> Option<&'static Self> {
        static FORMS: LazyLock<Option<Forms>> = LazyLock::new(Forms::compile);
        FORMS.as_ref()
    }

    fn compile() -> Option<Self> {
        let strict = STRICT
            .replace("SWITZERLAND", SWITZERLAND)
            .replace("AUSTRIA", AUSTRIA)
            .replace("IRELAND", IRELAND)
            .replace("ROMANIA", ROMANIA)
            .replace("SPAIN", SPAIN)
            .replace("[- ]", r"[- \x{a0}]")
            .replace(" ?", r"[ \x{a0}]?");
        Some(Self {
            loose: Regex::new(LOOSE).ok()?,
            small: Regex::new(SMALL).ok()?,
            german: Regex::new(GERMAN).ok()?,
            strict: Regex::new(&strict).ok()?,
            weak: Regex::new(WEAK).ok()?,
            small_near: Regex::new(SMALL_NEAR).ok()?,
            small_german: Regex::new(SMALL_GERMAN).ok()?,
            small_weak: Regex::new(SMALL_WEAK).ok()?,
        })
    }

    /// The plate at `start`, right behind a word for one.
    pub(super) fn told(&self, text: &Text<'_>, start: usize) -> Option<Range<usize>> {
        if let Some(range) = self.strict(text, start) {
            return Some(range);
        }
        let window = window(text, start);
        let forms = [&self.loose, &self.small];
        let hit = forms.into_iter().find_map(|form| form.find(window))?;
        let plate = hit.as_str();
        let range = start..start + hit.end();
        let mixed =
            plate.bytes().any(|b| b.is_ascii_digit()) && plate.chars().any(char::is_alphabetic);
        // "HRB 1234" is a company's register number.
        let register = plate.starts_with("HRB") || plate.starts_with("HRA");
        (mixed && !register && !text.char_at(range.end).is_some_and(is_word)).then_some(range)
    }

    /// The plate at `start` that follows the rules of some country.
    pub(super) fn strict(&self, text: &Text<'_>, start: usize) -> Option<Range<usize>> {
        let window = window(text, start);
        let german = self.german.captures(window).and_then(|found| {
            let district = found.get(1)?;
            is_german(district.as_str()).then(|| found.get(0).map_or(0, |whole| whole.end()))
        });
        let other = self.strict.find(window).map(|hit| hit.end());
        let len = german.max(other)?;
        sound(text, start..start + len)
    }

    /// The plate at `start` of a form that other codes have too.
    pub(super) fn weak(&self, text: &Text<'_>, start: usize) -> Option<Range<usize>> {
        let len = self.weak.find(window(text, start))?.end();
        sound(text, start..start + len)
    }

    /// The plate at `start` in small letters that looks like nothing else.
    pub(super) fn small(&self, text: &Text<'_>, start: usize) -> Option<Range<usize>> {
        let own = self.small_near.find(window(text, start))?.as_str();
        let (mut first, mut meant) = (true, false);
        for letters in own.split(|c: char| !c.is_alphabetic()) {
            // "po8k219" begins as a word does and goes on as none.
            let glued = first && !own.contains(' ') && letters.len() < 3;
            meant |= (NOT_SMALL.contains(&letters) && !glued) || MONTHS.contains(&letters);
            first = false;
        }
        sound(text, start..start + own.len()).filter(|_| !meant)
    }

    /// The plate at `start` in small letters that looks like other things, too.
    pub(super) fn small_weak(&self, text: &Text<'_>, start: usize) -> Option<Range<usize>> {
        let window = window(text, start);
        if let Some(found) = self.small_weak.find(window) {
            let things = NOT_SMALL
                .iter()
                .any(|word| word.len() > 2 && window.starts_with(*word));
            return sound(text, start..start + found.end()).filter(|_| !things);
        }
        let found = self.small_german.captures(window)?;
        let part = |at: usize| found.get(at).map_or("", |part| part.as_str());
        // "ab do 12 uhr": Aschaffenburg's letters are a preposition.
        let words = NOT_SMALL.contains(&part(2)) || part(1) == "ab";
        let german = is_german(&part(1).to_uppercase());
        let len = found.get(0)?.end();
        sound(text, start..start + len).filter(|_| german && !words)
    }
}

fn window<'t>(text: &Text<'t>, start: usize) -> &'t str {
    text.slice(start..floor(text.str, (start + MAX_LEN).min(text.str.len())))
}

/// `range`, if it stands alone, its letters mean nothing else, and it is not the year of a model ("2019 GTS").
fn sound(text: &Text<'_>, range: Range<usize>) -> Option<Range<usize>> {
    let plate = text.slice(range.clone());
    // "EN 206 ZL" begins as a standard does and goes on as none; "BMW AB12" does not.
    let mut letters = plate
        .split(|c: char| !c.is_alphabetic())
        .filter(|part| !part.is_empty());
    let first = letters.next().unwrap_or("");
    let last = letters.next_back().unwrap_or(first);
    let meant = NOT_LETTERS.contains(&last) || first.len() > 2 && NOT_LETTERS.contains(&first);
    let year = plate.get(..5).is_some_and(|head| {
        let year = head.starts_with("19") || head.starts_with("20");
        year && head
            .get(..4)
            .is_some_and(|year| year.bytes().all(|b| b.is_ascii_digit()))
            && !head.ends_with('-')
    });
    let alone = text.stands_alone(&range) && !is_fragment(text, &range);
    (alone && !meant && !year).then_some(range)
}
