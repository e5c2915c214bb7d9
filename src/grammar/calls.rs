//! Tool calls out of an answer, as it comes.

use std::mem;

use super::tools::CallFormat;

/// Most bytes of a name, and of what may still turn out not to be a call.
const MAX_HELD: usize = 4_096;

/// A piece of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ToolEvent {
    /// Text beside the calls.
    Text(String),
    /// A call begins.
    CallStart {
        /// Its place among the calls.
        index: usize,
        /// The tool's name.
        name: String,
    },
    /// More of a call's arguments, as JSON text.
    Arguments {
        /// The call's place.
        index: usize,
        /// What was added.
        delta: String,
    },
}

/// Tells the calls of one answer from its text. Holds back only what may belong to a mark, white space
/// beside marks, and a call up to its arguments; wherever the answer is cut, the pieces joined are the same.
#[derive(Debug)]
pub struct ToolParser {
    format: CallFormat,
    names: Vec<String>,
    state: State,
    held: String,
    n_calls: usize,
    events: Vec<ToolEvent>,
}

#[derive(Debug)]
enum State {
    /// Text, in which a mark may come. `Plain` answers have none: all is text.
    Text,
    /// Before the first or the next call's bracket.
    Before,
    /// In a call.
    Call(Call),
    /// After a call.
    After,
}

/// A call that is being read.
#[derive(Debug, Default)]
struct Call {
    at: At,
    key: String,
    name: String,
    /// Arguments that came before the name.
    early: String,
    /// All of it, as long as it may be no call.
    raw: String,
    started: bool,
    value: Value,
}

/// Where in a call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum At {
    #[default]
    Open,
    Members,
    Key,
    Colon,
    Value,
    Closed,
    /// It is none.
    Broken,
}

/// A JSON value that is being read.
#[derive(Debug, Default)]
struct Value {
    depth: usize,
    in_string: bool,
    escaped: bool,
    begun: bool,
}

/// What a character is to a value.
enum Part {
    Before,
    Inside,
    Last,
    Beyond,
}

impl ToolParser {
    /// A parser of answers of a model that writes calls of the tools `names` in this `format`.
    pub fn new(format: CallFormat, names: Vec<String>) -> Self {
        let state = if format == CallFormat::Plain {
            State::Before
        } else {
            State::Text
        };
        Self {
            format,
            names,
            state,
            held: String::new(),
            n_calls: 0,
            events: Vec::new(),
        }
    }

    /// How many calls there were so far.
    pub const fn n_calls(&self) -> usize {
        self.n_calls
    }

    /// Takes more of the answer and returns what is certain by now.
    pub fn push(&mut self, delta: &str) -> Vec<ToolEvent> {
        self.held.push_str(delta);
        while self.step() {}
        mem::take(&mut self.events)
    }

    /// Returns what was held back; nothing follows.
    pub fn finish(&mut self) -> Vec<ToolEvent> {
        let held = mem::take(&mut self.held);
        match mem::replace(&mut self.state, State::Text) {
            State::Call(call) if !call.started => self.text(&(call.raw + &held)),
            // What is left beside calls is white space.
            State::Text | State::Before if !(self.n_calls > 0 && held.trim().is_empty()) => {
                self.text(&held);
            }
            State::Text | State::Before | State::Call(_) | State::After => {}
        }
        mem::take(&mut self.events)
    }

    /// Takes what can be taken of what is held; whether there may be more to take.
    fn step(&mut self) -> bool {
        match mem::replace(&mut self.state, State::Text) {
            State::Text => self.step_text(),
            State::Before => self.step_before(),
            State::Call(call) => self.step_call(call),
            State::After => self.step_after(),
        }
    }

    fn step_text(&mut self) -> bool {
        let mark = self.format.opening();
        if mark.is_empty() {
            let held = mem::take(&mut self.held);
            self.text(&held);
            return false;
        }
        if let Some(at) = self.held.find(mark) {
            let rest = self.held.split_off(at + mark.len());
            let held = mem::replace(&mut self.held, rest);
            let text = held.get(..at).unwrap_or_default().trim_end();
            self.text(text);
            self.state = State::Before;
            return true;
        }
        let started = started(&self.held, mark);
        let keep = self.held.len() - started;
        let keep = self.held.get(..keep).unwrap_or_default().trim_end().len();
        let rest = self.held.split_off(keep);
        let text = mem::replace(&mut self.held, rest);
        self.text(&text);
        false
    }

