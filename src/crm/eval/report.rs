//! Scores, added up.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

use super::{ClaimKind, Placeholders, Score, Share};

/// All answers of a run.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// One group per use case, by name, then all together.
    pub groups: Vec<Group>,
    /// Every answer, in the order of the cases.
    pub scores: Vec<Score>,
}

/// The answers of one use case, or all.
#[derive(Clone, Debug, Serialize)]
pub struct Group {
    /// The use case's name, or `all`.
    pub name: String,
    /// How many answers.
    pub answers: usize,
    /// Facts kept.
    pub facts: Share,
    /// Facts kept that the use case's own words and fields gave.
    pub facts_by_template: Share,
    /// Answers with an invented number, date, amount, code or address.
    pub invented: Share,
    /// Answers with an invented name or something forbidden.
    pub invented_otherwise: Share,
    /// What was invented, by kind.
    pub claims: BTreeMap<ClaimKind, usize>,
    /// Placeholders as they were in the prompt.
    pub exact: Share,
    /// Placeholders, counted.
    pub placeholders: Placeholders,
    /// Answers of the right form.
    pub format: Share,
    /// Answers that repeat themselves.
    pub repeated: Share,
    /// The median length.
    pub words: usize,
    /// The median time in seconds.
    pub seconds: f64,
    /// The longest time in seconds.
    pub slowest: f64,
    /// The median of the prompts' tokens.
    pub prompt_tokens: u32,
}

impl Report {
    /// Adds up `scores`.
    pub fn of(scores: Vec<Score>) -> Self {
        let mut by_name: BTreeMap<&str, Vec<&Score>> = BTreeMap::new();
        for score in &scores {
            by_name
                .entry(score.use_case.as_str())
                .or_default()
                .push(score);
        }
        let mut groups: Vec<Group> = by_name
            .into_iter()
            .map(|(name, scores)| Group::of(name, &scores))
            .collect();
        if groups.len() > 1 {
            groups.push(Group::of("all", &scores.iter().collect::<Vec<_>>()));
        }
        Self { groups, scores }
    }
}

impl Group {
    fn of(name: &str, scores: &[&Score]) -> Self {
        let n = scores.len();
        let answers = |fits: fn(&Score) -> bool| {
            Share::of_trials(scores.iter().filter(|score| fits(score)).count(), n)
        };
        let clusters = |of: fn(&Score) -> (usize, usize)| {
            Share::of_clusters(&scores.iter().map(|score| of(score)).collect::<Vec<_>>())
        };
        let mut claims: BTreeMap<ClaimKind, usize> = BTreeMap::new();
        let mut placeholders = Placeholders::default();
        for score in scores {
            for claim in &score.invented {
                *claims.entry(claim.kind).or_default() += 1;
            }
            placeholders.exact += score.placeholders.exact;
            placeholders.broken += score.placeholders.broken;
            placeholders.invented += score.placeholders.invented;
            placeholders.swapped += score.placeholders.swapped;
        }
        let seconds = sorted(scores.iter().map(|score| score.seconds), f64::total_cmp);
        Self {
            name: name.to_owned(),
            answers: n,
            facts: clusters(|score| (score.kept, score.facts())),
            facts_by_template: clusters(|score| (score.kept_by_template, score.facts())),
            invented: answers(Score::invents_facts),
            invented_otherwise: answers(Score::invents_otherwise),
            claims,
            exact: clusters(|score| (score.placeholders.exact, score.placeholders.total())),
            placeholders,
            format: answers(|score| score.format.is_empty()),
            repeated: answers(|score| score.repeated.is_some()),
            words: median(&sorted(scores.iter().map(|score| score.words), usize::cmp)),
            seconds: median(&seconds),
            slowest: seconds.last().copied().unwrap_or_default(),
            prompt_tokens: median(&sorted(
                scores.iter().map(|score| score.prompt_tokens),
                u32::cmp,
            )),
        }
    }
}

fn sorted<T>(
    values: impl Iterator<Item = T>,
    order: impl Fn(&T, &T) -> std::cmp::Ordering,
) -> Vec<T> {
    let mut values: Vec<T> = values.collect();
    values.sort_unstable_by(order);
    values
}

/// The upper of two middles.
fn median<T: Copy + Default>(sorted: &[T]) -> T {
    sorted.get(sorted.len() / 2).copied().unwrap_or_default()
}

