//! Addresses of the United States' forces: a unit and a box, or a ship, above a post office, a region and a ZIP code
//! (USPS Publication 28, section 225: "PSC 802 BOX 74 / APO AE 09499", "USS Nimitz / FPO AP 96620").

use std::ops::Range;

use super::Street;
use super::cursor::Cursor;

/// Army, fleet and diplomatic post offices.
pub(super) const OFFICES: &[&str] = &["apo", "fpo", "dpo"];
/// The Americas, Europe and the Pacific.
const REGIONS: [&str; 3] = ["AA", "AE", "AP"];
/// Kinds of units that have boxes.
const UNITS: [&str; 4] = ["psc", "cmr", "unit", "umr"];
/// What ships' names begin with. `USNV` is what generators of test data write; no source for it was found.
const SHIPS: [&str; 5] = ["USS", "USNS", "USNV", "USCGC", "USAV"];
/// Longest line above the post office, in bytes.
const MAX_LINE: usize = 60;

/// "APO AE 09499" with the line above it.
pub(super) fn post(text: &str, hint: &Range<usize>) -> Option<Street> {
    let mut cursor = Cursor::new(text, hint.end);
    cursor.eat(",");
    cursor.skip(1, |c| c == ' ');
    let region = cursor.word().to_uppercase();
    cursor.eat(",");
    let apart = cursor.skip(1, |c| c == ' ') > 0;
    cursor.digits(5, 5)?;
    let mut more = cursor;
    if more.eat("-") && more.digits(4, 4).is_some() {
        cursor = more;
    }
    (apart && REGIONS.contains(&region.as_str())).then(|| Street {
        range: line_above(text, hint.start).unwrap_or(hint.start)..cursor.at,
        strong: true,
    })
}

/// Where the line starts that ends before `end` and names a unit or a ship.
fn line_above(text: &str, end: usize) -> Option<usize> {
    let head = text.get(..end)?;
    let head = head.trim_end_matches([' ', ',', '\n', '\r']);
    let from = head.len().saturating_sub(MAX_LINE);
    let near = head.get(head.ceil_char_boundary(from)..)?;
    let line = near.rsplit('\n').next()?;
    let start = |found: &str| head.len() - found.len();
    unit(line).or_else(|| ship(line)).map(start)
}

/// The end of `line` from "PSC 802, Box 74" on.
fn unit(line: &str) -> Option<&str> {
    let mut rest = line.char_indices().rev().filter(|(at, _)| {
        let before = line.get(..*at).and_then(|head| head.chars().next_back());
        !before.is_some_and(char::is_alphanumeric)
    });
    rest.find_map(|(at, _)| {
        let mut cursor = Cursor::new(line, at);
        let word = cursor.word().to_lowercase();
        cursor.skip(1, |c| c == ' ');
        let named = UNITS.contains(&word.as_str()) && cursor.digits(1, 5).is_some();
        cursor.eat(",");
        cursor.skip(1, |c| c == ' ');
        let word = cursor.word();
        cursor.skip(1, |c| c == ' ');
        let boxed =
            word.is_empty() || word.eq_ignore_ascii_case("box") && cursor.digits(1, 5).is_some();
        (named && boxed && cursor.rest().is_empty())
            .then(|| line.get(at..))
            .flatten()
    })
}

/// The end of `line` from a ship's name on: a few words behind "USS".
fn ship(line: &str) -> Option<&str> {
    let found = SHIPS.iter().filter_map(|ship| line.rfind(ship));
    let at = found.max()?;
    let name = line.get(at..)?;
    let words = name.split(' ').count();
    let named = name
        .split(' ')
        .all(|word| word.starts_with(char::is_uppercase));
    ((2..=4).contains(&words) && named).then_some(name)
}
