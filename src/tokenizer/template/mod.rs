//! Chat templates: how a model wants a conversation written.
//!
//! A template is Jinja, as `transformers` runs it, and comes with the model. Its own text may hold
//! control tokens (`<|im_start|>`); what people wrote may not become one. So the result is a list of
//! [`Segment`]s that says which text is the template's and which is a message's.
//!
//! # How the two are told apart
//!
//! The template runs twice. Both times each content (of a message, of a string or a name in a tool's schema or
//! a call's arguments) stands between two private-use characters (the sentinels) that occur in no
//! content and not in the template; whitespace around a content stays outside, so that `trim` does what
//! it should. Inside of schemas and arguments plain words stay as they are, because templates look for
//! them (`type`, `string`); letters, digits, `_` and `-` make no control token.
//!
//! 1. With its number in place of each content. What is outside of the sentinels is
//!    **independent of what the contents say**: only this is trusted.
//! 2. With the contents. If the text outside of the sentinels is the same as in the first run, what
//!    stands inside is used, be it altered by the template (`upper`).
//!
//! If it is not the same, the template looked into a content (cut off its reasoning, say), and part of
//! a content may now stand outside. Then the first run counts, with the contents put in as they came:
//! sound for any template, if not to the letter what it would write. A template whose first run does
//! not show the numbers intact is refused. A message whose number the first run doesn't show is left out, which
//! the caller is told.

mod environment;
mod input;
mod slots;

#[cfg(test)]
mod tests;

use std::collections::HashSet;
use std::fmt;

use minijinja::value::Serde;
use minijinja::{Environment, Value, context};
use serde_json::{Map as JsonMap, Value as Json};

use self::environment::{Bounded, SOURCE};
use self::input::Marker;
use self::slots::{Cut, SENTINELS, Sentinels, Slot};
use super::error::TemplateError;
use crate::types::{Message, Sensitive, SharedClock, TemplateArguments, Tool};

/// The most bytes that a template may write.
pub const MAX_OUTPUT_BYTES: usize = 8 << 20;

/// The most bytes of a template that are read.
const MAX_TEMPLATE_BYTES: usize = 1 << 20;

/// A stretch of a rendered conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    /// What it says.
    pub text: Sensitive<String>,
    /// Whether it is the template's own text, so that control tokens in it count.
    pub trusted: bool,
}

/// The texts of the special tokens that templates name.
#[derive(Clone, Debug, Default)]
pub struct TemplateTokens {
    /// `bos_token`.
    pub bos: String,
    /// `eos_token`.
    pub eos: String,
}

/// A model's chat template.
pub struct ChatTemplate {
    environment: Environment<'static>,
    tokens: TemplateTokens,
    /// Names that it reads and does not set.
    variables: HashSet<String>,
    call_style: Option<CallStyle>,
    thinks: bool,
}

/// Variables that are set here and by nobody else.
const OWN: [&str; 6] = [
    "add_generation_prompt",
    "bos_token",
    "documents",
    "eos_token",
    "messages",
    "tools",
];

/// What a template is to write.
#[derive(Clone, Copy, Debug)]
pub struct Dialogue<'a> {
    /// The messages.
    pub messages: &'a [Message],
    /// The tools; none unless the template has a [`CallStyle`].
    pub tools: &'a [Tool],
    /// What else the template gets.
    pub arguments: &'a TemplateArguments,
    /// Whether the model's turn is to start.
    pub opens_turn: bool,
}

/// What a template wrote.
#[derive(Clone, Debug)]
pub struct Rendered {
    /// Its text, in stretches.
    pub segments: Vec<Segment>,
    /// The messages (from 0) that it left out.
    pub unseen: Vec<usize>,
}

/// How a model writes that it calls tools.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallStyle {
    /// `<tool_call>{"name": …, "arguments": …}</tool_call>`, one for each call.
    Tagged,
    /// `{"name": …, "parameters": …}`, and nothing else.
    Plain,
    /// `[TOOL_CALLS][{"name": …, "arguments": …}, …]`.
    Listed,
}

impl CallStyle {
    /// The style that a template describes, if it is one of these.
    fn of(source: &str) -> Option<Self> {
        let has = |text: &str| source.contains(text);
        if has("<tool_call>") {
            // Others put the call's parts into tags of their own.
            let is_json = has("arguments") && !has("<function=") && !has("arg_key");
            is_json.then_some(Self::Tagged)
        } else if has("[TOOL_CALLS]") {
            (!has("[ARGS]")).then_some(Self::Listed)
        } else if has("\"parameters\": ") {
            Some(Self::Plain)
        } else {
            None
        }
    }
}

impl ChatTemplate {
    /// Reads a template. `clock` answers templates that write today's date.
    ///
    /// # Errors
    ///
    /// [`TemplateError`] when it is too long, has a mistake, or holds a reserved character.
    pub fn new(
        source: &str,
        tokens: TemplateTokens,
        clock: SharedClock,
    ) -> Result<Self, TemplateError> {
        if source.len() > MAX_TEMPLATE_BYTES {
            return Err(TemplateError::TooLong {
                bytes: source.len(),
                limit: MAX_TEMPLATE_BYTES,
            });
        }
        if source.contains(|c| SENTINELS.contains(&c)) {
            return Err(TemplateError::ReservedCharacter);
        }
        let environment = environment::of(source, clock)?;
        let variables = environment
            .get_template(SOURCE)
            .map_err(|error| environment::failure(&error, ""))?
            .undeclared_variables(false);
        Ok(Self {
            call_style: CallStyle::of(source).filter(|_| variables.contains("tools")),
            thinks: source.contains("<think>") || source.contains("</think>"),
            variables,
            environment,
            tokens,
        })
    }

