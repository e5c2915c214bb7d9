//! Dates of birth: dates in many notations that words in front or behind declare as such.

use crate::types::Entity;

use super::super::context::{Nearby, Verdict, Words};
use super::super::error::RedactError;
use super::super::span::Candidate;
use super::super::text::Text;
use super::Recogniser;
use super::dates::dates;

/// Words for birth in eight languages.
static GOOD: Words = Words::new(&[
    "born",
    "birth",
    "birthday",
    "birthdate",
    "birthdates",
    "dob",
    "bday",
    "geboren",
    "geb",
    "geburts~",
    "geborene",
    "geborener",
    "né",
    "née",
    "nee",
    "naissance",
    "anniversaire",
    "nacido",
    "nacida",
    "nací",
    "nació",
    "nacimiento",
    "cumpleaños",
    "nac",
    "fnac",
    "nato",
    "nata",
    "nascita",
    "compleanno",
    "nasc",
    "nascido",
    "nascida",
    "nascimento",
    "geboorte~",
    "verjaardag",
    "urodzenia",
    "urodzony",
    "urodzona",
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
        for date in dates(text) {
            let near = Nearby::of(text.str, date.range.start, date.range.end);
            let head = text.slice(0..date.range.start).trim_end();
            let star = head.ends_with('*') && !head.ends_with("**");
            let score = match near.verdict(&GOOD, &BAD) {
                Verdict::For => 0.9,
                Verdict::Silent if star && !date.short_year => 0.7,
                _ => continue,
            };
            found.push(Candidate::pattern(date.range, Entity::DateOfBirth, score));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::check;
    use super::*;

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
            ],
        );
    }
}
