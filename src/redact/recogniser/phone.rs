//! Phone numbers of every region, by the numbering plans of the `phonenumber` crate.
//!
//! An international number (`+`, `00`) needs no more than a valid plan. A local one is taken when it is
//! valid in a country that the request or the node makes likely *and* is written like a phone number,
//! or when a word in front says that it is one. A label that says something else ("Order no.", "NHC:")
//! rules a local number out: most false alarms are other numbers of the record.
//!
//! The plans' patterns are compiled per region on first use and matched without shared locks.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;
use std::sync::{Arc, OnceLock};

use phonenumber::metadata::{DATABASE, Metadata};
use regex::Regex;

use crate::types::{Entity, Jurisdiction};

use super::super::context::{Nearby, Verdict};
use super::super::error::RedactError;
use super::super::span::Candidate;
use super::super::text::{Run, Text};
use super::Recogniser;

/// Most digits of a number, country code included (E.164), and two for `00`.
const MAX_DIGITS: usize = 17;

const GOOD: &[&str] = &[
    "tel",
    "tél",
    "telefon~",
    "telephon~",
    "téléphon~",
    "phone~",
    "teléfono",
    "telefono",
    "teléfonos",
    "telefone",
    "telefoon~",
    "mobile",
    "mobil~",
    "móvil",
    "movil",
    "mob",
    "cell",
    "cellular",
    "cellulare",
    "celular",
    "handy~",
    "portable",
    "gsm",
    "fax",
    "telefax",
    "fixe",
    "fijo",
    "landline",
    "festnetz~",
    "whatsapp",
    "sms",
    "signal",
    "call",
    "calls",
    "called",
    "calling",
    "callback",
    "ring",
    "dial",
    "reach",
    "reached",
    "text",
    "hotline",
    "anruf~",
    "rückruf~",
    "ruf",
    "rufen",
    "angerufen",
    "erreichbar",
    "erreichen",
    "durchwahl",
    "appel",
    "appeler",
    "appelez",
    "rappeler",
    "joindre",
    "joignable",
    "llamar",
    "llame",
    "llamada",
    "llámame",
    "llamarme",
    "chiamare",
    "chiama",
    "chiami",
    "chiamami",
    "bellen",
    "bel",
    "bereikbaar",
    "mobiel",
    "telemóvel",
    "telemovel",
    "ligar",
    "tlf",
    "telefonnr",
    "puhelin",
    "komórka",
    "zadzwoń",
    "komórkowy",
    "tfno",
    "tlfno",
    "telf",
    "ph",
    "t",
    "m",
    "f",
    "rufnummer~",
    "contact",
    "kontakt",
];
const BAD: &[&str] = &[
    "order",
    "orders",
    "bestell~",
    "auftrag~",
    "invoice",
    "rechnung~",
    "case",
    "ticket",
    "fall~",
    "kunden~",
    "customer",
    "client",
    "ref",
    "reference",
    "referenz~",
    "référence",
    "referencia",
    "riferimento",
    "referentie",
    "id",
    "ids",
    "article",
    "artikel~",
    "sku",
    "ean",
    "gtin",
    "isbn",
    "tracking",
    "sendung~",
    "paket~",
    "parcel",
    "serial",
    "serien~",
    "konto~",
    "account",
    "iban",
    "bic",
    "facture",
    "commande",
    "dossier",
    "pedido",
    "factura",
    "expediente",
    "ordine",
    "fattura",
    "pratica",
    "bestelling",
    "factuur",
    "klantnummer",
    "klant~",
    "po",
    "rma",
    "vat",
    "ust",
    "siret",
    "siren",
    "model",
    "modell",
    "version",
    "imei",
    "zip",
    "plz",
    "postcode",
    "batch",
    "charge",
    "lot",
    "policy",
    "police",
    "contract",
    "vertrag~",
    "contrat",
    "contrato",
    "contratto",
    "matricule",
    "número",
    "nhc",
    "nass",
    "cip",
    "nhs",
    "ssn",
    "bsn",
    "utr",
    "tax",
    "steuer~",
    "nif",
    "dni",
    "pin",
    "code",
    "token",
    "passport",
    "licence",
    "license",
    "badge",
    "employee",
    "personal~",
    "member",
    "mitglied~",
    "loyalty",
    "card",
    "karte~",
    "sort",
    "routing",
    "size",
    "weight",
    "total",
    "amount",
    "betrag",
    "year",
    "numéro",
    "no",
    "nr",
    "number",
    "nummer",
    "numero",
    "dob",
    "born",
    "geboren",
    "npi",
    "mrn",
];

