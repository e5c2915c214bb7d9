//! Recognisers: one file each, with its own table of hits, near-misses and exact spans.
//!
//! A recogniser reads a prepared [`Text`] and reports [`Candidate`]s; it decides nothing about
//! overlaps. The ones that look at numbers read the runs of digits that the text was prepared with;
//! the others ask first whether the byte that they need is there at all. Patterns run in linear time.

mod address;
mod age;
mod bic;
mod birth_date;
mod card;
mod clause;
mod code;
mod columns;
mod compact;
mod coordinates;
mod country;
mod crypto;
mod custom;
mod dates;
mod driving_licence;
mod email;
#[cfg(test)]
mod false_alarms;
mod handle;
mod hinted;
mod hints;
mod iban;
mod id_document;
mod imei;
mod ip;
mod labelled;
mod licence_plate;
mod mac;
mod member_number;
mod moment;
mod national_id;
mod nationality;
mod passport;
mod person;
mod phone;
mod postcode;
mod salesforce;
mod secret;
mod url;
mod user_name;
mod vat;
mod vocabulary;

pub(super) use self::card::luhn;
pub(super) use self::dates::{Date, dates};
use self::hinted::hint_words;
pub(super) use self::iban::checks as iban_checks;
pub(super) use self::national_id::checks_of as national_checks;
pub(super) use self::phone::{
    Regions, canonical as canonical_phone, is_number_alone, start_of as phone_start,
};
pub(super) use self::salesforce::{checksum as salesforce_checksum, short_form};
pub(super) use self::vat::check_of as vat_check;

use std::fmt;
use std::sync::Arc;

use crate::config::CustomPattern;

use super::error::RedactError;
use super::span::Candidate;
use super::text::Text;

/// Finds one kind of personal data, or a few that share a look.
pub(super) trait Recogniser: fmt::Debug + Send + Sync {
    /// Adds what it finds in `text` to `found`; an error refuses the request.
    fn find(&self, text: &Text<'_>, found: &mut Vec<Candidate>) -> Result<(), RedactError>;

    /// What its finds are explained with: the name of its type.
    fn name(&self) -> &'static str {
        let path = std::any::type_name::<Self>();
        path.rsplit("::").next().unwrap_or(path)
    }
}

/// Recognisers that many share.
pub(super) type Recognisers = Arc<[Box<dyn Recogniser>]>;

/// Every recogniser of patterns, compiled.
pub(super) fn all(
    regions: &Arc<Regions>,
    custom: &[CustomPattern],
) -> Result<Vec<Box<dyn Recogniser>>, RedactError> {
    Ok(vec![
        Box::new(email::Email),
        Box::new(url::Url::new()?),
        Box::new(ip::Ip),
        Box::new(iban::Iban),
        Box::new(card::Card),
        Box::new(phone::Phone::new(Arc::clone(regions))),
        Box::new(salesforce::SalesforceId),
        Box::new(birth_date::BirthDate),
        Box::new(hinted::All),
        Box::new(crypto::Crypto),
        Box::new(mac::Mac),
        Box::new(custom::Custom::new(custom)?),
        Box::new(person::Person::new()?),
        // The last, because it gives way to the others.
        Box::new(vocabulary::Vocabulary),
    ])
}

/// Those that find secrets.
pub(super) fn secrets() -> Vec<Box<dyn Recogniser>> {
    vec![Box::new(secret::Secret)]
}

#[cfg(test)]
pub(in crate::redact) mod reference {
    //! Looks at whole texts, which looks at a few places of them are compared with.

    use super::super::text::{Text, is_word};
    use super::{dates, person, salesforce};

    /// Compares what is found near digits with what is found anywhere.
    #[track_caller]
    pub(in crate::redact) fn check(text: &Text<'_>) {
        let own = text.str;
        let (near, anywhere) = (
            dates::written_near_digits(text),
            dates::written_anywhere(text),
        );
        assert_eq!(near, anywhere, "dates in {own:?}");
        let blocks: Vec<_> = text.blocks().map(|range| text.slice(range)).collect();
        let plain: Vec<_> = own
            .split(|c: char| !c.is_ascii_alphanumeric())
            .filter(|block| block.bytes().any(|b| b.is_ascii_digit()))
            .collect();
        assert_eq!(blocks, plain, "blocks of {own:?}");
        let ids = own
            .split(|c: char| !is_word(c))
            .filter(|word| salesforce::may_be(word))
            .collect::<Vec<_>>();
        let near: Vec<_> = text
            .blocks()
            .filter(|range| text.stands_alone(range))
            .map(|range| text.slice(range))
            .filter(|block| salesforce::may_be(block))
            .collect();
        assert_eq!(near, ids, "identifiers in {own:?}");
    }

    /// Compares the words of names with those of a look at every character.
    #[track_caller]
    pub(in crate::redact) fn check_words(text: &str) {
        assert_eq!(
            person::words_as_pairs(text),
            person::words_of_chars(text),
            "{text:?}"
        );
    }
}

#[cfg(test)]
pub(in crate::redact) mod testing {
    //! The one `check` of all tables.

    use super::super::resolve::best_readings;
    use super::hints::{Hinted, Hints};
    use super::*;

    /// A judge of numbers alone, with the scan that it shares with others.
    #[derive(Debug)]
    pub(super) struct Numbers(
        pub(super) fn(&Text<'_>, &Hints, &compact::Compact, &mut Vec<Candidate>),
    );

    impl Hinted for Numbers {
        fn find_hinted(
            &self,
            text: &Text<'_>,
            hints: &Hints,
            found: &mut Vec<Candidate>,
        ) -> Result<(), RedactError> {
            let first = found.len();
            compact::scan(text, |number| (self.0)(text, hints, number, found));
            best_readings(found, first);
            Ok(())
        }
    }

    /// Runs `recogniser` over `text`, keeps what passes the threshold, resolves, and returns the texts.
    pub(super) fn found_by(recogniser: &dyn Recogniser, text: &str) -> Vec<String> {
        let countries = [
            "DE".parse().unwrap(),
            "US".parse().unwrap(),
            "GB".parse().unwrap(),
        ];
        let mut found = Vec::new();
        recogniser
            .find(&Text::new(text, &countries), &mut found)
            .unwrap();
        super::super::resolve::resolve(found)
            .into_iter()
            .map(|c| text[c.range].to_owned())
            .collect()
    }

    /// What all recognisers find in `text`, with what it is taken for.
    pub(super) fn found_by_all(text: &str) -> Vec<(crate::types::Entity, String)> {
        let countries: Vec<_> = ["DE", "US", "GB", "FR", "ES", "IT", "NL"]
            .iter()
            .map(|code| code.parse().unwrap())
            .collect();
        let prepared = Text::new(text, &countries);
        let mut found = Vec::new();
        for recogniser in all(&Arc::new(Regions::load()), &[]).unwrap() {
            recogniser.find(&prepared, &mut found).unwrap();
        }
        super::super::resolve::resolve(found)
            .into_iter()
            .filter_map(|c| Some((c.entity?, text[c.range].to_owned())))
            .collect()
    }

    /// Each row: a text, and the stretches that must be found in it, exactly and in order.
    #[track_caller]
    pub(in crate::redact) fn check(recogniser: &dyn Recogniser, rows: &[(&str, &[&str])]) {
        let wrong: Vec<_> = rows
            .iter()
            .map(|(text, expected)| (text, expected, found_by(recogniser, text)))
            .filter(|(_, expected, got)| got != *expected)
            .collect();
        assert!(wrong.is_empty(), "(text, expected, found): {wrong:#?}");
    }
}
