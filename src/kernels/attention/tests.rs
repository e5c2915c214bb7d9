use half::f16;

use super::cache::narrow;
use super::*;
use crate::types::KvFormat;

fn noise(len: usize, seed: u32) -> Vec<f32> {
    let mut state = seed;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / 8_388_608.0 - 1.0
    };
    (0..len).map(|_| next()).collect()
}

#[test]
fn halves_are_rounded_as_the_format_says() {
    let special = [
        0.0, -0.0, 1.0, 65_504.0, -65_504.0, 65_519.9, 6e-8, 2.9e-8, 2.99e-8, 6.1e-5,
    ];
    for value in noise(20_000, 11)
        .into_iter()
        .flat_map(|v| [v, v * 1e-4, v * 1e-7, v * 6e4])
        .chain(special)
    {
        assert_eq!(narrow(value), f16::from_f32(value).to_bits(), "{value}");
    }
    for (value, largest) in [
        (1e6, f16::MAX),
        (f32::NEG_INFINITY, f16::MIN),
        (f32::NAN, f16::MAX),
    ] {
        assert_eq!(narrow(value), largest.to_bits(), "{value}");
    }
}

#[test]
fn units_are_as_long_as_leaves_each_thread_some() {
    for (heads, kv_heads, lengths, threads, expected) in [
        // Three heads of queries share one of keys: four tokens are twelve queries.
        (9, 3, &[512][..], 2, 16),
        (9, 3, &[512], 64, 4),
        (9, 3, &[13], 2, 4),
        (9, 3, &[1], 2, 4),
        (9, 3, &[1; 8], 2, 16),
        (9, 3, &[24], 2, 8),
        (32, 8, &[13], 2, 15),
        (32, 8, &[13], 8, 3),
        (8, 8, &[64], 2, 12),
        (64, 1, &[64], 2, 9),
        (64, 1, &[3], 2, 1),
    ] {
        let shape = AttentionShape {
            heads,
            kv_heads,
            head_dim: 64,
            block_tokens: 32,
        };
        let sequences: Vec<_> = lengths
            .iter()
            .map(|n_rows| Query {
                first_row: 0,
                n_rows: *n_rows,
                context: 0,
                blocks: &[],
            })
            .collect();
        let rows = rows_per_unit(&shape, &sequences, threads);
        assert_eq!(rows, expected, "{heads} {kv_heads} {lengths:?} {threads}");
    }
}

#[test]
fn every_level_and_chunking_gives_the_definition() {
    for rule in [
        (None, None),
        (Some(13), None),
        (None, Some(0.7)),
        (Some(40), Some(2.0)),
    ] {
        for sizes in [
            [4, 2, 16, 8, 37],
            [9, 3, 64, 32, 70],
            [2, 1, 20, 16, 50],
            [2, 2, 80, 16, 33],
        ] {
            for format in [KvFormat::F16, KvFormat::Q8] {
                check(rule, sizes, format);
            }
        }
    }
}

