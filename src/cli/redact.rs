//! `bailiwick redact`: standard input to standard output.

use std::io::{Read as _, Write as _};
use std::process::ExitCode;

use crate::redact::stdio::{Mode, run as redact};
use crate::redact::{Decision, Evidence, Redactor, RedactorOptions};
use crate::types::Jurisdiction;

use super::names::NamesArgs;

#[derive(Debug, clap::Args)]
pub(super) struct RedactArgs {
    /// Read one {"id", "text"} per line and write {"id", "text", "spans"}; offsets in code points of the
    /// original text. A line that can't be read is reported and left out
    #[arg(long)]
    jsonl: bool,
    /// Write no masked text, but what was found in it: by which recogniser, how surely, and what became of
    /// it. Shows the personal data itself: for your own text on your own terminal
    #[arg(long, conflicts_with = "jsonl")]
    explain: bool,
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
}

pub(super) fn run(args: &RedactArgs) -> anyhow::Result<ExitCode> {
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
    if args.explain {
        explain(&redactor)?;
        return Ok(ExitCode::SUCCESS);
    }
    let mode = if args.jsonl {
        Mode::JsonLines
    } else {
        Mode::Text
    };
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    let report = redact(&redactor, mode, &mut std::io::stdin().lock(), &mut out)?;
    let mut errors = std::io::stderr().lock();
    for line in &report.failed {
        writeln!(errors, "error: {line}; left out")?;
    }
    Ok(if report.failed.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Prints what was found in standard input, a line each.
fn explain(redactor: &Redactor) -> anyhow::Result<()> {
    let mut text = String::new();
    std::io::stdin().lock().read_to_string(&mut text)?;
    let mut out = std::io::stdout().lock();
    for decision in redactor.explain(&text)? {
        writeln!(out, "{}", explained(&text, &decision))?;
    }
    Ok(())
}

/// `3:14  PHONE 0.90  Phone (shape)  masked  "030 1234567"`
fn explained(text: &str, decision: &Decision) -> String {
    let span = &decision.span;
    let before = text.get(..span.range.start).unwrap_or("");
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
    let evidence = match decision.evidence {
        Evidence::Words => "words",
        Evidence::Pattern => "shape",
        Evidence::Model => "model",
        Evidence::Record => "known value",
        Evidence::Checksum => "checked",
    };
    let fate = match &decision.masked {
        Some(masked) if masked.range == span.range && masked.entity == span.entity => {
            "masked".to_owned()
        }
        Some(masked) => {
            let whole = text.get(masked.range.clone()).unwrap_or("");
            format!("masked as {} {whole:?}", masked.entity)
        }
        None if decision.kept => "kept".to_owned(),
        None => "left: score below 0.5".to_owned(),
    };
    let written = text.get(span.range.clone()).unwrap_or("");
    format!(
        "{line}:{column}  {} {:.2}  {} ({evidence})  {fate}  {written:?}",
        span.entity, span.score, decision.source
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decisions_say_who_how_sure_and_what_became_of_it() {
        let redactor = Redactor::new(RedactorOptions {
            countries: vec!["DE".parse().unwrap()],
            ..RedactorOptions::default()
        })
        .unwrap();
        let text = "Dear Anna,\nüber anna@x.de/kettle, order 4111111111111111. Anna";
        let lines: Vec<_> = redactor
            .explain(text)
            .unwrap()
            .iter()
            .map(|decision| explained(text, decision))
            .collect();
        for expected in [
            "1:6  PERSON 0.70  Person (shape)  masked  \"Anna\"",
            "2:6  EMAIL 0.95  Email (checked)  masked  \"anna@x.de\"",
            "2:30  CARD 0.45  Card (checked)  left: score below 0.5  \"4111111111111111\"",
            "2:48  PERSON 0.95  records (known value)  masked  \"Anna\"",
        ] {
            assert!(
                lines.iter().any(|line| line == expected),
                "{expected} in {lines:#?}"
            );
        }
    }
}
