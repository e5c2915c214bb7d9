//! What looks only where something can stand finds what a look at everything finds.

use super::corpus::{noise, texts};
use crate::redact::context::{Nearby, Words, verdict_of_all_words};
use crate::redact::fold::Folded;
use crate::redact::placeholder::{typed, typed_anywhere};
use crate::redact::recogniser::reference;
use crate::redact::text::Text;
use crate::redact::{readable, similar};

/// Lists as recognisers have them: long ones, with stems and letters that are not ASCII.
static GOOD: Words = Words::new(&[
    "tel", "phone", "né", "geb", "geburts~", "order", "customer", "bestell~", "ö", "a", "the",
    "für",
]);
static BAD: Words = Words::new(&["for", "rechnung~", "und", "de", "is"]);

fn everything() -> Vec<String> {
    let mut all = texts();
    let made = noise(&all, 2000);
    all.extend(made);
    all
}

#[test]
fn near_a_digit_or_bracket_or_everywhere() {
    for text in everything() {
        assert_eq!(typed(&text), typed_anywhere(&text), "typed in {text:?}");
        let prepared = Text::new(&text, &[]);
        reference::check(&prepared);
    }
}

#[test]
fn words_are_the_words_of_all_characters() {
    for text in everything() {
        let quick: Vec<_> = readable::words(&text).collect();
        assert_eq!(
            quick,
            readable::words_of_chars(&text).collect::<Vec<_>>(),
            "{text:?}"
        );
        reference::check_words(&text);
    }
}

#[test]
fn words_near_a_find_say_the_same_read_as_far_as_needed() {
    for text in everything() {
        let prepared = Text::new(&text, &[]);
        for group in &prepared.groups {
            let (start, end) = (group.range.start, group.range.end);
            let near = Nearby::of(&text, start, end);
            let plain = verdict_of_all_words(&text, start, end, &GOOD, &BAD);
            assert_eq!(near.verdict(&GOOD, &BAD), plain, "{start} of {text:?}");
        }
    }
}

#[test]
fn folding_in_stretches_is_folding_character_by_character() {
    for text in everything() {
        let (quick, slow) = (Folded::of(&text), Folded::of_chars(&text));
        assert_eq!(quick.text, slow.text, "{text:?}");
        let borders: Vec<usize> = quick.text.char_indices().map(|(at, _)| at).collect();
        for pair in borders.windows(2) {
            let range = pair[0]..pair[1];
            assert_eq!(
                quick.original(&range),
                slow.original(&range),
                "{range:?} of {text:?}"
            );
        }
    }
}

#[test]
fn sketches_dismiss_no_slip_and_no_ending() {
    let mut names: Vec<String> = Vec::new();
    let all = texts();
    for text in &all {
        let folded = Folded::of(text).text;
        names.extend(readable::words(&folded).map(|word| folded[word].to_owned()));
    }
    names.sort_unstable();
    names.dedup();
    similar::check_sketches(&names);
}
