//! Degrees, minutes and seconds: `52°31'12"N 13°24'18"E`, `N 52° 31.123 E 013° 24.456`.

use std::sync::LazyLock;

use regex::Regex;

use crate::types::Entity;

use super::super::super::error::RedactError;
use super::super::super::span::Candidate;
use super::super::super::text::{Text, is_word};
use super::matched;

/// Signs of degrees that people type: the degree sign, the ordinal of Spanish and Portuguese keyboards, a ring.
const SIGNS: &[char] = &['°', 'º', '˚'];

/// Adds the places of `text` that are written in degrees.
pub(super) fn find(text: &Text<'_>, found: &mut Vec<Candidate>) -> Result<(), RedactError> {
    static PATTERN: LazyLock<Option<Regex>> = LazyLock::new(pattern);
    let pattern = PATTERN.as_ref().ok_or(RedactError::Pattern {
        recogniser: "coordinates",
    })?;
    let mut next = 0;
    for (at, group) in text.groups.iter().enumerate() {
        let sign = text.char_at(group.range.end);
        if !sign.is_some_and(|c| SIGNS.contains(&c)) || group.range.len() > 8 {
            continue;
        }
        let whole = at.checked_sub(1).and_then(|at| text.groups.get(at));
        let whole = whole
            .filter(|whole| text.slice(whole.range.end..group.range.start) == ",")
            .unwrap_or(group);
        // A point of the compass in front.
        let head = text.slice(0..whole.range.start);
        let letter = head.strip_suffix(' ').unwrap_or(head);
        let lettered = letter.ends_with(['N', 'S']) && {
            let before = letter[..letter.len() - 1].chars().next_back();
            !before.is_some_and(is_word)
        };
        let starts = [lettered.then(|| letter.len() - 1), Some(whole.range.start)];
        let range = starts
            .into_iter()
            .flatten()
            .filter(|start| *start >= next)
            .find_map(|start| matched(text, pattern, start));
        if let Some(range) = range {
            next = range.end;
            found.push(Candidate::checked(range, Entity::Coordinates, 0.95));
        }
    }
    Ok(())
}

fn pattern() -> Option<Regex> {
    let degree = "[0-9]{1,3}[°º˚] ?";
    let minute = "[0-9]{1,2}(?:[.,][0-9]{1,8})? ?['’′´] ?";
    let second = r#"[0-9]{1,2}(?:[.,][0-9]{1,6})? ?(?:["”″“]|''|’’|′′|´´) ?"#;
    let compass = r"(?:[NSEWOL]\b|[NZ]\.?B\b|[OW]\.?L\b|(?i:north|south|east|west|nord|süd|sud|ost|est|ovest|ouest|norte|sur|sul|este|oeste|leste|noord|zuid|oost)\b)";
    let comma = format!("[0-9]{{1,3}},[0-9]{{2,8}} ?[°º˚] ?{compass}");
    let gap = "[ ,;/]{0,3}";
    let one = format!("{degree}{minute}(?:{second})?{compass}");
    let bare = format!("{degree}{minute}{second}");
    let short = format!("{degree}[0-9]{{1,2}}(?:[.,][0-9]{{1,8}})? ?['’′´]? ?(?:{second})?");
    let fronted = format!("[NS] ?{short}{gap}[EWO] ?{short}");
    let forms = [
        format!("{one}(?:{gap}{one})?"),
        format!("{bare}{gap}{bare}"),
        format!("{comma}(?:{gap}{comma})?"),
        fronted,
    ];
    Regex::new(&format!("^(?:{})", forms.join("|"))).ok()
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::check;
    use super::super::Coordinates;

    #[test]
    fn table() {
        check(
            &Coordinates,
            &[
                ("52°31'12\"N 13°24'18\"E", &["52°31'12\"N 13°24'18\"E"]),
                ("40°26′46″N 79°58′56″W", &["40°26′46″N 79°58′56″W"]),
                (
                    "por 39º 27' 51\" N, 0º 22' 12\" O, o sea",
                    &["39º 27' 51\" N, 0º 22' 12\" O"],
                ),
                (
                    "bei 50°56'12,4\"N 6°57'40\"E.",
                    &["50°56'12,4\"N 6°57'40\"E"],
                ),
                (
                    "50°56'12\" Nord, 6°57'40\" Ost.",
                    &["50°56'12\" Nord, 6°57'40\" Ost"],
                ),
                (
                    "N 52° 31.123 E 013° 24.456",
                    &["N 52° 31.123 E 013° 24.456"],
                ),
                ("50,9413° N, 6,9583° O", &["50,9413° N, 6,9583° O"]),
                ("48°51'24\", 2°21'03\"", &["48°51'24\", 2°21'03\""]),
                ("45° angle", &[]),
                ("21.5 °C", &[]),
                ("-5° to 40° Celsius", &[]),
                ("2º 3 izq.", &[]),
                ("N 5° W", &[]),
            ],
        );
    }
}
