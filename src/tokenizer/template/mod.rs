//! Chat templates: how a model wants a conversation written.
//!
//! A template is Jinja, as `transformers` runs it, and comes with the model. Its own text may hold
//! control tokens (`<|im_start|>`); what people wrote may not become one. So the result is a list of
//! [`Segment`]s that says which text is the template's and which is a message's.
//!
//! # How the two are told apart
//!
//! The template runs twice. Both times each content stands between two private-use characters (the
//! sentinels) that occur in no message and not in the template; whitespace around a content stays
//! outside, so that `trim` does what it should.
//!
//! 1. With the number of the message in place of its content. What is outside of the sentinels is
//!    **independent of what the contents say**: only this is trusted.
//! 2. With the contents. If the text outside of the sentinels is the same as in the first run, what
//!    stands inside is used, be it altered by the template (`upper`).
//!
//! If it is not the same, the template looked into a content (cut off its reasoning, say), and part of
//! a content may now stand outside. Then the first run counts, with the contents put in as they came:
//! sound for any template, if not to the letter what it would write. A template whose first run does
//! not show the numbers intact is refused.

mod environment;

#[cfg(test)]
mod tests;

use std::fmt;

use minijinja::{Environment, Value, context};

use self::environment::{Bounded, SOURCE};
use super::error::TemplateError;
use crate::types::{Message, Sensitive, SharedClock};

/// The most bytes that a template may write.
pub const MAX_OUTPUT_BYTES: usize = 8 << 20;

/// The most bytes of a template that are read.
const MAX_TEMPLATE_BYTES: usize = 1 << 20;

/// Sentinels are pairs from here on: private-use characters at the end of plane 15.
const SENTINELS: std::ops::RangeInclusive<char> = '\u{ff000}'..='\u{ff0ff}';

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
        Ok(Self {
            environment,
            tokens,
        })
    }

    /// The conversation as the model wants it; with `add_generation_prompt`, up to where the model's
    /// turn starts.
    ///
    /// # Errors
    ///
    /// [`TemplateError::Refused`] when the template does not take such a conversation;
    /// [`TemplateError`] otherwise when it fails or writes too much.
    pub fn render(
        &self,
        messages: &[Message],
        add_generation_prompt: bool,
    ) -> Result<Vec<Segment>, TemplateError> {
        let sentinels = Sentinels::for_messages(messages).ok_or(TemplateError::SentinelsTaken)?;
        let contents: Vec<&str> = messages.iter().map(|m| m.content.expose().trim()).collect();
        let run = |inner: &dyn Fn(usize) -> String| -> Result<String, TemplateError> {
            let list: Value = messages
                .iter()
                .enumerate()
                .map(|(n, message)| {
                    let content = sentinels.mark(message.content.expose(), &inner(n));
                    context! { role => message.role.as_str(), content }
                })
                .collect();
            self.run(context! { messages => list, add_generation_prompt })
        };
        let numbered = run(&|n| n.to_string())?;
        let frame = sentinels
            .cut(&numbered)
            .ok_or(TemplateError::ContentAltered)?;
        let filled = run(&|n| contents.get(n).copied().unwrap_or("").to_owned());
        let filled = filled.ok();
        let seen = filled.as_deref().and_then(|text| sentinels.cut(text));
        // Slots as the template wrote them, if it wrote the same frame around them.
        let slots = seen
            .filter(|seen| seen.outside == frame.outside)
            .map(|seen| seen.inside);
        frame.fill(slots.as_deref(), &contents)
    }

    /// Runs the template over `variables`, to which the special tokens are added.
    fn run(&self, variables: Value) -> Result<String, TemplateError> {
        let fixed = context! {
            bos_token => &self.tokens.bos,
            eos_token => &self.tokens.eos,
            tools => (),
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

/// Two characters that occur in no message.
#[derive(Clone, Copy, Debug)]
struct Sentinels {
    open: char,
    close: char,
}

/// A rendered text, cut at the sentinels: `outside` has one part more than `inside`.
#[derive(Debug)]
struct Cut<'a> {
    outside: Vec<&'a str>,
    inside: Vec<&'a str>,
}

impl Sentinels {
    /// The first pair of which no message holds either.
    fn for_messages(messages: &[Message]) -> Option<Self> {
        let mut taken: Vec<char> = messages
            .iter()
            .flat_map(|message| message.content.expose().chars())
            .filter(|c| SENTINELS.contains(c))
            .collect();
        taken.sort_unstable();
        let mut free = SENTINELS.filter(|c| taken.binary_search(c).is_err());
        Some(Self {
            open: free.next()?,
            close: free.next()?,
        })
    }

    /// `inner` between the sentinels, with the whitespace around `content` around them; a content of
    /// whitespace stays as it is, so that the template sees it is empty.
    fn mark(self, content: &str, inner: &str) -> String {
        let core = content.trim();
        if core.is_empty() {
            return content.to_owned();
        }
        let lead = content.len() - content.trim_start().len();
        let (before, rest) = content.split_at(lead);
        let after = rest.get(core.len()..).unwrap_or("");
        format!("{before}{}{inner}{}{after}", self.open, self.close)
    }

    /// Cuts a rendered text; `None` where the sentinels do not alternate.
    fn cut(self, text: &str) -> Option<Cut<'_>> {
        let mut cut = Cut {
            outside: Vec::new(),
            inside: Vec::new(),
        };
        let mut rest = text;
        while let Some((before, from)) = rest.split_once(self.open) {
            let (inside, after) = from.split_once(self.close)?;
            cut.outside.push(before);
            cut.inside.push(inside);
            rest = after;
        }
        cut.outside.push(rest);
        let broken = |part: &&str| part.contains([self.open, self.close]);
        (!cut.outside.iter().chain(&cut.inside).any(broken)).then_some(cut)
    }
}

impl Cut<'_> {
    /// The segments of this frame, whose slots hold the numbers of messages: each filled with what the
    /// template wrote there (`slots`), else with the message's content.
    fn fill(
        &self,
        slots: Option<&[&str]>,
        contents: &[&str],
    ) -> Result<Vec<Segment>, TemplateError> {
        let slots = slots.filter(|slots| slots.len() == self.inside.len());
        let mut segments = Vec::new();
        let mut push = |text: &str, trusted| {
            if !text.is_empty() {
                segments.push(Segment {
                    text: Sensitive::new(text.to_owned()),
                    trusted,
                });
            }
        };
        for (at, outside) in self.outside.iter().enumerate() {
            push(outside, true);
            if let Some(number) = self.inside.get(at) {
                let content = number
                    .parse()
                    .ok()
                    .and_then(|n: usize| contents.get(n))
                    .ok_or(TemplateError::ContentAltered)?;
                let slot = slots.and_then(|slots| slots.get(at));
                push(slot.unwrap_or(content), false);
            }
        }
        Ok(segments)
    }
}
