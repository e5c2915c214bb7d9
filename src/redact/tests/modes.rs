//! Modes: what stands for a find, what of it goes back, and what can't be mistaken for it.

use std::sync::{Arc, LazyLock};

use proptest::prelude::*;

use super::property::pieces;
use super::*;
use crate::config::RedactionRules;
use crate::redact::PseudonymKey;
use crate::types::{Mode, TenantSalt};

fn rules(text: &str) -> Arc<RedactionRules> {
    Arc::new(RedactionRules::new(toml::from_str(text).unwrap()).unwrap())
}

/// A redactor with rules for plain chat.
fn with(text: &str) -> Redactor {
    let countries = ["DE", "US", "GB", "FR", "ES", "IT", "NL"];
    Redactor::new(RedactorOptions {
        countries: countries.iter().map(|c| c.parse().unwrap()).collect(),
        chat: rules(text),
        key: PseudonymKey::new([7; 32]),
        ..RedactorOptions::default()
    })
    .unwrap()
}

fn all_in(mode: Mode) -> Redactor {
    fuzz::with_modes(&vec![mode; Entity::ALL.len()])
}

static SURROGATES: LazyLock<Redactor> = LazyLock::new(|| all_in(Mode::Surrogate));

/// Each row: rules, a text, and what the model sees of it.
#[track_caller]
fn check(rows: &[(&str, &str, &str)]) {
    let wrong: Vec<_> = rows
        .iter()
        .map(|(own, text, expected)| (*expected, with(own).mask_text(text).unwrap().0))
        .filter(|(expected, got)| got != expected)
        .collect();
    assert!(wrong.is_empty(), "(expected, masked): {wrong:#?}");
}

const MAIL: &str = "Card 4111 1111 1111 1111, mail ada@example.com, now";

#[test]
fn each_mode_does_what_it_says() {
    check(&[
        ("", MAIL, "Card [CARD_1], mail [EMAIL_1], now"),
        (
            "modes = { CARD = \"mask\", EMAIL = \"keep\" }",
            MAIL,
            "Card **** **** **** 1111, mail ada@example.com, now",
        ),
        (
            "modes = { CARD = \"drop\", EMAIL = \"drop\" }",
            MAIL,
            "Card, mail, now",
        ),
        (
            "modes = { EMAIL = \"drop\" }",
            "From ada@example.com to (bo@example.com) and ada@example.com\nbo@example.com hi",
            "From to () and\nhi",
        ),
    ]);
}

#[test]
fn what_is_kept_hides_nothing() {
    // The address of a page is kept; the mailbox in it is not.
    check(&[(
        "modes = { URL = \"keep\" }",
        "see https://x.de/?q=ada@example.com",
        "see https://x.de/?q=[EMAIL_1]",
    )]);
}

#[test]
fn lists_and_thresholds_in_their_order() {
    check(&[
        (
            "[[allow]]\nentity = \"EMAIL\"\ntexts = [\"help@example.com\"]",
            "help@example.com, ada@example.com",
            "help@example.com, [EMAIL_1]",
        ),
        (
            "[[allow]]\npattern = '.*@example\\.com'\n[[deny]]\ntexts = [\"ada@example.com\"]",
            "help@example.com, ada@example.com",
            "help@example.com, [IDENTIFIER_1]",
        ),
        (
            "[[deny]]\nentity = \"PERSON\"\ntexts = [\"Falcon\"]\n[[deny]]\npattern = 'P-[0-9]{3}'",
            "Falcon asked falcon about P-123, not P-12 and Falconry",
            "[PERSON_1] asked [PERSON_1] about [IDENTIFIER_1], not P-12 and Falconry",
        ),
        (
            "thresholds = { PERSON = 0.99, PHONE = 0.9 }",
            "my name is Ada Byron, 030 1234567 or +49 30 7654321",
            "my name is Ada Byron, 030 1234567 or [PHONE_1]",
        ),
        (
            "thresholds = { CARD = 0.4 }",
            "order 4111111111111111",
            "order [CARD_1]",
        ),
    ]);
}

