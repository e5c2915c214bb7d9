//! Phone numbers that were dictated: "null acht neun fünf fünf", "oh seven seven double oh", "zéro quatre
//! soixante-seize", in eight languages.
//!
//! A row of number words counts as a number of its own where a word in front speaks of phones or numbers, or where it
//! begins with a zero and is as long as one. What a number word is worth is not asked, only how many digits it stands for.

use std::ops::Range;

use crate::types::Entity;

use super::super::super::context::{List as _, floor, lowered};
use super::super::super::error::RedactError;
use super::super::super::span::Candidate;
use super::super::super::text::{Text, is_word};
use super::super::hints::{Hinted, Hints, Topic};
use super::numerals::{JOINERS, Kind, REPEATS, ZEROS, kind};
use super::words::{GOOD, NUMBERS, OTHERS};

/// Most words of a number.
const MAX_WORDS: usize = 24;
/// Fewest digits of a number that a word in front speaks of, and of one that nothing does.
const LEAST: usize = 6;
const LEAST_ALONE: usize = 9;

/// Looks at rows of number words.
#[derive(Debug)]
pub(in super::super) struct Spoken;

impl Hinted for Spoken {
    fn find_hinted(
        &self,
        text: &Text<'_>,
        hints: &Hints,
        found: &mut Vec<Candidate>,
    ) -> Result<(), RedactError> {
        let mut next = 0;
        for hint in hints.of_topic(Topic::SpokenDigit) {
            if hint.range.start < next {
                continue;
            }
            let start = first_word(text.str, hint.range.start, next);
            let (range, digits) = row(text.str, start);
            next = range.end.max(hint.range.end);
            if digits >= LEAST
                && let Some(entity) = entity_of(text, hints, &range, digits)
            {
                found.push(Candidate::pattern(range, entity, 0.8));
            }
        }
        Ok(())
    }
}

/// What a row of `digits` digits at `range` is.
fn entity_of(
    text: &Text<'_>,
    hints: &Hints,
    range: &Range<usize>,
    digits: usize,
) -> Option<Entity> {
    let from = floor(text.str, range.start.saturating_sub(72));
    let before = text.slice(from..range.start);
    let mut numbered = false;
    for (distance, word) in before
        .rsplit(|c: char| !is_word(c))
        .filter(|word| !word.is_empty())
        .take(9)
        .enumerate()
    {
        if distance < 5 && lowered(word, |word| OTHERS.holds(word)) {
            return None;
        }
        if lowered(word, |word| GOOD.holds(word)) {
            return Some(Entity::Phone);
        }
        numbered |= lowered(word, |word| NUMBERS.holds(word));
    }
    if hints.near(Topic::NationalId, range) {
        return (digits >= 8).then_some(Entity::NationalId);
    }
    let own = text.slice(range.clone());
    let first = own.split(|c: char| !is_word(c)).next().unwrap_or("");
    let zero = lowered(first, |word| ZEROS.holds(word));
    (numbered || zero && digits >= LEAST_ALONE).then_some(Entity::Phone)
}

/// Where the row begins that holds the number word at `at`; not before `least`.
fn first_word(text: &str, at: usize, least: usize) -> usize {
    let mut start = at;
    let mut before = at;
    for _ in 0..MAX_WORDS {
        let head = text.get(least..before).unwrap_or("");
        let line = head.trim_end_matches([' ', '-', ',', '\u{a0}']);
        let len = line
            .chars()
            .rev()
            .take(33)
            .take_while(|c| is_word(*c))
            .map(char::len_utf8)
            .sum::<usize>();
        let word = line.get(line.len() - len..).unwrap_or("");
        let gap = head.len() - line.len();
        if word.is_empty() || !(1..=3).contains(&gap) {
            break;
        }
        before = least + line.len() - len;
        if kind(word).is_some() {
            start = before;
        } else if !lowered(word, |word| JOINERS.holds(word) || REPEATS.holds(word)) {
            break;
        }
    }
    start
}

