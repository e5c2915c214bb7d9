//! Placeholders as the model wrote them.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::types::Entity;

/// How the placeholders of an answer were written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Placeholders {
    /// As they were in the prompt: `[PERSON_1]`.
    pub exact: usize,
    /// Their name is there, their form is not: `[PERSON 1]`, `PERSON_1`, `[PERSON_1`.
    pub broken: usize,
    /// Well formed, and of nothing in the prompt.
    pub invented: usize,
    /// Of the exact ones: those beside words of the prompt that stand beside another one of the same kind there.
    pub swapped: usize,
}

/// Words on one side of a placeholder by which its place in the prompt is known again.
const BESIDE: usize = 3;

impl Placeholders {
    /// Counts those of an answer to `prompt` that was not restored; `known` says how many of each kind the prompt
    /// has, numbered from 1.
    pub fn of(masked: &str, prompt: &str, known: &BTreeMap<Entity, u32>) -> Self {
        let mut found = Self {
            swapped: swapped(masked, prompt),
            ..Self::default()
        };
        let mut rest = masked;
        while let Some((start, label)) = next_label(rest) {
            let end = start + label.label().len();
            let tail = &rest[end..];
            let digits = tail
                .strip_prefix('_')
                .map_or(0, |own| own.bytes().take_while(u8::is_ascii_digit).count());
            let number = tail.get(1..=digits).unwrap_or("").parse::<u32>().ok();
            let closed = tail
                .get(digits + 1..)
                .is_some_and(|own| own.starts_with(']'));
            match number {
                Some(number) if closed && rest[..start].ends_with('[') => {
                    let most = known.get(&label).copied().unwrap_or(0);
                    if (1..=most).contains(&number) {
                        found.exact += 1;
                    } else {
                        found.invented += 1;
                    }
                }
                _ => found.broken += 1,
            }
            rest = tail;
        }
        found
    }

    /// All of them.
    pub fn total(self) -> usize {
        self.exact + self.broken + self.invented
    }
}

/// A word, and the number in it if it is or holds a placeholder.
struct Word<'a> {
    text: &'a str,
    /// What stands before the number, and the number.
    placeholder: Option<(&'a str, u32)>,
}

fn words_of(text: &str) -> Vec<Word<'_>> {
    let placeholder = |word: &'_ str| -> Option<(usize, usize, u32)> {
        let start = word.find('[')?;
        let end = start + word[start..].find(']')?;
        let at = start + word[start..end].rfind('_')? + 1;
        Some((start, at, word[at..end].parse().ok()?))
    };
    let word = |text| Word {
        text,
        placeholder: placeholder(text).map(|(start, at, number)| (&text[start..at], number)),
    };
    text.split_whitespace().map(word).collect()
}

/// How many placeholders of `masked` stand where `prompt` has another one of their kind: after or before the same
/// words as there.
fn swapped(masked: &str, prompt: &str) -> usize {
    let (answer, prompt) = (words_of(masked), words_of(prompt));
    let text = |word: &Word<'_>| word.text.to_owned();
    let sides = |all: &[Word<'_>], at: usize| -> [Option<Vec<String>>; 2] {
        let before = at
            .checked_sub(BESIDE)
            .map(|from| all[from..at].iter().map(text).collect());
        let after = all
            .get(at + 1..=at + BESIDE)
            .map(|own| own.iter().map(text).collect());
        [before, after]
    };
    let there: Vec<_> = prompt
        .iter()
        .enumerate()
        .filter_map(|(at, word)| Some((word.placeholder?, sides(&prompt, at))))
        .collect();
    let is_swapped = |at: usize, (kind, number): (&str, u32)| {
        let own = sides(&answer, at);
        let fits = |other: &[Option<Vec<String>>; 2]| {
            let mut pairs = own.iter().zip(other);
            pairs.any(|(own, other)| own.is_some() && own == other)
        };
        let mut numbers = there
            .iter()
            .filter(|((own, _), beside)| *own == kind && fits(beside))
            .map(|((_, own), _)| *own)
            .peekable();
        numbers.peek().is_some() && numbers.all(|own| own != number)
    };
    answer
        .iter()
        .enumerate()
        .filter(|(at, word)| word.placeholder.is_some_and(|own| is_swapped(*at, own)))
        .count()
}

