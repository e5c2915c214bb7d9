//! One answer against its case.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::Duration;

use serde::Serialize;

use crate::types::{Entity, FinishReason, Name};

use super::placeholder::{Placeholders, restored_like};
use super::words::{plain, sentences, words};
use super::{Case, Claim, Source};

/// The shortest run of words that counts as repeated.
const REPEATED_WORDS: usize = 8;

/// An answer as it came.
#[derive(Clone, Copy, Debug)]
pub struct Given<'a> {
    /// For the caller: restored.
    pub text: &'a str,
    /// As the model gave it, with placeholders.
    pub masked: &'a str,
    /// What the model read, with placeholders.
    pub prompt: &'a str,
    /// The part of `masked` that the use case's own words and fields gave, with no model.
    pub template: &'a str,
    /// How many placeholders of each kind the prompt has.
    pub entities: &'a BTreeMap<Entity, u32>,
    /// Why it ended.
    pub finish: FinishReason,
    /// Tokens of the prompt and of the answer.
    pub tokens: (u32, u32),
    /// From the call to the end.
    pub time: Duration,
}

/// How good one answer is.
#[derive(Clone, Debug, Serialize)]
pub struct Score {
    /// The case.
    pub case: String,
    /// The use case.
    pub use_case: Name,
    /// Facts that the answer says.
    pub kept: usize,
    /// Facts among them that no model was needed for.
    pub kept_by_template: usize,
    /// The names of the facts that it does not say.
    pub missed: Vec<String>,
    /// What it claims and the input does not.
    pub invented: Vec<Claim>,
    /// Forbidden texts that it holds.
    pub forbidden: Vec<String>,
    /// Placeholders.
    pub placeholders: Placeholders,
    /// What is wrong with its form.
    pub format: Vec<FormatProblem>,
    /// A stretch that it says twice.
    pub repeated: Option<String>,
    /// Its length.
    pub words: usize,
    /// Tokens of the prompt.
    pub prompt_tokens: u32,
    /// Tokens generated.
    pub tokens: u32,
    /// Seconds from the call to the end.
    pub seconds: f64,
    /// The answer itself.
    pub answer: String,
}

/// What is wrong with the form of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FormatProblem {
    /// It ended at the token limit.
    Cut,
    /// It lacks a text that must stand in it.
    Lacks,
    /// It starts otherwise than it must.
    Start,
    /// It has too few sentences.
    TooFewSentences,
    /// It has too many words.
    TooLong,
}

impl fmt::Display for FormatProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Cut => "cut at the token limit",
            Self::Lacks => "lacks a part",
            Self::Start => "starts otherwise",
            Self::TooFewSentences => "too few sentences",
            Self::TooLong => "too long",
        })
    }
}

impl Score {
    /// Compares an answer with its case.
    pub fn of(case: &Case, given: &Given<'_>) -> Self {
        let says = |text: &str, spellings: &[String]| spellings.iter().any(|s| holds(text, s));
        let template = restored_like(given.template, given.masked, given.text);
        let (answer, template) = (plain(given.text), plain(&template));
        let (kept, missed): (Vec<_>, Vec<_>) = case
            .facts
            .iter()
            .partition(|fact| says(&answer, &fact.any_of));
        let forbidden = case.forbidden.iter().filter(|text| holds(&answer, text));
        Self {
            case: case.id.clone(),
            use_case: case.use_case.clone(),
            kept_by_template: kept
                .iter()
                .filter(|fact| says(&template, &fact.any_of))
                .count(),
            kept: kept.len(),
            missed: missed.into_iter().map(|fact| fact.name.clone()).collect(),
            invented: Source::new(&case.input()).invented(given.text),
            forbidden: forbidden.cloned().collect(),
            placeholders: Placeholders::of(given.masked, given.prompt, given.entities),
            format: format_problems(case, given),
            repeated: repeated(given.text),
            words: words(given.text).len(),
            prompt_tokens: given.tokens.0,
            tokens: given.tokens.1,
            seconds: given.time.as_secs_f64(),
            answer: given.text.to_owned(),
        }
    }

    /// Facts that a right answer says.
    pub fn facts(&self) -> usize {
        self.kept + self.missed.len()
    }

    /// Whether a number, date, amount, code or address is invented.
    pub fn invents_facts(&self) -> bool {
        self.invented
            .iter()
            .any(|claim| claim.kind != super::ClaimKind::Name)
    }

    /// Whether a name is invented, or something forbidden said.
    pub fn invents_otherwise(&self) -> bool {
        !self.forbidden.is_empty()
            || self
                .invented
                .iter()
                .any(|claim| claim.kind == super::ClaimKind::Name)
    }

    /// Whether there is anything to look at.
    pub fn has_failures(&self) -> bool {
        !self.missed.is_empty()
            || !self.invented.is_empty()
            || !self.forbidden.is_empty()
            || self.placeholders.broken + self.placeholders.invented + self.placeholders.swapped > 0
            || !self.format.is_empty()
            || self.repeated.is_some()
    }
}

