//! Forms of driving licences: those that are told without a word, and those that are near one.
//!
//! Sources: DVLA's driver number (surname, decade, month with 50 added for women, day, year, initials, check characters);
//! the Italian licence in card form (`U1`, seven characters, a check letter) and on paper (province, seven digits, a
//! letter); the Polish one (number, year, office); the Portuguese one (district, number, check digit); the card forms of
//! Germany, France, Austria, Ireland, the Netherlands and Switzerland.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use crate::types::Entity;

use super::super::super::context::floor;
use super::super::super::error::RedactError;
use super::super::super::span::Candidate;
use super::super::super::text::{Group, Text};
use super::super::clause::is_of_another;
use super::super::compact::is_fragment;
use super::super::hints::Hint;

/// How far behind its word a licence may stand, in bytes.
const REACH: usize = 110;

const BRITISH: &str = r"^[A-Z]{1,5}9{0,4}[0-9](?:0[1-9]|1[0-2]|5[1-9]|6[0-2])(?:0[1-9]|[12][0-9]|3[01])[0-9][A-Z9]{2}[A-Z0-9][A-Z]{2}$";
const ITALIAN: &str = "^(?:U1[0-9A-Z]{7}[A-Z]|(?:A[GLNORTVQ]|B[ALNGIORTZS]|C[ALBETZHORSN]|E[NER]|F[MEIGCRO]|G[EOR]|I[MS]|L[TEICOU]|\
    M[NCSTEIOB]|N[AOU]|O[GRT]|P[DARVGUSECITNZO]|R[GACIEMNO]|S[PASVIORU]|T[AERNOPSV]|U[DS]|V[EBCRVIT])[0-9]{7}[A-Z])$";
/// The office is a district of Poland's register of territories: the voivodeship's even number and the district's, of which
/// 20 has 01 to 14 and 61 to 63. So "faktura 00123/05/2024" is none.
const POLISH: &str = "^[0-9]{5}/[0-9]{2}/(?:20(?:0[1-9]|1[0-4]|6[1-3])|(?:0[2468]|1[02468]|2[2468]|3[02])(?:[0-3][0-9]|6[1-9]|7[0-9]))";
const PORTUGUESE: &str =
    "^(?i:AN|AV|BE|BG|BR|CB|C|EV|E|FA|GD|GR|H|LE|L|PD|PT|P|SA|SE|ST|VC|VR|VS)-[0-9]{6,7} [0-9]";
/// An office's letter and digits, five characters, a check digit, which licence of its holder it is.
const GERMAN: &str = "^[A-Z][0-9]{3}[0-9A-Z]{5}[0-9X][0-9A-Z]$";
/// Germany, the United States, France.
const NEAR: &str =
    "^(?i:[A-Z][0-9A-Z]{9}[0-9]|[A-Z][0-9]{7,8}|[0-9]{2}[A-Z]{2}[0-9]{5}|[0-9]{8,12})$";

/// The forms, compiled.
struct Forms {
    british: Regex,
    italian: Regex,
    german: Regex,
    written: [Regex; 2],
    near: Regex,
}

static FORMS: LazyLock<Option<Forms>> = LazyLock::new(|| {
    Some(Forms {
        british: Regex::new(BRITISH).ok()?,
        italian: Regex::new(ITALIAN).ok()?,
        german: Regex::new(GERMAN).ok()?,
        written: [Regex::new(POLISH).ok()?, Regex::new(PORTUGUESE).ok()?],
        near: Regex::new(NEAR).ok()?,
    })
});

/// Adds the licences of `text` that need no word.
pub(super) fn find(text: &Text<'_>, found: &mut Vec<Candidate>) -> Result<(), RedactError> {
    let forms = FORMS.as_ref().ok_or(RedactError::Pattern {
        recogniser: "driving_licence",
    })?;
    let mut next = 0;
    for group in &text.groups {
        if group.range.start < next {
            continue;
        }
        if let Some((range, score)) = forms.at(text, group) {
            next = range.end;
            found.push(Candidate::pattern(range, Entity::DrivingLicence, score));
        }
    }
    Ok(())
}