/// What introduces an extension, the longest first.
const EXTENSIONS: &[&str] = &[
    "extension",
    "durchwahl",
    "interno",
    "toestel",
    "anexo",
    "poste",
    "extn",
    "ext",
    "int",
    "dw",
    "x",
    "#",
];

/// The numbering plans.
pub(in super::super) struct Regions {
    by_code: BTreeMap<u16, Vec<Region>>,
}

struct Region {
    id: String,
    national_prefix: Option<String>,
    patterns: Vec<String>,
    lengths: Vec<usize>,
    compiled: OnceLock<Option<Regex>>,
}

impl fmt::Debug for Regions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Regions")
            .field("codes", &self.by_code.len())
            .finish()
    }
}

impl Regions {
    /// Reads the plans that the `phonenumber` crate carries.
    pub(in super::super) fn load() -> Self {
        let mut by_code: BTreeMap<u16, Vec<Region>> = BTreeMap::new();
        for metadata in DATABASE.iter() {
            by_code
                .entry(metadata.country_code())
                .or_default()
                .push(Region::new(metadata));
        }
        for regions in by_code.values_mut() {
            regions.sort_by(|a, b| a.id.cmp(&b.id));
        }
        Self { by_code }
    }

    /// The country code at the start of `digits` and the rest, if some region numbers that way.
    fn international<'d>(&self, digits: &'d str) -> Option<(u16, &'d str)> {
        (1..=3).find_map(|len| {
            let (code, rest) = digits.split_at_checked(len)?;
            let code = code.parse().ok()?;
            let regions = self.by_code.get(&code)?;
            // "+49 (0)30 …": the trunk zero is written, but not dialled.
            let without = rest.strip_prefix('0').unwrap_or(rest);
            [rest, without]
                .into_iter()
                .find(|national| regions.iter().any(|r| r.holds(national)))
                .map(|national| (code, national))
        })
    }

    /// The national number of `number`, which starts with a country code.
    pub(in super::super) fn without_code<'d>(&self, number: &'d str) -> &'d str {
        self.international(number)
            .map_or(number, |(_, national)| national)
    }

    /// Whether some country has the code at the start of `digits`.
    fn has_code(&self, digits: &str) -> bool {
        (1..=3).any(|len| {
            digits
                .get(..len)
                .and_then(|c| c.parse().ok())
                .is_some_and(|c: u16| self.by_code.contains_key(&c))
        })
    }

    /// The country code and national number of `digits` as dialled within `country`.
    fn national<'d>(&self, country: Jurisdiction, digits: &'d str) -> Option<(u16, &'d str)> {
        let (code, region) = self.by_code.iter().find_map(|(code, regions)| {
            Some((*code, regions.iter().find(|r| r.id == country.as_str())?))
        })?;
        let stripped = region
            .national_prefix
            .as_deref()
            .and_then(|prefix| digits.strip_prefix(prefix));
        let needs_prefix = region.national_prefix.as_deref() == Some("0");
        stripped
            .into_iter()
            .chain((!needs_prefix).then_some(digits))
            .find(|national| region.holds(national))
            .map(|national| (code, national))
    }
}

impl Region {
    fn new(metadata: &Metadata) -> Self {
        let all = metadata.descriptors();
        let kinds = [
            all.fixed_line(),
            all.mobile(),
            all.toll_free(),
            all.premium_rate(),
            all.shared_cost(),
            all.voip(),
            all.uan(),
            all.personal_number(),
        ];
        let mut patterns: Vec<_> = kinds
            .iter()
            .flatten()
            .map(|d| d.national_number().as_str().to_owned())
            .collect();
        patterns.sort();
        patterns.dedup();
        let mut lengths: Vec<_> = kinds
            .iter()
            .flatten()
            .flat_map(|d| d.possible_length())
            .chain(all.general().possible_length())
            .map(|len| usize::from(*len))
            .collect();
        lengths.sort_unstable();
        lengths.dedup();
        Self {
            id: metadata.id().to_owned(),
            national_prefix: metadata.national_prefix().map(str::to_owned),
            patterns,
            lengths,
            compiled: OnceLock::new(),
        }
    }

    /// Whether `national` is a number of this region.
    fn holds(&self, national: &str) -> bool {
        if !self.lengths.contains(&national.len()) {
            return false;
        }
        let pattern = self.compiled.get_or_init(|| {
            let either = self
                .patterns
                .iter()
                .map(|p| format!("(?:{p})"))
                .collect::<Vec<_>>()
                .join("|");
            Regex::new(&format!("(?x)^(?:{either})$")).ok()
        });
        pattern.as_ref().is_some_and(|p| p.is_match(national))
    }
}

