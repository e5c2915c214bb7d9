//! The numbering plans of every region, from the `phonenumber` crate's metadata.
//!
//! The plans' patterns are compiled per region on first use and matched without shared locks.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::OnceLock;

use phonenumber::metadata::{DATABASE, Metadata};
use regex::Regex;

use crate::types::Jurisdiction;

use super::words::EXTENSIONS;

/// The numbering plans.
pub(in crate::redact) struct Regions {
    by_code: BTreeMap<u16, Vec<Region>>,
    /// Where each country is: its code, and its place among the regions with that code.
    by_country: HashMap<Jurisdiction, (u16, usize)>,
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
    pub(in crate::redact) fn load() -> Self {
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
        let mut by_country = HashMap::new();
        for (code, regions) in &by_code {
            for (at, region) in regions.iter().enumerate() {
                // Some plans belong to no country ("001").
                if let Ok(country) = region.id.parse() {
                    by_country.insert(country, (*code, at));
                }
            }
        }
        Self {
            by_code,
            by_country,
        }
    }

    /// The country code at the start of `digits` and the rest, if some region numbers that way.
    pub(super) fn international<'d>(&self, digits: &'d str) -> Option<(u16, &'d str)> {
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
    pub(in crate::redact) fn without_code<'d>(&self, number: &'d str) -> &'d str {
        self.international(number)
            .map_or(number, |(_, national)| national)
    }

    /// Whether some country has the code at the start of `digits`.
    pub(super) fn has_code(&self, digits: &str) -> bool {
        (1..=3).any(|len| {
            digits
                .get(..len)
                .and_then(|c| c.parse().ok())
                .is_some_and(|c: u16| self.by_code.contains_key(&c))
        })
    }

    /// The country code and national number of `digits` as dialled within `country`.
    pub(super) fn national<'d>(
        &self,
        country: Jurisdiction,
        digits: &'d str,
    ) -> Option<(u16, &'d str)> {
        let (code, at) = *self.by_country.get(&country)?;
        let region = self.by_code.get(&code)?.get(at)?;
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

/// Whether `surface` is a number and nothing else, maybe with its extension; not one that grew together with what
/// stands beside it.
pub(in crate::redact) fn is_number_alone(surface: &str) -> bool {
    if is_bare(surface) {
        return true;
    }
    let number = surface.to_lowercase();
    let mut words = number
        .split(|c: char| !c.is_alphabetic())
        .filter(|word| !word.is_empty());
    match (words.next(), words.next()) {
        (None, _) => true,
        (Some(word), None) => {
            let behind = number.find(word) > number.find(|c: char| c.is_ascii_digit());
            let known = EXTENSIONS
                .iter()
                .any(|own| own.trim_end_matches('.') == word);
            behind && known
        }
        (Some(_), Some(_)) => false,
    }
}

/// Whether `surface` is nothing but digits and what stands between them: no extension can be in it.
fn is_bare(surface: &str) -> bool {
    surface
        .bytes()
        .all(|b| b.is_ascii_digit() || b" +()-/.".contains(&b))
}

/// `number`, in lower case, up to its extension.
fn without_extension(number: &str) -> &str {
    // A label in front may hold such letters too: "fax", "work".
    let first = number.find(|c: char| c.is_ascii_digit()).unwrap_or(0);
    let (_, from_digits) = number.split_at(first);
    EXTENSIONS
        .iter()
        .filter_map(|word| from_digits.find(word))
        .min()
        .map_or(number, |at| &number[..first + at])
}

/// One notation for all ways of writing a number: `+`, country code, national number; the digits
/// alone where no plan fits.
pub(in crate::redact) fn canonical(
    regions: &Regions,
    countries: &[Jurisdiction],
    surface: &str,
) -> String {
    let lower;
    let number = if is_bare(surface) {
        surface
    } else {
        lower = surface.to_lowercase();
        without_extension(&lower)
    };
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
