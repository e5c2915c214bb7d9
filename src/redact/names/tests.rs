//! The recogniser with a model made by hand: what is done with labels, whatever the weights.

use std::sync::OnceLock;

use proptest::prelude::*;

use crate::formats::Mapped;
use crate::model::tagger::fixture;
use crate::types::Entity;

use super::*;

/// What the model says of each word that it knows.
const WORDS: &[(&str, &str)] = &[
    ("zorblat", "B-PERSON"),
    ("quimby", "I-PERSON"),
    ("vexley", "B-PERSON"),
    ("ulmstadt", "B-LOCATION"),
    ("kesselweg", "B-ADDRESS"),
    ("hofseite", "I-ADDRESS"),
    ("acmeco", "B-ORGANISATION"),
    ("yestermorn", "B-DATE_TIME"),
    ("dame", "B-TITLE"),
    ("freedonian", "B-NATIONALITY"),
];

pub(in crate::redact) fn finder(options: NamesOptions) -> NameFinder {
    static FILES: OnceLock<(Vec<u8>, String)> = OnceLock::new();
    let (weights, tokenizer) = FILES.get_or_init(|| {
        let words: Vec<&str> = WORDS.iter().map(|(word, _)| *word).collect();
        (fixture::by_hand(WORDS), fixture::tokenizer(&words))
    });
    let weights = Mapped::built_in("by-hand.gguf", weights);
    NameFinder::load(&weights, tokenizer.as_bytes(), named(), options).unwrap()
}

fn named() -> (Name, Digest) {
    ("by-hand".parse().unwrap(), Digest::of(b"by hand"))
}

fn options() -> NamesOptions {
    NamesOptions {
        threads: 1,
        ..NamesOptions::default()
    }
}

fn found(finder: &NameFinder, text: &str) -> Vec<(Entity, String)> {
    let found = finder.find(None, &[text]).unwrap();
    found[0]
        .iter()
        .map(|find| (find.entity, text[find.range()].to_owned()))
        .collect()
}

#[test]
fn finds_are_whole_words_of_the_original() {
    use Entity::{Address, DateTime, Location, Nationality, Organisation, Person, Title};
    let finder = finder(options());
    for (text, expected) in [
        ("", &[][..]),
        ("12345 -- 42", &[]),
        ("nothing to see here", &[]),
        ("I met Zorblat Quimby today", &[(Person, "Zorblat Quimby")]),
        (
            "ZORBLAT, Vexley",
            &[(Person, "ZORBLAT"), (Person, "Vexley")],
        ),
        // Accents, marks without width and capitals are folded for the model alone.
        ("an Zör\u{ad}blat!", &[(Person, "Zör\u{ad}blat")]),
        (
            "Zorblat\u{301} Quimby",
            &[(Person, "Zorblat\u{301} Quimby")],
        ),
        (
            "Zorblat\nQuimby",
            &[(Person, "Zorblat"), (Person, "Quimby")],
        ),
        ("Kesselweg\nHofseite", &[(Address, "Kesselweg\nHofseite")]),
        (
            "Kesselweg\n\nHofseite",
            &[(Address, "Kesselweg"), (Address, "Hofseite")],
        ),
        (
            "Dame Vexley, a Freedonian of Acmeco in Ulmstadt, came yestermorn.",
            &[
                (Title, "Dame"),
                (Person, "Vexley"),
                (Nationality, "Freedonian"),
                (Organisation, "Acmeco"),
                (Location, "Ulmstadt"),
                (DateTime, "yestermorn"),
            ],
        ),
    ] {
        let expected: Vec<_> = expected
            .iter()
            .map(|(e, t)| (*e, (*t).to_owned()))
            .collect();
        assert_eq!(found(&finder, text), expected, "{text:?}");
    }
}

/// Windows, blocks and passes leave no gap and count nothing twice.
#[test]
fn long_texts_are_read_whole() {
    let finder = finder(options());
    for filler in ["a ", "lorem ipsum, ", "x\n\n", "é", "abcdefghij"] {
        for bytes in [60, 4_000, 3 * BLOCK + 7] {
            let mut text = String::new();
            let mut names = 0;
            while text.len() < bytes {
                text.push_str(&filler.repeat(1 + names % 41));
                text.push_str(" Zorblat Quimby. ");
                names += 1;
            }
            let found = found(&finder, &text);
            assert_eq!(found.len(), names, "{filler:?} {bytes}");
            let whole = (Entity::Person, "Zorblat Quimby".to_owned());
            assert!(found.iter().all(|find| *find == whole));
        }
    }
}

