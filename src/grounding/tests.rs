//! Whatever the logits are: answers of a random model.

use std::sync::Arc;

use proptest::prelude::*;
use rand::rngs::ChaCha12Rng;
use rand::{Rng, SeedableRng};

use crate::engine::TokenMask;
use crate::tokenizer::{SpacePrefix, Tokenizer, TokenizerModel, Vocabulary as Words};

use super::Rule;
use super::facts::Facts;
use super::free::Free;
use super::known::Known;
use super::outline::{OutlineMask, Part, Place, State, Words as Own};
use super::quote::Quote;
use super::scan;
use super::vocabulary::Vocabulary;

const INPUT: &str = "[PERSON_1] paid 1,199.00 EUR on 14 May for two lamps (R-2209, COFFEE20). She wants 8 more \
    by 3 June! Mail x@example.com or [EMAIL_1]. Luna costs 70 USD.";
const PLACEHOLDERS: [&str; 2] = ["[EMAIL_1]", "[PERSON_1]"];
const END: u32 = 2;

/// Every byte, and pieces with which a model would try to invent.
pub(super) fn tokenizer() -> Arc<Tokenizer> {
    let bytes: Vec<String> = (0..=255).map(|byte| format!("<0x{byte:02X}>")).collect();
    let pieces = [
        "▁",
        "▁1",
        "▁14",
        "▁May",
        "▁June",
        "▁EUR",
        "▁USD",
        "199",
        ",1",
        ".00",
        "▁ten",
        "ant",
        "▁two",
        "▁Grace",
        "▁Luna",
        "[PERSON",
        "_1]",
        "_2]",
        "▁[",
        "▁[EMAIL_1]",
        "PERSON_1",
        "EMAIL",
        "R-",
        "22",
        "09",
        "▁COFFEE",
        "20",
        "@",
        "example",
        ".com",
        "▁x",
        ".▁",
        "!\n",
        "▁the",
        "▁lamp",
        "s",
        ".",
        "▁\"",
        "▁on▁Monday",
        "▁3▁May",
        "▁8▁EUR",
        "▁1,199.00▁EUR",
        "▁paid",
        "▁She▁wants▁8▁more",
        "€",
        "“",
    ];
    let mut tokens = vec!["<unk>", "<s>", "</s>"];
    tokens.extend(bytes.iter().map(String::as_str));
    tokens.extend(pieces);
    let kind = |at| match at {
        0 => 2,
        1 | 2 => 3,
        at if at < 259 => 6,
        _ => 1,
    };
    let n = tokens.len();
    let words = Words {
        model: TokenizerModel::SentencePiece,
        pre: None,
        tokens,
        token_types: (0..n).map(kind).collect(),
        scores: vec![0.0; n],
        merges: Vec::new(),
        bos: Some(1),
        eos: Some(END),
        eot: None,
        ends: Vec::new(),
        unknown: Some(0),
        add_bos: Some(false),
        add_eos: Some(false),
        space_prefix: Some(SpacePrefix::Never),
    };
    Arc::new(Tokenizer::new(&words).unwrap())
}

/// The bytes of an answer that draws its tokens with random logits from `mask`, and whether it ended.
fn random_answer(
    mask: &mut OutlineMask,
    tokenizer: &Tokenizer,
    seed: u64,
    most: usize,
) -> (Vec<u8>, bool) {
    let mut random = ChaCha12Rng::seed_from_u64(seed);
    let mut text = Vec::new();
    for _ in 0..most {
        // Whole pieces are likelier than bytes, or answers would be noise.
        let mut logits: Vec<f32> = (0..tokenizer.vocabulary_size())
            .map(|at| {
                let noise = f32::from(u16::try_from(random.next_u32() >> 16).unwrap()) / 6_553.6;
                if at < 259 { noise - 3.0 } else { noise }
            })
            .collect();
        mask.apply(&mut logits);
        let best = (0..logits.len())
            .max_by(|a, b| logits[*a].total_cmp(&logits[*b]))
            .unwrap();
        assert!(
            logits[best] > f32::NEG_INFINITY,
            "no way on after {:?}",
            String::from_utf8_lossy(&text)
        );
        let token = u32::try_from(best).unwrap();
        mask.accept(token);
        if token == END {
            return (text, true);
        }
        text.extend_from_slice(tokenizer.token_bytes(token));
    }
    (text, false)
}

fn known() -> Arc<Known> {
    Arc::new(Known::new(
        &[INPUT.to_owned()],
        &PLACEHOLDERS.map(str::to_owned),
    ))
}

