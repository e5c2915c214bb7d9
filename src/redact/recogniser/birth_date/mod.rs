//! Dates of birth: dates in many notations that words in front or behind declare as such.

mod columns;

use std::ops::Range;

use crate::types::Entity;

use super::super::context::{List as _, Nearby, Verdict, Words, floor, lowered};
use super::super::error::RedactError;
use super::super::span::Candidate;
use super::super::text::{Text, is_word};
use super::Recogniser;
use super::dates::{compact, dates};

use self::columns::{Columns, is_cell};

/// Words for birth in eight languages.
static GOOD: Words = Words::new(&[
    "born",
    "birth",
    "birthday",
    "birthdate",
    "birthdates",
    "birth_date",
    "date_of_birth",
    "dateofbirth",
    "dob",
    "bday",
    "geboren",
    "geb",
    "gebdat",
    "gebdatum",
    "geburts~",
    "geborene",
    "geborener",
    "né",
    "née",
    "nee",
    "nés",
    "nées",
    "naissance",
    "date_naissance",
    "ddn",
    "anniversaire",
    "nacido",
    "nacida",
    "nací",
    "nació",
    "nacimiento",
    "cumpleaños",
    "nac",
    "fnac",
    "nacimto",
    "fecha_nacimiento",
    "nato",
    "nata",
    "nati",
    "nascita",
    "data_nascita",
    "compleanno",
    "nasc",
    "nascido",
    "nascida",
    "nascimento",
    "nasceu",
    "aniversário",
    "data_nascimento",
    "geboorte~",
    "verjaardag",
    "jarig",
    "urodz~",
    "ur",
    "född",
    "födelse~",
    "født",
    "fødsels~",
]);

/// Words that say what else a date is.
static BAD: Words = Words::new(&[
    "order",
    "ordered",
    "bestellt",
    "bestell~",
    "invoice",
    "rechnung~",
    "delivered",
    "delivery",
    "liefer~",
    "due",
    "expires",
    "expiry",
    "exp",
    "valid",
    "gültig",
    "purchased",
    "purchase",
    "gekauft",
    "kauf~",
    "since",
    "seit",
    "bought",
    "received",
    "created",
    "updated",
    "termin",
    "appointment",
    "issued",
    "ausgestellt",
    "livraison",
    "commande",
    "facture",
    "pedido",
    "entrega",
    "factura",
    "ordine",
    "consegna",
    "fattura",
    "besteld",
    "geleverd",
]);

/// Finds dates whose surroundings speak of birth.
#[derive(Debug)]
pub(super) struct BirthDate;

impl Recogniser for BirthDate {
    fn find(&self, text: &Text<'_>, found: &mut Vec<Candidate>) -> Result<(), RedactError> {
        let mut columns = None;
        for date in dates(text) {
            let near = Nearby::of(text.str, date.range.start, date.range.end);
            let head = text.slice(0..date.range.start).trim_end();
            let star = head.ends_with('*') && !head.ends_with("**");
            let score = match near.verdict(&GOOD, &BAD) {
                Verdict::For => 0.9,
                Verdict::Silent if star && !date.short_year => 0.7,
                Verdict::Silent if has_initials(head) => 0.9,
                Verdict::Silent if is_cell(text, &date.range) => {
                    let columns = columns.get_or_insert_with(|| Columns::of(text.str, speaks));
                    if !columns.hold(text.str, date.range.start) {
                        continue;
                    }
                    0.85
                }
                _ => continue,
            };
            let range = date.range.clone();
            found.push(Candidate::pattern(range, Entity::DateOfBirth, score));
        }
        let runs = text
            .groups
            .iter()
            .filter(|group| group.range.len() == 8 && !group.glued_left && !group.glued_right)
            .map(|group| group.range.clone())
            .filter(|range| compact(text.slice(range.clone())) && is_told(text, range))
            .map(|range| Candidate::pattern(range, Entity::DateOfBirth, 0.85));
        found.extend(runs);
        Ok(())
    }
}

/// Whether a word of `heading` speaks of birth.
fn speaks(heading: &str) -> bool {
    let mut words = heading.split(|c: char| !is_word(c));
    words.any(|word| lowered(word, |word| GOOD.holds(word)))
}

/// Whether the word right in front of `range` speaks of birth: "geb=19560317".
fn is_told(text: &Text<'_>, range: &Range<usize>) -> bool {
    let from = floor(text.str, range.start.saturating_sub(32));
    let head = text.slice(from..range.start);
    let word = head.trim_end_matches([' ', ':', '=', '"', '\'', '.', '(', '\u{a0}']);
    let word = word.rsplit(|c: char| !is_word(c)).next().unwrap_or("");
    lowered(word, |word| GOOD.holds(word))
}

