//! What a mask costs per token, over a vocabulary of the default model's size.

use std::hint::black_box;
use std::sync::Arc;

use bailiwick::crm::{Outline, OutlinePart, Quotable, Write};
use bailiwick::grounding::Masks;
use bailiwick::prompt::Guide;
use bailiwick::tokenizer::{SpacePrefix, Tokenizer, TokenizerModel, Vocabulary};
use criterion::{BatchSize, Criterion};

/// Tokens of the default model.
const VOCABULARY: usize = 49_152;
const INPUT: &str = "[PERSON_1] paid 1,199.00 EUR on 14 May for two lamps (R-2209, COFFEE20). She wants 8 \
    more by 3 June! Mail [EMAIL_1]. Luna costs 70 USD.";

/// Bytes, numbers and made-up words; ids are spread by Knuth's multiplicative hash.
pub(super) fn tokenizer() -> Arc<Tokenizer> {
    let mut tokens = vec!["<unk>".to_owned(), "<s>".to_owned(), "</s>".to_owned()];
    tokens.extend((0..=255).map(|byte| format!("<0x{byte:02X}>")));
    tokens.extend((0..1_000).map(|number| format!("▁{number}")));
    for word in 0_u64.. {
        if tokens.len() == VOCABULARY {
            break;
        }
        let mut rest = word.wrapping_mul(2_654_435_761) % 100_000_007;
        let mut text = String::from(if word % 3 == 0 { "" } else { "▁" });
        while rest > 0 {
            text.push(char::from(b'a' + u8::try_from(rest % 26).unwrap_or(0)));
            rest /= 26;
        }
        tokens.push(text + &word.to_string().replace(|c: char| c.is_ascii_digit(), "e"));
    }
    let n = tokens.len();
    let kind = |at| match at {
        0 => 2,
        1 | 2 => 3,
        at if at < 259 => 6,
        _ => 1,
    };
    let vocabulary = Vocabulary {
        model: TokenizerModel::SentencePiece,
        pre: None,
        tokens: tokens.iter().map(String::as_str).collect(),
        token_types: (0..n).map(kind).collect(),
        scores: vec![0.0; n],
        merges: Vec::new(),
        bos: Some(1),
        eos: Some(2),
        eot: None,
        ends: Vec::new(),
        unknown: Some(0),
        add_bos: Some(false),
        add_eos: Some(false),
        space_prefix: Some(SpacePrefix::Never),
    };
    Arc::new(Tokenizer::new(&vocabulary).expect("the vocabulary is sound"))
}

pub(super) fn benches(c: &mut Criterion) {
    let masks = Masks::new(tokenizer());
    let mut group = c.benchmark_group("grounding");
    // Logits of a flat distribution: the hardest case, nearly every token is in reach.
    let logits: Vec<f32> = (0..VOCABULARY)
        .map(|at| f32::from(u16::try_from((at * 40_503) % 65_536).unwrap_or(0)) / 4_096.0)
        .collect();
    let sentences = vec![
        "She wants 8 more.".to_owned(),
        "Luna costs 70 USD.".to_owned(),
    ];
    let quote = Write::Quote(Quotable {
        least: 1,
        most: 1,
        joiner: String::new(),
        fields: vec![String::new(); sentences.len()],
        sentences,
    });
    for (name, write, temperature) in [
        ("facts, greedy", Write::Facts(None), 0.0),
        ("facts, temperature 0.7", Write::Facts(None), 0.7),
        ("quote, greedy", quote, 0.0),
        ("placeholders, temperature 0.7", Write::Free(None), 0.7),
    ] {
        let outline = Outline {
            parts: vec![OutlinePart {
                name: None,
                text: "It".to_owned(),
                write: Some(write),
                end: String::new(),
                optional: false,
            }],
            known: vec![INPUT.to_owned()],
        };
        let (guide, start) = Guide::new(
            outline,
            vec!["[PERSON_1]".to_owned(), "[EMAIL_1]".to_owned()],
        );
        let mask = masks.mask(&guide, &start, temperature);
        let mut mask = mask.expect("there is something to mask");
        group.bench_function(name, |b| {
            b.iter_batched_ref(
                || logits.clone(),
                |logits| mask.apply(black_box(logits)),
                BatchSize::SmallInput,
            );
        });
    }
    group.finish();
}
