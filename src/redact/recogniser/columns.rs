//! Columns of tables: a label in the heading announces every cell below it.
//!
//! A table is a line of short headings with separators and the lines below it that have as many of them. Only lines
//! that hold a label are looked at, each once.

use std::ops::Range;

use crate::types::Entity;

use super::super::error::RedactError;
use super::super::span::Candidate;
use super::super::text::Text;
use super::code::{Shape, is_code};
use super::hints::{Hint, Hinted, Hints, Topic};
use super::{driving_licence, id_document, member_number, passport};

/// What separates cells.
const SEPARATORS: [char; 3] = [';', '\t', '|'];
/// The longest heading, in bytes.
const MAX_HEADING: usize = 40;

/// What headings announce, and how its values may look.
const KINDS: &[(Topic, Entity, Shape)] = &[
    (Topic::Passport, Entity::Passport, passport::SHAPE),
    (
        Topic::DrivingLicence,
        Entity::DrivingLicence,
        driving_licence::SHAPE,
    ),
    (Topic::IdDocument, Entity::NationalId, id_document::SHAPE),
    (Topic::Member, Entity::Identifier, member_number::SHAPE),
    (Topic::Customer, Entity::Identifier, PEOPLE),
];

/// A column headed "customer" may count them.
const PEOPLE: Shape = Shape {
    digits: 5,
    ..member_number::SHAPE
};
/// Headings over the numbers of people in a table that has their names too.
const NUMBERS: &[&str] = &[
    "nr", "nr.", "no", "no.", "n°", "nº", "n.º", "id", "lp", "lp.",
];
/// Headings over names.
const NAMES: &[&str] = &[
    "name",
    "nachname",
    "nom",
    "nombre",
    "nome",
    "naam",
    "nazwisko",
    "imię i nazwisko",
    "kunde",
    "customer",
];

/// A kind of values and their shape.
type Kind = (Entity, Shape);

/// Looks below headings.
#[derive(Debug)]
pub(super) struct Columns;

impl Hinted for Columns {
    fn find_hinted(
        &self,
        text: &Text<'_>,
        hints: &Hints,
        found: &mut Vec<Candidate>,
    ) -> Result<(), RedactError> {
        if !text.has_digit {
            return Ok(());
        }
        let mut next = 0;
        let mut list = hints.all();
        while let Some((hint, rest)) = list.split_first() {
            list = rest;
            if hint.range.start < next || kind(hint).is_none() {
                continue;
            }
            let start = text
                .slice(next..hint.range.start)
                .rfind('\n')
                .map_or(next, |at| next + at + 1);
            let end = end_of_line(text.str, hint.range.end);
            next = end;
            if let Some((separator, kinds)) = headings(text, start..end, hint, list) {
                next = rows(text, end, separator, &kinds, found);
            }
        }
        Ok(())
    }
}

fn kind(hint: &Hint) -> Option<Kind> {
    let of = KINDS.iter().find(|(topic, ..)| hint.is(*topic));
    of.map(|(_, entity, shape)| (*entity, *shape))
}

/// Where the line that holds `at` ends, its line break not counted.
fn end_of_line(text: &str, at: usize) -> usize {
    text.get(at..)
        .and_then(|rest| rest.find('\n'))
        .map_or(text.len(), |len| at + len)
}

/// The separator of a line of headings, and what each column holds. `first` is the first hint in it, `others` are behind.
fn headings(
    text: &Text<'_>,
    line: Range<usize>,
    first: &Hint,
    others: &[Hint],
) -> Option<(char, Vec<Option<Kind>>)> {
    let own = text.slice(line.clone());
    let separator = SEPARATORS
        .into_iter()
        .find(|s| own.matches(*s).count() >= 2)?;
    let mut hints = std::iter::once(first).chain(others).peekable();
    let mut at = line.start;
    let mut kinds = Vec::new();
    for cell in own.split(separator) {
        if cell.len() > MAX_HEADING {
            return None;
        }
        let end = at + cell.len();
        let mut found = None;
        while let Some(hint) = hints.next_if(|hint| hint.range.end <= end) {
            found = found.or_else(|| kind(hint));
        }
        kinds.push(found);
        at = end + separator.len_utf8();
    }
    let headed = |list: &[&str]| {
        let cells = own.split(separator).map(|cell| cell.trim().to_lowercase());
        cells
            .map(|cell| list.contains(&cell.as_str()))
            .collect::<Vec<_>>()
    };
    if headed(NAMES).contains(&true) {
        for (kind, number) in kinds.iter_mut().zip(headed(NUMBERS)) {
            let people = number && kind.is_none();
            *kind = if people {
                Some((Entity::Identifier, member_number::SHAPE))
            } else {
                *kind
            };
        }
    }
    Some((separator, kinds))
}

/// Reads the rows that begin behind `at`; where they end.
fn rows(
    text: &Text<'_>,
    mut at: usize,
    separator: char,
    kinds: &[Option<Kind>],
    found: &mut Vec<Candidate>,
) -> usize {
    loop {
        let start = at + 1;
        let end = end_of_line(text.str, start.min(text.str.len()));
        let row = text.slice(start..end);
        if row.matches(separator).count() + 1 != kinds.len() {
            return at;
        }
        let mut cell_start = start;
        for (cell, kind) in row.split(separator).zip(kinds) {
            let value = cell.trim_matches([' ', '"', '\r']);
            let from = cell_start + (cell.len() - cell.trim_start_matches([' ', '"']).len());
            cell_start += cell.len() + separator.len_utf8();
            if let Some((entity, _)) = kind.filter(|(_, shape)| is_code(value, *shape)) {
                found.push(Candidate::pattern(from..from + value.len(), entity, 0.8));
            }
        }
        at = end;
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::check;
    use super::*;

    #[test]
    fn cells_are_told_by_their_headings() {
        check(
            &Columns,
            &[
                (
                    "Nr;Name;Ort;Ausweis\n100233;Krawczyk, Bo;Görlitz;LLHG7K8HP2\n100234;Reich, A.;fehlt;\nEnde",
                    &["100233", "LLHG7K8HP2", "100234"],
                ),
                (
                    "| Kundennummer | Datum | Betrag |\n|---|---|---|\n| 558021 | 12.03.2024 | 1.250,00 |\n",
                    &["558021"],
                ),
                (
                    "name\tlicence\tcity\nAnna\t5038821946\tYork",
                    &["5038821946"],
                ),
                (
                    "Auftrag;Kundennummer;Menge\n4500123456;558021;1200\n",
                    &["558021"],
                ),
                ("Nr;Artikel;Preis\n100233;Sofa;899", &[]),
                ("SKU;Kunde seit;Menge\n4711;2019;1200", &[]),
                ("Kundennummer; sie fehlt; leider.\nMenge 12", &[]),
            ],
        );
    }
}
