//! Vectors of texts with the default embeddings model: a call with many of them, and one question.

use bailiwick::config::Environment;
use bailiwick::formats::{manifest, verify};
use bailiwick::model::encoder::TextEncoder;
use criterion::{BenchmarkId, Criterion, Throughput};

/// Tokens of a text as the encoder reads it, its start and end counted.
fn text(n: usize, seed: u32) -> Vec<u32> {
    let inner = (0_u32..)
        .map(|i| 2_000 + (i * 7_919 + seed * 104_729) % 20_000)
        .take(n - 2);
    [101].into_iter().chain(inner).chain([102]).collect()
}

pub(crate) fn benches(c: &mut Criterion) {
    let manifests = manifest::shipped().unwrap();
    let manifest = manifests.find("all-minilm-l6-v2").unwrap();
    let files = verify(&Environment::read().default_models_dir(), manifest).unwrap();
    let encoder = TextEncoder::open(&files, 2).unwrap();
    let mut group = c.benchmark_group("embeddings");
    group.sample_size(10);
    // 90 to 110 tokens each.
    let many: Vec<Vec<u32>> = (0..32)
        .map(|seed| text(90 + seed * 7 % 21, u32::try_from(seed).unwrap()))
        .collect();
    for (name, texts) in [
        ("32 of 100 tokens", many),
        ("one of 20 tokens", vec![text(20, 1)]),
    ] {
        let tokens: usize = texts.iter().map(Vec::len).sum();
        group.throughput(Throughput::Elements(tokens as u64));
        group.bench_function(BenchmarkId::from_parameter(name), |b| {
            b.iter(|| encoder.embed(&texts).unwrap());
        });
    }
}