fn words(rule: impl Rule + 'static, sentences: Option<u32>) -> Place {
    Place::Words(Own::new(Box::new(rule), sentences))
}

/// A part that the model may not pass over.
fn part(text: &str, place: Place, end: &str) -> Part {
    Part {
        text: text.to_owned(),
        place: Some(place),
        end: end.to_owned(),
        optional: false,
    }
}

fn mask(tokenizer: &Arc<Tokenizer>, parts: Vec<Part>, temperature: f32) -> OutlineMask {
    let vocabulary = Arc::new(Vocabulary::new(Arc::clone(tokenizer)));
    OutlineMask::new(vocabulary, parts, "", temperature)
}

/// Takes the placeholders of the prompt away.
fn without_placeholders(text: &str) -> String {
    PLACEHOLDERS
        .iter()
        .fold(text.to_owned(), |text, own| text.replace(own, "  "))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn facts_are_the_inputs_own(seed in any::<u64>(), temperature in 0_f32..2.0) {
        let tokenizer = tokenizer();
        let mut mask = mask(&tokenizer, vec![part("", words(Facts::new(known()), None), "")], temperature);
        let (text, ended) = random_answer(&mut mask, &tokenizer, seed, 120);
        let text = String::from_utf8_lossy(&text);
        let mut found = scan::words(&without_placeholders(&text));
        if !ended {
            // The last word may be cut.
            found.pop();
        }
        let facts = scan::words(&without_placeholders(INPUT));
        for (word, fact, _) in found {
            let shown = String::from_utf8_lossy(&word);
            prop_assert!(!fact || facts.iter().any(|own| own.0 == word), "{shown} in {text}");
            prop_assert!(!["ten", "Monday"].contains(&&*shown), "{shown} in {text}");
        }
        let loose = without_placeholders(&text);
        let (open, _) = loose.rsplit_once('[').unwrap_or((&loose, ""));
        prop_assert!(!open.contains('[') && (!ended || !loose.contains('[')), "{text}");
        for pair in ["14 June", "3 May", "8 EUR", "70 EUR", "1,199.00 USD", "EUR 70"] {
            prop_assert!(!loose.contains(pair), "{pair} in {text}");
        }
    }

    #[test]
    fn placeholders_exist(seed in any::<u64>()) {
        let tokenizer = tokenizer();
        let mut mask = mask(&tokenizer, vec![part("", words(Free::new(known()), None), "")], 1.0);
        let (text, ended) = random_answer(&mut mask, &tokenizer, seed, 120);
        let text = String::from_utf8_lossy(&text);
        let mut loose = without_placeholders(&text);
        if !ended && let Some(at) = loose.rfind('[') {
            loose.truncate(at);
        }
        prop_assert!(!loose.contains("[PERSON") && !loose.contains("[EMAIL"), "{text}");
    }

    /// Where a rule need not be asked for plain tokens, it would have allowed each of them.
    #[test]
    fn plain_tokens_are_allowed_where_nobody_asks(seed in any::<u64>()) {
        let tokenizer = tokenizer();
        let vocabulary = Vocabulary::new(Arc::clone(&tokenizer));
        let mut mask = mask(&tokenizer, vec![part("", words(Free::new(known()), None), "")], 1.0);
        let (text, _) = random_answer(&mut mask, &tokenizer, seed, 40);
        let mut rule = Free::new(known());
        for byte in text {
            let n = u32::try_from(tokenizer.vocabulary_size()).unwrap();
            let plain = (0..n).filter(|token| vocabulary.is_plain(*token));
            for token in plain.filter(|_| rule.allows_plain()) {
                prop_assert!(vocabulary.bytes(token).is_some_and(|bytes| rule.allows(bytes)), "{token}");
            }
            rule.advance(&[byte]);
        }
        prop_assert!(Free::new(known()).allows_plain() && (0..).take(400).any(|token| vocabulary.is_plain(token)));
    }

    #[test]
    fn the_likeliest_allowed_tokens_are_kept(
        logits in prop::collection::vec(prop_oneof![Just(f32::NEG_INFINITY), Just(f32::NAN), -9_f32..9.0], 1..300),
        allowed in prop::collection::vec(any::<bool>(), 300),
        margin in 0_f32..9.0,
    ) {
        let is_allowed = |token: u32| allowed[usize::try_from(token).unwrap()];
        let mut kept = logits.clone();
        super::outline::keep_likeliest(&mut kept, margin, is_allowed);
        let own = logits.iter().zip(&allowed).filter(|(_, allowed)| **allowed);
        let best = own.map(|(logit, _)| *logit).fold(f32::NEG_INFINITY, f32::max);
        for ((logit, allowed), kept) in logits.iter().zip(&allowed).zip(kept) {
            let expected = if *allowed && *logit >= best - margin { *logit } else { f32::NEG_INFINITY };
            prop_assert_eq!(kept, expected);
        }
    }

    #[test]
    fn outlines_are_kept(seed in any::<u64>(), count in 1_usize..4) {
        let tokenizer = tokenizer();
        let sentences = ["It leaks.", "She wants 8 more.", "Call [PERSON_1]!", "Größe 12."].map(str::to_owned);
        let quote = Quote::new(&sentences, "\" \"", (count, count));
        let bye = Part { text: "\nBye".to_owned(), place: None, end: String::new(), optional: false };
        let parts = vec![
            part("", Place::Quote(quote), "\""),
            part("\nWe:", words(Facts::new(known()), Some(2)), ""),
            bye,
        ];
        let mut mask = mask(&tokenizer, parts, 0.0);
        // The mark that ends the quote is also what stands between its sentences.
        let (bytes, ended) = random_answer(&mut mask, &tokenizer, seed, 600);
        let answer = String::from_utf8_lossy(&bytes);
        prop_assert!(ended, "{answer}");
        let (quoted, rest) = answer.split_once("\"\nWe:").unwrap();
        let parts: Vec<&str> = quoted.split("\" \"").collect();
        prop_assert_eq!(parts.len(), count);
        let places: Vec<_> = parts.iter().map(|own| sentences.iter().position(|s| s == own)).collect();
        prop_assert!(places.iter().all(Option::is_some) && places.is_sorted(), "{quoted}");
        let written = rest.strip_suffix("\nBye").unwrap();
        prop_assert!(!written.contains('\n') && written.ends_with(['.', '!', '?', '"', ')', '\'']), "{written}");
    }

    /// Parts that may be passed over, sentences that may come or not, one word of a list: whatever the model
    /// chooses, the answer can be read back by the use case's texts, and says no sentence twice.
    #[test]
    fn optional_parts_come_whole_or_not_at_all(seed in any::<u64>(), temperature in 0_f32..2.0) {
        let tokenizer = tokenizer();
        let sentences = ["It leaks.", "It is new.", "Call [PERSON_1]!", "Größe 12.", "It"].map(str::to_owned);
        let moods = ["calm", "angry"].map(str::to_owned);
        let quote = |most| Place::Quote(Quote::new(&sentences, "\" \"", (1, most)));
        let may = |text: &str, most| Part { optional: true, ..part(text, quote(most), "\"") };
        let parts = vec![
            part("", quote(2), "\""),
            may("\nWants: \"", 1),
            may("\nWas done: \"", 3),
            part("\nMood: ", Place::Quote(Quote::one_of(&moods)), "."),
            may("\nBy: \"", 1),
        ];
        let mut mask = mask(&tokenizer, parts, temperature);
        let (bytes, ended) = random_answer(&mut mask, &tokenizer, seed, 900);
        prop_assert!(matches!(mask.state(), State::End));
        let answer = String::from_utf8(bytes).unwrap();
        prop_assert!(ended, "{answer}");
        let answer = "Says: \"".to_owned() + &answer;
        let names = ["Says: ", "Wants: ", "Was done: ", "Mood: ", "By: "];
        let (mut last, mut said) = (None, Vec::new());
        for line in answer.lines() {
            let at = names.iter().position(|name| line.starts_with(name));
            prop_assert!(at > last, "{answer}");
            last = at;
            let own = &line[names[at.unwrap()].len()..];
            if at == Some(3) {
                prop_assert!(["calm.", "angry."].contains(&own), "{answer}");
            } else {
                let own = own.strip_prefix('"').and_then(|own| own.strip_suffix('"')).unwrap();
                let own: Vec<String> = own.split("\" \"").map(str::to_owned).collect();
                prop_assert!(own.iter().all(|own| sentences.contains(own)), "{answer}");
                said.extend(own);
            }
        }
        prop_assert!(answer.contains("\nMood: "), "{answer}");
        said.sort();
        let n = said.len();
        said.dedup();
        prop_assert_eq!(said.len(), n, "{}", answer);
    }
}
