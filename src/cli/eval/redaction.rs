//! `bailiwick eval redaction`: what redaction finds in a file of texts, beside what people marked in it.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufReader, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use serde::Deserialize;
use serde_json::json;

use crate::cli::names::NamesArgs;
use crate::redact::scoring::{Agreement, Marked, Quality, Scores};
use crate::redact::{Redactor, RedactorOptions, Span};
use crate::types::{Clock as _, Jurisdiction, SystemClock};

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct RedactionArgs {
    /// One {"text", "spans": [{"start", "end", "label"}]} per line, offsets in code points; "language" may
    /// be there too
    #[arg(long, value_name = "FILE.jsonl")]
    gold: PathBuf,
    /// What a label of the file is called here (`PHONE_NUMBER=PHONE`), or nothing to leave its spans out
    /// (`NRP=`)
    #[arg(long, value_name = "GOLD=OURS")]
    map: Vec<String>,
    /// Countries whose local formats are likely, the likeliest first
    #[arg(
        long,
        value_name = "CODES",
        value_delimiter = ',',
        default_value = "DE,US,GB,FR,ES,IT,NL"
    )]
    countries: Vec<String>,
    #[command(flatten)]
    names: NamesArgs,
    /// Print JSON
    #[arg(long)]
    json: bool,
    /// Print what is found in each text instead, one {"spans": [{"start", "end", "label"}]} per line, for a measure
    /// of your own
    #[arg(long, conflicts_with = "json")]
    spans: bool,
}

/// A line of the file.
#[derive(Deserialize)]
struct Record {
    text: String,
    #[serde(default)]
    language: Option<String>,
    spans: Vec<GoldSpan>,
}

#[derive(Deserialize)]
struct GoldSpan {
    start: usize,
    end: usize,
    label: String,
}

/// Scores over all texts and by language, and how long it took.
#[derive(Default)]
struct Outcome {
    all: Scores,
    languages: BTreeMap<String, Scores>,
    seconds: f64,
}

