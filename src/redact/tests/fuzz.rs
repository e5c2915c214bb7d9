//! Whatever text there is, in whatever modes: no panic, nothing half replaced, and what goes back is what was there.

use std::collections::BTreeMap;
use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError, TestCaseResult, TestRunner};

use super::corpus::{noise, texts};
use super::*;
use crate::config::{RawRules, RedactionRules};
use crate::redact::PseudonymKey;
use crate::types::{Clock as _, Mode, SystemClock};

/// How long one of these tests goes on at most; what it began it ends.
const BOUND: Duration = Duration::from_secs(4);
/// Most texts of one of them.
const CASES: u32 = 1000;

static REDACTOR: LazyLock<Redactor> = LazyLock::new(redactor);

/// Anything that a text may be: letters of all scripts, marks, controls, pieces of personal data and of placeholders.
fn any_text() -> impl Strategy<Value = String> {
    let made = LazyLock::new(|| noise(&texts(), 2000));
    let piece = prop_oneof![
        4 => any::<prop::sample::Index>().prop_map(move |at| at.get(&made).clone()),
        2 => any::<String>(),
        2 => "[\\PC\\n\\t]{0,24}",
        2 => "[0-9 .,/()+-]{0,24}",
        1 => "[\\[\\]{}<>_A-Z0-9 ]{0,24}",
        1 => "\\p{M}{0,3}",
        1 => property::pieces().prop_map(|pieces| pieces.concat()),
    ];
    prop::collection::vec(piece, 0..6).prop_map(|pieces| pieces.concat())
}

/// Tries texts until there were enough of them, or time is up.
fn try_texts<S: Strategy>(strategy: &S, test: impl Fn(S::Value) -> TestCaseResult) {
    let start = SystemClock.instant();
    let mut runner = TestRunner::new(Config::with_cases(CASES));
    let outcome = runner.run(strategy, |value| {
        if SystemClock.instant() - start > BOUND {
            return Ok(());
        }
        test(value)
    });
    if let Err(error) = outcome {
        panic!("{error}");
    }
}