/// The row of number words that begins at `start`, and how many digits they stand for.
fn row(text: &str, start: usize) -> (Range<usize>, usize) {
    let (mut at, mut end, mut digits) = (start, start, 0);
    let mut last = None;
    let mut repeats = 0;
    for _ in 0..MAX_WORDS {
        let rest = text.get(at..).unwrap_or("");
        let word = rest.trim_start_matches([' ', '-', ',', '\u{a0}']);
        let gap = rest.len() - word.len();
        let len = word
            .chars()
            .take(33)
            .take_while(|c| is_word(*c))
            .map(char::len_utf8)
            .sum::<usize>();
        let word = word.get(..len).unwrap_or("");
        if word.is_empty() || gap > 3 {
            break;
        }
        at += gap + len;
        let Some(kind) = kind(word) else {
            let repeated = lowered(word, |word| REPEATS.holds(word));
            repeats += usize::from(repeated);
            if repeated || lowered(word, |word| JOINERS.holds(word)) {
                continue;
            }
            break;
        };
        digits += match (kind, last) {
            (Kind::Digit, Some(Kind::Ten)) => 0,
            (Kind::Digit, _) => 1 + repeats,
            (Kind::Teen, Some(Kind::Ten | Kind::Hundred)) => 0,
            (Kind::Ten, Some(Kind::Hundred)) => 0,
            (Kind::Teen | Kind::Ten, _) => 2,
            (Kind::Hundred, Some(Kind::Digit)) => 2,
            (Kind::Hundred, _) => 3,
        };
        (last, repeats, end) = (Some(kind), 0, at);
    }
    (start..end, digits)
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::check;
    use super::*;

    #[test]
    fn table() {
        check(
            &Spoken,
            &[
                (
                    "die nummer ist null acht neun fünf fünf fünf eins acht zwei danke",
                    &["null acht neun fünf fünf fünf eins acht zwei"],
                ),
                (
                    "my number is oh seven seven double oh nine hundred two three four call me",
                    &["oh seven seven double oh nine hundred two three four"],
                ),
                (
                    "ring me on oh one one four four nine six oh two oh three before five or",
                    &["oh one one four four nine six oh two oh three"],
                ),
                (
                    "el móvil seis cinco cinco cincuenta y cinco cero uno ochenta venga",
                    &["seis cinco cinco cincuenta y cinco cero uno ochenta"],
                ),
                (
                    "joindre au zéro trois quatre-vingts vingt et un trente-quatre zéro zéro merci",
                    &["zéro trois quatre-vingts vingt et un trente-quatre zéro zéro"],
                ),
                (
                    "c'est le zéro quatre soixante-seize zéro zéro douze douze voilà",
                    &["zéro quatre soixante-seize zéro zéro douze douze"],
                ),
                (
                    "chiamate tre due zero quattro quattro uno nove otto zero sei grazie",
                    &["tre due zero quattro quattro uno nove otto zero sei"],
                ),
                (
                    "mijn vaste nummer is nul achtendertig vier twee een negen negen nul drie ik ben",
                    &["nul achtendertig vier twee een negen negen nul drie"],
                ),
                (
                    "oddzwonić na pięćset dwanaście sto dziewięć zero trzy siedem najlepiej",
                    &["pięćset dwanaście sto dziewięć zero trzy siedem"],
                ),
                (
                    "meu zap é oito três nove nove um quatro dois zero sete sete oito deus",
                    &["oito três nove nove um quatro dois zero sete sete oito"],
                ),
                (
                    "Tel. trentadue settantacinque quarantuno otto, sette",
                    &["trentadue settantacinque quarantuno otto, sette"],
                ),
                (
                    "il codice fiscale è nove due zero uno tre quattro quattro zero tre sette due io",
                    &["nove due zero uno tre quattro quattro zero tre sette due"],
                ),
                ("order number one two three four five six seven", &[]),
                ("counting one two three four five six seven eight", &[]),
                ("my number is seven", &[]),
                ("call me at five or six, or seven", &[]),
                ("zero one two three", &[]),
                ("Null Bock. Acht Uhr", &[]),
            ],
        );
    }
}