/// One notation for all ways of writing a number: `+`, country code, national number; the digits
/// alone where no plan fits.
pub(in super::super) fn canonical(
    regions: &Regions,
    countries: &[Jurisdiction],
    surface: &str,
) -> String {
    let number = surface.to_lowercase();
    let number = EXTENSIONS
        .iter()
        .filter_map(|word| number.find(word))
        .min()
        .map_or(number.as_str(), |at| &number[..at]);
    let digits: String = number.chars().filter(char::is_ascii_digit).collect();
    let known = if number.contains('+') {
        regions.international(&digits)
    } else if let Some(rest) = digits.strip_prefix("00") {
        regions.international(rest)
    } else {
        countries
            .iter()
            .find_map(|country| regions.national(*country, &digits))
    };
    match known {
        Some((code, national)) => format!("+{code}{national}"),
        None => digits,
    }
}

/// Looks at windows of digit groups.
#[derive(Debug)]
pub(super) struct Phone {
    regions: Arc<Regions>,
}

impl Phone {
    pub(super) const fn new(regions: Arc<Regions>) -> Self {
        Self { regions }
    }
}

impl Recogniser for Phone {
    fn find(&self, text: &Text<'_>, found: &mut Vec<Candidate>) -> Result<(), RedactError> {
        for run in &text.runs {
            if run.digit_count(0, run.groups.len()) < 5 {
                continue;
            }
            for (from, to, range) in run.windows(5..MAX_DIGITS + 1) {
                if is_odd(text, run, from, to, &range) {
                    continue;
                }
                if let Some((range, score)) = self.judge(text, run, from, to, range) {
                    found.push(Candidate::pattern(
                        with_extension(text, range),
                        Entity::Phone,
                        score,
                    ));
                }
            }
        }
        Ok(())
    }
}

impl Phone {
    fn judge(
        &self,
        text: &Text<'_>,
        run: &Run,
        from: usize,
        to: usize,
        range: Range<usize>,
    ) -> Option<(Range<usize>, f32)> {
        let digits = run.digits(text.str, from, to);
        let plus = has_plus(text, &range);
        let start = opening(text, &range, plus);
        let range = start..range.end;
        let abroad = if plus {
            Some(digits.as_str())
        } else {
            digits
                .strip_prefix("00")
                .or_else(|| digits.strip_prefix("011"))
        };
        if let Some(abroad) = abroad.filter(|d| d.len() >= 7)
            && (plus || from == 0 || to - from > 1)
        {
            if self.regions.international(abroad).is_some() {
                return Some((range, if plus { 0.95 } else { 0.85 }));
            }
            // A plan may be younger than its metadata, and people mistype: `+` is reason enough.
            if plus && (8..=15).contains(&abroad.len()) && self.regions.has_code(abroad) {
                return Some((range, 0.7));
            }
        }
        if plus {
            return None;
        }
        let near = Nearby::of(text.str, range.start, range.end);
        let shape = run.shape(from, to);
        let home = text
            .countries
            .iter()
            .position(|c| self.regions.national(*c, &digits).is_some());
        match near.verdict(GOOD, BAD) {
            Verdict::For if home.is_some() => Some((range, 0.9)),
            Verdict::For if digits.len() >= 6 && is_dialable(&shape) && digits.len() <= 15 => {
                // The longer of two guesses is the better one.
                Some((
                    range,
                    if digits.starts_with('0') || digits.len() >= 9 {
                        0.75
                    } else {
                        0.65
                    },
                ))
            }
            Verdict::For | Verdict::Against => None,
            Verdict::Silent if near.is_labelled() => None,
            Verdict::Silent => {
                let written = is_written_as_phone(text, &shape, &digits, &range);
                match home {
                    Some(0) if written => Some((range, 0.75)),
                    Some(_) if written => Some((range, 0.65)),
                    Some(0)
                        if digits.starts_with('0') && digits.len() >= 10 && shape.len() == 1 =>
                    {
                        Some((range, 0.55))
                    }
                    _ if north_american(&shape, &digits, text.slice(range.clone())) => {
                        Some((range, 0.6))
                    }
                    _ => None,
                }
            }
        }
    }
}

/// Where the number whose digits are at `range` starts.
pub(in super::super) fn start_of(text: &Text<'_>, range: &Range<usize>) -> usize {
    opening(text, range, has_plus(text, range))
}