/// Whether `text`, which is plain, says `spelling`: from the start of a word, and to its end where the
/// spelling is short or ends in a digit ("leak" is in "leaks", "may" is not in "maybe", 4.9 not in 4.95).
fn holds(text: &str, spelling: &str) -> bool {
    let spelling = plain(spelling);
    let strict = spelling.chars().count() <= 3 || spelling.ends_with(|c: char| c.is_ascii_digit());
    text.match_indices(&spelling).any(|(at, _)| {
        let mut before = text[..at].chars().rev();
        let mut after = text[at + spelling.len()..].chars();
        let starts = match before.next() {
            // "899" is not in "1,899".
            Some('.' | ',') => !before.next().is_some_and(|c| c.is_ascii_digit()),
            Some(c) => !c.is_alphanumeric(),
            None => true,
        };
        starts && !(strict && after.next().is_some_and(char::is_alphanumeric))
    })
}

fn format_problems(case: &Case, given: &Given<'_>) -> Vec<FormatProblem> {
    let format = &case.format;
    let text = given.text.trim();
    let start = format.must_start_with.as_deref().unwrap_or("");
    let checks = [
        (FormatProblem::Cut, given.finish != FinishReason::Stop),
        (
            FormatProblem::Lacks,
            !format
                .must_contain
                .iter()
                .all(|part| text.contains(part.as_str())),
        ),
        (FormatProblem::Start, !text.starts_with(start)),
        (
            FormatProblem::TooFewSentences,
            format
                .min_sentences
                .is_some_and(|least| sentences(text).len() < least),
        ),
        (
            FormatProblem::TooLong,
            format
                .max_words
                .is_some_and(|most| words(text).len() > most),
        ),
    ];
    let wrong = checks.into_iter().filter(|(_, wrong)| *wrong);
    wrong.map(|(problem, _)| problem).collect()
}

/// A sentence of four words, or any eight words, that come twice.
fn repeated(text: &str) -> Option<String> {
    let mut seen = BTreeSet::new();
    for sentence in sentences(text) {
        let bare: Vec<&str> = words(sentence).iter().map(|word| word.text).collect();
        if bare.len() >= 4 && !seen.insert(plain(&bare.join(" "))) {
            return Some(sentence.trim().to_owned());
        }
    }
    let all: Vec<String> = words(text)
        .iter()
        .map(|word| word.text.to_lowercase())
        .collect();
    let mut seen = BTreeSet::new();
    all.windows(REPEATED_WORDS)
        .find(|run| !seen.insert(*run))
        .map(|run| run.join(" "))
}

#[cfg(test)]
mod tests {
    use super::super::read_cases;
    use super::*;

    const CASE: &str = r#"{"id":"a","use_case":"case-summary","variables":{"case":{"attributes":{"type":"Case"},
        "Subject":"Kettle leaks","Description":"Ada bought it for 89 EUR in May. She wants a new one."}},
        "facts":[{"name":"price","any_of":["89 EUR"]},{"name":"month","any_of":["May"]},
        {"name":"wish","any_of":["new one","replacement"]}],"forbidden":["refund"],
        "format":{"max_words":12,"must_start_with":"Case","min_sentences":2,"must_contain":["Wish:"]}}"#;

    fn score(text: &str, template: &str, finish: FinishReason) -> Score {
        let case = read_cases(&CASE.replace('\n', " ")).unwrap().remove(0);
        let given = Given {
            text,
            masked: text,
            prompt: "",
            template,
            entities: &BTreeMap::new(),
            finish,
            tokens: (10, 5),
            time: Duration::from_millis(1_500),
        };
        Score::of(&case, &given)
    }

    #[test]
    fn a_good_answer_has_no_failures() {
        let good = score(
            "Case: Ada paid 89 EUR in May.\nWish: a new one.",
            "Case: Ada",
            FinishReason::Stop,
        );
        assert!(!good.has_failures(), "{good:?}");
        assert_eq!((good.kept, good.kept_by_template, good.facts()), (3, 0, 3));
        assert_eq!((good.words, good.seconds), (11, 1.5));
    }

    #[test]
    fn every_failure_is_seen() {
        use FormatProblem::{Cut, Lacks, Start, TooFewSentences, TooLong};
        let bad = score(
            "Maybe a refund of 90 EUR to Grace was paid and a refund of 90 EUR to Grace was paid",
            "",
            FinishReason::Length,
        );
        assert_eq!(bad.missed, ["price", "month", "wish"]);
        assert_eq!(bad.forbidden, ["refund"]);
        assert!(bad.invents_facts() && bad.invents_otherwise());
        assert_eq!(bad.format, [Cut, Lacks, Start, TooFewSentences, TooLong]);
        assert_eq!(
            bad.repeated.as_deref(),
            Some("a refund of 90 eur to grace was")
        );
    }

    #[test]
    fn spellings_have_borders() {
        for (text, spelling, expected) in [
            ("it leaks", "leak", true),
            ("maybe later", "May", false),
            ("in may.", "May", true),
            ("costs 1,899 sek", "899", false),
            ("costs 899 sek", "899", true),
            ("costs 4.95", "4.9", false),
            ("pays late, always", "Pays  late", true),
            ("unleaked", "leak", false),
        ] {
            assert_eq!(holds(text, spelling), expected, "{text} / {spelling}");
        }
    }

    #[test]
    fn repetition_is_a_sentence_or_eight_words() {
        for (text, expected) in [
            ("She wants it back. She wants it back!", true),
            ("Thank you. Thank you.", false),
            (
                "one two three four five six seven one two three four five six seven",
                false,
            ),
            ("a b c d e f g h and then a b c d e f g h", true),
        ] {
            assert_eq!(repeated(text).is_some(), expected, "{text}");
        }
    }
}