    fn step_before(&mut self) -> bool {
        let lists = self.format == CallFormat::Listed;
        let tag = "<|python_tag|>";
        let skips = |c: char| c.is_whitespace() || lists && matches!(c, '[' | ',');
        let skipped = self.held.trim_start_matches(skips);
        if self.format == CallFormat::Plain && !skipped.starts_with('{') {
            if let Some(rest) = skipped.strip_prefix(tag) {
                self.held = rest.to_owned();
                self.state = State::Before;
                return true;
            }
            if tag.starts_with(skipped) {
                self.state = State::Before;
                return false;
            }
            return true;
        }
        if skipped.is_empty() {
            self.held.clear();
            self.state = State::Before;
            return false;
        }
        self.held = skipped.to_owned();
        if self.held.starts_with('{') {
            self.state = State::Call(Call::default());
        }
        true
    }

    fn step_call(&mut self, mut call: Call) -> bool {
        let held = mem::take(&mut self.held);
        for (at, c) in held.char_indices() {
            let delta = call.take(c);
            if call.at == At::Broken || !call.started && call.raw.len() > MAX_HELD {
                return self.broken(&call, held.get(at + c.len_utf8()..).unwrap_or_default());
            }
            if call.is_ready() && !self.start(&mut call) {
                return self.broken(&call, held.get(at + c.len_utf8()..).unwrap_or_default());
            }
            if let Some(c) = delta.filter(|_| call.started) {
                self.arguments(c.encode_utf8(&mut [0; 4]));
            }
            if call.at == At::Closed {
                if !call.started && !self.start(&mut call) {
                    return self.broken(&call, held.get(at + c.len_utf8()..).unwrap_or_default());
                }
                self.held = held.get(at + c.len_utf8()..).unwrap_or_default().to_owned();
                self.state = State::After;
                return true;
            }
        }
        self.state = State::Call(call);
        false
    }

    /// Begins the call, if it is one of a tool that there is.
    fn start(&mut self, call: &mut Call) -> bool {
        if !self.names.contains(&call.name) {
            return false;
        }
        call.started = true;
        let index = self.n_calls;
        self.n_calls += 1;
        let name = mem::take(&mut call.name);
        self.events.push(ToolEvent::CallStart { index, name });
        let early = if call.at == At::Closed && call.early.is_empty() {
            "{}"
        } else {
            &call.early
        };
        if !early.is_empty() {
            let early = early.to_owned();
            self.arguments(&early);
        }
        call.raw = String::new();
        true
    }

    /// What looked like a call is text.
    fn broken(&mut self, call: &Call, rest: &str) -> bool {
        if !call.started {
            self.text(&call.raw.clone());
        }
        self.held = rest.to_owned();
        self.state = State::Text;
        true
    }

    fn step_after(&mut self) -> bool {
        let trimmed = self.held.trim_start();
        let close = self.format.closing();
        let next = match self.format {
            CallFormat::Tagged => trimmed.strip_prefix(close).map(|rest| (rest, State::Text)),
            CallFormat::Listed => match trimmed.chars().next() {
                Some(',') => trimmed.get(1..).map(|rest| (rest, State::Before)),
                Some(']') => trimmed.get(1..).map(|rest| (rest, State::Text)),
                _ => None,
            },
            CallFormat::Plain => trimmed.strip_prefix(';').map(|rest| (rest, State::Before)),
        };
        match next {
            Some((rest, state)) => {
                self.held = rest.to_owned();
                self.state = state;
                true
            }
            None if trimmed.is_empty() || !close.is_empty() && close.starts_with(trimmed) => {
                self.state = State::After;
                false
            }
            None => true,
        }
    }