/// A redactor with a mode for each kind, drawn by `modes`.
pub(super) fn with_modes(modes: &[Mode]) -> Redactor {
    let modes: BTreeMap<Entity, Mode> = Entity::ALL
        .iter()
        .copied()
        .zip(modes.iter().copied())
        .collect();
    let own = RawRules {
        modes,
        ..RawRules::default()
    };
    Redactor::new(RedactorOptions {
        countries: vec!["DE".parse().unwrap(), "US".parse().unwrap()],
        chat: Arc::new(RedactionRules::new(own).unwrap()),
        key: PseudonymKey::new([7; 32]),
        ..RedactorOptions::default()
    })
    .unwrap()
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

#[test]
fn any_text_is_replaced_cleanly_and_goes_back() {
    try_texts(&any_text(), |text| {
        let mut conversation = REDACTOR.conversation();
        let (masked, ranges) = conversation.replaced(&text).unwrap();
        let Some(found) = stand_ins(&text, &masked, &ranges) else {
            return Err(TestCaseError::fail(format!("{text:?} became {masked:?}")));
        };
        let mut written: HashMap<&str, &str> = HashMap::new();
        let mut alike = true;
        for (stand_in, range) in found.iter().zip(&ranges) {
            let inner = stand_in.trim_start_matches('[').trim_end_matches(']');
            prop_assert!(
                !inner.contains(['[', ']']) && inner.ends_with(|c: char| c.is_ascii_digit()),
                "{stand_in}"
            );
            alike &= *written
                .entry(stand_in)
                .or_insert_with(|| &text[range.clone()])
                == &text[range.clone()];
        }
        // One value that was written in two ways goes back in one.
        let back = restored(conversation.into_vault().restorer(), &masked);
        prop_assert!(!alike || back == text, "{text:?} came back as {back:?}");
        Ok(())
    });
}

#[test]
fn any_text_is_scanned_and_explained() {
    try_texts(&any_text(), |text| {
        let mut last = 0;
        for span in REDACTOR.scan(&text).unwrap() {
            prop_assert!(
                span.range.start >= last && !span.range.is_empty(),
                "{text:?}"
            );
            prop_assert!(
                text.get(span.range.clone()).is_some(),
                "{:?} of {text:?}",
                span.range
            );
            last = span.range.end;
        }
        for decision in REDACTOR.explain(&text).unwrap() {
            prop_assert!(text.get(decision.span.range.clone()).is_some(), "{text:?}");
        }
        Ok(())
    });
}

#[test]
fn any_records_and_texts_are_redacted() {
    let declared = prop::collection::vec((prop::sample::select(Entity::ALL), any_text()), 0..4);
    try_texts(&(declared, any_text()), |(declared, text)| {
        let declared: Vec<_> = declared
            .iter()
            .map(|(entity, value)| ("Field", *entity, value.as_str()))
            .collect();
        let (redacted, vault) = REDACTOR.redact(case(&declared, &[&text])).unwrap();
        let seen = masked(&redacted).remove(0);
        // Whatever comes back, in whatever pieces, is taken.
        let mut restorer = vault.restorer();
        for piece in seen.split_inclusive(['_', '[', ' ']) {
            restorer.push(piece);
        }
        restorer.push(&text);
        restorer.finish();
        Ok(())
    });
}

#[test]
fn whatever_goes_back_is_what_was_there_in_every_mode_that_allows_it() {
    let modes = prop::collection::vec(
        prop::sample::select(vec![Mode::Placeholder, Mode::Surrogate, Mode::Keep]),
        Entity::ALL.len(),
    );
    let texts = prop::collection::vec(property::pieces(), 1..4);
    try_texts(&(modes, texts), |(modes, texts)| {
        let redactor = with_modes(&modes);
        let texts: Vec<String> = texts.iter().map(|pieces| pieces.concat()).collect();
        let (redacted, vault) = redactor.redact(chat(&texts)).unwrap();
        let restorer = vault.restorer();
        let twice = is_in_two_notations(&texts);
        for (text, seen) in texts.iter().zip(masked(&redacted)) {
            let back = restored(restorer.again(), &seen);
            // One number that was written in two ways goes back in one.
            let same = back == *text || twice && digits_joined(&back) == digits_joined(text);
            prop_assert!(same, "{text:?} became {seen:?} and came back as {back:?}");
        }
        Ok(())
    });
}

/// Whether the digits of a number stand in the texts with other separators, too, maybe as a part of more.
fn is_in_two_notations(texts: &[String]) -> bool {
    let is_part = |c: char| c.is_ascii_digit() || separates(c);
    let digits = |run: &str| run.chars().filter(char::is_ascii_digit).collect::<String>();
    let runs: Vec<(&str, String)> = texts
        .iter()
        .flat_map(|text| text.split(|c| !is_part(c)))
        .map(|run| (run.trim_matches(separates), digits(run)))
        .collect();
    runs.iter().any(|(written, own)| {
        let mut others = runs.iter().filter(|(other, _)| other != written);
        own.len() >= 5 && others.any(|(_, digits)| digits.contains(own))
    })
}

/// Whether `c` may stand between two digits of a number.
fn separates(c: char) -> bool {
    matches!(c, ' ' | '.' | '-' | '/' | '(' | ')')
}

/// `text` without what separates the digits of a number.
fn digits_joined(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let is_digit = |at: Option<usize>| {
        at.and_then(|at| chars.get(at))
            .is_some_and(char::is_ascii_digit)
    };
    let parts =
        |at: usize| separates(chars[at]) && is_digit(at.checked_sub(1)) && is_digit(Some(at + 1));
    let kept = (0..chars.len()).filter(|at| !parts(*at));
    kept.map(|at| chars[at]).collect()
}

#[test]
fn all_modes_at_once_take_any_text() {
    let all = vec![
        Mode::Drop,
        Mode::Hash,
        Mode::Keep,
        Mode::Mask,
        Mode::Placeholder,
        Mode::Surrogate,
    ];
    let modes = prop::collection::vec(prop::sample::select(all), Entity::ALL.len());
    try_texts(&(modes, any_text()), |(modes, text)| {
        let (seen, _, restorer) = with_modes(&modes).mask_text(&text).unwrap();
        restored(restorer, &seen);
        Ok(())
    });
}
