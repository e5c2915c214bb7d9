//! `bailiwick eval`: how good the answers of this node's model are, and how much redaction finds.

mod redaction;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use clap::{Args, Subcommand};

use crate::crm::Variables;
use crate::crm::eval::{Case, Given, Report, Score, read_cases};
use crate::pipeline::{Answer, ChatAsk, Part, Piece, Pipeline, Refused, SamplingAsk, Work};
use crate::policy::Principal;
use crate::types::{FinishReason, Name, RequestId, SharedClock};

use super::node::Node;
use super::offline::{Offline, OfflineArgs};
use super::say;

/// The cases that come with the program.
const CASES: &str = include_str!("../../tests/eval/cases.jsonl");

/// `bailiwick eval`
#[derive(Debug, Args)]
pub(super) struct EvalCommand {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Run cases through the whole pipeline and compare the answers with what they must say
    Answers(AnswersArgs),
    /// Redact texts that people marked, and say what was found, missed and found in vain
    Redaction(redaction::RedactionArgs),
}

#[derive(Debug, Args)]
struct AnswersArgs {
    /// Cases, one JSON object per line [default: those that come with the program]
    #[arg(long, value_name = "FILE")]
    cases: Option<PathBuf>,
    /// Only the cases of this use case; may be given several times
    #[arg(long, value_name = "USE_CASE")]
    only: Vec<Name>,
    /// Only the case of this name; may be given several times
    #[arg(long, value_name = "ID")]
    case: Vec<String>,
    /// Always the likeliest token, whatever the use cases say
    #[arg(long)]
    greedy: bool,
    /// The start of the random numbers; the same one gives the same answers
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    seed: u64,
    /// Print the answers too
    #[arg(long)]
    show: bool,
    /// Print the report as JSON
    #[arg(long, conflicts_with = "show")]
    json: bool,
    #[command(flatten)]
    node: OfflineArgs,
}

pub(super) fn run(command: &EvalCommand) -> anyhow::Result<ExitCode> {
    match &command.action {
        Action::Answers(args) => answers(args),
        Action::Redaction(args) => redaction::run(args),
    }
}

fn answers(args: &AnswersArgs) -> anyhow::Result<ExitCode> {
    let cases = cases(args)?;
    let offline = Offline::open(&args.node, false)?;
    let scores =
        offline.run(async |node, principal| scores(node, principal, &cases, args).await)?;
    let report = Report::of(scores);
    if args.json {
        say(&serde_json::to_string(&report)?);
    } else {
        say(report.to_string().trim_end());
        say(&format!(
            "the audit log of this run: {}",
            offline.data_dir().display()
        ));
    }
    Ok(ExitCode::SUCCESS)
}

fn cases(args: &AnswersArgs) -> anyhow::Result<Vec<Case>> {
    let mut cases = match &args.cases {
        None => read_cases(CASES).context("the program's own cases")?,
        Some(file) => {
            let text = std::fs::read_to_string(file)
                .with_context(|| format!("cannot read {}", file.display()))?;
            read_cases(&text).with_context(|| file.display().to_string())?
        }
    };
    cases.retain(|case| {
        (args.only.is_empty() || args.only.contains(&case.use_case))
            && (args.case.is_empty() || args.case.contains(&case.id))
    });
    anyhow::ensure!(!cases.is_empty(), "no case fits --only and --case");
    Ok(cases)
}

async fn scores(
    node: &Node,
    principal: &Arc<Principal>,
    cases: &[Case],
    args: &AnswersArgs,
) -> anyhow::Result<Vec<Score>> {
    let mut scores = Vec::with_capacity(cases.len());
    for case in cases {
        let ask = ask(case, &node.pipeline, &node.clock, args)?;
        let begun = node.clock.instant();
        let answer = node.pipeline.chat(principal, ask).await;
        let answer = answer.with_context(|| format!("case {}", case.id))?;
        let took = || node.clock.instant().saturating_duration_since(begun);
        let score = score(case, answer, took)
            .await
            .with_context(|| format!("case {}", case.id))?;
        if args.show {
            say(&format!(
                "--- {} {}\n{}\n",
                score.use_case, score.case, score.answer
            ));
        }
        scores.push(score);
    }
    Ok(scores)
}

fn ask(
    case: &Case,
    pipeline: &Pipeline,
    clock: &SharedClock,
    args: &AnswersArgs,
) -> anyhow::Result<ChatAsk> {
    let model = pipeline.models().next().context("there is no model")?;
    let work = Work::UseCase {
        name: case.use_case.clone(),
        version: None,
        variables: Variables::from_json(case.variables.clone())
            .with_context(|| format!("case {}", case.id))?,
    };
    let request = RequestId::new(clock.now());
    let mut ask = ChatAsk::new(request, "eval", model.name.as_str().to_owned(), work);
    ask.sampling = SamplingAsk {
        temperature: args.greedy.then_some(0.0),
        seed: Some(args.seed),
        ..SamplingAsk::default()
    };
    ask.explain = true;
    Ok(ask)
}

/// Reads `answer` to its end and compares it with its case.
async fn score(
    case: &Case,
    mut answer: Answer,
    took: impl Fn() -> Duration,
) -> Result<Score, Refused> {
    let explain = answer.explain().cloned();
    let mut text = String::new();
    let (mut masked, mut finish, mut tokens) = (String::new(), FinishReason::Cancelled, (0, 0));
    while let Some(piece) = answer.next().await? {
        match piece {
            Piece::Choice(_, Part::Text(more)) => text.push_str(more.expose()),
            Piece::Choice(..) => {}
            Piece::End(ended) => {
                tokens = (ended.usage.prompt, ended.usage.completion);
                if let Some(own) = ended.choices.into_iter().next() {
                    finish = own.reason;
                    masked = own.masked.unwrap_or_default().into_exposed();
                }
            }
        }
    }
    let (template, entities, prompt) = explain
        .map(|own| {
            let messages = own.masked_messages.iter();
            let texts: Vec<&str> = messages.map(|own| own.content.expose().as_str()).collect();
            let prompt = texts.join("\n");
            (own.template, own.entities, prompt)
        })
        .unwrap_or_default();
    Ok(Score::of(
        case,
        &Given {
            text: &text,
            masked: &masked,
            prompt: &prompt,
            template: &template,
            entities: &entities,
            finish,
            tokens,
            time: took(),
        },
    ))
}
