//! Matrix products by format and shape, and attention; throughput in multiplications and additions.

use std::hint::black_box;

use bailiwick::kernels::{
    AttentionRule, AttentionShape, Encoding, FloatEncoding, Inputs, KvBlocks, Level, Matrix, Pool,
    Query, attend, multiply,
};
use bailiwick::types::KvFormat;
use criterion::{BenchmarkId, Criterion, Throughput};

const THREADS: usize = 2;
/// Format, weights per block, bytes per block.
const QUANTIZED: [(&str, Encoding, usize, usize); 8] = [
    ("Q2_K", Encoding::Q2K, 256, 84),
    ("Q3_K", Encoding::Q3K, 256, 110),
    ("Q4_1", Encoding::Q4_1, 32, 20),
    ("Q4_K", Encoding::Q4K, 256, 144),
    ("Q5_1", Encoding::Q5_1, 32, 24),
    ("Q5_K", Encoding::Q5K, 256, 176),
    ("Q6_K", Encoding::Q6K, 256, 210),
    ("Q8_0", Encoding::Q8_0, 32, 34),
];
const FLOATS: [(&str, FloatEncoding, usize); 3] = [
    ("BF16", FloatEncoding::BF16, 2),
    ("F16", FloatEncoding::F16, 2),
    ("F32", FloatEncoding::F32, 4),
];

fn products(c: &mut Criterion) {
    let pool = Pool::new(THREADS).unwrap();
    let shapes = [(1536_usize, 768_usize), (2048, 2048)];
    for (rows, cols) in shapes {
        for (name, encoding, weights, bytes) in QUANTIZED {
            // Zero bytes are zero scales: speed does not depend on values.
            let file = vec![0; rows * cols / weights * bytes];
            let matrix = Matrix::quantized(&pool, encoding, (rows, cols), &file).unwrap();
            product(c, &pool, name, &matrix);
        }
        for (name, encoding, bytes) in FLOATS {
            let file = vec![0; rows * cols * bytes];
            let matrix = Matrix::dense(&pool, encoding, (rows, cols), &file).unwrap();
            product(c, &pool, name, &matrix);
        }
    }
}

/// The default model's shapes and the tagger's, level beside level: what a level is worth where it is used.
fn levels(c: &mut Criterion) {
    let pool = Pool::new(1).unwrap();
    let shapes = [
        ("Q4_1", Encoding::Q4_1, 20, (576_usize, 576_usize)),
        ("Q4_1", Encoding::Q4_1, 20, (192, 576)),
        ("Q4_1", Encoding::Q4_1, 20, (1536, 576)),
        ("Q4_1", Encoding::Q4_1, 20, (576, 1536)),
        ("Q8_0", Encoding::Q8_0, 34, (384, 384)),
        ("Q8_0", Encoding::Q8_0, 34, (1536, 384)),
        ("Q8_0", Encoding::Q8_0, 34, (384, 1536)),
    ];
    for (name, encoding, bytes, (rows, cols)) in shapes {
        let file = vec![0; rows * cols / 32 * bytes];
        let matrix = Matrix::quantized(&pool, encoding, (rows, cols), &file).unwrap();
        for n in [1, 16, 64, 512] {
            let mut group = c.benchmark_group(format!("levels/{name}/{rows}x{cols}/{n}"));
            group.sample_size(20);
            group.throughput(Throughput::Elements((n * rows * cols) as u64));
            for level in Level::available().into_iter().skip(1) {
                let (x, mut out) = (inputs((level, &pool), &matrix, n), vec![0.0; n * rows]);
                group.bench_function(format!("{level:?}"), |b| {
                    b.iter(|| multiply(level, &pool, black_box(&x), &mut [(&matrix, &mut out)]));
                });
            }
        }
    }
}

/// Rows of activations for `matrix`.
fn inputs((level, pool): (Level, &Pool), matrix: &Matrix, n: usize) -> Inputs {
    let cols = matrix.cols();
    let (mut values, mut x) = (vec![0.5; n * cols], Inputs::default());
    x.fill(
        (level, pool),
        (n, cols),
        &[matrix],
        [(&mut values, cols)],
        &|_, [row], out| {
            out.copy_from_slice(row);
        },
    );
    x
}

fn product(c: &mut Criterion, pool: &Pool, name: &str, matrix: &Matrix) {
    let level = Level::best();
    let (rows, cols) = (matrix.rows(), matrix.cols());
    let mut group = c.benchmark_group(format!("product/{name}/{rows}x{cols}"));
    group.sample_size(20);
    for n in [1, 8, 256] {
        let (x, mut out) = (inputs((level, pool), matrix, n), vec![0.0; n * rows]);
        group.throughput(Throughput::Elements((n * rows * cols) as u64));
        group.bench_function(BenchmarkId::from_parameter(n), |b| {
            b.iter(|| multiply(level, pool, black_box(&x), &mut [(matrix, &mut out)]));
        });
    }
}

fn attention(c: &mut Criterion) {
    let (level, pool) = (Level::best(), Pool::new(THREADS).unwrap());
    let shape = AttentionShape {
        heads: 9,
        kv_heads: 3,
        head_dim: 64,
        block_tokens: 32,
    };
    let rule = AttentionRule {
        scale: 0.125,
        soft_cap: None,
        window: None,
    };
    let (width, kv_width) = (
        shape.heads * shape.head_dim,
        shape.kv_heads * shape.head_dim,
    );
    let mut group = c.benchmark_group("attention");
    group.sample_size(20);
    for (name, format, n_rows, context) in [
        ("prefill", KvFormat::F16, 512, 0),
        ("prefill, 8 bits", KvFormat::Q8, 512, 0),
        ("decode", KvFormat::F16, 1, 1024),
        ("decode, 8 bits", KvFormat::Q8, 1, 1024),
    ] {
        let blocks: Vec<u32> = (0..64).collect();
        let query = [Query {
            first_row: 0,
            n_rows,
            context,
            blocks: &blocks,
        }];
        let mut kv = KvBlocks::new(&shape, blocks.len(), format);
        let (queries, keys) = (vec![0.1; n_rows * width], vec![0.1; n_rows * kv_width]);
        let mut out = vec![0.0; n_rows * width];
        kv.write((level, &pool), &shape, &query, (&keys, &keys));
        let pairs: usize = (1..=n_rows).map(|row| context + row).sum();
        group.throughput(Throughput::Elements((pairs * 2 * width) as u64));
        group.bench_function(name, |b| {
            b.iter(|| {
                attend(
                    (level, &pool),
                    (&shape, &rule),
                    (&queries, &query),
                    &kv,
                    &mut out,
                )
            });
        });
    }
}

/// All of this module.
pub(crate) fn benches(c: &mut Criterion) {
    products(c);
    levels(c);
    attention(c);
}