pub(in crate::cli) fn run(args: &RedactionArgs) -> anyhow::Result<ExitCode> {
    let names = names(&args.map)?;
    let countries: Vec<Jurisdiction> = args
        .countries
        .iter()
        .map(|code| code.parse())
        .collect::<Result<_, _>>()?;
    let redactor = Redactor::new(RedactorOptions {
        countries,
        names: args.names.open()?,
        ..RedactorOptions::default()
    })?;
    let file =
        File::open(&args.gold).with_context(|| format!("cannot open {}", args.gold.display()))?;
    let mut out = std::io::stdout().lock();
    let mut each = |found: &[Marked]| -> std::io::Result<()> {
        if args.spans {
            writeln!(out, "{}", spans_as_json(found))?;
        }
        Ok(())
    };
    let outcome = score(&redactor, &names, BufReader::new(file), &mut each)?;
    if args.spans {
        return Ok(ExitCode::SUCCESS);
    }
    if args.json {
        writeln!(out, "{}", as_json(&outcome))?;
    } else {
        print(&mut out, &outcome)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// `GOLD=OURS`, read.
fn names(map: &[String]) -> anyhow::Result<BTreeMap<String, String>> {
    let pair = |pair: &String| {
        let (gold, ours) = pair
            .split_once('=')
            .with_context(|| format!("`--map {pair}` is not GOLD=OURS"))?;
        Ok((gold.to_owned(), ours.to_owned()))
    };
    map.iter().map(pair).collect()
}

fn score(
    redactor: &Redactor,
    names: &BTreeMap<String, String>,
    lines: impl std::io::BufRead,
    each: &mut dyn FnMut(&[Marked]) -> std::io::Result<()>,
) -> anyhow::Result<Outcome> {
    let mut outcome = Outcome::default();
    for (index, line) in lines.lines().enumerate() {
        let line = line?;
        if line.trim().is_empty() {
            continue;
        }
        let number = index + 1;
        // The message of the JSON parser would show the text.
        let Ok(record) = serde_json::from_str::<Record>(&line) else {
            anyhow::bail!(
                "line {number} is not {{\"text\": …, \"spans\": [{{\"start\", \"end\", \"label\"}}]}}"
            );
        };
        let chars = record.text.chars().count();
        let gold = gold(&record.spans, names, chars)
            .with_context(|| format!("line {number} has a span outside its text"))?;
        let start = SystemClock.instant();
        let spans = redactor
            .scan(&record.text)
            .with_context(|| format!("line {number}"))?;
        outcome.seconds += (SystemClock.instant() - start).as_secs_f64();
        let found: Vec<_> = Span::in_code_points(&spans, &record.text)
            .into_iter()
            .zip(&spans)
            .map(|(range, span)| Marked {
                range,
                label: span.entity.label().to_owned(),
            })
            .collect();
        each(&found)?;
        outcome.all.add(chars, &gold, &found);
        if let Some(language) = record.language {
            let scores = outcome.languages.entry(language).or_default();
            scores.add(chars, &gold, &found);
        }
    }
    Ok(outcome)
}

/// The gold spans under our names; `None` where one is outside the text.
fn gold(spans: &[GoldSpan], names: &BTreeMap<String, String>, chars: usize) -> Option<Vec<Marked>> {
    let mut marked = Vec::with_capacity(spans.len());
    for span in spans {
        if span.start >= span.end || span.end > chars {
            return None;
        }
        let label = names.get(&span.label).unwrap_or(&span.label);
        if !label.is_empty() {
            marked.push(Marked {
                range: span.start..span.end,
                label: label.clone(),
            });
        }
    }
    Some(marked)
}

fn print(out: &mut dyn Write, outcome: &Outcome) -> std::io::Result<()> {
    writeln!(
        out,
        "{:<16} {:>6} {:>6}  {:^17}  {:^17}  {:^17}  {:>6}",
        "", "gold", "found", "exact P/R/F1", "overlap P/R/F1", "character P/R/F1", "masked"
    )?;
    let scores = &outcome.all;
    for (label, agreement) in &scores.labels {
        row(out, label, agreement)?;
    }
    row(out, "all labels", &scores.all)?;
    row(out, "any label", &scores.any_label)?;
    for (language, scores) in &outcome.languages {
        row(out, &format!("any label, {language}"), &scores.any_label)?;
    }
    writeln!(
        out,
        "\n{} texts, {} characters, {:.0} characters a second",
        scores.texts,
        scores.chars,
        speed(outcome)
    )?;
    if let Some(rate) = scores.false_alarm_rate() {
        writeln!(
            out,
            "{} false alarms in {} characters of texts without personal data: {rate:.2} per 5,000",
            scores.false_alarms, scores.clean_chars
        )?;
    }
    Ok(())
}

fn row(out: &mut dyn Write, name: &str, agreement: &Agreement) -> std::io::Result<()> {
    let three = |q: Quality| format!("{:.3} {:.3} {:.3}", q.precision, q.recall, q.f1());
    writeln!(
        out,
        "{name:<16} {:>6} {:>6}  {:<17}  {:<17}  {:<17}  {:>6.3}",
        agreement.gold,
        agreement.found,
        three(agreement.exact()),
        three(agreement.overlap()),
        three(agreement.character()),
        agreement.masked()
    )
}

fn speed(outcome: &Outcome) -> f64 {
    if outcome.seconds > 0.0 {
        outcome.all.chars as f64 / outcome.seconds
    } else {
        0.0
    }
}

fn spans_as_json(found: &[Marked]) -> serde_json::Value {
    let span = |m: &Marked| json!({"start": m.range.start, "end": m.range.end, "label": m.label});
    json!({"spans": found.iter().map(span).collect::<Vec<_>>()})
}

fn as_json(outcome: &Outcome) -> serde_json::Value {
    let quality = |q: Quality| json!({"precision": q.precision, "recall": q.recall, "f1": q.f1()});
    let agreement = |a: &Agreement| {
        json!({
            "gold": a.gold,
            "found": a.found,
            "exact": quality(a.exact()),
            "overlap": quality(a.overlap()),
            "character": quality(a.character()),
            "fully_masked": a.masked(),
        })
    };
    let scores = |s: &Scores| {
        let labels: serde_json::Map<_, _> = s
            .labels
            .iter()
            .map(|(l, a)| (l.clone(), agreement(a)))
            .collect();
        json!({
            "texts": s.texts,
            "characters": s.chars,
            "labels": labels,
            "all_labels": agreement(&s.all),
            "any_label": agreement(&s.any_label),
            "false_alarms_per_5000_characters": s.false_alarm_rate(),
        })
    };
    let languages: serde_json::Map<_, _> = outcome
        .languages
        .iter()
        .map(|(l, s)| (l.clone(), scores(s)))
        .collect();
    let mut all = scores(&outcome.all);
    all["languages"] = languages.into();
    all["characters_per_second"] = speed(outcome).into();
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn redactor() -> Redactor {
        Redactor::new(RedactorOptions::default()).unwrap()
    }

    #[test]
    fn a_small_file_scores_as_counted_by_hand() {
        let lines = concat!(
            r#"{"text": "é a@x.de", "language": "en", "spans": [{"start": 2, "end": 8, "label": "EMAIL_ADDRESS"}]}"#,
            "\n\n",
            r#"{"text": "Zoe likes tea", "spans": [{"start": 0, "end": 3, "label": "PERSON"}, {"start": 4, "end": 9, "label": "VERB"}]}"#,
            "\n",
            r#"{"id": 3, "text": "no data", "spans": []}"#,
        );
        let map = ["EMAIL_ADDRESS=EMAIL".to_owned(), "VERB=".to_owned()];
        let mut told = Vec::new();
        let mut each = |found: &[Marked]| {
            told.push(spans_as_json(found).to_string());
            Ok(())
        };
        let names = names(&map).unwrap();
        let outcome = score(&redactor(), &names, lines.as_bytes(), &mut each).unwrap();
        let found = r#"{"spans":[{"start":2,"end":8,"label":"EMAIL"}]}"#;
        assert_eq!(told, [found, r#"{"spans":[]}"#, r#"{"spans":[]}"#]);
        let scores = &outcome.all;
        assert_eq!((scores.texts, scores.chars, scores.clean_chars), (3, 28, 7));
        assert_eq!(scores.labels["EMAIL"].exact, 1);
        assert_eq!(
            (scores.all.gold, scores.all.found, scores.any_label.masked),
            (2, 1, 1)
        );
        assert_eq!(outcome.languages["en"].all.exact, 1);
        let mut table = Vec::new();
        print(&mut table, &outcome).unwrap();
        let table = String::from_utf8(table).unwrap();
        assert!(
            table.contains("EMAIL                 1      1  1.000 1.000 1.000"),
            "{table}"
        );
        assert_eq!(as_json(&outcome)["all_labels"]["exact"]["recall"], 0.5);
    }

    #[test]
    fn broken_gold_is_named_by_its_line_and_not_shown() {
        for (lines, message) in [
            ("{\"text\": \"secret\"}", "line 1 is not"),
            (
                "\n{\"text\": \"secret\", \"spans\": [{\"start\": 0, \"end\": 9, \"label\": \"X\"}]}",
                "line 2 has a span",
            ),
        ] {
            let mut each = |_: &[Marked]| Ok(());
            let error = score(&redactor(), &BTreeMap::new(), lines.as_bytes(), &mut each)
                .err()
                .unwrap();
            let error = format!("{error:#}");
            assert!(error.starts_with(message), "{error}");
            assert!(!error.contains("secret"), "{error}");
        }
        assert!(names(&["EMAIL".to_owned()]).is_err());
    }
}