impl Forms {
    /// The licence whose first digits are `group`.
    fn at(&self, text: &Text<'_>, group: &Group) -> Option<(Range<usize>, f32)> {
        let start = letters_before(text, group.range.start);
        let alone = |range: &Range<usize>| text.stands_alone(range) && !is_fragment(text, range);
        let len = group.range.len();
        let apart = start == group.range.start;
        if apart && len == 5 || !apart && (5..=7).contains(&len) {
            let rest = text.slice(start..floor(text.str, (start + 16).min(text.str.len())));
            let mut written = self.written.iter();
            if let Some(found) = written.find_map(|form| form.find(rest)) {
                let range = start..start + found.end();
                return alone(&range).then_some((range, 0.7));
            }
        }
        // The six digits in the middle are a group, with five letters or nines before them, and maybe a blank between.
        let name = match apart {
            true if text.char_before(start) == Some(' ') => letters_before(text, start - 1),
            _ => start,
        };
        if apart && start - name < 2 {
            return None;
        }
        if let Some((own, range)) = compact::<16>(text, name)
            && self.british.is_match(&own)
        {
            return alone(&range).then_some((range, 0.9));
        }
        if !apart
            && let Some((own, range)) = compact::<11>(text, start)
            && self.german.is_match(&own)
            && own
                .bytes()
                .skip(4)
                .take(5)
                .any(|byte| byte.is_ascii_alphabetic())
            && passes(&own)
        {
            return alone(&range).then_some((range, 0.7));
        }
        let (own, range) = compact::<10>(text, start).filter(|_| !apart)?;
        let digits = own.bytes().filter(u8::is_ascii_digit).count();
        let sound = digits >= 4
            && self.italian.is_match(&own)
            && is_italian(&own, text.slice(range.clone()))
            && alone(&range);
        sound.then_some((range, 0.65))
    }
}

/// Whether what has the Italian form is `written` as one: a card's number has letters inside of it, and none of its blocks is
/// a word ("an der U1 1130 Wien"); a province is not written apart.
fn is_italian(own: &str, written: &str) -> bool {
    let letters = |part: &[u8]| part.iter().all(u8::is_ascii_alphabetic);
    let mut inside = own.bytes().skip(2).take(7);
    let words = written
        .split(' ')
        .any(|part| part.len() > 1 && letters(part.as_bytes()));
    match own.starts_with("U1") {
        true => inside.any(|byte| byte.is_ascii_alphabetic()) && !words,
        false => written.len() == own.len(),
    }
}

/// The check digit of a German licence: the nine characters before it weigh nine to one, A is 10, modulo 11 where X is 10.
/// So it is in the numbers of the specimens that cards are shown with, N0704J6LK31 and B072RRE2I55.
fn passes(own: &str) -> bool {
    let values = || own.chars().map(|c| c.to_digit(36).unwrap_or(0));
    let sum: u32 = values()
        .zip((1..=9).rev())
        .map(|(value, weight)| value * weight)
        .sum();
    let check = match own.chars().nth(9) {
        Some('X') => 10,
        other => other.and_then(|c| c.to_digit(10)).unwrap_or(11),
    };
    sum % 11 == check
}

/// Where the letters start that stand right in front of `at`, or at a hyphen in front of it; six at most.
fn letters_before(text: &Text<'_>, at: usize) -> usize {
    let head = text.str.as_bytes().get(..at).unwrap_or_default();
    let hyphen = usize::from(head.ends_with(b"-"));
    let letters = head.iter().rev().skip(hyphen).take(6);
    let count = letters
        .take_while(|byte| byte.is_ascii_alphabetic())
        .count();
    if count == 0 { at } else { at - hyphen - count }
}

/// `N` letters and digits from `start` on as capitals, and where they are; two blanks may stand between them.
fn compact<const N: usize>(text: &Text<'_>, start: usize) -> Option<(String, Range<usize>)> {
    let rest = text.str.as_bytes().get(start..)?;
    let mut own = String::with_capacity(N);
    for (at, byte) in rest.iter().take(N + 2).enumerate() {
        if byte.is_ascii_alphanumeric() {
            own.push(char::from(byte.to_ascii_uppercase()));
        } else if *byte != b' ' {
            return None;
        }
        if own.len() == N {
            return Some((own, start..start + at + 1));
        }
    }
    None
}

/// The licence in the same paragraph as `hint`, behind it and some words, if it has a form that some country gives them.
pub(super) fn near(text: &Text<'_>, hint: &Hint) -> Option<Candidate> {
    let forms = FORMS.as_ref()?;
    let from = hint.range.end;
    let window = text.slice(from..floor(text.str, (from + REACH).min(text.str.len())));
    let to = from + window.find("\n\n").unwrap_or(window.len());
    let first = text
        .groups
        .partition_point(|group| group.range.start < from);
    let groups = text.groups.get(first..)?.iter();
    let mut last = from;
    for group in groups.take_while(|group| group.range.start < to) {
        if group.range.start < last {
            continue;
        }
        let bytes = text.str.as_bytes();
        let word = |byte: &&u8| byte.is_ascii_alphanumeric();
        let before = bytes.get(last..group.range.start)?.iter().rev();
        let behind = bytes.get(group.range.end..)?.iter();
        let start = group.range.start - before.take_while(word).count();
        last = group.range.end + behind.take(24).take_while(word).count();
        let range = start..last;
        let own = text.slice(range.clone());
        let digits = own.bytes().filter(u8::is_ascii_digit).count();
        let sound = digits >= 5
            && forms.near.is_match(own)
            && text.stands_alone(&range)
            && !is_fragment(text, &range);
        if sound && !is_of_another(text.str, start) {
            return Some(Candidate::pattern(range, Entity::DrivingLicence, 0.6));
        }
    }
    None
}