fn check(
    (window, soft_cap): (Option<usize>, Option<f32>),
    [heads, kv_heads, head_dim, block_tokens, n]: [usize; 5],
    format: KvFormat,
) {
    let pool = Pool::new(2).unwrap();
    let shape = AttentionShape {
        heads,
        kv_heads,
        head_dim,
        block_tokens,
    };
    let rule = AttentionRule {
        scale: 0.3,
        soft_cap,
        window,
    };
    let (width, kv_width) = (heads * head_dim, kv_heads * head_dim);
    let (q, k, v) = (
        noise(n * width, 1),
        noise(n * kv_width, 2),
        noise(n * kv_width, 3),
    );
    let n_blocks = n.div_ceil(block_tokens);
    let blocks: Vec<u32> = (0..n_blocks)
        .rev()
        .map(|b| u32::try_from(b).unwrap())
        .collect();
    let run = |level, chunk: usize| {
        let mut kv = KvBlocks::new(&shape, n_blocks, format);
        // What an earlier sequence left behind must not matter.
        let size = KvBlocks::block_bytes(&shape, format);
        for block in 0..n_blocks {
            assert!(kv.fill(&shape, block, &vec![0x7E; size]));
        }
        let mut out = vec![0.0; n * width];
        for from in (0..n).step_by(chunk) {
            let n_rows = chunk.min(n - from);
            let query = [Query {
                first_row: from,
                n_rows,
                context: from,
                blocks: &blocks,
            }];
            kv.write((level, &pool), &shape, &query, (&k, &v));
            attend((level, &pool), (&shape, &rule), (&q, &query), &kv, &mut out);
        }
        out
    };
    let reference = run(Level::PORTABLE, n);
    for (row, found) in reference.chunks_exact(width).enumerate() {
        let from = window.map_or(0, |window| (row + 1).saturating_sub(window));
        let expected = exact(
            &shape,
            &rule,
            &q[row * width..(row + 1) * width],
            (&k, &v),
            (from..row + 1, format),
        );
        for (a, b) in found.iter().zip(expected) {
            assert!((f64::from(*a) - b).abs() < 2e-6, "{a} {b}");
        }
    }
    for level in Level::available() {
        for chunk in [n, 1, 7, 20] {
            assert_eq!(run(level, chunk), reference, "{level:?} by {chunk}");
        }
    }
}

/// The values of a head as they are kept, by the definition of their format.
fn kept(head: &[f32], format: KvFormat) -> Vec<f64> {
    let half = |x: f32| f64::from(f16::from_f32(x).to_f32());
    match format {
        KvFormat::F16 => head.iter().map(|x| half(*x)).collect(),
        KvFormat::Q8 => head
            .chunks(GROUP)
            .flat_map(|group| {
                let largest = group.iter().fold(0.0_f32, |a, b| a.max(b.abs()));
                let scale = f16::from_f32(largest / 127.0).to_f32();
                let per = 1.0 / scale;
                let steps = move |x: f32| (x * per).round_ties_even().clamp(-127.0, 127.0);
                group
                    .iter()
                    .map(move |x| f64::from(steps(*x)) * f64::from(scale))
            })
            .collect(),
    }
}

/// The definition, in double precision, over keys and values as they are kept.
fn exact(
    shape: &AttentionShape,
    rule: &AttentionRule,
    query: &[f32],
    (keys, values): (&[f32], &[f32]),
    (seen, format): (std::ops::Range<usize>, KvFormat),
) -> Vec<f64> {
    let (d, kv_width) = (shape.head_dim, shape.kv_heads * shape.head_dim);
    let [keys, values] = [keys, values].map(|all| {
        let heads = all.chunks_exact(d).map(|head| kept(head, format));
        heads.collect::<Vec<_>>().concat()
    });
    let mut out = Vec::new();
    for head in 0..shape.heads {
        let kv = head / (shape.heads / shape.kv_heads) * d;
        let score = |t: usize| -> f64 {
            let dot = (0..d).map(|i| f64::from(query[head * d + i]) * keys[t * kv_width + kv + i]);
            let score = dot.sum::<f64>() * f64::from(rule.scale);
            rule.soft_cap.map_or(score, |cap| {
                f64::from(cap) * (score / f64::from(cap)).tanh()
            })
        };
        let weights: Vec<f64> = seen.clone().map(|t| score(t).exp()).collect();
        let total: f64 = weights.iter().sum();
        let value = |t: usize, i: usize| values[t * kv_width + kv + i];
        out.extend((0..d).map(|i| {
            let sum: f64 = seen
                .clone()
                .zip(&weights)
                .map(|(t, weight)| weight * value(t, i))
                .sum();
            sum / total
        }));
    }
    out
}

