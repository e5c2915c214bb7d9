//! Salesforce record identifiers: 15 characters, or 18 with the case checksum.

use crate::types::Entity;

use super::super::context::{Nearby, Verdict, Words};
use super::super::error::RedactError;
use super::super::span::Candidate;
use super::super::text::{Text, is_word};
use super::Recogniser;

/// Key prefixes of objects that CRM texts speak of; custom objects begin with `a` and two digits or letters.
const PREFIXES: &[&str] = &[
    "001", "003", "005", "006", "00D", "00E", "00G", "00I", "00O", "00P", "00Q", "00T", "00U",
    "00e", "00k", "00l", "012", "015", "01s", "01t", "01u", "01Z", "02i", "02s", "035", "068",
    "069", "0D5", "0F9", "0Q0", "0TO", "0ZQ", "500", "501", "550", "570", "5Ck", "701", "708",
    "800", "801", "802", "810", "811", "817",
];

static GOOD: Words = Words::new(&[
    "salesforce",
    "sfdc",
    "id",
    "ids",
    "recordid",
    "record",
    "caseid",
    "contactid",
    "accountid",
    "account",
    "contact",
    "lead",
    "opportunity",
    "ownerid",
    "owner",
    "userid",
    "object",
    "sobject",
    "lightning",
    "case",
]);

/// Looks at every block of 15 or 18 letters and digits.
#[derive(Debug)]
pub(super) struct SalesforceId;

impl Recogniser for SalesforceId {
    fn find(&self, text: &Text<'_>, found: &mut Vec<Candidate>) -> Result<(), RedactError> {
        // Each of them has digits.
        for range in text.blocks() {
            if !may_be(text.slice(range.clone())) || !text.stands_alone(&range) {
                continue;
            }
            let id = text.slice(range.clone());
            if let Some(score) = score(id, text, &range) {
                found.push(Candidate::checked(range, Entity::SalesforceId, score));
            }
        }
        Ok(())
    }
}

/// Whether a block can be an identifier.
pub(super) fn may_be(block: &str) -> bool {
    matches!(block.len(), 15 | 18)
        && block.bytes().all(|b| b.is_ascii_alphanumeric())
        && block.bytes().filter(u8::is_ascii_digit).count() >= 3
}

fn score(id: &str, text: &Text<'_>, range: &std::ops::Range<usize>) -> Option<f32> {
    let digits = id.bytes().filter(u8::is_ascii_digit).count();
    if let Some((head, check)) = id.split_at_checked(15)
        && check.len() == 3
    {
        return (checksum(head).eq_ignore_ascii_case(check) && digits < 18).then_some(0.95);
    }
    let known = id.get(..3).is_some_and(|p| PREFIXES.contains(&p));
    let custom = id.starts_with('a')
        && id
            .get(1..3)
            .is_some_and(|p| p.bytes().next().is_some_and(|b| b.is_ascii_digit()));
    let letters = 15 - digits;
    let context =
        Nearby::of(text.str, range.start, range.end).verdict(&GOOD, &[][..]) == Verdict::For;
    let in_path = text.char_before(range.start) == Some('/');
    match (known || custom, letters, context || in_path) {
        (true, 1.., true) => Some(0.9),
        (true, 2.., false) => Some(0.75),
        (true, 0, true) => Some(0.7),
        (false, 2.., true) => Some(0.6),
        _ => None,
    }
}

/// The last three characters of the long form: for each five characters, which of them are capitals.
pub(in super::super) fn checksum(head: &str) -> String {
    const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ012345";
    head.as_bytes()
        .chunks(5)
        .map(|five| {
            let bits = five
                .iter()
                .enumerate()
                .filter(|(_, b)| b.is_ascii_uppercase())
                .fold(0_usize, |bits, (at, _)| bits | 1 << at);
            char::from(ALPHABET[bits & 31])
        })
        .collect()
}

/// The 15 characters that identify the record, of either form.
pub(in super::super) fn short_form(id: &str) -> &str {
    id.get(..15)
        .filter(|_| id.len() == 18 && !id.contains(is_not_alnum))
        .unwrap_or(id)
}

fn is_not_alnum(c: char) -> bool {
    !is_word(c)
}

#[cfg(test)]
mod tests {
    use super::super::testing::check;
    use super::*;

    // Pairs from Salesforce's documentation of the two forms.
    #[test]
    fn table() {
        check(
            &SalesforceId,
            &[
                ("Case 500D0000001nMPIIA2 is open", &["500D0000001nMPIIA2"]),
                ("Case 500D0000001nMPIIA3 is open", &[]),
                ("Case 500d0000001nMPIIA2 is open", &[]),
                ("see 001A0000006Vm9rIAC.", &["001A0000006Vm9rIAC"]),
                ("id 001A0000006Vm9r", &["001A0000006Vm9r"]),
                (
                    "https://x.lightning.force.com/001A0000006Vm9r/view",
                    &["001A0000006Vm9r"],
                ),
                ("owner 005B0000000abCd", &["005B0000000abCd"]),
                ("001A0000006Vm9rIAD", &[]),
                ("order 123456789012345", &[]),
                ("internationally", &[]),
                ("ABCDEFGHIJKLMNOPQR", &[]),
            ],
        );
    }

    #[test]
    fn both_forms_are_one_record() {
        assert_eq!(short_form("001A0000006Vm9rIAC"), "001A0000006Vm9r");
        assert_eq!(short_form("001A0000006Vm9r"), "001A0000006Vm9r");
        assert_eq!(checksum("001A0000006Vm9r"), "IAC");
    }
}