    fn text(&mut self, text: &str) {
        if text.is_empty() {
            return;
        }
        if let Some(ToolEvent::Text(before)) = self.events.last_mut() {
            before.push_str(text);
        } else {
            self.events.push(ToolEvent::Text(text.to_owned()));
        }
    }

    fn arguments(&mut self, more: &str) {
        let own = self.n_calls.saturating_sub(1);
        match self.events.last_mut() {
            Some(ToolEvent::Arguments { index, delta }) if *index == own => delta.push_str(more),
            _ => self.events.push(ToolEvent::Arguments {
                index: own,
                delta: more.to_owned(),
            }),
        }
    }
}

impl Call {
    /// Whether all is known that comes before the arguments are passed on.
    fn is_ready(&self) -> bool {
        if self.started || self.name.is_empty() {
            return false;
        }
        match self.at {
            At::Key => false,
            At::Value if self.is_arguments() => true,
            // The name may go on.
            At::Value if self.key == "name" => false,
            At::Value | At::Open | At::Members | At::Colon | At::Closed | At::Broken => {
                !self.early.is_empty()
            }
        }
    }

    fn is_arguments(&self) -> bool {
        matches!(self.key.as_str(), "arguments" | "parameters")
    }

    /// Takes one character; returns it if it belongs to the arguments.
    fn take(&mut self, c: char) -> Option<char> {
        if !self.started {
            self.raw.push(c);
        }
        match self.at {
            At::Open if c == '{' => self.at = At::Members,
            At::Members if c == '"' => {
                self.key.clear();
                self.at = At::Key;
            }
            At::Members if c == '}' => self.at = At::Closed,
            At::Members if c == ',' => {}
            At::Key if c == '"' => self.at = At::Colon,
            At::Key if c != '\\' && self.key.len() < MAX_HELD => self.key.push(c),
            At::Colon if c == ':' => {
                self.value = Value::default();
                self.at = At::Value;
            }
            At::Open | At::Members | At::Colon if c.is_whitespace() => {}
            At::Value => return self.take_value(c),
            _ => self.at = At::Broken,
        }
        None
    }

    fn take_value(&mut self, c: char) -> Option<char> {
        let part = self.value.take(c);
        if matches!(part, Part::Last) {
            self.at = At::Members;
        }
        if matches!(part, Part::Beyond) {
            self.at = if c == '}' { At::Closed } else { At::Members };
        }
        if matches!(part, Part::Before | Part::Beyond) {
            return None;
        }
        if self.key == "name" && !self.started {
            if c == '\\' || self.name.len() > MAX_HELD {
                self.at = At::Broken;
            } else if c != '"' {
                self.name.push(c);
            }
        } else if self.is_arguments() {
            if self.started || !self.name.is_empty() {
                return Some(c);
            }
            self.early.push(c);
        }
        None
    }
}

impl Value {
    fn take(&mut self, c: char) -> Part {
        if self.in_string {
            let ends = c == '"' && !self.escaped;
            self.escaped = c == '\\' && !self.escaped;
            self.in_string = !ends;
            return if ends && self.depth == 0 {
                Part::Last
            } else {
                Part::Inside
            };
        }
        if !self.begun && c.is_whitespace() {
            return Part::Before;
        }
        self.begun = true;
        match c {
            '"' => self.in_string = true,
            '{' | '[' => self.depth += 1,
            '}' | ']' if self.depth > 0 => {
                self.depth -= 1;
                if self.depth == 0 {
                    return Part::Last;
                }
            }
            '}' | ',' if self.depth == 0 => return Part::Beyond,
            c if self.depth == 0 && c.is_whitespace() => return Part::Beyond,
            _ => {}
        }
        Part::Inside
    }
}

/// How many bytes at the end of `text` may be the start of `mark`.
fn started(text: &str, mark: &str) -> usize {
    let longest = mark.len().saturating_sub(1).min(text.len());
    let mut lengths = (1..=longest).rev();
    lengths
        .find(|len| {
            text.as_bytes()
                .ends_with(mark.as_bytes().get(..*len).unwrap_or_default())
        })
        .unwrap_or(0)
}
