//! Reads an answer: what the model thinks, what it says, which tools it calls; with values put back.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::engine::Logprobs;
use crate::grammar::{CallFormat, ToolEvent, ToolParser};
use crate::redact::{RestoreStats, ScreenCounts};
use crate::tokenizer::{Special, Tokenizer};
use crate::types::{FinishReason, RequestId, Sensitive};

use super::answer::{Candidate, Part, TokenLogprob};
use super::held::{Giving, HeldText};
use super::outlet::{Outlet, Outlets, Passed};
use super::think::{Think, Thought};

/// How the answers of one request are to be read.
#[derive(Debug)]
pub(super) struct Reading {
    /// The way of its texts to the caller.
    pub(super) outlets: Arc<Outlets>,
    /// Whether the answer is JSON.
    pub(super) is_json: bool,
    /// Whether the text is kept as the model gave it, for an explanation.
    pub(super) keeps_masked: bool,
    /// How the model's thoughts are told from its answer.
    pub(super) think: Think,
    /// The tools that may be called, and how calls are written; `None` where there are none.
    pub(super) tools: Option<(CallFormat, Vec<String>)>,
    /// Names calls.
    pub(super) request: RequestId,
    /// Names tokens.
    pub(super) tokenizer: Arc<Tokenizer>,
}

/// Reads one answer.
#[derive(Debug)]
pub(super) struct Reader {
    outlet: Outlet,
    /// Of what the model thinks, which is text even where the answer is JSON.
    thoughts: Outlet,
    think: Think,
    /// What was thought, for counting.
    thought: String,
    tools: Option<ToolReader>,
    tokenizer: Arc<Tokenizer>,
    /// The answer as the model gave it, without what screening took out.
    masked: Option<String>,
    /// Whether every text goes out as it is.
    is_open: bool,
    /// All that the model wrote, for counting, where an answer may be ended by its screening.
    spoken: String,
    /// Chances of tokens whose text has not come yet.
    logprobs: Vec<TokenLogprob>,
    /// Bytes of these tokens that are decided.
    decided: usize,
    /// To whom its parts go.
    giving: Giving,
    /// Says which rules hold an answer.
    outlets: Arc<Outlets>,
}

impl Reading {
    /// A reader of the answer at `index`.
    pub(super) fn reader(&self, index: u8) -> Reader {
        Reader {
            outlet: self.outlets.outlet(self.is_json),
            thoughts: self.outlets.outlet(false),
            think: self.think.clone(),
            thought: String::new(),
            tools: self.tools.clone().map(|(format, names)| ToolReader {
                parser: ToolParser::new(format, names),
                outlet: self.outlets.outlet(true),
                fresh: Arc::clone(&self.outlets),
                prefix: format!("call_{}{index:x}", self.request.hex()),
                restored: RestoreStats::default(),
                screened: ScreenCounts::new(),
                stopped: false,
            }),
            tokenizer: Arc::clone(&self.tokenizer),
            masked: self.keeps_masked.then(String::new),
            is_open: self.outlets.is_open(),
            spoken: String::new(),
            logprobs: Vec::new(),
            decided: 0,
            giving: Giving::new(self.outlets.may_hold()),
            outlets: Arc::clone(&self.outlets),
        }
    }

    /// Whether a rule may hold the answer.
    pub(super) fn may_hold(&self) -> bool {
        self.outlets.may_hold()
    }
}

impl Reader {
    /// Takes more of the answer.
    pub(super) fn push(&mut self, delta: &str, to: &mut VecDeque<Part>) {
        if self.is_open {
            self.keep(delta);
        } else {
            self.spoken.push_str(delta);
        }
        let thoughts = self.think.push(delta);
        for thought in thoughts {
            self.pass(thought, to);
        }
    }

    /// Keeps what the caller may see of the answer as the model gave it.
    fn keep(&mut self, written: &str) {
        if let Some(masked) = &mut self.masked {
            masked.push_str(written);
        }
    }

    /// Whether a rule of screening ended the answer; nothing more of it goes out.
    pub(super) fn is_stopped(&self) -> bool {
        let calls = self.tools.as_ref();
        self.outlet.is_stopped()
            || self.thoughts.is_stopped()
            || calls.is_some_and(|own| own.stopped || own.outlet.is_stopped())
    }

    /// How often each rule of screening was broken.
    pub(super) fn screened(&self) -> ScreenCounts {
        let calls = self.tools.as_ref();
        let mut counts = calls.map(|own| own.screened.clone()).unwrap_or_default();
        self.outlet.count(&mut counts);
        self.thoughts.count(&mut counts);
        if let Some(calls) = calls {
            calls.outlet.count(&mut counts);
        }
        counts
    }

