//! The recognisers that share one search for the words that announce what they find.

use super::super::error::RedactError;
use super::super::span::Candidate;
use super::super::text::Text;
use super::hints::{Hinted, Hints, Topic};
use super::{
    address, age, bic, compact, coordinates, driving_licence, imei, licence_plate, national_id,
    passport, postcode, secret, user_name, vat,
};

/// Those that look only around words.
const ANNOUNCED: &[&dyn Hinted] = &[
    &bic::Bic,
    &coordinates::Coordinates,
    &passport::Passport,
    &driving_licence::DrivingLicence,
    &licence_plate::LicencePlate,
    &postcode::Postcode,
    &user_name::UserName,
    &age::Age,
    &secret::Secret,
    &address::Address,
];

/// All of them, with one scan of the text for their words and one for numbers.
#[derive(Debug)]
pub(super) struct All;

impl Hinted for All {
    fn find_hinted(
        &self,
        text: &Text<'_>,
        hints: &Hints,
        found: &mut Vec<Candidate>,
    ) -> Result<(), RedactError> {
        compact::scan(text, |number| {
            national_id::judge(text, hints, number, found);
            vat::judge(text, hints, number, found);
            imei::judge(text, hints, number, found);
        });
        ANNOUNCED
            .iter()
            .try_for_each(|recogniser| recogniser.find_hinted(text, hints, found))
    }
}

/// Every word that announces something, with its topic.
pub(super) fn hint_words() -> impl Iterator<Item = (Topic, &'static str)> {
    let lists = [
        (Topic::Vat, vat::WORDS),
        (Topic::Imei, imei::WORDS),
        (Topic::Bic, bic::WORDS),
        (Topic::Coordinates, coordinates::WORDS),
        (Topic::Passport, passport::WORDS),
        (Topic::DrivingLicence, driving_licence::WORDS),
        (Topic::LicencePlate, licence_plate::WORDS),
        (Topic::Postcode, postcode::WORDS),
        (Topic::UserName, user_name::WORDS),
        (Topic::Age, age::WORDS),
    ];
    let listed = lists
        .into_iter()
        .flat_map(|(topic, words)| words.iter().map(move |word| (topic, *word)));
    national_id::hint_words()
        .map(|word| (Topic::NationalId, word))
        .chain(listed)
        .chain(secret::hint_words())
        .chain(address::hint_words())
}