fn has_plus(text: &Text<'_>, range: &Range<usize>) -> bool {
    let before = text.slice(0..range.start);
    before.ends_with('+') || before.ends_with("+ ") || before.ends_with("+(")
}

/// Where the number starts, with its `+` and an opening bracket.
fn opening(text: &Text<'_>, range: &Range<usize>, plus: bool) -> usize {
    let mut start = range.start;
    let unclosed = text.slice(range.clone()).matches(')').count()
        > text.slice(range.clone()).matches('(').count();
    for expected in ['(', ' ', '+', '('] {
        let wanted = match expected {
            '+' => plus,
            ' ' => plus && text.slice(0..start).ends_with("+ "),
            _ => unclosed,
        };
        if wanted && text.char_before(start) == Some(expected) {
            start -= 1;
        }
    }
    start
}

/// Dates, amounts, quads and rows of small numbers are no phone numbers.
fn is_odd(text: &Text<'_>, run: &Run, from: usize, to: usize, range: &Range<usize>) -> bool {
    let shape = run.shape(from, to);
    let inner = run
        .groups
        .get(from + 1..to.saturating_sub(1))
        .unwrap_or_default();
    let restarts = inner
        .iter()
        .any(|g| g.range.len() >= 3 && text.slice(g.range.clone()).starts_with('0'));
    if shape.len() > 8 || restarts || has_date(text, run, from, to) {
        return true;
    }
    let after = text.slice(range.end..text.str.len());
    let currency = |s: &str| {
        [
            "€", "$", "£", "%", "EUR", "USD", "GBP", "CHF", "Euro", "euro",
        ]
        .iter()
        .any(|c| s.starts_with(c))
    };
    let before = text.slice(0..range.start).trim_end();
    currency(after.trim_start_matches([' ', '\u{a0}']))
        || before.ends_with(['€', '$', '£', '#'])
        || before.ends_with("EUR")
}

/// Whether three of the groups read as a date.
fn has_date(text: &Text<'_>, run: &Run, from: usize, to: usize) -> bool {
    let groups = run.groups.get(from..to).unwrap_or_default();
    groups.windows(3).any(|three| {
        let [a, b, c] = three else { return false };
        let lens = [a.range.len(), b.range.len(), c.range.len()];
        let value =
            |g: &super::super::text::Group| text.slice(g.range.clone()).parse::<u32>().unwrap_or(0);
        let same = text.slice(a.range.end..b.range.start) == text.slice(b.range.end..c.range.start);
        let punctuated = !text.slice(a.range.end..b.range.start).trim().is_empty();
        let year = |y: u32| (1900..2100).contains(&y);
        same && punctuated
            && match lens {
                [4, 1..=2, 1..=2] => {
                    year(value(a)) && (1..=12).contains(&value(b)) && (1..=31).contains(&value(c))
                }
                [1..=2, 1..=2, 4] => {
                    year(value(c)) && (1..=31).contains(&value(a)) && (1..=31).contains(&value(b))
                }
                _ => false,
            }
    })
}

/// A shape that people dial: few groups, not a row of single digits.
fn is_dialable(shape: &[usize]) -> bool {
    shape.len() <= 7 && shape.iter().filter(|len| **len == 1).count() <= 2
}

/// Separators, brackets, a trunk zero: written for people to dial.
fn is_written_as_phone(
    text: &Text<'_>,
    shape: &[usize],
    digits: &str,
    range: &Range<usize>,
) -> bool {
    let raw = text.slice(range.clone());
    let trunk = digits.starts_with('0') || raw.contains(')');
    let pairs =
        digits.len() == 9 && matches!(shape, [3, 3, 3] | [3, 2, 2, 2] | [2, 3, 2, 2] | [3, 6]);
    shape.len() >= 2 && is_dialable(shape) && (trunk && digits.len() >= 8 || pairs)
        || digits.len() == 8 && matches!(shape, [2, 2, 2, 2])
}

/// `(212) 555-0123`, `212-555-0123`, `212.555.0123`, `1-212-555-0123` (North American plan).
fn north_american(shape: &[usize], digits: &str, raw: &str) -> bool {
    let shape_fits = matches!(shape, [3, 3, 4] | [1, 3, 3, 4]);
    let digits = if shape.len() == 4 {
        digits.strip_prefix('1').unwrap_or("")
    } else {
        digits
    };
    let area = digits
        .as_bytes()
        .first()
        .is_some_and(|b| (b'2'..=b'9').contains(b));
    let exchange = digits
        .as_bytes()
        .get(3)
        .is_some_and(|b| (b'2'..=b'9').contains(b));
    shape_fits && area && exchange && raw.contains(['-', '.', ')'])
}

