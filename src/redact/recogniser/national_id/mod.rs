//! National, tax, social-security and health numbers, with their check digits.
//!
//! Each country's file holds its rules as data ([`Rule`]) and the checks that they name; [`Compact`]
//! says where a number can stand. A rule whose score needs a word is tried only where [`Hints`] says
//! that such a word is near, so the many weak ones cost nothing elsewhere.

mod america;
mod asia;
mod at;
mod au;
mod baltic;
mod be;
mod br;
mod ca;
mod ch;
pub(super) mod check;
mod cn;
mod cz;
mod de;
mod de_social;
mod dk;
mod es;
mod es_social;
mod fi;
mod fr;
mod gr;
mod hu;
mod ie;
mod india;
mod is;
mod it;
mod lu;
mod nl;
mod no;
mod pl;
mod pt;
mod ro;
mod se;
mod sg;
mod south_slavic;
mod uk;
mod us;
mod us_health;
mod za;

pub(super) use self::ie::is_pps;

use std::ops::Range;
use std::sync::LazyLock;

use crate::types::Entity;

use super::super::context::{Nearby, Verdict, Words, floor};
use super::super::span::{Candidate, THRESHOLD};
use super::super::text::Text;
use super::compact::{Compact, MAX_LEN, is_fragment};
use super::hints::{Hints, Topic};

/// All rules, by country.
const RULES: &[&[Rule]] = &[
    america::RULES,
    asia::RULES,
    at::RULES,
    au::RULES,
    baltic::RULES,
    be::RULES,
    br::RULES,
    ca::RULES,
    ch::RULES,
    cn::RULES,
    cz::RULES,
    de::RULES,
    de_social::RULES,
    dk::RULES,
    es::RULES,
    es_social::RULES,
    fi::RULES,
    fr::RULES,
    gr::RULES,
    hu::RULES,
    ie::RULES,
    india::RULES,
    is::RULES,
    it::RULES,
    lu::RULES,
    nl::RULES,
    no::RULES,
    pl::RULES,
    pt::RULES,
    ro::RULES,
    se::RULES,
    sg::RULES,
    south_slavic::RULES,
    uk::RULES,
    us::RULES,
    us_health::RULES,
    za::RULES,
];

/// The rules for numbers of each length.
static BY_LENGTH: LazyLock<[Vec<&'static Rule>; MAX_LEN + 1]> = LazyLock::new(|| {
    let mut lengths: [Vec<&Rule>; MAX_LEN + 1] = Default::default();
    for rule in RULES.iter().copied().flatten() {
        if let Some(list) = lengths.get_mut(rule.len) {
            list.push(rule);
        }
    }
    lengths
});

/// Those of them that may count without any word around them.
static STRONG_BY_LENGTH: LazyLock<[Vec<&'static Rule>; MAX_LEN + 1]> = LazyLock::new(|| {
    let mut strong = BY_LENGTH.clone();
    for list in &mut strong {
        list.retain(|rule| {
            let groupings = rule.groupings.iter().map(|(_, score)| *score);
            groupings
                .chain([rule.block])
                .any(|score| score >= THRESHOLD)
        });
    }
    strong
});

/// Words that make a number something else.
static BAD: Words = Words::new(&[
    "order",
    "invoice",
    "bestell~",
    "auftrag~",
    "rechnung~",
    "tracking",
    "sendung~",
    "ticket",
    "case",
    "article",
    "artikel~",
    "sku",
    "ean",
    "serial",
    "serien~",
    "factura",
    "facture",
    "commande",
    "pedido",
    "ordine",
    "fattura",
    "bestelling",
    "parcel",
    "phone",
    "tel",
    "telefon",
    "mobil",
    "mobile",
    "fax",
    "iban",
    "konto~",
    "batch",
    "model",
    "isbn",
    "vertrag~",
    "kunden~",
    "customer",
    "timestamp",
    "imei",
    "postcode",
    "plz",
    "shipment",
    "transaction",
    "reference",
    "ref",
    "part",
    "partno",
    "product",
    "produkt~",
    "version",
    "licence",
    "license",
    "price",
    "preis",
    "total",
    "zamówienie",
    "zamówienia",
    "faktura",
    "faktury",
    "paczka",
    "encomenda",
    "fatura",
    "pacote",
    "colis",
    "suivi",
    "paquete",
    "seguimiento",
    "pacco",
    "spedizione",
    "pakket",
    "factuur",
    "bestelnummer",
    "référence",
    "referencia",
    "riferimento",
    "referentie",
    "artículo",
    "articolo",
    "lote",
    "lot",
    "lotto",
    "charge",
    "rma",
]);

/// The least score at which check digits count as proof.
const PROVEN: f32 = 0.7;

/// How one kind of number is told.
#[derive(Debug)]
struct Rule {
    /// Letters and digits, separators not counted.
    len: usize,
    /// Whether the compact, upper-cased number can be one.
    check: fn(&str) -> bool,
    /// The score of one unbroken block without any word around it.
    block: f32,
    /// Other groupings in use, and their scores without any word around them.
    groupings: &'static [(&'static [u8], f32)],
    /// Words that say that it is one; those in capitals only where they are written so.
    words: &'static [&'static str],
    /// The score with such a word.
    named: f32,
    /// Whether check digits prove it.
    checked: bool,
}

/// Whether `compact` is a tax number of a person in Spain.
pub(super) fn is_spanish_person(compact: &str) -> bool {
    es::RULES
        .iter()
        .any(|rule| rule.len == compact.len() && (rule.check)(compact))
}

/// Whether `compact` is the number of a German identity card or passport, with its check digit.
pub(super) fn is_german_card(compact: &str) -> bool {
    compact.len() == 10 && de::is_identity_card(compact)
}

