//! What is shown, step by step, and whether it holds.

use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context as _, bail};
use bailiwick::formats::manifest::Kind;
use bailiwick_fetch::{Fetcher, Options, Telling};
use serde_json::Value;

use crate::records::{self, Record};
use crate::screen::{Ink, Screen};
use crate::server::Server;

/// The models of the demo configuration.
const MODELS: [&str; 2] = ["smollm2-135m-instruct", "all-minilm-l6-v2"];

/// Fetches what is missing.
pub(crate) fn models(screen: Screen) -> anyhow::Result<PathBuf> {
    screen.gap();
    screen.line(&screen.ink(Ink::Bold, "Bailiwick"));
    screen.say(
        "A CRM case goes through a language model on this machine. The model sees placeholders, not \
         people; nothing can leave the process; every access is on record.",
    );
    screen.heading("The models");
    screen.gap();
    let folder = bailiwick_fetch::models_dir();
    let options = Options {
        telling: Telling::Spoken,
        ..Options::default()
    };
    let fetcher = Fetcher::new(folder.clone(), options)?;
    for name in MODELS {
        let manifest = fetcher.manifests().find(name)?;
        let bytes: u64 = manifest.files.iter().map(|file| file.bytes).sum();
        if fetcher.verify(name).is_err() {
            fetcher.fetch(name)?;
        }
        let licence = &manifest.licence.spdx;
        let size = bytes / 1_000_000;
        let kind = match manifest.kind {
            Kind::Chat => "chat",
            Kind::Embeddings => "embeddings",
            Kind::TokenClassification => "names",
        };
        screen.fact(
            kind,
            &format!("{name} · {size} MB · {licence} · every SHA-256 is right"),
        );
    }
    Ok(folder)
}

/// The demonstration of a running server.
pub(crate) struct Story<'a> {
    pub(crate) server: &'a Server,
    pub(crate) screen: Screen,
    failed: usize,
    held: usize,
}

impl<'a> Story<'a> {
    pub(crate) fn new(server: &'a Server, screen: Screen) -> Self {
        Self {
            server,
            screen,
            failed: 0,
            held: 0,
        }
    }

    /// Says whether something that was promised holds.
    pub(crate) fn check(&mut self, holds: bool, promise: &str) {
        let (mark, ink) = if holds {
            self.held += 1;
            ("✓", Ink::Good)
        } else {
            self.failed += 1;
            ("✗", Ink::Bad)
        };
        let line = format!("{mark} {promise}");
        self.screen.line(&self.screen.ink(ink, &line));
    }

    pub(crate) fn introduce(&self, log: &Path) {
        let Server {
            client,
            data_dir,
            ready_after,
            pid,
            ..
        } = self.server;
        let ready = ready_after.as_millis();
        let screen = self.screen;
        screen.fact(
            "listens",
            &format!("http://{}/v1 · ready after {ready} ms", client.address),
        );
        screen.fact("process", &format!("{pid}"));
        screen.fact("stands in", "DE (jurisdiction of the demo configuration)");
        screen.fact("state", &data_dir.display().to_string());
        screen.fact("log", &log.display().to_string());
    }

