//! Payment card numbers (ISO/IEC 7812): issuer ranges with their lengths, and the Luhn check digit.

use crate::types::Entity;

use super::super::context::{Nearby, Verdict, Words};
use super::super::error::RedactError;
use super::super::resolve::best_readings;
use super::super::span::Candidate;
use super::super::text::{Run, Text};
use super::Recogniser;

/// Ranges of the first six digits, and the lengths that their issuers use.
const ISSUERS: &[(u32, u32, &[usize])] = &[
    (180_000, 180_099, &[15]),                             // JCB, old
    (213_100, 213_199, &[15]),                             // JCB, old
    (220_000, 220_499, &[16, 17, 18, 19]),                 // Mir
    (222_100, 272_099, &[16]),                             // Mastercard
    (300_000, 305_999, &[14, 16]),                         // Diners Club
    (309_500, 309_599, &[14, 16]),                         // Diners Club
    (340_000, 349_999, &[15]),                             // American Express
    (352_800, 358_999, &[16, 17, 18, 19]),                 // JCB
    (360_000, 369_999, &[14, 16]),                         // Diners Club
    (370_000, 379_999, &[15]),                             // American Express
    (380_000, 399_999, &[14, 16]),                         // Diners Club
    (400_000, 499_999, &[13, 16, 19]),                     // Visa
    (500_000, 509_999, &[12, 13, 14, 15, 16, 17, 18, 19]), // Maestro
    (510_000, 559_999, &[16]),                             // Mastercard
    (560_000, 589_999, &[12, 13, 14, 15, 16, 17, 18, 19]), // Maestro
    (600_000, 699_999, &[12, 13, 14, 15, 16, 17, 18, 19]), // Maestro, Discover, UnionPay, RuPay
    (810_000, 817_199, &[16, 17, 18, 19]),                 // UnionPay, RuPay
    (979_200, 979_289, &[16]),                             // Troy
];

static GOOD: Words = Words::new(&[
    "card",
    "cards",
    "visa",
    "mastercard",
    "maestro",
    "amex",
    "discover",
    "diners",
    "jcb",
    "credit",
    "debit",
    "pan",
    "kreditkarte~",
    "karte~",
    "carte",
    "cb",
    "tarjeta",
    "carta",
    "creditcard~",
    "cartão",
    "karta",
    "karty",
    "cc",
]);
static BAD: Words = Words::new(&[
    "order",
    "tracking",
    "imei",
    "serial",
    "ean",
    "isbn",
    "gtin",
    "invoice",
    "sscc",
    "bestell~",
    "sendung~",
    "auftrag~",
    "rechnung~",
    "factura",
    "facture",
    "commande",
    "pedido",
    "ordine",
    "bestelling",
    "case",
    "ticket",
    "parcel",
    "timestamp",
    "barcode",
    "sku",
    "article",
    "artikel~",
]);

/// Looks at windows of 12 to 19 digits.
#[derive(Debug)]
pub(super) struct Card;

impl Recogniser for Card {
    fn find(&self, text: &Text<'_>, found: &mut Vec<Candidate>) -> Result<(), RedactError> {
        let first = found.len();
        for run in text.runs() {
            for (from, to, range) in run.windows(12..20) {
                if !is_grouped(&run, from, to) {
                    continue;
                }
                let digits = run.digits(text.str, from, to);
                if digits.len() < 15 && is_cut_out(text, &run, from, to) {
                    continue;
                }
                if !is_issued(&digits) || !luhn(&digits) {
                    continue;
                }
                // A lone block of 12 to 14 digits passes Luhn by chance one time in ten.
                let base: f32 = if to - from > 1 || digits.len() >= 15 {
                    0.85
                } else {
                    0.6
                };
                let score = match Nearby::of(text.str, range.start, range.end).verdict(&GOOD, &BAD)
                {
                    Verdict::For => 0.98,
                    Verdict::Silent => base,
                    // "order 4111 1111 1111 1111": written as only cards are.
                    Verdict::Against if to - from > 3 => base - 0.2,
                    Verdict::Against => base - 0.4,
                };
                found.push(Candidate::checked(range, Entity::Card, score));
            }
        }
        best_readings(found, first);
        Ok(())
    }
}

