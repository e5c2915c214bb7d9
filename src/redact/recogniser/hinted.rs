//! The recognisers that share one search for the words that announce what they find.

use super::super::error::RedactError;
use super::super::resolve::best_readings;
use super::super::span::Candidate;
use super::super::text::Text;
use super::hints::{Hinted, Hints, Topic};
use super::{
    address, age, bic, columns, compact, coordinates, driving_licence, id_document, imei,
    licence_plate, mac, member_number, national_id, passport, phone, postcode, secret, user_name,
    vat,
};

/// Those that look only around words.
const ANNOUNCED: &[&dyn Hinted] = &[
    &bic::Bic,
    &coordinates::Coordinates,
    &passport::Passport,
    &driving_licence::DrivingLicence,
    &id_document::IdDocument,
    &member_number::MemberNumber,
    &columns::Columns,
    &mac::Labelled,
    &licence_plate::LicencePlate,
    &phone::Spoken,
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
        let first = found.len();
        compact::scan(text, |number| {
            national_id::judge(text, hints, number, found);
            vat::judge(text, hints, number, found);
            imei::judge(text, hints, number, found);
        });
        // One number is one of them.
        best_readings(found, first);
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
        (Topic::Mac, mac::WORDS),
        (Topic::LicencePlate, licence_plate::WORDS),
        (Topic::Vehicle, licence_plate::VEHICLES),
        (Topic::SpokenDigit, phone::DIGIT_WORDS),
        (Topic::Postcode, postcode::WORDS),
        (Topic::UserName, user_name::WORDS),
        (Topic::Age, age::WORDS),
    ];
    let lines = [
        (Topic::DrivingLicence, driving_licence::WORDS),
        (Topic::DrivingLicence, driving_licence::WEAK_WORDS),
        (Topic::IdDocument, id_document::WORDS),
        (Topic::Member, member_number::WORDS),
        (Topic::Customer, member_number::PEOPLE),
        (Topic::ClubCard, member_number::CARDS),
        (Topic::Account, user_name::ACCOUNTS),
        (Topic::Community, user_name::COMMUNITY),
    ];
    let split = lines
        .into_iter()
        .flat_map(|(topic, line)| line.split('|').map(move |word| (topic, word)));
    let listed = lists
        .into_iter()
        .flat_map(|(topic, words)| words.iter().map(move |word| (topic, *word)));
    national_id::hint_words()
        .map(|word| (Topic::NationalId, word))
        .chain(listed)
        .chain(split)
        .chain(secret::hint_words())
        .chain(address::hint_words())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::Recogniser as _;
    use super::super::hints::Hints;
    use super::*;

    /// Texts made of the words that wake the recognisers, numbers, and anything at all.
    fn text() -> impl Strategy<Value = String> {
        let words: Vec<&str> = hint_words()
            .map(|(_, word)| word.trim_end_matches('~'))
            .collect();
        let piece = prop_oneof![
            prop::sample::select(words).prop_map(str::to_owned),
            "[0-9]{1,18}",
            "[A-Z0-9]{1,20}",
            "[ ,.:;/@#=\\-\n'\"°€ßé\u{a0}\u{2013}]{1,3}",
            "\\PC{0,12}",
            "[A-Z][a-zäöü]{1,9}",
        ];
        prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #[test]
        fn finds_are_on_character_borders(text in text()) {
            let mut found = Vec::new();
            let prepared = Text::new(&text, &[]);
            All.find(&prepared, &mut found).unwrap();
            super::super::crypto::Crypto.find(&prepared, &mut found).unwrap();
            mac::Mac.find(&prepared, &mut found).unwrap();
            for one in found {
                prop_assert!(text.get(one.range.clone()).is_some_and(|t| !t.is_empty()), "{:?}", one.entity);
                prop_assert!((0.0..=1.0).contains(&one.score));
            }
        }

        #[test]
        fn hints_are_what_the_definition_says(text in text()) {
            super::super::hints::tests::check(&text);
        }

        #[test]
        fn hints_are_sorted_by_their_ends(text in text()) {
            let hints = Hints::of(&text).unwrap();
            let ends: Vec<_> = hints.ends().collect();
            prop_assert!(ends.is_sorted());
        }
    }
}
