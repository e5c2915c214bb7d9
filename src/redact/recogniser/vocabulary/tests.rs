//! What words tell gives way to whatever else was found in the same place.

use proptest::prelude::*;

use super::super::testing::found_by_all;
use super::*;
use crate::types::Entity::{
    Address, Coordinates, DateOfBirth, DateTime, Iban, IpAddress, LicencePlate, Nationality,
    Passport, Person, Phone,
};

#[track_caller]
fn check(rows: &[(&str, &[(Entity, &str)])]) {
    for (text, expected) in rows {
        let found = found_by_all(text);
        let found: Vec<_> = found.iter().map(|(e, t)| (*e, t.as_str())).collect();
        assert_eq!(found, *expected, "{text:?}");
    }
}

#[test]
fn other_finds_stay_whole_and_keep_their_names() {
    check(&[
        (
            "IBAN DE89 3704 0044 0532 0130 00 am 3.11. um 14:20",
            &[
                (Iban, "DE89 3704 0044 0532 0130 00"),
                (DateTime, "3.11. um 14:20"),
            ],
        ),
        (
            "Freitag, 4. Dezember, 12 Uhr unter 030 1234567",
            &[
                (DateTime, "Freitag, 4. Dezember, 12 Uhr"),
                (Phone, "030 1234567"),
            ],
        ),
        ("Tel. 030 12 11 10 26", &[(Phone, "030 12 11 10 26")]),
        (
            "IP 192.168.12.10, 10.11.12.24",
            &[(IpAddress, "192.168.12.10"), (IpAddress, "10.11.12.24")],
        ),
        ("fe80::12:30:45", &[(IpAddress, "fe80::12:30:45")]),
        ("Bestellung 2019-11-4711, Nr. 12-11-10", &[]),
        (
            "Kennzeichen MO-DI 2012 seit 2012",
            &[(LicencePlate, "MO-DI 2012"), (DateTime, "2012")],
        ),
        (
            "GPS: 48.1351, 11.5820 um 14 Uhr",
            &[(Coordinates, "48.1351, 11.5820"), (DateTime, "14 Uhr")],
        ),
    ]);
}

#[test]
fn births_and_people_stay_what_they_are() {
    check(&[
        (
            "geboren am Montag, 12. März 1980 in Ulm",
            &[(DateOfBirth, "12. März 1980")],
        ),
        ("DOB: 1980-03-12", &[(DateOfBirth, "1980-03-12")]),
        (
            "Herr Freitag, Mr. Sunday, Sra. Domingo",
            &[(Person, "Domingo")],
        ),
        (
            "a British citizen, passport no. 533380006, since 2019",
            &[
                (Nationality, "British"),
                (Passport, "533380006"),
                (DateTime, "2019"),
            ],
        ),
        (
            "Lindenstraße 12, 50674 Köln",
            &[(Address, "Lindenstraße 12, 50674 Köln")],
        ),
    ]);
}

/// Texts of words of the lists, of numbers, and of anything at all.
fn text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        prop::sample::select(vec![
            "Freitag",
            "morgen",
            "hier",
            "mañana",
            "sábado",
            "śr",
            "mar.",
            "12",
            "3.11.",
            "2026",
            "14:20",
            "14 h 30",
            "halb",
            "KW",
            "März",
            "May",
            "às",
            "de",
            "la",
            "est",
            "ich bin",
            "Polish",
            "Nationalität:",
            "testigo",
            "Jehová",
            "un",
            "United",
            "Kingdom",
            "Pays",
            "Bas",
            "in",
            "Österreich",
            "Türkei",
            "'hui",
            "aujourd",
            "letzte",
            "Woche",
            "Uhr",
            "a.m.",
            "–",
        ])
        .prop_map(str::to_owned),
        "[0-9]{1,5}",
        "[ ,.:;/'’\n\u{a0}\u{2013}-]{1,2}",
        "\\PC{0,6}",
    ];
    prop::collection::vec(piece, 0..30).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn finds_are_on_character_borders(text in text()) {
        let mut found = Vec::new();
        Vocabulary.find(&Text::new(&text, &[]), &mut found).unwrap();
        for one in found {
            prop_assert!(text.get(one.range.clone()).is_some_and(|t| !t.is_empty()), "{one:?}");
            prop_assert!((0.5..=0.9).contains(&one.score));
        }
    }
}