/// Cards are written in one block or in blocks of at least three digits (the last may be shorter).
fn is_grouped(run: &Run<'_>, from: usize, to: usize) -> bool {
    if to - from > 5 {
        return false;
    }
    let groups = run.groups.get(from..to).unwrap_or_default();
    groups
        .split_last()
        .is_some_and(|(_, firsts)| firsts.iter().all(|g| (4..=6).contains(&g.range.len())))
}

/// Whether the groups are the middle or end of a longer number, written in the same way.
fn is_cut_out(text: &Text<'_>, run: &Run<'_>, from: usize, to: usize) -> bool {
    let between = |left: usize| {
        let (a, b) = (run.groups.get(left)?, run.groups.get(left + 1)?);
        Some(text.slice(a.range.end..b.range.start))
    };
    let inner = if to - from > 1 { between(from) } else { None };
    let same = |outer: Option<&str>| {
        outer.is_some_and(|outer| inner.map_or(outer != " ", |inner| inner == outer))
    };
    let before = from.checked_sub(1).and_then(between);
    same(before) || same(between(to - 1))
}

fn is_issued(digits: &str) -> bool {
    let Some(head) = digits.get(..6).and_then(|h| h.parse::<u32>().ok()) else {
        return false;
    };
    ISSUERS
        .iter()
        .any(|(from, to, lengths)| (*from..=*to).contains(&head) && lengths.contains(&digits.len()))
}

/// The Luhn formula (ISO/IEC 7812-1 annex B).
pub(in super::super) fn luhn(digits: &str) -> bool {
    let sum: u32 = digits
        .bytes()
        .rev()
        .enumerate()
        .map(|(at, b)| {
            let digit = u32::from(b.wrapping_sub(b'0'));
            let doubled = digit * if at % 2 == 1 { 2 } else { 1 };
            doubled / 10 + doubled % 10
        })
        .sum();
    sum.is_multiple_of(10) && digits.bytes().any(|b| b != b'0')
}

#[cfg(test)]
mod tests {
    use super::super::testing::check;
    use super::*;

    // Test numbers that the schemes and payment providers publish.
    #[test]
    fn table() {
        check(
            &Card,
            &[
                (
                    "card 4111 1111 1111 1111 exp 12/27",
                    &["4111 1111 1111 1111"],
                ),
                ("4111111111111111", &["4111111111111111"]),
                ("4111-1111-1111-1111.", &["4111-1111-1111-1111"]),
                ("5555555555554444", &["5555555555554444"]),
                ("2223003122003222", &["2223003122003222"]),
                ("2720992720992722 x", &[]),
                ("378282246310005", &["378282246310005"]),
                ("3782 822463 10005", &["3782 822463 10005"]),
                ("30569309025904", &["30569309025904"]),
                ("6011111111111117", &["6011111111111117"]),
                ("3530111333300000", &["3530111333300000"]),
                ("6304000000000000", &["6304000000000000"]),
                ("213112345678904 jcb", &["213112345678904"]),
                ("Maestro 501800000009", &["501800000009"]),
                ("6205500000000000004", &["6205500000000000004"]),
                ("4222222222222 visa", &["4222222222222"]),
                ("4111 1111 1111 1112", &[]),
                ("order 4111111111111111", &[]),
                ("order 4111 1111 1111 1111", &["4111 1111 1111 1111"]),
                ("voucher 1234-5678-9012-3456", &[]),
                ("0000000000000000", &[]),
                ("9111111111111111", &[]),
                ("A4111111111111111", &[]),
                ("41 11 11 11 11 11 11 11", &[]),
            ],
        );
    }
}