    /// Whether a rule of screening holds the answer; its caller gets nothing more of it.
    pub(super) const fn is_held(&self) -> bool {
        self.giving.is_held()
    }

    /// The whole answer, if it is held, and the rules that it broke.
    pub(super) fn take_held(&mut self) -> Option<(HeldText, Vec<String>)> {
        let text = self.giving.take_held()?;
        let broken = self.screened();
        let holding = broken.keys().filter(|rule| self.outlets.holds(**rule));
        Some((text, holding.map(|rule| rule.as_str().to_owned()).collect()))
    }

    /// How many tokens were written, of an answer that its screening ended.
    pub(super) fn n_spoken(&self) -> u32 {
        self.n_tokens(&self.spoken)
    }

    /// Notes the chances of the next token.
    pub(super) fn note_logprobs(&mut self, logprobs: &Logprobs) {
        let candidate = |token: u32, logprob: f32| Candidate {
            bytes: Sensitive::new(self.tokenizer.token_bytes(token).to_vec()),
            logprob,
        };
        // The end is no text.
        if !self.tokenizer.end_ids().contains(&logprobs.token) {
            let own = TokenLogprob {
                token: candidate(logprobs.token, logprobs.logprob),
                top: logprobs
                    .top
                    .iter()
                    .map(|(id, p)| candidate(*id, *p))
                    .collect(),
            };
            self.logprobs.push(own);
        }
    }

    /// Gives out what was held back; why the answer ended, for the caller.
    pub(super) fn finish(&mut self, reason: FinishReason, to: &mut VecDeque<Part>) -> FinishReason {
        let thoughts = self.think.finish();
        for thought in thoughts {
            self.pass(thought, to);
        }
        let mut called = false;
        if let Some(tools) = &mut self.tools {
            let events = tools.parser.finish();
            self.events(events, to);
        }
        if let Some(tools) = &mut self.tools
            && let Some(last) = tools.parser.n_calls().checked_sub(1)
        {
            tools.end_call(last, &mut self.giving, to);
            called = true;
        }
        let passed = self.thoughts.finish();
        self.keep_screened(&passed);
        let passed = (passed, self.thoughts.is_held());
        self.giving.passed(passed, Part::Reasoning, to);
        let passed = self.outlet.finish();
        if !called {
            let rest = if self.is_open {
                usize::MAX
            } else {
                passed.bytes
            };
            self.flush_logprobs(rest, passed.removed, to);
        }
        self.keep_screened(&passed);
        let passed = (passed, self.outlet.is_held());
        self.giving.passed(passed, Part::Text, to);
        let reason = match reason {
            _ if self.is_stopped() => FinishReason::ContentFilter,
            FinishReason::Stop if called => FinishReason::ToolCalls,
            reason => reason,
        };
        self.giving.end(reason)
    }

    /// What was put back so far.
    pub(super) fn restored(&self) -> RestoreStats {
        let calls = self.tools.as_ref();
        let before = calls.map(|own| own.restored).unwrap_or_default();
        let running = calls.map(|own| own.outlet.restored());
        [self.outlet.restored(), self.thoughts.restored()]
            .into_iter()
            .chain(running)
            .fold(before, sum)
    }

    /// How many tokens were thoughts: as many as their text has.
    pub(super) fn n_reasoning(&self) -> u32 {
        self.n_tokens(&self.thought)
    }

    fn n_tokens(&self, text: &str) -> u32 {
        let tokens = self.tokenizer.encode(text, Special::Plain);
        tokens.map_or(0, |own| u32::try_from(own.len()).unwrap_or(u32::MAX))
    }

    /// Keeps what came out of a screen.
    fn keep_screened(&mut self, passed: &Passed) {
        if !self.is_open && !self.is_stopped() {
            self.keep(&passed.written);
        }
    }

    /// The answer as the model gave it, where it was kept.
    pub(super) fn take_masked(&mut self) -> Sensitive<String> {
        let masked = self.masked.take().unwrap_or_default();
        // Where nothing was taken out: all of it, thoughts and calls as they were written.
        if !self.is_open && self.screened().is_empty() {
            return std::mem::take(&mut self.spoken).into();
        }
        masked.into()
    }

