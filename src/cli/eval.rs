//! `bailiwick eval`: how good the answers of this node's model are, and how much redaction finds.

mod redaction;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use clap::{Args, Subcommand};

use crate::config::{Config, DEMO, Environment, JurisdictionRule};
use crate::crm::eval::{Case, Given, Report, Score, read_cases};
use crate::crm::{Catalogue, Variables};
use crate::formats::Manifests;
use crate::pipeline::{Answer, ChatAsk, Part, Piece, Pipeline, Refused, SamplingAsk, Work};
use crate::policy::{Keyring, NewKey, Principal, Role};
use crate::telemetry;
use crate::types::{DataClass, FinishReason, JurisdictionSet, Name, RequestId, SharedClock};

use super::node::{Node, check_folders};
use super::say;

/// The cases that come with the program.
const CASES: &str = include_str!("../../tests/eval/cases.jsonl");
/// The name in the audit log of who asks.
const CALLER: &str = "evaluation";

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
    /// The configuration that names the model [default: the demo configuration] [env: BAILIWICK_CONFIG]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
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
    /// Where database and audit log of the run are kept [default: `eval` in the configuration's data folder]
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
}

pub(super) fn run(command: &EvalCommand) -> anyhow::Result<ExitCode> {
    match &command.action {
        Action::Answers(args) => answers(args),
        Action::Redaction(args) => redaction::run(args),
    }
}

fn answers(args: &AnswersArgs) -> anyhow::Result<ExitCode> {
    let cases = cases(args)?;
    let config = settings(args)?;
    // Until the process ends: while it lives, no panic prints its message.
    let _telemetry = telemetry::init(&config.telemetry)?;
    check_folders(&config)?;
    let manifests = Manifests::shipped_and(config.models.manifests_dir.as_deref())?;
    let catalogue = Catalogue::load(config.prompts_dir.as_deref())?;
    let mut key = None;
    let node = Node::start(&config, &manifests, catalogue, |keyring| {
        key = Some(principal(keyring)?);
        Ok(())
    })?;
    let principal = key.context("no key was made")?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let scores = runtime.block_on(async {
        let scores = scores(&node, &principal, &cases, args).await;
        node.engine.shutdown();
        node.engine.stopped().await;
        node.pipeline.gate().flush().await?;
        node.audit.shutdown().await?;
        scores
    })?;
    let report = Report::of(scores);
    if args.json {
        say(&serde_json::to_string(&report)?);
    } else {
        say(report.to_string().trim_end());
        say(&format!(
            "the audit log of this run: {}",
            config.node.data_dir.display()
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

/// The node's settings, but for what would get in the way: cases come from everywhere and at any rate, and
/// their traces stay apart.
fn settings(args: &AnswersArgs) -> anyhow::Result<Config> {
    let env = Environment::read();
    let mut config = match args.config.as_ref().or(env.config.as_ref()) {
        Some(file) => Config::load(file, &env)?,
        None => Config::parse(DEMO, "the demo configuration", &env)?,
    };
    config.node.data_dir = match &args.data_dir {
        Some(dir) => dir.clone(),
        None => config.node.data_dir.join("eval"),
    };
    config.residency.rules = vec![JurisdictionRule {
        name: CALLER.parse()?,
        from: JurisdictionSet::everywhere(),
        unknown: true,
        allow: DataClass::ALL.iter().copied().collect(),
        refer_to: None,
    }];
    config.limits.requests_per_minute = u32::MAX;
    config.models.embeddings = None;
    config.telemetry.filter = "warn".to_owned();
    Ok(config)
}

/// A caller for this run; the keys of earlier ones are revoked.
fn principal(keyring: &Keyring) -> anyhow::Result<Arc<Principal>> {
    let name: Name = CALLER.parse()?;
    for record in keyring.list()? {
        if record.name == name && record.revoked.is_none() {
            keyring.revoke(&record.id)?;
        }
    }
    let (_, key) = keyring.create(NewKey {
        name,
        roles: vec![Role::App],
        expires: None,
        use_cases: None,
    })?;
    Ok(keyring.authenticate(key.expose())?)
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
    let (template, entities) = explain
        .map(|own| (own.template, own.entities))
        .unwrap_or_default();
    Ok(Score::of(
        case,
        &Given {
            text: &text,
            masked: &masked,
            template: &template,
            entities: &entities,
            finish,
            tokens,
            time: took(),
        },
    ))
}
