//! The network against its definition in double precision, and what holds whatever the weights are.

use crate::formats::Mapped;
use crate::formats::gguf::Gguf;

use super::super::bert::exact::Exact;
use super::fixture::{LABELS, Sizes, noise};
use super::*;

const SIZES: Sizes = Sizes {
    vocabulary: 50,
    hidden: 64,
    feed_forward: 96,
    heads: 2,
    layers: 2,
    window: 40,
    overlap: 10,
};

fn file(bytes: Vec<u8>) -> Gguf {
    // Tests end soon.
    let bytes: &'static [u8] = Vec::leak(bytes);
    Gguf::open(&Mapped::built_in("noise.gguf", bytes)).unwrap()
}

fn tokens(n: usize, seed: usize) -> Vec<TaggedToken> {
    (0..n)
        .map(|i| TaggedToken {
            id: u32::try_from((i * 7 + seed * 13) % SIZES.vocabulary).unwrap(),
            case: u8::try_from((i + seed) % 4).unwrap(),
        })
        .collect()
}

fn all(n: usize) -> Vec<usize> {
    (0..n).collect()
}

/// Activations in 8 bits cost about a hundredth of the logits' spread; the definition has none.
#[test]
fn near_its_definition() {
    for seed in 1..4 {
        let gguf = file(noise(SIZES, seed));
        let tagger = Tagger::load(&gguf, 2).unwrap();
        let tokens = tokens(37, 1);
        let found = tagger.logits(&tokens, &[37], &all(37)).unwrap();
        let exact = Exact {
            source: &gguf,
            shape: (SIZES.hidden, SIZES.heads, SIZES.layers),
        };
        let plain: Vec<(u32, u8)> = tokens.iter().map(|token| (token.id, token.case)).collect();
        let exact = exact.linear("cls.output", &exact.vectors(&plain)).concat();
        let spread = exact.iter().map(|v| v * v).sum::<f64>() / exact.len() as f64;
        let error = found
            .iter()
            .zip(&exact)
            .map(|(a, b)| (f64::from(*a) - b).powi(2))
            .sum::<f64>()
            / exact.len() as f64;
        let relative = (error / spread).sqrt();
        assert!(relative < 0.03, "seed {seed}: {relative}");
    }
}

/// A window's logits are the same bits whatever runs beside it, at every level, with any number of threads.
#[test]
fn neighbours_levels_and_threads_change_nothing() {
    let gguf = file(noise(SIZES, 9));
    let tagger = Tagger::load(&gguf, 1).unwrap();
    let lengths = [1, 40, 17, 3, 33];
    let windows: Vec<Vec<TaggedToken>> = lengths.iter().map(|n| tokens(*n, *n)).collect();
    let wanted = all(94);
    let together = tagger.logits(&windows.concat(), &lengths, &wanted).unwrap();
    let mut row = 0;
    for window in &windows {
        let alone = tagger
            .logits(window, &[window.len()], &all(window.len()))
            .unwrap();
        let place = row * LABELS.len()..(row + window.len()) * LABELS.len();
        assert_eq!(alone, together[place]);
        row += window.len();
    }
    // Nor does it matter which others are asked for.
    let some: Vec<usize> = (0..94).filter(|row| row % 3 != 1).collect();
    let found = tagger.logits(&windows.concat(), &lengths, &some).unwrap();
    let rows = |row: &usize| &together[row * LABELS.len()..(row + 1) * LABELS.len()];
    assert_eq!(found, some.iter().map(rows).collect::<Vec<_>>().concat());
    for level in Level::available() {
        for threads in [1, 2, 3] {
            let other = Tagger::load(&gguf, 1).unwrap().on_level(level, threads);
            let found = other.logits(&windows.concat(), &lengths, &wanted).unwrap();
            assert_eq!(found, together, "{level:?}, {threads} threads");
        }
    }
}

#[test]
fn what_cannot_be_computed_is_refused() {
    let tagger = Tagger::load(&file(noise(SIZES, 9)), 1).unwrap();
    let foreign = |id, case| [TaggedToken { id, case }];
    for (tokens, lengths) in [
        (tokens(41, 1), &[41][..]),
        (tokens(3, 1), &[2]),
        (tokens(3, 1), &[3, 1]),
        (tokens(3, 1), &[3, 0]),
        (foreign(50, 0).to_vec(), &[1]),
        (foreign(0, 4).to_vec(), &[1]),
        (tokens(MAX_ROWS + 1, 1), &[1]),
    ] {
        let error = tagger.logits(&tokens, lengths, &[0]).unwrap_err();
        assert!(matches!(error, ModelError::Batch { .. }), "{error}");
    }
    assert_eq!(tagger.logits(&[], &[], &[]).unwrap(), Vec::<f32>::new());
    for wanted in [&[3][..], &[1, 0], &[1, 1]] {
        assert!(tagger.logits(&tokens(3, 1), &[3], wanted).is_err());
    }
}

#[test]
fn broken_files_are_named() {
    let load = |sizes: Sizes| {
        Tagger::load(&file(noise(sizes, 1)), 1)
            .unwrap_err()
            .to_string()
    };
    for (sizes, says) in [
        (Sizes { heads: 5, ..SIZES }, "bert.embedding_length"),
        (
            Sizes {
                window: 7,
                overlap: 0,
                ..SIZES
            },
            "pii_ner.window",
        ),
        (
            Sizes {
                overlap: 20,
                ..SIZES
            },
            "pii_ner.overlap",
        ),
    ] {
        let error = load(sizes);
        assert!(error.contains(says), "{error}");
    }
    // A scale that is no number.
    let gguf = file(noise(SIZES, 1));
    let place = gguf.tensor("blk.0.ffn_up.weight").unwrap().range.start;
    let mut bytes = noise(SIZES, 1);
    bytes[place..place + 2].copy_from_slice(&0x7C00_u16.to_le_bytes());
    let error = Tagger::load(&file(bytes), 1).unwrap_err().to_string();
    assert!(error.contains("blk.0.ffn_up.weight"), "{error}");
    let place = gguf.tensor("token_embd.weight").unwrap().range.start;
    let mut bytes = noise(SIZES, 1);
    bytes[place..place + 2].copy_from_slice(&0x7C00_u16.to_le_bytes());
    let tagger = Tagger::load(&file(bytes), 1).unwrap();
    let tokens = [TaggedToken { id: 0, case: 0 }];
    assert!(matches!(
        tagger.logits(&tokens, &[1], &[0]),
        Err(ModelError::NotFinite)
    ));
}