    fn pass(&mut self, thought: Thought, to: &mut VecDeque<Part>) {
        match thought {
            Thought::Reasoning(text) => {
                // Chances are shown of the answer's own tokens.
                self.logprobs.clear();
                self.thought.push_str(&text);
                let passed = self.thoughts.push(text);
                self.keep_screened(&passed);
                let passed = (passed, self.thoughts.is_held());
                self.giving.passed(passed, Part::Reasoning, to);
            }
            Thought::Text(text) => match &mut self.tools {
                None => self.text(text, to),
                Some(tools) => {
                    let events = tools.parser.push(&text);
                    self.events(events, to);
                }
            },
        }
    }

    fn events(&mut self, events: Vec<ToolEvent>, to: &mut VecDeque<Part>) {
        for event in events {
            if self.is_stopped() {
                return;
            }
            let Some(tools) = &mut self.tools else {
                continue;
            };
            match tools.take(event, &mut self.giving, to) {
                Some(text) => self.text(text, to),
                None => self.logprobs.clear(),
            }
        }
    }

    fn text(&mut self, text: String, to: &mut VecDeque<Part>) {
        let passed = self.outlet.push(text);
        let decided = if self.is_open {
            usize::MAX
        } else {
            passed.bytes
        };
        self.flush_logprobs(decided, passed.removed, to);
        self.keep_screened(&passed);
        let passed = (passed, self.outlet.is_held());
        self.giving.passed(passed, Part::Text, to);
    }

    /// Gives out the chances of tokens whose text is decided: `bytes` more of it. Those of what was taken out would show
    /// it.
    fn flush_logprobs(&mut self, bytes: usize, removed: bool, to: &mut VecDeque<Part>) {
        self.decided = self.decided.saturating_add(bytes);
        let mut n = 0;
        for own in &self.logprobs {
            let len = own.token.bytes.expose().len();
            if len > self.decided {
                break;
            }
            self.decided -= len;
            n += 1;
        }
        let shown: Vec<TokenLogprob> = self.logprobs.drain(..n).collect();
        if self.logprobs.is_empty() {
            self.decided = 0;
        }
        // Those of what is held would show it too.
        let hidden = removed || self.giving.is_held() || self.outlet.is_held();
        if !shown.is_empty() && !hidden {
            to.push_back(Part::Logprobs(shown));
        }
    }
}

/// Reads calls of tools.
#[derive(Debug)]
struct ToolReader {
    parser: ToolParser,
    /// Of the arguments that are being read.
    outlet: Outlet,
    /// Where those of the next call come from.
    fresh: Arc<Outlets>,
    /// What the identifiers of calls start with.
    prefix: String,
    /// What was put back in calls before.
    restored: RestoreStats,
    /// How often rules of screening were broken in calls before.
    screened: ScreenCounts,
    /// Whether that ended the answer.
    stopped: bool,
}

impl ToolReader {
    /// What `event` is for the caller; text is given back.
    fn take(
        &mut self,
        event: ToolEvent,
        giving: &mut Giving,
        to: &mut VecDeque<Part>,
    ) -> Option<String> {
        match event {
            ToolEvent::Text(text) => return Some(text),
            ToolEvent::CallStart { index, name } => {
                if let Some(last) = index.checked_sub(1) {
                    self.end_call(last, giving, to);
                }
                let id = format!("{}{index:02x}", self.prefix);
                giving.part(Part::ToolCall { index, id, name }, to);
            }
            ToolEvent::Arguments { index, delta } => {
                let passed = self.outlet.push(delta);
                let passed = (passed, self.outlet.is_held());
                giving.passed(passed, |delta| Part::Arguments { index, delta }, to);
            }
        }
        None
    }

    /// Gives out what is held back of a call's arguments.
    fn end_call(&mut self, index: usize, giving: &mut Giving, to: &mut VecDeque<Part>) {
        let passed = self.outlet.finish();
        let passed = (passed, self.outlet.is_held());
        giving.passed(passed, |delta| Part::Arguments { index, delta }, to);
        self.restored = sum(self.restored, self.outlet.restored());
        self.outlet.count(&mut self.screened);
        self.stopped |= self.outlet.is_stopped();
        self.outlet = self.fresh.outlet(true);
    }
}