/// Whether `compact` is a tax number of a company in Spain.
pub(super) fn is_spanish_company(compact: &str) -> bool {
    compact.len() == 9 && es::is_cif(compact)
}

/// The checks that `compact` passes, the proven ones if there are any.
pub(in crate::redact) fn checks_of(compact: &str) -> Vec<fn(&str) -> bool> {
    let rules = BY_LENGTH.get(compact.len()).into_iter().flatten();
    let passed: Vec<_> = rules.filter(|rule| (rule.check)(compact)).collect();
    let proven = passed.iter().any(|rule| rule.checked);
    let kept = passed.iter().filter(|rule| rule.checked == proven);
    kept.map(|rule| rule.check).collect()
}

/// The words of all rules.
pub(super) fn hint_words() -> impl Iterator<Item = &'static str> {
    RULES
        .iter()
        .copied()
        .flatten()
        .flat_map(|rule| rule.words.iter().copied())
}

/// Adds the numbers that `number` begins with.
pub(super) fn judge(text: &Text<'_>, hints: &Hints, number: &Compact, found: &mut Vec<Candidate>) {
    // Of the longest reading: where no word is near that, none is near a shorter one.
    let told = hints.near(Topic::NationalId, &number.range());
    let by_length = if told {
        &*BY_LENGTH
    } else {
        &*STRONG_BY_LENGTH
    };
    for (len, shape) in number.lengths() {
        let Some(rules) = by_length.get(len).filter(|rules| !rules.is_empty()) else {
            continue;
        };
        let Some((compact, range)) = number.head(len) else {
            continue;
        };
        let near = told && hints.near(Topic::NationalId, &range);
        let mut words = None;
        for rule in rules {
            let plain = rule.plain(shape);
            if plain < THRESHOLD && !near || !(rule.check)(compact) {
                continue;
            }
            if words.is_none()
                && (is_dated(text.slice(range.clone())) || !text.stands_alone(&range))
            {
                break;
            }
            let words = words.get_or_insert_with(|| Nearby::of(text.str, range.start, range.end));
            let score = match words.verdict(rule.words, &BAD) {
                Verdict::For => rule.named,
                _ if is_told_in_capitals(text, &range, rule.words) => rule.named,
                _ if is_fragment(text, &range) => continue,
                Verdict::Silent => plain,
                Verdict::Against => plain - 0.35,
            };
            if score >= THRESHOLD {
                let range = range.clone();
                // One check digit alone passes by chance one time in ten, so a weak reading proves nothing.
                found.push(if rule.checked && score >= PROVEN {
                    Candidate::checked(range, Entity::NationalId, score)
                } else {
                    Candidate::pattern(range, Entity::NationalId, score)
                });
            }
        }
    }
}

/// "am 20.03.24": a word and a date.
fn is_dated(written: &str) -> bool {
    written.split_once(' ').is_some_and(|(_, tail)| {
        tail.matches('.').count() == 2 && tail.bytes().all(|b| b == b'.' || b.is_ascii_digit())
    })
}

/// Whether one of the words that are listed in capitals stands right before `range`, on its line and in capitals: "SIN"
/// is an insurance number, and "sin" is Spanish for "without".
fn is_told_in_capitals(text: &Text<'_>, range: &Range<usize>, words: &[&str]) -> bool {
    let from = floor(text.str, range.start.saturating_sub(40));
    let before = text.slice(from..range.start);
    let line = before.rsplit('\n').next().unwrap_or("");
    line.split(|c: char| !c.is_alphanumeric()).any(|word| {
        word.len() >= 2 && words.contains(&word) && word.bytes().all(|b| b.is_ascii_uppercase())
    })
}

impl Rule {
    /// The score of a number in blocks of these lengths, without any word around it.
    fn plain(&self, shape: &[u8]) -> f32 {
        match shape {
            [_] => self.block,
            _ => self
                .groupings
                .iter()
                .find(|(grouping, _)| *grouping == shape)
                .map_or(0.0, |(_, score)| *score),
        }
    }
}

/// The digits of a number.
#[derive(Clone, Copy, Debug)]
pub(super) struct Digits {
    values: [u32; MAX_LEN],
    len: usize,
}

impl std::ops::Deref for Digits {
    type Target = [u32];

    fn deref(&self) -> &[u32] {
        &self.values[..self.len]
    }
}

/// The digits of `compact`, if it holds nothing else.
pub(super) fn digits(compact: &str) -> Option<Digits> {
    let mut digits = Digits {
        values: [0; MAX_LEN],
        len: 0,
    };
    for c in compact.chars() {
        *digits.values.get_mut(digits.len)? = c.to_digit(10)?;
        digits.len += 1;
    }
    Some(digits)
}

/// The sum of digits times weights.
pub(super) fn weighted(digits: &[u32], weights: &[u32]) -> u32 {
    digits.iter().zip(weights).map(|(d, w)| d * w).sum()
}

/// Whether all characters are the same: "000000000".
fn is_uniform(compact: &str) -> bool {
    let mut chars = compact.chars();
    let first = chars.next();
    chars.all(|c| Some(c) == first)
}

/// All rules alone, for the tables of the countries.
#[cfg(test)]
#[derive(Debug)]
struct NationalId;

#[cfg(test)]
impl super::hints::Hinted for NationalId {
    fn find_hinted(
        &self,
        text: &Text<'_>,
        hints: &Hints,
        found: &mut Vec<Candidate>,
    ) -> Result<(), super::super::error::RedactError> {
        super::testing::Numbers(judge).find_hinted(text, hints, found)
    }
}