/// Whether `head` ends with "D.O.B." and the like.
fn has_initials(head: &str) -> bool {
    let head = head.trim_end_matches([' ', ':', '.', '\u{a0}', '\u{202f}', '-']);
    let mut letters = head.chars().rev();
    let mut next = || letters.find(|c| !matches!(c, '.' | ' ' | '/' | '\u{a0}' | '\u{202f}'));
    let initials = [next(), next(), next()].map(|c| c.map(|c| c.to_ascii_lowercase()));
    let told = matches!(
        initials,
        [Some('b'), Some('o'), Some('d')] | [Some('n'), Some('d'), Some('d')]
    );
    told && !letters.next().is_some_and(is_word)
}

#[cfg(test)]
mod tests {
    use super::super::testing::check;
    use super::*;

    #[test]
    fn columns_of_tables() {
        check(
            &BirthDate,
            &[
                (
                    "Nr;Name;geb.;Ort\n7;Krawczyk, Ida;04.10.1959;Görlitz\n8;Li, Bo;30.01.1984;Ulm\n",
                    &["04.10.1959", "30.01.1984"],
                ),
                (
                    "name,born,since\n\"Berg, Siv\",1990-10-04,2021-03-01\n",
                    &["1990-10-04"],
                ),
                (
                    "| Name | Nacimiento | Alta |\n|---|---|---|\n| Ana | 3/5/1980 | 1/2/2024 |\n",
                    &["3/5/1980"],
                ),
                ("Nr;Name;bestellt\n7;Ida;04.10.1959\n", &[]),
                (
                    "Nr;geb.\n7;04.10.1959\n\nfrei;12.03.1980\n",
                    &["04.10.1959"],
                ),
                (
                    "Anna, born in Bonn, moved\nwhere, on 12.03.1980, she works, and stays, since\n",
                    &[],
                ),
            ],
        );
    }

    #[test]
    fn table() {
        check(
            &BirthDate,
            &[
                ("born 12.03.1980 in Bonn", &["12.03.1980"]),
                ("DOB: 1980-03-12", &["1980-03-12"]),
                ("date of birth 3/12/80,", &["3/12/80"]),
                ("born on March 12th, 1980.", &["March 12th, 1980"]),
                ("born 12 March 1980", &["12 March 1980"]),
                ("geb. am 12. März 1980", &["12. März 1980"]),
                ("Geburtsdatum: 1.2.1999", &["1.2.1999"]),
                ("geboren am 01.02.99", &["01.02.99"]),
                ("née le 3 août 1975", &["3 août 1975"]),
                ("né le 03/08/1975", &["03/08/1975"]),
                (
                    "date de naissance : 1er janvier 1960",
                    &["1er janvier 1960"],
                ),
                ("nacida el 3 de mayo de 1980", &["3 de mayo de 1980"]),
                ("Fecha de nacimiento: 03-05-1980", &["03-05-1980"]),
                ("nato il 5 maggio 1970", &["5 maggio 1970"]),
                ("data di nascita 05/05/1970", &["05/05/1970"]),
                ("geboren op 5 mei 1970", &["5 mei 1970"]),
                ("geboortedatum 05-05-1970", &["05-05-1970"]),
                ("(* 12.03.1980)", &["12.03.1980"]),
                ("12.03.1980 geboren", &["12.03.1980"]),
                ("ordered on 12.03.2024", &[]),
                ("born in Bonn, ordered 12.03.2024", &[]),
                ("born 31.02.1980", &[]),
                ("Bornholm 5/5", &[]),
                ("geb. 12345678", &[]),
                ("12.03.1980", &[]),
                ("NNAMDI OKAFOR\nD.O.B. 14.03.1982", &["14.03.1982"]),
                (
                    "D.O.B.: 14.03.1982, d/o/b 1.2.1990",
                    &["14.03.1982", "1.2.1990"],
                ),
                ("Mr. D. Dobson 14.03.2024", &[]),
                ("thomas nato 13 giugno '85. nuovo", &["13 giugno '85"]),
                ("geboren 08-12-'61 te Tegelen", &["08-12-'61"]),
                ("ur. 28 lutego 1954", &["28 lutego 1954"]),
                ("urodzony 3 września 1990 r.", &["3 września 1990"]),
                ("geb=19560317 plate", &["19560317"]),
                ("\"date_of_birth\": \"19560317\"", &["19560317"]),
                ("dob 17031956", &["17031956"]),
                ("order 19560317", &[]),
                ("born in Bonn, no. 19560317", &[]),
            ],
        );
    }
}