#[test]
fn a_hash_is_the_same_in_every_request_of_a_caller() {
    let redactor = with("modes = { PERSON = \"hash\", EMAIL = \"hash\" }");
    let masked = |caller, text: &str| {
        let mut conversation = redactor.conversation_of(TenantSalt(caller));
        let (masked, _) = conversation.mask(text).unwrap();
        assert!(conversation.counts().contains_key(&Entity::Person) || !text.contains("Byron"));
        masked
    };
    let first = masked(1, "my name is Ada Byron.");
    assert!(first.starts_with("my name is PERSON-"), "{first}");
    assert_eq!(first, masked(1, "my name is ADA BYRON."));
    assert_ne!(first, masked(2, "my name is Ada Byron."));
    assert_ne!(first, masked(1, "my name is Bo Byron."));
    // What came back in an answer is nobody new.
    let again = masked(1, &format!("{first} ada@example.com"));
    assert!(again.starts_with(&first), "{again}");
}

#[test]
fn a_person_has_one_other_name_in_all_its_forms() {
    let redactor = with("modes = { PERSON = \"surrogate\", DATE_TIME = \"keep\" }");
    let text = "Sehr geehrte Frau Müller,\nmy name is Anna Müller. ANNA MÜLLER rief an; Müllers Haus; anna müller.";
    let (masked, _, restorer) = redactor.mask_text(text).unwrap();
    for real in ["Anna", "Müller", "ANNA", "anna", "MÜLLER"] {
        assert!(!masked.contains(real), "{masked}");
    }
    let name = masked
        .split("my name is ")
        .nth(1)
        .and_then(|rest| rest.split('.').next())
        .unwrap();
    let (given, family) = name.split_once(' ').unwrap();
    for form in [
        format!("Frau {family},"),
        name.to_uppercase(),
        format!("{family}s Haus"),
        name.to_lowercase(),
    ] {
        assert!(masked.contains(&form), "{form} in {masked}");
    }
    assert_eq!(restored(restorer.again(), &masked), text);
    for (answer, expected) in [
        (format!("Liebe {given},"), "Liebe Anna,"),
        (format!("{family}, {given}"), "Müller, Anna"),
        (format!("{family}s Paket"), "Müllers Paket"),
        (format!("{}!", name.to_uppercase()), "ANNA MÜLLER!"),
    ] {
        assert_eq!(restored(restorer.again(), &answer), expected, "{answer}");
    }
}

#[test]
fn a_later_text_that_holds_a_surrogate_is_not_taken_for_it() {
    let texts = ["my name is Ada Byron".to_owned()];
    let (redacted, _) = SURROGATES.redact(chat(&texts)).unwrap();
    let name = masked(&redacted)[0]
        .strip_prefix("my name is ")
        .unwrap()
        .to_owned();
    // Somebody who really has that name.
    let texts = [
        texts[0].clone(),
        format!("and my friend is {name}, hi {name}"),
    ];
    let (redacted, vault) = SURROGATES.redact(chat(&texts)).unwrap();
    let seen = masked(&redacted);
    assert_eq!(seen[0], format!("my name is {name}"));
    assert!(!seen[1].contains(&name), "{}", seen[1]);
    assert_eq!(back(vault, &seen.join("|")), texts.join("|"));
}

#[test]
fn surrogates_stand_in_for_what_records_declare() {
    let redactor = Redactor::new(RedactorOptions {
        rules: rules("modes = { PERSON = \"surrogate\", EMAIL = \"mask\", PHONE = \"drop\", IDENTIFIER = \"keep\" }"),
        key: PseudonymKey::new([7; 32]),
        ..RedactorOptions::default()
    })
    .unwrap();
    let declared = [
        ("Name", Entity::Person, "Ottilie Brandauer"),
        ("Email", Entity::Email, "o.brandauer@x.de"),
        ("Phone", Entity::Phone, "+49 30 1234567"),
        ("Number", Entity::Identifier, "KD-77123"),
    ];
    let text = "Ottilie wrote from o.brandauer@x.de (+49 30 1234567) about KD-77123";
    let (redacted, vault) = redactor.redact(case(&declared, &[text])).unwrap();
    let seen = masked(&redacted).remove(0);
    assert!(!seen.contains("Ottilie"), "{seen}");
    assert!(
        seen.ends_with(" wrote from o****@****.de () about KD-77123"),
        "{seen}"
    );
    assert!(redacted.placeholders().is_empty());
    assert_eq!(redacted.counts().get(&Entity::Person), Some(&1));
    let given = seen.split(' ').next().unwrap();
    assert_eq!(back(vault, &format!("Hi {given}")), "Hi Ottilie");
}

