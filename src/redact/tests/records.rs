//! What a record declares is found in every text of the request, however it is written there.

use Entity::{Address, Email, Identifier, Location, Organisation, Person, Phone};

use super::*;

/// Each row: a text and what the model sees of it.
#[track_caller]
fn check(declared: &[(&str, Entity, &str)], rows: &[(&str, &str)]) {
    let redactor = redactor();
    let wrong: Vec<_> = rows
        .iter()
        .map(|(text, expected)| {
            let (redacted, _) = redactor.redact(case(declared, &[text])).unwrap();
            (*text, *expected, masked(&redacted).remove(0))
        })
        .filter(|(_, expected, got)| got != expected)
        .collect();
    assert!(wrong.is_empty(), "(text, expected, masked): {wrong:#?}");
}

#[test]
fn a_name_in_all_its_forms() {
    check(
        &[("Name", Person, "Dr. Jürgen Karl Müller-Lüdenscheidt")],
        &[
            (
                "Jürgen Karl Müller-Lüdenscheidt rief an",
                "[PERSON_1] rief an",
            ),
            ("Jürgen Müller-Lüdenscheidt rief an", "[PERSON_1] rief an"),
            ("Müller-Lüdenscheidt, Jürgen", "[PERSON_1]"),
            ("MÜLLER-LÜDENSCHEIDT JÜRGEN", "[PERSON_1]"),
            ("Juergen Mueller-Luedenscheidt", "[PERSON_1]"),
            ("jurgen muller-ludenscheidt", "[PERSON_1]"),
            ("Herr Müller war da", "Herr [PERSON_1] war da"),
            ("hallo herr mueller,", "hallo herr [PERSON_1],"),
            ("J. Müller-Lüdenscheidt", "[PERSON_1]"),
            ("Karl Müller-Lüdenscheidt rief an", "[PERSON_1] rief an"),
            ("jmueller-luedenscheidt", "[PERSON_1]"),
            ("J.K. Müller-Lüdenscheidt", "[PERSON_1]"),
            (
                "Müllers Bestellung, Jürgens Rechnung",
                "[PERSON_1]s Bestellung, [PERSON_1]s Rechnung",
            ),
            ("Jürgen's kettle", "[PERSON_1]'s kettle"),
            (
                "Mu\u{308}ller und Ju\u{308}rgen",
                "[PERSON_1] und [PERSON_1]",
            ),
            ("Jür\u{ad}gen", "[PERSON_1]"),
            ("Jürgen\u{a0}Müller-Lüdenscheidt", "[PERSON_1]"),
            ("Jürgen\nMüller-Lüdenscheidt", "[PERSON_1]"),
            ("user juergen.mueller-luedenscheidt", "user [PERSON_1]"),
            // A slip is masked, but says for certain nobody.
            ("Herr Müler-Lüdenscheidt", "Herr [PERSON_1]"),
            (
                "we met Jürgen Müller-Lüdenschiedt today",
                "we met [PERSON_1] today",
            ),
            ("die Mülltonne, der Jurist", "die Mülltonne, der Jurist"),
        ],
    );
}

#[test]
fn names_that_are_words_need_evidence() {
    check(
        &[("Name", Person, "Rose Will")],
        &[
            (
                "Rose called. Will she get it?",
                "[PERSON_1] called. Will she get it?",
            ),
            ("we will send a rose", "we will send a rose"),
            ("Ms Will asked", "Ms [PERSON_1] asked"),
            ("Thanks,\nRose", "Thanks,\n[PERSON_1]"),
            ("Rose Will wrote", "[PERSON_1] wrote"),
            ("rose will wrote", "rose will wrote"),
        ],
    );
}

#[test]
fn inflected_names() {
    check(
        &[("Name", Person, "Stefan Kowalski")],
        &[
            (
                "Proszę zadzwonić do Stefana Kowalskiego.",
                "Proszę zadzwonić do [PERSON_1].",
            ),
            (
                "rozmawiałem z panem Kowalskim",
                "rozmawiałem z panem [PERSON_1]",
            ),
            ("Stefans Auftrag", "[PERSON_1]s Auftrag"),
        ],
    );
}

#[test]
fn people_who_share_a_name_stay_apart() {
    let people = [
        ("Name", Person, "Anna Müller"),
        ("Other", Person, "Peter Müller"),
    ];
    check(
        &people,
        &[
            ("Anna and Peter", "[PERSON_1] and [PERSON_2]"),
            ("Peter Müller and Anna", "[PERSON_1] and [PERSON_2]"),
            // Which of the two? Neither for certain.
            ("Müller, Anna, Peter", "[PERSON_1], [PERSON_2]"),
            (
                "Frau Müller, then Peter",
                "Frau [PERSON_1], then [PERSON_2]",
            ),
        ],
    );
    let redactor = redactor();
    let (redacted, vault) = redactor
        .redact(case(&people, &["Frau Müller asks for Peter"]))
        .unwrap();
    let answer = masked(&redacted).remove(0);
    assert_eq!(back(vault, &answer), "Frau Müller asks for Peter Müller");
}

#[test]
fn contact_values() {
    check(
        &[
            ("Email", Email, "anna.lindqvist@example.com"),
            ("Phone", Phone, "+49 30 1234567"),
            ("Mobile", Phone, "0171 2345678"),
            ("Number", Identifier, "KD-2024-00817"),
        ],
        &[
            ("ANNA.LINDQVIST@EXAMPLE.COM", "[EMAIL_1]"),
            ("login anna.lindqvist fails", "login [IDENTIFIER_1] fails"),
            ("030 / 123 45 67", "[PHONE_1]"),
            ("(030) 1234567", "[PHONE_1]"),
            ("0049301234567", "[PHONE_1]"),
            ("+49(0)30-123.45.67", "[PHONE_1]"),
            ("49301234567", "[PHONE_1]"),
            ("01712345678 or +491712345678", "[PHONE_1] or [PHONE_1]"),
            (
                "customer KD-2024-00817, kd 2024 00817",
                "customer [IDENTIFIER_1], [IDENTIFIER_1]",
            ),
            ("order 1234568", "order 1234568"),
        ],
    );
}

#[test]
fn addresses_and_places() {
    check(
        &[
            (
                "MailingStreet",
                Address,
                "Friedrichstraße 12a\n10117 Berlin",
            ),
            ("Billing", Address, "221B Baker Street, London NW1 6XE"),
            ("City", Location, "Essen"),
            ("Company", Organisation, "Acme Widgets GmbH"),
        ],
        &[
            ("Friedrichstraße 12a, 10117 Berlin", "[ADDRESS_1]"),
            ("in der Friedrichstr. 12a", "in der [ADDRESS_1]"),
            ("FRIEDRICHSTRASSE 12A", "[ADDRESS_1]"),
            ("in der Friedrichstraße wohnt", "in der [ADDRESS_1] wohnt"),
            ("at 221b Baker St", "at [ADDRESS_1]"),
            ("on Baker Street", "on [ADDRESS_1]"),
            (
                "er kommt aus Essen und will essen",
                "er kommt aus [LOCATION_1] und will essen",
            ),
            ("Acme Widgets liefert", "[ORGANISATION_1] liefert"),
        ],
    );
}
