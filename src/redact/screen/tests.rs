//! What is taken out of answers, what ends them, and that it is the same however they stream.

use proptest::prelude::*;

use super::*;
use crate::crm::Minimised;
use crate::redact::{Redactor, RedactorOptions};
use crate::types::{Chat, Message, MessageRole};

const OFF: Screening = Screening {
    secrets: ScreenAction::Off,
    personal: ScreenAction::Off,
    copied: ScreenAction::Stop,
    max_copied_words: None,
    max_copied_percent: None,
};

fn redactor() -> Redactor {
    Redactor::new(RedactorOptions {
        countries: vec!["DE".parse().unwrap(), "US".parse().unwrap()],
        ..RedactorOptions::default()
    })
    .unwrap()
}

/// The screen of the answers to `request`.
fn screen(redactor: &Redactor, request: &str, rules: Screening, is_json: bool) -> Screen {
    let chat = Chat::of(vec![Message::new(MessageRole::User, request)]);
    let minimised = Minimised::for_test(Body::Chat(Box::new(chat)));
    let (redacted, vault) = redactor.redact(minimised).unwrap();
    let screener = redactor.screener(&redacted, &vault, rules).unwrap();
    screener.screen(is_json)
}

/// What goes out of `answer`, in pieces of `size` characters, and whether it was ended.
fn screened(mut screen: Screen, answer: &str, size: usize) -> (String, bool) {
    let chars: Vec<char> = answer.chars().collect();
    let (mut out, mut bytes) = (String::new(), 0);
    let mut take = |released: Released| {
        out.push_str(&released.text);
        bytes += released.bytes;
    };
    for piece in chars.chunks(size.max(1)) {
        take(screen.push(&piece.iter().collect::<String>()));
    }
    take(screen.finish());
    assert!(screen.is_stopped() || bytes == answer.len(), "{answer}");
    (out, screen.is_stopped())
}

#[test]
fn secrets_and_people_are_taken_out_wherever_the_stream_is_cut() {
    let redactor = redactor();
    let request = "I am [PERSON_1]. My order is 7001234567; our hotline is 030 1234500.";
    let secrets = Screening {
        secrets: ScreenAction::Mask,
        ..OFF
    };
    let people = Screening {
        personal: ScreenAction::Mask,
        ..OFF
    };
    for (rules, is_json, answer, expected) in [
        (
            secrets,
            false,
            "Your password is Hunter2!x and that is all there is.",
            "Your password is [removed] and that is all there is.",
        ),
        (
            secrets,
            false,
            "Dear [PERSON_1], mail ada@example.com: nothing secret here at all.",
            "Dear [PERSON_1], mail ada@example.com: nothing secret here at all.",
        ),
        (
            secrets,
            false,
            "-----BEGIN PRIVATE KEY-----\nMIIBVgIBADANBgkqhkiG9w0\nBAQEFAASCAUAwggE8\n-----END PRIVATE KEY-----\nkeep it",
            "[removed]\nkeep it",
        ),
        (
            people,
            false,
            "Dear [PERSON_1], write to bo@example.com or call +49 30 7654321 about order 7001234567.",
            "Dear [PERSON_1], write to [removed] or call [removed] about order 7001234567.",
        ),
        (
            people,
            true,
            "{\"to\": \"bo@example.com\", \"card\": 4111111111111111, \"n\": 3}",
            "{\"to\": \"[removed]\", \"card\": null, \"n\": 3}",
        ),
    ] {
        for size in [1, 2, 3, 5, 8, 13, 400] {
            let own = screen(&redactor, request, rules, is_json);
            assert_eq!(
                screened(own, answer, size),
                (expected.to_owned(), false),
                "in {size}"
            );
        }
    }
}

#[test]
fn a_rule_may_end_the_answer() {
    let redactor = redactor();
    let rules = Screening {
        secrets: ScreenAction::Stop,
        ..OFF
    };
    for size in [1, 7, 400] {
        let own = screen(&redactor, "hello", rules, false);
        let answer = "Of course. Your password is Hunter2!x and so on and on.";
        let (out, stopped) = screened(own, answer, size);
        assert_eq!(
            (out.as_str(), stopped),
            ("Of course. Your password is ", true)
        );
    }
    let rules = Screening {
        max_copied_words: Some(10),
        ..OFF
    };
    let request = "the kettle leaks at its base and the handle gets so hot that nobody can lift it";
    for size in [1, 7, 400] {
        let own = screen(&redactor, request, rules, false);
        let (out, stopped) = screened(own, &format!("You said: {request}."), size);
        assert!(stopped);
        assert_eq!(
            out,
            "You said: the kettle leaks at its base and the handle gets so"
        );
    }
}

/// What goes out of `answer` to the caller and what only to whoever decides, in pieces of `size` characters.
fn sorted(mut screen: Screen, answer: &str, size: usize) -> (String, String, bool) {
    let chars: Vec<char> = answer.chars().collect();
    let (mut open, mut beyond, mut held) = (String::new(), String::new(), false);
    let mut take = |released: Released| {
        let all = released.text.len();
        let cut = if held {
            0
        } else {
            released.held.unwrap_or(all)
        };
        assert!(!held || released.held.is_none(), "held twice");
        held |= released.held.is_some();
        open.push_str(&released.text[..cut]);
        beyond.push_str(&released.text[cut..]);
    };
    for piece in chars.chunks(size) {
        take(screen.push(&piece.iter().collect::<String>()));
    }
    take(screen.finish());
    (open, beyond, screen.is_stopped())
}