/// One token's keys and values, and what is read of them: `[dimension]` of the only head.
fn rounded(values: &[f32]) -> Vec<f32> {
    let (pool, n) = (Pool::new(1).unwrap(), values.len());
    let shape = AttentionShape {
        heads: 1,
        kv_heads: 1,
        head_dim: n,
        block_tokens: 1,
    };
    let query = [Query {
        first_row: 0,
        n_rows: 1,
        context: 0,
        blocks: &[0],
    }];
    let mut all = Vec::new();
    for level in Level::available() {
        let mut kv = KvBlocks::new(&shape, 1, KvFormat::Q8);
        kv.write((level, &pool), &shape, &query, (values, values));
        let mut bytes = Vec::new();
        assert!(kv.read(&shape, 0, &mut bytes) && !kv.read(&shape, 1, &mut Vec::new()));
        assert_eq!(bytes.len(), KvBlocks::block_bytes(&shape, KvFormat::Q8));
        let (keys, rest) = bytes.split_at(bytes.len() / 2);
        assert_eq!(keys, rest, "with one token, keys lie as values do");
        let (keys, scales) = keys.split_at(n);
        let scale =
            |at: usize| f16::from_bits(u16::from_le_bytes([scales[2 * at], scales[2 * at + 1]]));
        let value =
            |(at, byte): (usize, &u8)| f32::from(byte.cast_signed()) * scale(at / GROUP).to_f32();
        all.push(keys.iter().enumerate().map(value).collect::<Vec<_>>());
    }
    let first = all.swap_remove(0);
    assert!(all.iter().all(|other| *other == first));
    first
}

#[test]
fn bytes_are_near_what_they_stand_for_group_by_group() {
    for (size, factor) in [(64, 1.0), (80, 1e-3), (20, 300.0), (64, 1e-6)] {
        let mut values: Vec<f32> = noise(size, 3).iter().map(|v| v * factor).collect();
        // Of the first group alone.
        values[7] *= 50.0;
        let found = rounded(&values);
        for (at, (found, value)) in found.iter().zip(&values).enumerate() {
            let group = values.chunks(GROUP).nth(at / GROUP).unwrap();
            let largest = group.iter().fold(0.0_f32, |a, b| a.max(b.abs()));
            // Half a step, and what the scale itself is rounded by; the least scale is 6e-8.
            let bound = largest / 127.0 * 0.5 + largest / 2048.0 + 127.0 * 3e-8;
            assert!((found - value).abs() <= bound, "{at}: {found} {value}");
        }
    }
    let special = [
        0.0,
        -0.0,
        f32::NAN,
        f32::INFINITY,
        f32::NEG_INFINITY,
        1e30,
        1.0,
    ];
    let found = rounded(&special);
    assert!(found[0] == 0.0 && found[1] == 0.0 && found[6] == 0.0);
    for (at, sign) in [(3, 1.0), (4, -1.0), (5, 1.0)] {
        assert!((found[at] * sign - 65_504.0).abs() < 64.0, "{}", found[at]);
    }
    assert!(found[2].is_finite());
    assert_eq!(rounded(&[1e-9; 40]), [0.0; 40], "too small for any scale");
}

#[test]
fn a_block_is_read_and_put_back_bit_by_bit() {
    let shape = AttentionShape {
        heads: 2,
        kv_heads: 2,
        head_dim: 40,
        block_tokens: 4,
    };
    for format in [KvFormat::F16, KvFormat::Q8] {
        let size = KvBlocks::block_bytes(&shape, format);
        let bytes: Vec<u8> = (0..size)
            .map(|i| u8::try_from(i * 7 % 251).unwrap())
            .collect();
        let mut kv = KvBlocks::new(&shape, 3, format);
        assert!(kv.fill(&shape, 1, &bytes));
        for (block, expected) in [(0, vec![0; size]), (1, bytes.clone()), (2, vec![0; size])] {
            let mut found = vec![9];
            assert!(kv.read(&shape, block, &mut found));
            assert_eq!(
                (found[0], &found[1..]),
                (9, &expected[..]),
                "{format} {block}"
            );
        }
        assert!(!kv.fill(&shape, 3, &bytes), "there is no such block");
        assert!(
            !kv.fill(&shape, 1, &bytes[1..]) && !kv.fill(&shape, 1, &[&bytes[..], &[0]].concat())
        );
    }
}