fn sum(a: RestoreStats, b: RestoreStats) -> RestoreStats {
    RestoreStats {
        restored: a.restored + b.restored,
        mangled: a.mangled + b.mangled,
        unknown: a.unknown + b.unknown,
        beyond: a.beyond + b.beyond,
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use crate::config::ScreenAction;
    use crate::redact::{Canaries, Redactor, RedactorOptions};
    use crate::tokenizer::{SpacePrefix, TokenizerModel, Vocabulary};
    use crate::types::Timestamp;

    use super::*;

    /// One token per byte.
    fn tokenizer() -> Arc<Tokenizer> {
        let bytes: Vec<String> = (0..=255).map(|byte| format!("<0x{byte:02X}>")).collect();
        let mut tokens = vec!["<unk>", "</s>"];
        tokens.extend(bytes.iter().map(String::as_str));
        let n = tokens.len();
        let kind = |i| match i {
            0 => 2,
            1 => 3,
            _ => 6,
        };
        let tokenizer = Tokenizer::new(&Vocabulary {
            model: TokenizerModel::SentencePiece,
            pre: None,
            tokens,
            token_types: (0..n).map(kind).collect(),
            scores: vec![0.0; n],
            merges: Vec::new(),
            bos: None,
            eos: Some(1),
            eot: None,
            ends: Vec::new(),
            unknown: Some(0),
            add_bos: Some(false),
            add_eos: Some(false),
            space_prefix: Some(SpacePrefix::Never),
        });
        Arc::new(tokenizer.unwrap())
    }

    fn reading(is_json: bool, tools: &[&str]) -> Reading {
        let redactor = Redactor::new(RedactorOptions::default()).unwrap();
        let text = "My name is Ada Byron. Mail ada@example.com";
        let (masked, _, restorer) = redactor.mask_text(text).unwrap();
        assert_eq!(masked, "My name is [PERSON_1]. Mail [EMAIL_1]");
        let names = tools.iter().map(|name| (*name).to_owned()).collect();
        Reading {
            outlets: Arc::new(Outlets {
                restorer: Some(restorer),
                screener: None,
                canaries: None,
            }),
            is_json,
            keeps_masked: true,
            think: Think::may(),
            tools: (!tools.is_empty()).then_some((CallFormat::Tagged, names)),
            request: RequestId::new(Timestamp::from_millis(0)),
            tokenizer: tokenizer(),
        }
    }

    /// What a client puts together: thoughts, text, calls.
    #[derive(Debug, Default, PartialEq)]
    struct Seen {
        thought: String,
        text: String,
        calls: Vec<(String, String)>,
    }

    fn read(reading: &Reading, pieces: &[&str]) -> (Seen, FinishReason, Reader) {
        let (mut reader, mut parts) = (reading.reader(0), VecDeque::new());
        for piece in pieces {
            reader.push(piece, &mut parts);
        }
        let reason = reader.finish(FinishReason::Stop, &mut parts);
        let mut seen = Seen::default();
        for part in parts {
            match part {
                Part::Text(own) => seen.text.push_str(own.expose()),
                Part::Reasoning(own) => seen.thought.push_str(own.expose()),
                Part::ToolCall { index, name, .. } => {
                    assert_eq!(index, seen.calls.len());
                    seen.calls.push((name, String::new()));
                }
                Part::Arguments { index, delta } => {
                    assert_eq!(index + 1, seen.calls.len());
                    seen.calls[index].1.push_str(delta.expose());
                }
                Part::Logprobs(_) | Part::End(_) => panic!("not asked for"),
            }
        }
        (seen, reason, reader)
    }

    #[test]
    fn thoughts_text_and_calls_are_told_apart_and_restored_wherever_the_stream_is_cut() {
        let call = |name: &str, value: &str| {
            format!(
                "<tool_call>\n{{\"name\": \"{name}\", \"arguments\": {{\"to\": \"{value}\"}}}}\n</tool_call>"
            )
        };
        let whole = format!(
            "<think>\nWrite to [PERSON_1].\n</think>\n\nDear [PERSON_1]\n{}\n{}",
            call("mail", "[EMAIL_1]"),
            call("note", "[PERSON_1]")
        );
        let expected = Seen {
            thought: "Write to Ada Byron.".to_owned(),
            text: "Dear Ada Byron".to_owned(),
            calls: vec![
                (
                    "mail".to_owned(),
                    "{\"to\": \"ada@example.com\"}".to_owned(),
                ),
                ("note".to_owned(), "{\"to\": \"Ada Byron\"}".to_owned()),
            ],
        };
        let reading = reading(false, &["mail", "note"]);
        for cut in 0..=whole.len() {
            let (head, tail) = whole.split_at(cut);
            let (seen, reason, mut reader) = read(&reading, &[head, tail]);
            assert_eq!(seen, expected, "cut at {cut}");
            assert_eq!(reason, FinishReason::ToolCalls);
            assert_eq!(reader.restored().restored, 4);
            let thought = reading
                .tokenizer
                .encode("Write to [PERSON_1].", Special::Plain);
            let n_thought = u32::try_from(thought.unwrap().len()).unwrap();
            assert_eq!(reader.n_reasoning(), n_thought);
            assert_eq!(*reader.take_masked().expose(), whole);
        }
    }

    #[test]
    fn a_held_answer_is_whole_for_whoever_decides_and_ends_where_it_broke() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("canaries");
        std::fs::write(&file, "Zephyr Quillfeather\n").unwrap();
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
        let canaries = Arc::new(Canaries::read(&file).unwrap());
        let mut reading = reading(false, &["mail"]);
        let outlets = Arc::get_mut(&mut reading.outlets).unwrap();
        outlets.canaries = Some((canaries, ScreenAction::Hold));
        let zephyr = "Zephyr Quillfeather";
        for (thought, text, argument) in [
            (zephyr, "", ""),
            ("", zephyr, ""),
            ("", "", zephyr),
            ("", zephyr, zephyr),
        ] {
            let whole = format!(
                "<think>\nOf [PERSON_1], {thought}.\n</think>\n\nDear [PERSON_1], {text}.\n<tool_call>\n{{\"name\": \"mail\", \
                 \"arguments\": {{\"to\": \"[EMAIL_1] {argument}\"}}}}\n</tool_call>"
            );
            for cut in (0..=whole.len()).filter(|at| whole.is_char_boundary(*at)) {
                let (head, tail) = whole.split_at(cut);
                let (seen, reason, mut reader) = read(&reading, &[head, tail]);
                assert_eq!(reason, FinishReason::ContentFilter, "{whole}");
                assert!(reader.is_held() && !reader.is_stopped());
                assert!(!format!("{seen:?}").contains("Zephyr"), "{seen:?}");
                if thought.is_empty() {
                    assert_eq!(seen.thought, "Of Ada Byron, .");
                }
                if text.is_empty() && thought.is_empty() {
                    assert_eq!(seen.text, "Dear Ada Byron, .");
                }
                let (kept, rules) = reader.take_held().unwrap();
                assert_eq!(rules, ["canary"]);
                assert_eq!(
                    *kept.reasoning.expose(),
                    format!("Of Ada Byron, {thought}.")
                );
                assert_eq!(*kept.content.expose(), format!("Dear Ada Byron, {text}."));
                let arguments = format!("{{\"to\": \"ada@example.com {argument}\"}}");
                assert_eq!(*kept.calls[0].arguments.expose(), arguments);
                assert_eq!((kept.calls.len(), kept.finish.as_str()), (1, "tool_calls"));
            }
        }
        // One that breaks nothing is given, and kept by nobody.
        let (seen, reason, mut reader) = read(&reading, &["<think>\nHm.\n</think>\n\nDear Zephyr"]);
        assert_eq!(
            (seen.text.as_str(), reason),
            ("Dear Zephyr", FinishReason::Stop)
        );
        assert!(reader.take_held().is_none());
    }

    #[test]
    fn without_tools_a_call_is_text() {
        let text = "<tool_call>{\"name\": \"mail\", \"arguments\": {}}</tool_call>";
        let (seen, reason, _) = read(&reading(false, &[]), &[text]);
        assert_eq!((seen.text.as_str(), reason), (text, FinishReason::Stop));
        assert!(seen.calls.is_empty());
    }

    #[test]
    fn the_end_has_no_chances_and_calls_have_none() {
        let chance = |token: u8| Logprobs {
            token: u32::from(token) + 2,
            logprob: -0.5,
            top: Vec::new(),
        };
        let own = reading(false, &["mail"]);
        let (mut reader, mut parts) = (own.reader(0), VecDeque::new());
        let answer = "ok <tool_call>{\"name\": \"mail\", \"arguments\": {}}</tool_call>";
        for byte in answer.bytes() {
            reader.note_logprobs(&chance(byte));
            reader.push(std::str::from_utf8(&[byte]).unwrap(), &mut parts);
        }
        reader.note_logprobs(&Logprobs {
            token: 1,
            ..chance(0)
        });
        let reason = reader.finish(FinishReason::Stop, &mut parts);
        assert_eq!(reason, FinishReason::ToolCalls);
        let shown: Vec<u8> = parts
            .iter()
            .filter_map(|part| match part {
                Part::Logprobs(own) => Some(own),
                _ => None,
            })
            .flatten()
            .flat_map(|own| own.token.bytes.expose().clone())
            .collect();
        assert_eq!(shown, b"ok");
    }
}