/// One answer under its rules: what the caller gets, what only whoever decides, and whether it was ended.
type Held<'a> = (Screening, bool, &'a str, &'a str, &'a str, bool);

fn check_held(request: &str, rows: &[Held<'_>]) {
    let redactor = redactor();
    for (rules, is_json, answer, open, beyond, stopped) in rows {
        for size in [1, 2, 5, 13, 400] {
            let own = screen(&redactor, request, *rules, *is_json);
            let found = sorted(own, answer, size);
            let expected = ((*open).to_owned(), (*beyond).to_owned(), *stopped);
            assert_eq!(found, expected, "{answer} in {size}");
        }
    }
}

const HELD: Screening = Screening {
    personal: ScreenAction::Hold,
    ..OFF
};

#[test]
fn a_held_answer_goes_on_for_whoever_decides() {
    let request = "the kettle leaks at its base and the handle gets so hot that nobody can lift it";
    let copies = format!("You said: {request}. And my password is Hunter2!x now.");
    let copied = Screening {
        copied: ScreenAction::Hold,
        max_copied_words: Some(10),
        ..OFF
    };
    let rows = [
        (
            HELD,
            false,
            "Of course: write to bo@example.com or to cy@example.com.",
            "Of course: write to ",
            "bo@example.com or to cy@example.com.",
            false,
        ),
        (
            HELD,
            true,
            "{\"to\": \"bo@example.com\", \"n\": 3}",
            "{\"to\": \"",
            "bo@example.com\", \"n\": 3}",
            false,
        ),
        (
            copied,
            false,
            &copies,
            "You said: the kettle leaks at its base and the handle gets so",
            " hot that nobody can lift it. And my password is Hunter2!x now.",
            false,
        ),
        (HELD, false, "Nothing at all.", "Nothing at all.", "", false),
    ];
    check_held(request, &rows);
    let redactor = redactor();
    let mut own = screen(&redactor, request, copied, false);
    let _ = own.push(&copies);
    assert_eq!(own.counts()[&ScreenRule::Copied], 1, "once is enough");
    assert!(own.own.holds(ScreenRule::Copied) && !own.own.holds(ScreenRule::Personal));
}

#[test]
fn other_rules_hold_for_a_held_answer_too() {
    let rows = [
        // What other rules take out, stays out for everybody.
        (
            Screening {
                secrets: ScreenAction::Mask,
                ..HELD
            },
            false,
            "Write to bo@example.com. Your password is Hunter2!x and that is it.",
            "Write to ",
            "bo@example.com. Your password is [removed] and that is it.",
            false,
        ),
        // A rule that stops, stops a held answer too; one that was stopped before is not held.
        (
            Screening {
                secrets: ScreenAction::Stop,
                ..HELD
            },
            false,
            "Write to bo@example.com. Your password is Hunter2!x and that is it.",
            "Write to ",
            "bo@example.com. Your password is ",
            true,
        ),
        (
            Screening {
                secrets: ScreenAction::Stop,
                ..HELD
            },
            false,
            "Your password is Hunter2!x and now write to bo@example.com please, today.",
            "Your password is ",
            "",
            true,
        ),
    ];
    check_held("hello", &rows);
}

#[test]
fn plain_words_are_hardly_held_back() {
    let redactor = redactor();
    let rules = Screening {
        secrets: ScreenAction::Mask,
        ..OFF
    };
    let mut own = screen(&redactor, "hello", rules, false);
    let (mut written, mut out) = (0, 0);
    for word in "Thank you for your patience with the kettle that we sent to you in March."
        .split_inclusive(' ')
    {
        written += word.len();
        out += own.push(word).text.len();
        assert!(written - out <= 20, "{written} written, {out} out");
    }
}

#[test]
fn what_never_ends_is_not_held_for_ever() {
    let redactor = redactor();
    let rules = Screening {
        secrets: ScreenAction::Mask,
        personal: ScreenAction::Mask,
        ..OFF
    };
    let mut own = screen(&redactor, "hello", rules, false);
    let mut out = 0;
    for _ in 0..40 {
        out += own.push(&"x".repeat(1024)).bytes;
    }
    assert!(40 * 1024 - out <= 2 * MAX_HELD, "{out}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn any_chunking_gives_the_same(
        parts in prop::collection::vec(prop::sample::select(vec![
            "my password is Hunter2!x", "PIN: 4711", "sk_live_4eC39HqLyjWDarjtT1zdp7dc", "[PERSON_1]", "ada@example.com",
            "+49 30 1234567", "4111 1111 1111 1111", "a word", "Dear", ",", ".", "\n", "the kettle", "\"", "order 12",
        ]), 0..12),
        size in 1_usize..40,
    ) {
        let redactor = redactor();
        let rules = Screening {
            secrets: ScreenAction::Mask,
            personal: ScreenAction::Off,
            ..OFF
        };
        let answer = parts.join(" ");
        let whole = screened(screen(&redactor, "hello", rules, false), &answer, usize::MAX);
        let pieces = screened(screen(&redactor, "hello", rules, false), &answer, size);
        prop_assert_eq!(pieces, whole);
    }
}