    /// One case, from what comes in to what goes out. Gives its number in the audit log.
    pub(crate) fn case(&mut self, record: &Record) -> anyhow::Result<u64> {
        let screen = self.screen;
        screen.heading(&format!("A case of {}", record.whose));
        screen.label("came in: use case `case-summary`, with this record");
        let text = serde_json::to_string_pretty(&record.case)?;
        screen.quote(&text, Ink::Person, record.personal);

        screen.label("the answer, as it comes, with the people put back");
        let body = records::request(&record.case);
        let (started, mut first) = (now(), None);
        let (mut answer, mut explain, mut usage) = (String::new(), Value::Null, Value::Null);
        let mut flow = screen.flow();
        self.server.client.stream(&body, |event| {
            if let Some(text) = event["choices"][0]["delta"]["content"].as_str() {
                if !text.is_empty() {
                    first.get_or_insert_with(|| started.elapsed());
                }
                flow.push(text);
                answer.push_str(text);
            }
            for (name, kept) in [("bailiwick", &mut explain), ("usage", &mut usage)] {
                if event[name].is_object() {
                    *kept = event[name].clone();
                }
            }
            Ok(())
        })?;
        flow.finish();
        let tokens = usage["completion_tokens"].as_u64().unwrap_or(0);
        let prompt = usage["prompt_tokens"].as_u64().unwrap_or(0);
        screen.line(&screen.ink(
            Ink::Dim,
            &format!(
                "{prompt} tokens read, first word after {} ms, {tokens} tokens written in {} ms",
                first.unwrap_or_default().as_millis(),
                started.elapsed().as_millis()
            ),
        ));

        let seen = masked_messages(&explain)?;
        let placeholders = placeholders_in(&seen);
        let marked: Vec<&str> = placeholders.iter().map(String::as_str).collect();
        screen.label("what the model saw");
        screen.quote(&seen, Ink::Placeholder, &marked);
        screen.label("what the model wrote");
        let written = explain["masked_answer"].as_str().unwrap_or_default();
        screen.quote(written, Ink::Placeholder, &marked);
        screen
            .label("fields that the use case does not declare, dropped before anything read them");
        let dropped = names(&explain["dropped_fields"]["names"]);
        screen.quote(&dropped.join(", "), Ink::Dim, &[]);
        screen.gap();

        let leaked = record
            .personal
            .iter()
            .filter(|value| seen.contains(*value) || written.contains(*value))
            .count();
        self.check(
            leaked == 0 && !placeholders.is_empty(),
            &format!(
                "the model saw {} placeholders and none of the {} personal values",
                placeholders.len(),
                record.personal.len()
            ),
        );
        self.check(!answer.trim().is_empty(), "it answered");
        let quoted = self.sources(&explain, &answer);
        self.check(
            !quoted.is_empty() && quoted.iter().all(|own| record.says(own)),
            &format!("each of its {} quotes stands in the record", quoted.len()),
        );
        let unrestored = marked.iter().any(|mark| answer.contains(*mark));
        self.check(!unrestored, "the caller got no placeholder");
        self.check(
            dropped.iter().any(|name| name.contains("Margin__c")),
            "the margin never came near the model",
        );
        explain["audit_entry"]
            .as_u64()
            .context("the answer names no audit entry")
    }

    /// Shows which field each quote of the answer is from, and gives the quotes.
    fn sources(&self, explain: &Value, answer: &str) -> Vec<String> {
        let screen = self.screen;
        screen.label("where what it quotes stands (`bailiwick.sources`)");
        let place = |source: &Value, name| {
            let at = source[name].as_u64().unwrap_or(0);
            usize::try_from(at).unwrap_or(usize::MAX)
        };
        let mut quoted = Vec::new();
        for source in explain["sources"].as_array().into_iter().flatten() {
            let (start, end) = (place(source, "start_index"), place(source, "end_index"));
            let text: String = answer
                .chars()
                .skip(start)
                .take(end.saturating_sub(start))
                .collect();
            let (part, field) = (source["part"].as_str(), source["field"].as_str());
            let line = format!(
                "{} from {}, characters {start} to {end} of the answer: {text}",
                part.unwrap_or("quoted"),
                field.unwrap_or("the input")
            );
            screen.quote(&line, Ink::Dim, &[]);
            quoted.push(text);
        }
        screen.gap();
        quoted
    }

    /// A record that may not be processed here.
    pub(crate) fn refusal(&mut self, record: &Record) -> anyhow::Result<()> {
        let screen = self.screen;
        screen.heading(&format!("A case of {}", record.whose));
        screen.label("came in");
        let text = serde_json::to_string_pretty(&record.case)?;
        screen.quote(&text, Ink::Person, record.personal);
        let body = records::request(&record.case);
        let client = &self.server.client;
        let mut answer = client.send("POST", "/v1/chat/completions", Some(&body))?;
        let text = answer.text()?;
        let error: Value = serde_json::from_str(&text)?;
        let error = &error["error"];
        screen.label(&format!("the answer: HTTP {}", answer.status));
        for name in ["code", "message", "param"] {
            screen.fact(name, error[name].as_str().unwrap_or("null"));
        }
        screen.gap();
        let refused = answer.status == 403 && error["code"] == "residency_violation";
        self.check(refused, "refused before anything read the record");
        let quoted = record.personal.iter().any(|value| text.contains(value));
        self.check(!quoted, "the refusal quotes nothing of it");
        Ok(())
    }