/// `template` with the values that the placeholders have in `restored`, which is `masked` restored.
pub(super) fn restored_like(template: &str, masked: &str, restored: &str) -> String {
    let mut out = template.to_owned();
    let mut masked = masked;
    let mut restored = restored;
    while let Some(start) = masked.find('[') {
        let Some(len) = masked[start..].find(']').map(|at| at + 1) else {
            break;
        };
        let placeholder = &masked[start..start + len];
        let rest = &masked[start + len..];
        // The text up to the next placeholder says where the value ends.
        let between = rest.split('[').next().unwrap_or("");
        let Some(from) = restored.get(start..) else {
            break;
        };
        let end = match from.strip_suffix(rest) {
            Some(value) => value.len(),
            None if between.is_empty() => from.len(),
            None => from.find(between).unwrap_or(0),
        };
        out = out.replace(placeholder, &from[..end]);
        (masked, restored) = (rest, &from[end..]);
    }
    out
}

/// The first label that stands in `text` as a word of its own, in capitals, and looks like a placeholder's:
/// in a bracket or with an underscore and a number.
fn next_label(text: &str) -> Option<(usize, Entity)> {
    let at = |entity: &Entity| {
        let label = entity.label();
        let fits = |at: &usize| {
            let (before, after) = (&text[..*at], &text[at + label.len()..]);
            let word = |c: char| c.is_alphanumeric() || c == '_';
            let bracket = before.ends_with(['[', '{', '<']);
            let numbered = after
                .strip_prefix(['_', ' '])
                .is_some_and(|own| own.starts_with(|c: char| c.is_ascii_digit()));
            !before.ends_with(word)
                && (bracket && !after.starts_with(char::is_alphabetic) || numbered)
        };
        let found = text.match_indices(label).map(|(at, _)| at).find(fits);
        found.map(|at| (at, *entity))
    };
    Entity::ALL
        .iter()
        .filter_map(at)
        .min_by_key(|(at, entity)| {
            // `IP_ADDRESS` before `ADDRESS`: the longer at one place.
            (*at, usize::MAX - entity.label().len())
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_found_between_texts() {
        let masked = "Dear [PERSON_1], write to [EMAIL_1].";
        let restored = "Dear Ada Byron, write to a@example.com.";
        let template = "Dear [PERSON_1], [EMAIL_1] [IBAN_1]";
        assert_eq!(
            restored_like(template, masked, restored),
            "Dear Ada Byron, a@example.com [IBAN_1]"
        );
    }

    #[test]
    fn forms_are_told_apart() {
        let known = BTreeMap::from([(Entity::Person, 2), (Entity::IpAddress, 1)]);
        for (text, exact, broken, invented) in [
            ("Dear [PERSON_1], [PERSON_2] and [IP_ADDRESS_1]", 3, 0, 0),
            ("[PERSON_3] [EMAIL_1]", 0, 0, 2),
            ("[PERSON 1] PERSON_1 [PERSON_1 [PERSON]", 0, 4, 0),
            ("an EMAIL to the PERSON in charge", 0, 0, 0),
            ("[PERSONAL] note", 0, 0, 0),
            ("", 0, 0, 0),
        ] {
            let expected = Placeholders {
                exact,
                broken,
                invented,
                swapped: 0,
            };
            assert_eq!(Placeholders::of(text, "", &known), expected, "{text}");
        }
    }

    #[test]
    fn who_stands_in_anothers_place_is_seen() {
        let prompt = "Customer: [PERSON_1]\nIt was [PERSON_2] who sold it to [PERSON_1] on 3 May for [MONEY_1].";
        for (answer, expected) in [
            (
                "Reports: \"It was [PERSON_2] who sold it to [PERSON_1] on 3 May\"",
                0,
            ),
            ("Reports: it was [PERSON_1] who sold it to her", 1),
            ("who sold it to [PERSON_2] on 3 May", 1),
            // Beside words of its own nobody is in the wrong place.
            ("Dear [PERSON_2], thank you", 0),
            ("[PERSON_1]", 0),
            // Another kind is no swap.
            ("who sold it to [EMAIL_1] on 3 May", 0),
            ("", 0),
        ] {
            assert_eq!(swapped(answer, prompt), expected, "{answer}");
        }
    }
}