/// The table for people; intervals are 95 % confidence.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for group in &self.groups {
            writeln!(f, "{group}")?;
        }
        for score in self.scores.iter().filter(|score| score.has_failures()) {
            write_failures(f, score)?;
        }
        Ok(())
    }
}

impl fmt::Display for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} ({} answers)", self.name, self.answers)?;
        let mut line = |what: &str, share: &Share, note: &str| {
            writeln!(
                f,
                "  {what:<34} {:>5.2}  [{:.2}, {:.2}]  {}/{}{note}",
                share.value, share.low, share.high, share.hits, share.of
            )
        };
        line("facts kept", &self.facts, "")?;
        line(
            "  of them by the template alone",
            &self.facts_by_template,
            "",
        )?;
        let kinds: Vec<String> = self
            .claims
            .iter()
            .map(|(kind, n)| format!("{n} {kind:?}").to_lowercase())
            .collect();
        let note = if kinds.is_empty() {
            String::new()
        } else {
            format!("  ({})", kinds.join(", "))
        };
        line("answers with an invented fact", &self.invented, &note)?;
        line(
            "answers with another invention",
            &self.invented_otherwise,
            "",
        )?;
        let p = self.placeholders;
        let note = format!(
            "  ({} broken, {} invented, {} swapped)",
            p.broken, p.invented, p.swapped
        );
        line("placeholders exact", &self.exact, &note)?;
        line("format obeyed", &self.format, "")?;
        line("answers that repeat themselves", &self.repeated, "")?;
        writeln!(
            f,
            "  median {} words, {} prompt tokens, {:.1} s; slowest {:.1} s",
            self.words, self.prompt_tokens, self.seconds, self.slowest
        )
    }
}

fn write_failures(f: &mut fmt::Formatter<'_>, score: &Score) -> fmt::Result {
    let mut parts = Vec::new();
    if !score.missed.is_empty() {
        parts.push(format!("misses {}", score.missed.join(", ")));
    }
    for claim in &score.invented {
        parts.push(format!(
            "invents {} {:?}",
            kind_name(claim.kind),
            claim.text
        ));
    }
    for text in &score.forbidden {
        parts.push(format!("says {text:?}, which is forbidden"));
    }
    let p = score.placeholders;
    if p.broken + p.invented + p.swapped > 0 {
        let (broken, invented, swapped) = (p.broken, p.invented, p.swapped);
        parts.push(format!(
            "{broken} placeholders broken, {invented} invented, {swapped} swapped"
        ));
    }
    parts.extend(score.format.iter().map(ToString::to_string));
    parts.extend(
        score
            .repeated
            .iter()
            .map(|text| format!("repeats {text:?}")),
    );
    writeln!(f, "{} {}: {}", score.use_case, score.case, parts.join("; "))
}

const fn kind_name(kind: ClaimKind) -> &'static str {
    match kind {
        ClaimKind::Amount => "the amount",
        ClaimKind::Code => "the code",
        ClaimKind::Date => "the date",
        ClaimKind::Link => "the address",
        ClaimKind::Name => "the name",
        ClaimKind::Number => "the number",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn score(case: &str, use_case: &str, kept: usize, seconds: f64) -> Score {
        Score {
            case: case.to_owned(),
            use_case: use_case.parse().unwrap(),
            kept,
            kept_by_template: 1,
            missed: vec!["price".to_owned(); 4 - kept],
            invented: Vec::new(),
            forbidden: Vec::new(),
            placeholders: Placeholders::default(),
            format: Vec::new(),
            repeated: None,
            words: 10,
            prompt_tokens: 100,
            tokens: 20,
            seconds,
            answer: String::new(),
        }
    }

    #[test]
    fn groups_are_by_use_case_and_all_together() {
        let report = Report::of(vec![
            score("x", "reply-draft", 4, 1.0),
            score("y", "case-summary", 2, 3.0),
            score("z", "case-summary", 4, 2.0),
        ]);
        let rows: Vec<(&str, usize, f64, f64)> = report
            .groups
            .iter()
            .map(|g| (g.name.as_str(), g.answers, g.facts.value, g.slowest))
            .collect();
        assert_eq!(
            rows,
            [
                ("case-summary", 2, 0.75, 3.0),
                ("reply-draft", 1, 1.0, 1.0),
                ("all", 3, 10.0 / 12.0, 3.0)
            ]
        );
        let text = report.to_string();
        assert!(
            text.contains("case-summary y: misses price, price\n"),
            "{text}"
        );
        assert!(!text.contains("reply-draft x:"), "{text}");
    }
}
