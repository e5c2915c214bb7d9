//! Answers of a random model: each must fit its schema.

use std::path::{Path, PathBuf};

use rand::rngs::ChaCha12Rng;
use rand::{Rng, SeedableRng};
use serde_json::Value;

use super::{END, grammars, tokenizer};
use crate::engine::TokenMask;
use crate::grammar::{Grammar, GrammarError};

/// From here on whatever closes something is likelier.
const LONG: usize = 80;
/// And what one or the other regular expression waits for.
const AWAITED: &[u8] = b"b000-AA0.0.0:0";
/// An answer that is not whole by then never will be.
const MOST: usize = 20_000;

/// Draws from logits at temperature 1.
pub(super) struct RandomModel(ChaCha12Rng);

impl RandomModel {
    pub(super) fn new(seed: u64) -> Self {
        Self(ChaCha12Rng::seed_from_u64(seed))
    }

    /// A number in `0..1`.
    fn number(&mut self) -> f32 {
        f32::from(u16::try_from(self.0.next_u32() >> 16).unwrap()) / 65_536.0
    }

    /// An answer under `mask`; the error is the start of one that never ends.
    pub(super) fn answer(&mut self, mask: &mut dyn TokenMask) -> Result<String, String> {
        self.start(mask, MOST)
    }

    /// The same with at most `most` tokens.
    pub(super) fn start(
        &mut self,
        mask: &mut dyn TokenMask,
        most: usize,
    ) -> Result<String, String> {
        let tokenizer = tokenizer();
        let n = tokenizer.vocabulary_size();
        let mut text = Vec::new();
        for at in 0..most {
            let mut logits: Vec<f32> = (0..n).map(|_| 4.0 * self.number()).collect();
            for token in 0..u32::try_from(n).unwrap() {
                let bytes = tokenizer.token_bytes(token);
                let place = usize::try_from(token).unwrap();
                let closes = matches!(bytes, b"\"" | b"}" | b"]") || token == END;
                let awaited = bytes == AWAITED.get(at % AWAITED.len()..).unwrap().get(..1).unwrap();
                logits[place] += match (at > LONG, closes, awaited) {
                    (true, true, _) => 9.0,
                    (true, false, true) => 10.5,
                    _ => 0.0,
                };
            }
            mask.apply(&mut logits);
            let Some(token) = self.draw(&logits) else {
                break;
            };
            mask.accept(token);
            if token == END {
                return Ok(String::from_utf8(text).expect("characters are whole"));
            }
            text.extend_from_slice(tokenizer.token_bytes(token));
        }
        text.truncate(2_000);
        Err(String::from_utf8_lossy(&text).into_owned())
    }

    fn draw(&mut self, logits: &[f32]) -> Option<u32> {
        let weights: Vec<f32> = logits.iter().map(|logit| logit.exp()).collect();
        let mut left = self.number() * weights.iter().sum::<f32>();
        let mut last = None;
        for (token, weight) in (0_u32..).zip(weights) {
            if weight > 0.0 {
                last = Some(token);
                left -= weight;
                if left <= 0.0 {
                    break;
                }
            }
        }
        last
    }
}

/// The real-world schemas beside the repository; `None` where they are not there.
fn schemas() -> Option<Vec<(String, Value)>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let places = ["../shared", "../../shared"].map(|up| root.join(up));
    let file = |place: &PathBuf| place.join("conformance/jsonschema-sample.json");
    let text = places
        .iter()
        .find_map(|place| std::fs::read(file(place)).ok())?;
    let all: Vec<Value> = serde_json::from_slice(&text).unwrap();
    let one = |entry: &Value| {
        (
            entry["id"].as_str().unwrap().to_owned(),
            entry["schema"].clone(),
        )
    };
    Some(all.iter().map(one).collect())
}

/// Draws `n` answers under `grammar` and says which does not fit `schema`.
pub(super) fn misfit(schema: &Value, grammar: &Grammar, n: u64) -> Option<String> {
    let validator = jsonschema::options().should_validate_formats(true);
    let validator = match validator.build(schema) {
        Ok(validator) => validator,
        Err(error) => return Some(format!("the schema is none: {error}")),
    };
    (0..n).find_map(|seed| {
        let answer = match RandomModel::new(seed).answer(&mut *grammar.mask()) {
            Ok(answer) => answer,
            Err(start) => return Some(format!("seed {seed}: no end: {start}")),
        };
        let value = match serde_json::from_str(&answer) {
            Ok(value) => value,
            Err(error) => return Some(format!("seed {seed}: {error}: {answer}")),
        };
        let fits = validator.validate(&value);
        fits.err()
            .map(|error| format!("seed {seed}: {error}: {answer}"))
    })
}

/// All that is yielded fits; the rest is refused with its reason; at least nine in ten are supported.
fn check_all(n: u64) {
    let Some(schemas) = schemas() else {
        println!("skipped: no schemas beside the repository");
        return;
    };
    let grammars = grammars();
    let (mut refused, mut misfits) = (Vec::new(), Vec::new());
    for (id, schema) in &schemas {
        match grammars.json_schema(schema, &[]) {
            Ok(grammar) => {
                let misfit = misfit(schema, &grammar, n);
                misfits.extend(misfit.map(|why| format!("{id}: {why}")));
            }
            Err(error) => refused.push((id, error)),
        }
    }
    let supported = schemas.len() - refused.len();
    println!("{supported} of {} schemas are supported", schemas.len());
    for (id, error) in &refused {
        println!("refused: {id}: {error}");
    }
    assert!(misfits.is_empty(), "{}", misfits.join("\n"));
    assert!(supported * 10 >= schemas.len() * 9);
    let vague = refused
        .iter()
        .find(|(_, error)| matches!(error, GrammarError::TooComplex));
    assert!(vague.is_none(), "{vague:?}");
}

#[test]
fn real_schemas_yield_only_what_fits() {
    check_all(20);
}
