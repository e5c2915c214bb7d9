//! Phone numbers that nobody has: the ranges that regulators keep free for films and books.
//!
//! Sources: Bundesnetzagentur, Mitteilung 148/2021 (DE); Ofcom, Telephone numbers for drama use (GB); ARCEP, Décision
//! 2018-0881 (FR); NANPA, 555 line numbers 0100–0199 (US, CA); ACMA, Numbers for use in creative works (AU); ComReg,
//! National Numbering Conventions (IE); PTS, Telefonnummer för användning i böcker och filmer (SE). Elsewhere there is no
//! such range: the country's code and the first two digits stay, and the others are drawn.

use super::Choices;
use super::number::laid_over;

/// Country code, what the national number begins with, what it may begin with instead, and how many digits are drawn.
type Range = (
    &'static str,
    &'static [&'static str],
    &'static [&'static str],
    usize,
);

const RANGES: &[Range] = &[
    // Mobile numbers first: what a national number must begin with to be one.
    ("49", &["15", "16", "17"], &["17139200", "176040690"], 2),
    (
        "49",
        &[],
        &["3023125", "6990009", "4066969", "2214710", "8999998"],
        3,
    ),
    ("44", &["7"], &["7700900"], 3),
    (
        "44",
        &[],
        &[
            "2079460", "1134960", "1214960", "1614960", "1314960", "1632960",
        ],
        3,
    ),
    ("33", &["6", "7"], &["63998"], 4),
    ("33", &[], &["19900", "26191", "35301", "46571", "53649"], 4),
    (
        "61",
        &["4"],
        &[
            "491570006",
            "491570110",
            "491570156",
            "491570157",
            "491570158",
            "491570159",
        ],
        0,
    ),
    ("61", &[], &["25550", "35550", "75550", "85550"], 4),
    ("353", &[], &["2091"], 5),
    (
        "46",
        &["7"],
        &["70174061", "70174062", "70174063", "70174064"],
        1,
    ),
    ("46", &[], &["8465004", "3139006", "4062804"], 2),
    (
        "1",
        &[],
        &[
            "20255501", "21255501", "30355501", "31255501", "40455501", "41555501", "50355501",
            "61755501", "70255501", "81355501",
        ],
        2,
    ),
];

/// A number for `written`, whose canonical form is `canonical` (`+49301234567`); `None` where that is unknown.
pub(super) fn phone(written: &str, canonical: &str, choices: &mut Choices) -> Option<String> {
    let number = canonical.strip_prefix('+')?;
    let own: String = written.chars().filter(char::is_ascii_digit).collect();
    let (code, national) = split(number)?;
    let made = RANGES
        .iter()
        .find(|(own, begins, ..)| {
            *own == code && (begins.is_empty() || begins.iter().any(|b| national.starts_with(b)))
        })
        .and_then(|(_, _, heads, n)| {
            // As many digits as there were, where some of the ranges have them.
            let same = heads.iter().filter(|head| head.len() + n == national.len());
            let same: Vec<&str> = same.copied().collect();
            let mut made = choices
                .of(if same.is_empty() { heads } else { &same })?
                .to_owned();
            made.extend((0..*n).map(|_| choices.digit()));
            Some(made)
        });
    let made = match made {
        Some(made) => made,
        None => {
            let (head, rest) = national.split_at_checked(2)?;
            let rest = rest.chars().map(|c| choices.like(c));
            head.chars().chain(rest).collect()
        }
    };
    let abroad = written.trim_start_matches('(').starts_with('+');
    let doubled = own.starts_with("00");
    let whole = match (abroad, doubled) {
        (true, _) => format!("{code}{made}"),
        (false, true) => format!("00{code}{made}"),
        // The trunk prefix is what the written number has in front of its national one.
        (false, false) => {
            let trunk = own.strip_suffix(national).unwrap_or("");
            format!("{trunk}{made}")
        }
    };
    // In the written groups where there are as many digits; an extension has more.
    if whole.len() == own.len() && !written.chars().any(char::is_alphabetic) {
        return Some(laid_over(written, &whole));
    }
    let plus = if abroad { "+" } else { "" };
    let code_len = whole.len().checked_sub(made.len())?;
    let (front, back) = whole.split_at_checked(code_len)?;
    let (area, line) = back.split_at_checked(back.len().saturating_sub(6))?;
    Some(match abroad || doubled {
        true => format!("{plus}{front} {area} {line}"),
        false => format!("{front}{area} {line}"),
    })
}

/// The country code and the national number: of the codes with ranges, and any other by its usual length.
fn split(number: &str) -> Option<(&str, &str)> {
    let listed = RANGES.iter().map(|(code, ..)| *code);
    let code = listed
        .filter(|code| number.starts_with(code))
        .max_by_key(|code| code.len());
    let len = code.map_or_else(
        || match number.get(..2)? {
            "20" | "27" | "30" | "31" | "32" | "34" | "36" | "39" | "40" | "41" | "43" | "45"
            | "47" | "48" | "51" | "52" | "53" | "54" | "55" | "56" | "57" | "58" | "60" | "62"
            | "63" | "64" | "65" | "66" | "81" | "82" | "84" | "86" | "90" | "91" | "92" | "93"
            | "94" | "95" | "98" => Some(2),
            "70" | "71" | "72" | "73" | "74" | "75" | "76" | "77" | "78" | "79" => Some(1),
            _ => Some(3),
        },
        |code| Some(code.len()),
    )?;
    number.split_at_checked(len)
}

#[cfg(test)]
mod tests {
    use super::super::super::pseudonym::PseudonymKey;
    use super::*;
    use crate::types::{Entity, TenantSalt};

    #[test]
    fn numbers_come_from_the_free_ranges_in_the_written_form() {
        let key = PseudonymKey::new([3; 32]);
        for (written, canonical, begins, len) in [
            ("+49 30 12345678", "+493012345678", "+49 ", 15),
            ("0171 2345678", "+491712345678", "017", 12),
            ("07700 912345", "+447700912345", "07700 900", 12),
            ("+44 20 7123 4567", "+442071234567", "+44 ", 16),
            ("06 12 34 56 78", "+33612345678", "06 39 98", 14),
            ("(212) 555-4567", "+12125554567", "(", 14),
            ("+34 612 345 678", "+34612345678", "+34 61", 15),
            ("0049 30 12345678", "+493012345678", "0049 ", 16),
        ] {
            let mut choices = key.choices(TenantSalt(1), Entity::Phone, written);
            let made = phone(written, canonical, &mut choices).unwrap();
            assert!(made.starts_with(begins), "{written}: {made}");
            assert_eq!(made.len(), len, "{written}: {made}");
            assert_ne!(made, written);
        }
        for at in 0..20_u64 {
            let mut choices = key.choices(TenantSalt(at), Entity::Phone, "x");
            let made = phone("212-867-5309", "+12128675309", &mut choices).unwrap();
            assert!(
                made.get(4..10).is_some_and(|middle| middle == "555-01"),
                "{made}"
            );
        }
        let mut choices = key.choices(TenantSalt(1), Entity::Phone, "x");
        assert_eq!(phone("4567890", "4567890", &mut choices), None);
    }
}
