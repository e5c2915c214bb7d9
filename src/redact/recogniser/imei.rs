//! IMEI (3GPP TS 23.003): 15 digits, the last by Luhn; and the IMEISV with 16, where words say so.

use crate::types::Entity;

use super::super::span::Candidate;
use super::super::text::Text;
use super::compact::Compact;
use super::hints::{Hints, Topic};
use super::national_id::check::luhn;
use super::national_id::digits;

/// Words for an IMEI.
pub(super) const WORDS: &[&str] = &["imei", "imei1", "imei2", "imeisv", "meid"];

/// Adds the IMEI that `number` begins with.
pub(super) fn judge(text: &Text<'_>, hints: &Hints, number: &Compact, found: &mut Vec<Candidate>) {
    for (len, shape) in number.lengths().filter(|(len, _)| matches!(len, 15 | 16)) {
        let Some((compact, range)) = number.head(len) else {
            continue;
        };
        let Some(digits) = digits(compact).filter(|_| text.stands_alone(&range)) else {
            continue;
        };
        let told = hints.near(Topic::Imei, &range);
        // A second device's, further on in a text that speaks of one: most begin with the codes of these three bodies.
        let spoken = || hints.of_topic(Topic::Imei).next().is_some();
        let usual = matches!(compact.get(..2), Some("01" | "35" | "86"));
        // Card numbers have 15 digits and a Luhn digit too, but no such blocks.
        let grouped = matches!(shape, [2, 6, 6, 1] | [6, 2, 6, 1] | [2, 6, 7]);
        if len == 15 && luhn(&digits) && (told || grouped) {
            let score = if told { 0.98 } else { 0.85 };
            found.push(Candidate::checked(range, Entity::Imei, score));
        } else if len == 15 && shape.len() == 1 && usual && luhn(&digits) && spoken() {
            found.push(Candidate::checked(range, Entity::Imei, 0.75));
        } else if told && (len == 16 || usual) {
            // Mistyped ones, too, are somebody's for all we know.
            found.push(Candidate::pattern(range, Entity::Imei, 0.7));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Numbers, check};
    use super::*;

    // The examples of Wikipedia and of python-stdnum.
    #[test]
    fn table() {
        check(
            &Numbers(judge),
            &[
                ("IMEI: 490154203237518.", &["490154203237518"]),
                ("IMEI 35-209900-176148-1", &["35-209900-176148-1"]),
                ("35-209900-176148-1", &["35-209900-176148-1"]),
                (
                    "imei1 490154203237518 / imei2 352099001761481",
                    &["490154203237518", "352099001761481"],
                ),
                ("IMEI 352099001761482", &["352099001761482"]),
                (
                    "IMEI 35-209900-176148-1 of the one that fell into the harbour basin. The dry one, says the shop, has 352099001761481",
                    &["35-209900-176148-1", "352099001761481"],
                ),
                ("IMEI 490154203237517", &[]),
                ("490154203237518", &[]),
                ("order 490154203237518", &[]),
            ],
        );
    }
}