    /// The lines to try next. Their request is sent first: they are true.
    pub(crate) fn next_steps(&mut self) -> anyhow::Result<()> {
        let (server, screen) = (self.server, self.screen);
        let Server {
            client,
            data_dir,
            program,
            ..
        } = server;
        let body = records::small_request();
        let mut events = 0;
        client.stream(&body, |_| {
            events += 1;
            Ok(())
        })?;
        screen.heading("Your turn");
        let key = data_dir.join("demo-app.key").display().to_string();
        let address = client.address;
        let case = serde_json::to_string(&body["bailiwick"])?;
        screen.label("with curl");
        screen.put(&format!(
            "curl -N http://{address}/v1/chat/completions \\\n  \
             -H \"Authorization: Bearer $(cat {key})\" -H 'Content-Type: application/json' \\\n  \
             -d '{body}'\n"
        ));
        screen.label("with Python, after `pip install openai`");
        screen.put(&format!(
            "from openai import OpenAI\n\
             client = OpenAI(base_url=\"http://{address}/v1\", api_key=open(\"{key}\").read().strip())\n\
             stream = client.chat.completions.create(model=\"default\", messages=[], stream=True,\n    \
             extra_body={{\"bailiwick\": {case}}})\n\
             for chunk in stream:\n    \
             print(chunk.choices[0].delta.content or \"\", end=\"\", flush=True)\n"
        ));
        let (program, data) = (program.display(), data_dir.display());
        screen.label("the tools, beside the running server");
        screen.put(&format!(
            "{program} audit verify --data-dir {data}\n\
             {program} doctor --pid {}\n\
             curl -s http://{address}/metrics -H \"Authorization: Bearer $(cat {key})\"\n\n",
            server.pid
        ));
        self.check(events > 2, "these lines work: their request was sent once");
        Ok(())
    }

    /// How many checks held; an error where one did not.
    pub(crate) fn verdict(&self, once: bool) -> anyhow::Result<()> {
        if self.failed > 0 {
            bail!(
                "{} of {} checks failed",
                self.failed,
                self.failed + self.held
            );
        }
        self.screen.gap();
        let all = format!("All {} checks held.", self.held);
        self.screen.line(&self.screen.ink(Ink::Bold, &all));
        if !once {
            let address = self.server.client.address;
            self.screen
                .line(&format!("Serving at http://{address}/v1 until Ctrl-C."));
        }
        Ok(())
    }
}

/// The messages as the model got them, each under its role.
fn masked_messages(explain: &Value) -> anyhow::Result<String> {
    let messages = explain["masked_messages"].as_array();
    let messages = messages.context("the answer does not explain what the model saw")?;
    let texts: Vec<String> = messages
        .iter()
        .map(|message| {
            let role = message["role"].as_str().unwrap_or_default();
            let content = message["content"].as_str().unwrap_or_default();
            format!("{role}:\n{}", content.trim())
        })
        .collect();
    Ok(texts.join("\n"))
}

/// `[PERSON_1]` and the like, each once.
fn placeholders_in(text: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for part in text.split('[').skip(1) {
        let Some((inside, _)) = part.split_once(']') else {
            continue;
        };
        let plain = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
        let placeholder = format!("[{inside}]");
        if inside.contains('_') && inside.chars().all(plain) && !found.contains(&placeholder) {
            found.push(placeholder);
        }
    }
    found
}

/// A list of strings.
pub(crate) fn names(list: &Value) -> Vec<&str> {
    let items = list.as_array().map(Vec::as_slice).unwrap_or_default();
    items.iter().filter_map(Value::as_str).collect()
}

#[expect(clippy::disallowed_methods, reason = "a stopwatch for people")]
fn now() -> Instant {
    Instant::now()
}
