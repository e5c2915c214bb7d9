//! `bailiwick lessons`: marked records as what an adapter learns from.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead as _, BufReader, BufWriter, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context as _;
use clap::Args;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

use crate::crm::Variables;
use crate::pipeline::{LessonAsk, Taught, Work};
use crate::policy::Principal;
use crate::types::{Name, RequestId, Sensitive};

use super::node::Node;
use super::offline::{Offline, OfflineArgs};
use super::say;

/// The longest line of a file of records, in bytes.
const MAX_LINE: u64 = 1 << 20;

/// `bailiwick lessons`
#[derive(Debug, Args)]
pub(super) struct LessonsArgs {
    /// Marked records, one JSON object per line; see models/crm-adapter/texts/README.md
    #[arg(long, value_name = "FILE", required = true)]
    texts: Vec<PathBuf>,
    /// Where the lessons go, one JSON object per line: token numbers of redacted texts
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    #[command(flatten)]
    node: OfflineArgs,
}

/// A marked record.
#[derive(Deserialize)]
struct Record {
    id: String,
    use_case: Name,
    variables: Map<String, Json>,
    labels: BTreeMap<String, Label>,
}

/// Stretches of the record, or a word.
#[derive(Deserialize)]
#[serde(untagged)]
enum Label {
    Word(String),
    Stretches(Vec<String>),
}

/// A lesson as it is written. `decisions` are the place of a token in `answer` and the others that were possible there.
#[derive(Serialize)]
struct Line<'a> {
    id: &'a str,
    use_case: &'a str,
    prompt: &'a [u32],
    answer: &'a [u32],
    decisions: Vec<(usize, &'a [u32])>,
}

pub(super) fn run(args: &LessonsArgs) -> anyhow::Result<ExitCode> {
    let offline = Offline::open(&args.node, true)?;
    let file = File::create(&args.out);
    let file = file.with_context(|| format!("cannot write {}", args.out.display()))?;
    let mut out = BufWriter::new(file);
    let counts = offline.run(async |node, principal| {
        let mut counts = (0, 0);
        for path in &args.texts {
            let file = File::open(path);
            let file = file.with_context(|| format!("cannot read {}", path.display()))?;
            let mut lines = BufReader::new(file);
            for line in 1_usize.. {
                let place = || format!("{}, line {line}", path.display());
                let mut text = String::new();
                let mut bounded = std::io::Read::take(&mut lines, MAX_LINE);
                if bounded.read_line(&mut text).with_context(place)? == 0 {
                    break;
                }
                if text.trim().is_empty() {
                    continue;
                }
                // The error of the JSON reader would show the text.
                let record: Record = serde_json::from_str(&text)
                    .map_err(|error| {
                        anyhow::anyhow!("not a marked record (column {})", error.column())
                    })
                    .with_context(place)?;
                let id = record.id.clone();
                let use_case = record.use_case.clone();
                let taught = taught(node, principal, record).await.with_context(place)?;
                let Some(lesson) = taught.lesson else {
                    counts.1 += 1;
                    continue;
                };
                let decisions = lesson.decisions.iter();
                let line = Line {
                    id: &id,
                    use_case: use_case.as_str(),
                    prompt: &taught.prompt,
                    answer: &lesson.answer,
                    decisions: decisions.map(|own| (own.at, &*own.others)).collect(),
                };
                serde_json::to_writer(&mut out, &line)?;
                out.write_all(b"\n")?;
                counts.0 += 1;
            }
        }
        Ok(counts)
    })?;
    out.flush()?;
    say(&format!(
        "{} lessons; {} records whose labels lead to no answer that their use case allows",
        counts.0, counts.1
    ));
    Ok(ExitCode::SUCCESS)
}

async fn taught(node: &Node, principal: &Arc<Principal>, record: Record) -> anyhow::Result<Taught> {
    let labels = record.labels.into_iter().map(|(name, label)| {
        let own = match label {
            Label::Word(word) => vec![word],
            Label::Stretches(own) => own,
        };
        (name, own.into_iter().map(Sensitive::new).collect())
    });
    let ask = LessonAsk {
        request: RequestId::new(node.clock.now()),
        work: Work::UseCase {
            name: record.use_case,
            version: None,
            variables: Variables::from_json(record.variables)?,
        },
        labels: labels.collect(),
    };
    Ok(node.pipeline.lesson(principal, ask).await?)
}