#[test]
fn a_text_is_read_alike_alone_and_among_others() {
    let finder = finder(options());
    let texts: Vec<String> = (0..40)
        .map(|n| {
            format!(
                "{} Zorblat Quimby {}",
                "b ".repeat(n * 3),
                "Vexley ".repeat(n % 4)
            )
        })
        .collect();
    let borrowed: Vec<&str> = texts.iter().map(String::as_str).collect();
    let together = finder.find(None, &borrowed).unwrap();
    for (text, together) in borrowed.iter().zip(together) {
        assert_eq!(finder.find(None, &[text]).unwrap()[0], together);
    }
}

#[test]
fn what_was_found_before_is_remembered_for_its_tenant() {
    // With no time to compute, only what is remembered can be answered.
    let (mut finder, salt) = (finder(options()), Some(TenantSalt(7)));
    let history = ["Zorblat called", "Vexley wrote"];
    let first = finder.find(salt, &history).unwrap();
    finder.time_limit = Duration::ZERO;
    assert_eq!(finder.find(salt, &history).unwrap(), first);
    let too_slow = Err(RedactError::NamesTooSlow { seconds: 0 });
    for (salt, text) in [
        (Some(TenantSalt(8)), "Zorblat called"),
        (None, "Zorblat called"),
        (salt, "Zorblat called again"),
    ] {
        assert_eq!(finder.find(salt, &[history[1], text]), too_slow, "{text}");
    }
}

#[test]
fn a_request_that_takes_too_long_is_refused() {
    let finder = finder(NamesOptions {
        time_limit: Duration::from_millis(1),
        ..options()
    });
    let text = "Zorblat ".repeat(200_000);
    let error = finder.find(None, &[&text]).unwrap_err();
    assert!(matches!(error, RedactError::NamesTooSlow { .. }));
    assert!(!error.to_string().contains("Zorblat"));
}

#[test]
fn a_vocabulary_of_another_model_is_refused() {
    let weights = Mapped::built_in("by-hand.gguf", Vec::leak(fixture::by_hand(&WORDS[..2])));
    let words: Vec<&str> = WORDS.iter().map(|(word, _)| *word).collect();
    let tokenizer = fixture::tokenizer(&words);
    let error = NameFinder::load(&weights, tokenizer.as_bytes(), named(), options()).unwrap_err();
    assert!(matches!(error, NamesError::Vocabulary { .. }), "{error}");
}

proptest! {
    /// Whatever the text is, finds are in order, apart, on the borders of characters, and begin and end with letters.
    #[test]
    fn places_are_sound(parts in prop::collection::vec(
        prop_oneof![
            Just("Zorblat".to_owned()),
            Just("quimby".to_owned()),
            Just("Kesselweg".to_owned()),
            "[ \n.,-]{0,3}",
            "\\PC{0,4}",
            any::<String>(),
        ],
        0..12,
    )) {
        static FINDER: OnceLock<NameFinder> = OnceLock::new();
        let text = parts.concat();
        let finder = FINDER.get_or_init(|| finder(options()));
        let found = finder.find(None, &[&text]).unwrap();
        let mut from = 0;
        for find in found[0].iter() {
            let range = find.range();
            prop_assert!(range.start >= from && range.start < range.end);
            from = range.end;
            let part = text.get(range);
            prop_assert!(part.is_some_and(|part| part.starts_with(char::is_alphanumeric)));
            prop_assert!((0.0..=1.0).contains(&find.score));
            if find.entity == Entity::Person {
                prop_assert!(!part.is_some_and(|part| part.contains('\n')));
            }
        }
    }
}

