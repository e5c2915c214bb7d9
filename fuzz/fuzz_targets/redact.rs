//! Redaction: nothing is half replaced, no placeholder stands in another, and what goes back is what was there.
#![no_main]

use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Arc, LazyLock};

use bailiwick::config::{RawRules, RedactionRules};
use bailiwick::redact::{Conversation, PseudonymKey, Redactor, RedactorOptions, Restorer};
use bailiwick::types::{Entity, Mode};
use libfuzzer_sys::fuzz_target;

/// By placeholders alone.
static PLAIN: LazyLock<Redactor> = LazyLock::new(|| redactor(&[Mode::Placeholder]));
/// By surrogates, where there are any.
static SURROGATES: LazyLock<Redactor> = LazyLock::new(|| redactor(&[Mode::Surrogate]));
/// By every mode, each for some kinds.
static MIXED: LazyLock<Redactor> = LazyLock::new(|| {
    redactor(&[
        Mode::Mask,
        Mode::Surrogate,
        Mode::Keep,
        Mode::Hash,
        Mode::Placeholder,
        Mode::Drop,
        Mode::Surrogate,
    ])
});

fuzz_target!(|bytes: &[u8]| {
    let text = String::from_utf8_lossy(bytes);
    replaced_and_restored(PLAIN.conversation(), &text);
    if let Some((declared, rest)) = text.split_once('\n') {
        let mut conversation = PLAIN.conversation();
        let kind = Entity::ALL[declared.len() % Entity::ALL.len()];
        if conversation.declare(kind, declared).is_ok() {
            replaced_and_restored(conversation, rest);
        }
    }
    for redactor in [&*SURROGATES, &*MIXED] {
        let (masked, _, restorer) = redactor.mask_text(&text).unwrap();
        restored(&restorer, &masked);
    }
    let mut last = 0;
    for span in PLAIN.scan(&text).unwrap() {
        assert!(
            span.range.start >= last && !span.range.is_empty(),
            "{span:?}"
        );
        assert!(text.get(span.range.clone()).is_some(), "{span:?}");
        last = span.range.end;
    }
    for decision in PLAIN.explain(&text).unwrap() {
        let found = text.get(decision.span.range.clone());
        assert!(found.is_some(), "{decision:?}");
    }
});

/// A redactor whose kinds have these modes in turn.
fn redactor(modes: &[Mode]) -> Redactor {
    let modes = Entity::ALL
        .iter()
        .copied()
        .zip(modes.iter().copied().cycle());
    let own = RawRules {
        modes: modes.collect(),
        ..RawRules::default()
    };
    let countries = ["DE", "US", "GB", "FR", "ES", "IT", "NL", "PL"];
    Redactor::new(RedactorOptions {
        countries: countries.iter().map(|code| code.parse().unwrap()).collect(),
        chat: Arc::new(RedactionRules::new(own).unwrap()),
        key: PseudonymKey::new([7; 32]),
        ..RedactorOptions::default()
    })
    .unwrap()
}

fn replaced_and_restored(mut conversation: Conversation<'_>, text: &str) {
    let (masked, ranges) = conversation.replaced(text).unwrap();
    let Some(found) = stand_ins(text, &masked, &ranges) else {
        panic!("{text:?} became {masked:?}");
    };
    let mut written: HashMap<&str, &str> = HashMap::new();
    let mut alike = true;
    for (stand_in, range) in found.iter().zip(&ranges) {
        let inner = &stand_in[1..stand_in.len() - 1];
        let numbered = inner.ends_with(|c: char| c.is_ascii_digit());
        assert!(numbered && !inner.contains(['[', ']']), "{stand_in}");
        let own = &text[range.clone()];
        alike &= *written.entry(stand_in).or_insert(own) == own;
    }
    let vault = conversation.into_vault();
    let carried = Restorer::carried(&vault.carry()).unwrap();
    let back = restored(&vault.restorer(), &masked);
    assert_eq!(restored(&carried, &masked), back, "{masked:?}");
    // One value that was written in two ways goes back in one.
    assert!(!alike || back == text, "{text:?} came back as {back:?}");
}

/// What stands in `masked` for each of `ranges`, if the text between them is untouched.
fn stand_ins<'m>(text: &str, masked: &'m str, ranges: &[Range<usize>]) -> Option<Vec<&'m str>> {
    let (mut rest, mut from) = (masked, 0);
    let mut found = Vec::new();
    for range in ranges {
        let behind = rest.strip_prefix(text.get(from..range.start)?)?;
        let end = behind.find(']')? + 1;
        let stand_in = behind.get(..end).filter(|own| own.starts_with('['))?;
        found.push(stand_in);
        rest = &behind[end..];
        from = range.end;
    }
    (rest == text.get(from..)?).then_some(found)
}

/// What `text` restores to: at once, and letter by letter.
fn restored(restorer: &Restorer, text: &str) -> String {
    let mut at_once = restorer.apart();
    let whole = at_once.push(text) + &at_once.finish();
    let mut streamed = restorer.apart();
    let mut parts: String = text
        .split_inclusive(|_| true)
        .map(|c| streamed.push(c))
        .collect();
    parts += &streamed.finish();
    assert_eq!(whole, parts, "{text:?}");
    whole
}