fn with_extension(text: &Text<'_>, range: Range<usize>) -> Range<usize> {
    let rest = text.slice(range.end..text.str.len());
    let inner = rest.trim_start_matches([' ', ',', '.']);
    if rest.len() - inner.len() > 2 {
        return range;
    }
    let head = inner
        .get(..super::super::context::floor(inner, 24))
        .unwrap_or("")
        .to_lowercase();
    for word in EXTENSIONS {
        let Some(after) = head.strip_prefix(word) else {
            continue;
        };
        let number = after.trim_start_matches(['.', ':', ' ']);
        let digits = number.bytes().take_while(u8::is_ascii_digit).count();
        let spaced = after.len() - number.len() <= 2;
        if spaced
            && (1..=6).contains(&digits)
            && !number[digits..].starts_with(|c: char| c.is_alphanumeric())
        {
            let end = range.end + (rest.len() - inner.len()) + (head.len() - number.len()) + digits;
            return range.start..end;
        }
    }
    range
}

#[cfg(test)]
mod tests {
    use super::super::testing::check;
    use super::*;

    #[test]
    #[ignore = "known failure: 001 prefix with an extension"]
    fn table() {
        check(
            &Phone::new(Arc::new(Regions::load())),
            &[
                ("call +49 30 1234567 today", &["+49 30 1234567"]),
                ("+49 (0)30 1234567.", &["+49 (0)30 1234567"]),
                ("+4915123456789", &["+4915123456789"]),
                ("(+49) 151 23456789", &["(+49) 151 23456789"]),
                ("0049 30 1234567", &["0049 30 1234567"]),
                ("Order 7, +1 212-555-0123", &["+1 212-555-0123"]),
                (
                    "+44 20 7946 0958, +33 1 42 68 53 00",
                    &["+44 20 7946 0958", "+33 1 42 68 53 00"],
                ),
                (
                    "+34 612 345 678; +39 06 6982; +31 6 12345678",
                    &["+34 612 345 678", "+39 06 6982", "+31 6 12345678"],
                ),
                (
                    "+48 601 234 567 +353 1 234 5678",
                    &["+48 601 234 567", "+353 1 234 5678"],
                ),
                ("Tel.: 030/1234567", &["030/1234567"]),
                ("030 1234567", &["030 1234567"]),
                ("0151 23456789", &["0151 23456789"]),
                ("mobil 015123456789", &["015123456789"]),
                ("(212) 555-0123", &["(212) 555-0123"]),
                ("212-555-0123 x45", &["212-555-0123 x45"]),
                ("phone 212.555.0123 ext. 9", &["212.555.0123 ext. 9"]),
                ("call 001-212-555-0123x0456", &["001-212-555-0123x0456"]),
                ("phone: 555-0123", &["555-0123"]),
                ("Tel: 4567890", &["4567890"]),
                ("020 7946 0958", &["020 7946 0958"]),
                ("07700 900123", &["07700 900123"]),
                ("Teléfono: 612 345 678", &["612 345 678"]),
                ("téléphone 01 42 68 53 00", &["01 42 68 53 00"]),
                ("NHC: 2569870", &[]),
                ("NASS: 26 37482910 04", &[]),
                ("order 0301234567", &[]),
                ("Bestellnummer 030 1234567", &[]),
                ("on 12.03.2024 at 10:30", &[]),
                ("2024-03-12", &[]),
                ("1.234.567,89 EUR", &[]),
                ("costs 1 234 567 €", &[]),
                ("case 00012345", &[]),
                ("ID: 0049301234567", &["0049301234567"]),
                ("12345678", &[]),
                ("version 10.0.19.1", &[]),
                ("A0301234567", &[]),
            ],
        );
    }

    #[test]
    fn one_number_has_one_canonical_form() {
        let regions = Regions::load();
        let countries = ["DE".parse().unwrap(), "US".parse().unwrap()];
        for (surface, expected) in [
            ("+49 30 1234567", "+49301234567"),
            ("0049 (0)30 1234567", "+49301234567"),
            ("030/1234567", "+49301234567"),
            ("(212) 555-0123", "+12125550123"),
            ("+1 212 555 0123 ext. 5", "+12125550123"),
            ("555-0123", "5550123"),
        ] {
            assert_eq!(
                canonical(&regions, &countries, surface),
                expected,
                "{surface}"
            );
        }
    }
}