/// The built-in model against what it computes in float arithmetic on the same 8-bit weights (`golden.json`, which the
/// training writes): the same pieces and finds, logits within what activations in 8 bits cost. That is 0.006 of their size,
/// 0.15 at most, and 0.014 of a score with the model of November 2026; kernels compute the same bits everywhere, so the
/// bounds leave room for other weights alone.
#[test]
#[expect(
    clippy::too_many_lines,
    reason = "the file's form, and what is compared"
)]
fn the_built_in_model_finds_what_its_training_says() {
    #[derive(serde::Deserialize)]
    struct Golden {
        texts: Vec<Text>,
    }
    #[derive(serde::Deserialize)]
    struct Text {
        text: String,
        tokens: Vec<u32>,
        case_types: Vec<u8>,
        logits: Vec<Vec<f32>>,
        spans: Vec<Span>,
    }
    #[derive(serde::Deserialize)]
    struct Span {
        start: usize,
        end: usize,
        label: Entity,
        score: f32,
    }
    let golden = include_str!("../../../models/pii-ner/golden.json");
    let golden: Golden = serde_json::from_str(golden).unwrap();
    let finder = NameFinder::built_in(NamesOptions::default()).unwrap();
    let (mut squares, mut errors, mut n_alike) = (0.0_f64, 0.0_f64, 0);
    for own in &golden.texts {
        let pieces = finder.pieces.encode(&own.text);
        let inner = 1..own.tokens.len() - 1;
        let ids: Vec<u32> = pieces.iter().map(|piece| piece.id).collect();
        assert_eq!(ids, own.tokens[inner.clone()], "{}", own.text);
        let cases: Vec<u8> = words(&own.text, &pieces)
            .iter()
            .flat_map(|word| std::iter::repeat_n(word.case, word.pieces.len()))
            .collect();
        assert_eq!(cases, own.case_types[inner], "{}", own.text);
        let tokens: Vec<TaggedToken> = own
            .tokens
            .iter()
            .zip(&own.case_types)
            .map(|(id, case)| TaggedToken {
                id: *id,
                case: *case,
            })
            .collect();
        let logits = finder
            .tagger
            .logits(
                &tokens,
                &[tokens.len()],
                &(0..tokens.len()).collect::<Vec<_>>(),
            )
            .unwrap();
        for (found, exact) in logits.iter().zip(own.logits.iter().flatten()) {
            squares += f64::from(exact * exact);
            errors += f64::from((found - exact).powi(2));
            assert!(
                (found - exact).abs() < 0.4,
                "{found} where {exact} is right: {}",
                own.text
            );
        }
        // From the exact logits, the spans are the training's own.
        let words = words(&own.text, &pieces);
        let rows = words.iter().map(|word| &*own.logits[word.pieces.start + 1]);
        let labels = finder.labels.decode(rows);
        let mut exact = Vec::new();
        spans::finds((&own.text, 0), &words, &labels, &mut exact);
        // From the logits that are computed here, a near tie may fall the other way.
        let found = &finder.find(None, &[&own.text]).unwrap()[0];
        let alike = found.len() == exact.len()
            && found
                .iter()
                .zip(&exact)
                .all(|(a, b)| a.range() == b.range() && a.entity == b.entity);
        n_alike += usize::from(alike);
        let at = |byte: usize| own.text[..byte].chars().count();
        let found: Vec<_> = exact
            .iter()
            .map(|find| {
                (
                    at(find.range().start),
                    at(find.range().end),
                    find.entity,
                    find.score,
                )
            })
            .collect();
        assert_eq!(found.len(), own.spans.len(), "{found:?} in {}", own.text);
        for ((start, end, entity, score), exact) in found.iter().zip(&own.spans) {
            // Marks at a span's ends and words that only name a field (`CEP`) are not masked here.
            let (place, own_place) = (*start..*end, exact.start..exact.end);
            let within = own_place.start <= place.start && place.end <= own_place.end;
            assert!(
                within && 2 * place.len() > own_place.len() && *entity == exact.label,
                "{place:?} {entity} where {own_place:?} is marked: {}",
                own.text
            );
            // The score is that of the words that are masked.
            assert!(
                place != own_place || (score - exact.score).abs() < 0.05,
                "{score} {} in {}",
                exact.score,
                own.text
            );
        }
    }
    let relative = (errors / squares).sqrt();
    assert!(relative < 0.015, "{relative}");
    assert!(n_alike + 1 >= golden.texts.len(), "{n_alike} texts");
}