#[test]
fn kinds_that_only_names_are_recognised_as_are_kept_in_prose() {
    let redactor = redactor();
    let declared = [("Company", Entity::Organisation, "Acme Widgets GmbH")];
    let (redacted, _) = redactor
        .redact(case(&declared, &["Acme Widgets liefert"]))
        .unwrap();
    assert_eq!(masked(&redacted), ["[ORGANISATION_1] liefert"]);
}

/// The text in pieces, restored.
fn in_pieces(restorer: &Restorer, text: &str, cuts: &[usize]) -> String {
    let mut own = restorer.again();
    let mut cuts: Vec<usize> = cuts
        .iter()
        .copied()
        .filter(|cut| *cut < text.len() && text.is_char_boundary(*cut))
        .collect();
    cuts.sort_unstable();
    let (mut out, mut from) = (String::new(), 0);
    for cut in cuts.into_iter().chain([text.len()]) {
        out.push_str(&own.push(&text[from..cut]));
        from = cut;
    }
    out + &own.finish()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn surrogates_go_back_to_what_was_there_however_the_stream_is_cut(
        parts in pieces(),
        cuts in prop::collection::vec(0_usize..400, 0..8),
    ) {
        let text = parts.concat();
        let (masked, _, restorer) = SURROGATES.mask_text(&text).unwrap();
        prop_assert_eq!(&in_pieces(&restorer, &masked, &cuts), &text, "{}", masked);
    }

    #[test]
    fn any_text_comes_back_the_same_wherever_it_is_cut(
        parts in pieces(),
        more in pieces(),
        cuts in prop::collection::vec(0_usize..800, 0..8),
    ) {
        let text = parts.concat();
        let (masked, _, restorer) = SURROGATES.mask_text(&text).unwrap();
        let answer = masked + &more.concat();
        let whole = in_pieces(&restorer, &answer, &[]);
        prop_assert_eq!(in_pieces(&restorer, &answer, &cuts), whole);
    }

    #[test]
    fn a_conversation_in_surrogates_goes_back_and_starts_the_same_each_turn(
        messages in prop::collection::vec(pieces(), 1..4),
        more in pieces(),
    ) {
        let mut texts: Vec<String> = messages.iter().map(|parts| parts.concat()).collect();
        let (first, _) = SURROGATES.redact(chat(&texts)).unwrap();
        texts.push(more.concat());
        let (second, vault) = SURROGATES.redact(chat(&texts)).unwrap();
        let (first, second) = (masked(&first), masked(&second));
        prop_assert_eq!(&first[..], &second[..first.len()]);
        let restorer = vault.restorer();
        for (text, masked) in texts.iter().zip(&second) {
            prop_assert_eq!(&restored(restorer.again(), masked), text, "{}", masked);
        }
    }

    #[test]
    fn what_is_kept_is_left(parts in pieces()) {
        static KEEP: LazyLock<Redactor> = LazyLock::new(|| all_in(Mode::Keep));
        let text = parts.concat();
        let (masked, spans, restorer) = KEEP.mask_text(&text).unwrap();
        prop_assert!(spans.is_empty());
        prop_assert_eq!(restored(restorer, &masked), text);
    }

    #[test]
    fn nothing_found_is_left_by_masks_hashes_and_drops(parts in pieces()) {
        static MODES: LazyLock<[Redactor; 3]> = LazyLock::new(|| [Mode::Mask, Mode::Hash, Mode::Drop].map(all_in));
        let text = parts.concat();
        for redactor in &*MODES {
            let (masked, spans, _) = redactor.mask_text(&text).unwrap();
            for span in spans {
                let value = &text[span.range.clone()];
                let long = value.chars().filter(|c| c.is_alphanumeric()).count() > 6;
                let once = text.matches(value).count() == 1;
                prop_assert!(!long || !once || !masked.contains(value), "{value} in {masked}");
            }
        }
    }
}