    /// The conversation as the model wants it; with `opens_turn`, up to where the model's turn starts.
    ///
    /// # Errors
    ///
    /// [`TemplateError::Refused`] when the template does not take such a conversation;
    /// [`TemplateError`] otherwise when it fails or writes too much.
    pub fn render(
        &self,
        messages: &[Message],
        opens_turn: bool,
    ) -> Result<Vec<Segment>, TemplateError> {
        let dialogue = Dialogue {
            messages,
            tools: &[],
            arguments: &TemplateArguments::default(),
            opens_turn,
        };
        Ok(self.write(dialogue)?.segments)
    }

    /// The conversation with its tools as the model wants it.
    ///
    /// # Errors
    ///
    /// As for [`Self::render`], and [`TemplateError::UnknownArgument`].
    pub fn write(&self, dialogue: Dialogue<'_>) -> Result<Rendered, TemplateError> {
        let extra = self.extra(dialogue.arguments)?;
        let run = |marker: &mut Marker| -> Result<String, TemplateError> {
            let messages = input::messages(dialogue.messages, marker);
            let tools = input::tools(dialogue.tools, marker);
            let own = context! {
                messages => Value::from(Serde(&messages)),
                tools => Value::from(Serde(&tools)),
                add_generation_prompt => dialogue.opens_turn,
            };
            self.run(context! { ..own, ..Value::from(Serde(&extra)) })
        };
        let mut found = Marker::collecting();
        let _ = input::messages(dialogue.messages, &mut found);
        let _ = input::tools(dialogue.tools, &mut found);
        let slots = found.into_slots();
        let sentinels = Sentinels::for_slots(&slots).ok_or(TemplateError::SentinelsTaken)?;
        let numbered = run(&mut Marker::numbering(sentinels))?;
        let frame = sentinels
            .cut(&numbered)
            .ok_or(TemplateError::ContentAltered)?;
        let filled = run(&mut Marker::filling(sentinels)).ok();
        let seen = filled.as_deref().and_then(|text| sentinels.cut(text));
        // Slots as the template wrote them, if it wrote the same frame around them.
        let written = seen
            .filter(|seen| seen.has_frame_of(&frame))
            .map(Cut::into_inside);
        let segments = frame.fill(written.as_deref(), &slots)?;
        let shown = frame.numbers();
        let is_unseen = |(_, slot): &(usize, &Slot)| slot.message.is_some();
        let unseen = slots.iter().enumerate().filter(is_unseen);
        let unseen = unseen
            .filter(|(number, slot)| !slot.core().is_empty() && !shown.contains(number))
            .filter_map(|(_, slot)| slot.message);
        Ok(Rendered {
            unseen: unseen.collect(),
            segments,
        })
    }

    /// Whether the template reads the variable `name`.
    pub fn reads(&self, name: &str) -> bool {
        self.variables.contains(name)
    }

    /// How the template has tools called; `None` where it knows none, or a form that isn't known here.
    pub fn call_style(&self) -> Option<CallStyle> {
        self.call_style
    }

    /// Whether the model thinks before it speaks.
    pub fn thinks(&self) -> bool {
        self.thinks
    }

    /// What the template gets beside messages and tools.
    fn extra(&self, given: &TemplateArguments) -> Result<JsonMap<String, Json>, TemplateError> {
        let reads = |name: &str| !OWN.contains(&name) && self.reads(name);
        let mut extra = JsonMap::new();
        for (name, value) in &given.arguments {
            if !reads(name) {
                return Err(TemplateError::UnknownArgument { name: name.clone() });
            }
            extra.insert(name.clone(), value.clone());
        }
        let Some(effort) = &given.reasoning_effort else {
            return Ok(extra);
        };
        let thinks = !matches!(effort.as_str(), "none" | "minimal");
        let mut taken = false;
        for (name, value) in [
            ("reasoning_effort", Json::from(effort.as_str())),
            ("enable_thinking", Json::from(thinks)),
        ] {
            if reads(name) {
                taken = true;
                extra.entry(name).or_insert(value);
            }
        }
        if taken {
            return Ok(extra);
        }
        let name = "reasoning_effort".to_owned();
        Err(TemplateError::UnknownArgument { name })
    }

    /// Runs the template over `variables`, to which the special tokens are added.
    fn run(&self, variables: Value) -> Result<String, TemplateError> {
        let fixed = context! {
            bos_token => &self.tokens.bos,
            eos_token => &self.tokens.eos,
            documents => (),
        };
        let template = self.environment.get_template(SOURCE);
        let template = template.map_err(|error| environment::failure(&error, ""))?;
        let mut output = Bounded::new(MAX_OUTPUT_BYTES);
        template
            .render_captured_to(context! { ..variables, ..fixed }, &mut output)
            .map_err(|error| environment::failure(&error, template.source()))?;
        output.into_text().ok_or(TemplateError::TooMuch {
            limit: MAX_OUTPUT_BYTES,
        })
    }
}

impl fmt::Debug for ChatTemplate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChatTemplate").finish_non_exhaustive()
    }
}
