//! Redaction of case text: a turn of 8 KiB, and how many bytes a second the layers read.

use std::hint::black_box;

use std::sync::Arc;

use bailiwick::redact::{Conversation, NameFinder, NamesOptions, Redactor, RedactorOptions};
use bailiwick::types::{Entity, TenantSalt};
use criterion::{Criterion, Throughput};

/// A thread as a case holds it: mail in several languages, agents' notes, quoted history, a signature.
const THREAD: &str = include_str!("data/case-thread.txt");

/// What the case's contact and account declare.
const DECLARED: &[(Entity, &str)] = &[
    (Entity::Person, "Jürgen Müller-Westphal"),
    (Entity::Person, "Sarah Whitfield"),
    (Entity::Email, "juergen.mueller@example.com"),
    (Entity::Email, "sarah.whitfield@example.co.uk"),
    (Entity::Phone, "+49 30 1234567"),
    (Entity::Phone, "+44 7700 900123"),
    (Entity::Address, "Friedrichstraße 112a\n10117 Berlin"),
    (Entity::Organisation, "Westphal Haustechnik GmbH"),
    (Entity::Identifier, "KD-2024-00817"),
    (Entity::Location, "Berlin"),
];

pub(crate) fn benches(criterion: &mut Criterion) {
    masking(criterion);
    names(criterion);
    hostile(criterion);
    restoring(criterion);
}

fn masking(criterion: &mut Criterion) {
    let redactor = redactor();
    for (name, bytes) in [("8 KiB", 8 * 1024), ("1 MiB", 1024 * 1024)] {
        let text = thread(bytes);
        let mut group = criterion.benchmark_group("redaction");
        group.throughput(Throughput::Bytes(text.len() as u64));
        group.bench_function(format!("patterns, {name}"), |bencher| {
            bencher.iter(|| redactor.mask_text(black_box(&text)));
        });
        group.bench_function(format!("records and patterns, {name}"), |bencher| {
            bencher.iter(|| declared(&redactor).mask(black_box(&text)));
        });
        group.finish();
    }
}

/// With the model of names: a turn of 8 KiB and a longer text that are read for the first time, and a conversation
/// whose history was read before.
fn names(criterion: &mut Criterion) {
    let redactor = redactor_with(NamesOptions::default());
    let mut group = criterion.benchmark_group("redaction");
    group.sample_size(10);
    for (name, bytes) in [("8 KiB", 8 * 1024), ("64 KiB", 64 * 1024)] {
        let text = thread(bytes);
        group.throughput(Throughput::Elements(text.chars().count() as u64));
        group.bench_function(format!("names, {name}"), |bencher| {
            bencher.iter(|| redactor.mask_text(black_box(&text)));
        });
    }
    let messages: Vec<String> = (0..20)
        .map(|turn| format!("{turn}: {}", thread(800)))
        .collect();
    let mut turn = 0_u64;
    group.throughput(Throughput::Elements(1));
    group.bench_function("names, a turn of 100 bytes after a history of 16 KiB", |bencher| {
        bencher.iter(|| {
            turn += 1;
            let mut conversation = redactor.conversation_of(TenantSalt(7));
            let new = format!("{turn}: Please tell Maria Lopez in Sevilla that the kettle from her order leaks. Thank you!");
            for text in messages.iter().chain([&new]) {
                // What can't be masked shows in the spans, not in the time.
                let _ = black_box(conversation.mask(text));
            }
        });
    });
    group.finish();
}

/// A mebibyte of what is slowest: groups of digits that may all be numbers of somebody.
fn hostile(criterion: &mut Criterion) {
    let redactor = redactor();
    let text = "12 34 ".repeat(1024 * 1024 / 6);
    let mut group = criterion.benchmark_group("redaction");
    group.throughput(Throughput::Bytes(text.len() as u64));
    group.sample_size(10);
    group.bench_function("hostile digits, 1 MiB", |bencher| {
        bencher.iter(|| redactor.scan(black_box(&text)));
    });
    group.finish();
}

#[expect(
    clippy::unwrap_used,
    reason = "a bench without its redactor measures nothing"
)]
fn redactor() -> Redactor {
    Redactor::new(options()).unwrap()
}

#[expect(
    clippy::unwrap_used,
    reason = "a bench without its redactor measures nothing"
)]
fn redactor_with(names: NamesOptions) -> Redactor {
    Redactor::new(RedactorOptions {
        names: Some(Arc::new(NameFinder::built_in(names).unwrap())),
        ..options()
    })
    .unwrap()
}

#[expect(
    clippy::unwrap_used,
    reason = "a bench without its redactor measures nothing"
)]
fn options() -> RedactorOptions {
    let countries = ["DE", "US", "GB", "FR", "ES", "IT", "NL"];
    RedactorOptions {
        countries: countries.iter().map(|c| c.parse().unwrap()).collect(),
        ..RedactorOptions::default()
    }
}

fn declared(redactor: &Redactor) -> Conversation<'_> {
    let mut conversation = redactor.conversation();
    for (entity, value) in DECLARED {
        // A value that can't be learnt shows in the spans, not in the time.
        let _ = conversation.declare(*entity, value);
    }
    conversation
}

/// An answer of some 200 tokens that comes back token by token.
fn restoring(criterion: &mut Criterion) {
    let redactor = redactor();
    let answer = "Dear [PERSON_1], thank you for your patience. Please reply to [EMAIL_1] by Friday. \
                  The kettle from order 7001234567 will be replaced, as the PERSON we spoke to said. "
        .repeat(5);
    let tokens: Vec<&str> = answer.split_inclusive(' ').collect();
    let mut group = criterion.benchmark_group("restoring");
    group.throughput(Throughput::Elements(tokens.len() as u64));
    group.bench_function("token by token", |bencher| {
        bencher.iter_batched(
            || redactor.mask_text("Dear Anna Berger,\nwrite to a@example.com"),
            |masked| {
                masked.map(|(_, _, mut restorer)| {
                    tokens
                        .iter()
                        .map(|token| restorer.push(token).len())
                        .sum::<usize>()
                })
            },
            criterion::BatchSize::SmallInput,
        );
    });
    group.finish();
}

/// The thread, over and over, up to `bytes`.
fn thread(bytes: usize) -> String {
    let mut text = THREAD.repeat(bytes / THREAD.len() + 1);
    let end = (0..=bytes)
        .rev()
        .find(|at| text.is_char_boundary(*at))
        .unwrap_or(0);
    text.truncate(end);
    text
}
