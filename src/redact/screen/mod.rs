//! The last look at an answer, while it streams: secrets, personal data that was not in the request, and how much of the
//! request it repeats.
//!
//! What the model writes is looked at before values are put back, so whatever is personal in it the model made up or
//! knows. Held back are the last words only, because what follows a word decides whether it is a secret; and what has begun and
//! has not ended (a private key), up to [`MAX_HELD`]. A text that comes in pieces is screened as a whole one is.

mod canary;
mod copied;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use zeroize::Zeroize as _;

use crate::config::{ScreenAction, Screening};
use crate::crm::Body;
use crate::types::{Entity, Jurisdiction};

pub use self::canary::{Canaries, CanariesError, CanaryWatch};
use self::copied::{Copied, Copying};
use super::context::floor;
use super::fields;
use super::forms::Forms;
use super::recogniser::Recognisers;
use super::resolve::resolve;
use super::seen::Seen;
use super::span::{Candidate, Evidence};
use super::text::Text;

/// Most bytes that are held back; a private key of 16,384 bits has 12 KiB.
const MAX_HELD: usize = 16 * 1024;
/// Bytes of what has gone out that are looked at again, for the words that announce something.
const CONTEXT: usize = 96;
/// Words that are held back where secrets are looked for: one, whose sentence may end with it.
const WORDS_OF_SECRETS: usize = 1;
/// Words that are held back where personal data is: as many as an address or a grouped number has.
const WORDS_OF_PEOPLE: usize = 8;
/// Bytes of the first line of a block in PEM.
const PEM_HEAD: usize = 64;
/// What stands for what was taken out.
pub const REMOVED: &str = "[removed]";

/// A rule that an answer can break.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ScreenRule {
    /// It holds a canary.
    Canary,
    /// It repeats too much of the request.
    Copied,
    /// It holds personal data that the request doesn't.
    Personal,
    /// It holds a secret.
    Secrets,
}

impl ScreenRule {
    /// Every rule.
    pub const ALL: [Self; 4] = [Self::Canary, Self::Copied, Self::Personal, Self::Secrets];

    /// The name in metrics and audit entries.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Canary => "canary",
            Self::Copied => "copied",
            Self::Personal => "personal",
            Self::Secrets => "secrets",
        }
    }
}

/// How often each rule was broken.
pub type ScreenCounts = BTreeMap<ScreenRule, u32>;

/// What is known of a request for the screening of its answers; clones share it.
#[derive(Clone)]
pub struct Screener {
    recognisers: Recognisers,
    countries: Arc<[Jurisdiction]>,
    rules: Screening,
    seen: Arc<Seen>,
    copied: Option<Arc<Copied>>,
    /// What stands in an answer for the request's own values.
    forms: Arc<Forms>,
}

impl Screener {
    /// What the answers to the request in `body`, which is redacted, may not say; `None` where they may say everything.
    pub(super) fn new(
        (secrets, all): (&Recognisers, &Recognisers),
        countries: Vec<Jurisdiction>,
        rules: Screening,
        body: &Body,
        forms: &Arc<Forms>,
    ) -> Option<Self> {
        let looks = rules.secrets.max(rules.personal) != ScreenAction::Off;
        let copies = rules.max_copied_words.is_some() || rules.max_copied_percent.is_some();
        if !looks && !copies {
            return None;
        }
        let mut seen = Seen::default();
        let mut copied = copies.then(Copied::default);
        fields::each_text(body, &mut |text| {
            if looks {
                seen.note(text);
            }
            if let Some(copied) = &mut copied {
                copied.note(text);
            }
        });
        let recognisers = match rules.personal {
            ScreenAction::Off => secrets,
            _ => all,
        };
        Some(Self {
            recognisers: Arc::clone(recognisers),
            countries: countries.into(),
            rules,
            seen: Arc::new(seen),
            copied: copied.map(Arc::new),
            forms: Arc::clone(forms),
        })
    }

    /// Whether an answer that breaks `rule` is held.
    pub fn holds(&self, rule: ScreenRule) -> bool {
        self.rules.action(rule) == ScreenAction::Hold
    }

    /// A screen of one text of an answer.
    pub fn screen(&self, is_json: bool) -> Screen {
        Screen {
            own: self.clone(),
            is_json,
            in_string: false,
            escaped: false,
            context: String::new(),
            held: String::new(),
            next_look: 0,
            copying: self.copied.as_ref().map(|own| Copying::of(own, self.rules)),
            counts: ScreenCounts::new(),
            stopped: false,
            holding: false,
        }
    }
}

impl Screening {
    /// What happens to an answer that breaks `rule`; of canaries the node alone says it.
    const fn action(&self, rule: ScreenRule) -> ScreenAction {
        match rule {
            ScreenRule::Personal => self.personal,
            ScreenRule::Secrets => self.secrets,
            ScreenRule::Copied => self.copied,
            ScreenRule::Canary => ScreenAction::Off,
        }
    }
}

impl fmt::Debug for Screener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Screener")
            .field("rules", &self.rules)
            .finish_non_exhaustive()
    }
}

/// Text that may go out.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Released {
    /// The text.
    pub text: String,
    /// How many bytes of what came in it stands for.
    pub bytes: usize,
    /// Whether something was taken out of it.
    pub removed: bool,
    /// Where in `text` the answer began to be held: what follows, now and later, is only for whoever decides on it.
    pub held: Option<usize>,
}

/// Screens one text that comes in pieces.
pub struct Screen {
    own: Screener,
    /// Whether the text is JSON, which stays sound: outside of strings `null` stands for what was taken out.
    is_json: bool,
    in_string: bool,
    escaped: bool,
    /// The end of what has gone out.
    context: String,
    held: String,
    /// How much must be held before another look pays.
    next_look: usize,
    copying: Option<Copying>,
    counts: ScreenCounts,
    stopped: bool,
    /// Whether a rule was broken that holds the answer.
    holding: bool,
}

impl Screen {
    /// Takes more of the text, and gives what may go out.
    pub fn push(&mut self, delta: &str) -> Released {
        if self.stopped {
            return Released::default();
        }
        self.held.push_str(delta);
        if self.held.len() < self.next_look {
            return Released::default();
        }
        let full = self.held.len() > MAX_HELD;
        match self.border() {
            0 if !full => Released::default(),
            0 => self.release(floor(&self.held, MAX_HELD / 2), true),
            border => self.release(border, full),
        }
    }

    /// The text is complete: gives the rest.
    pub fn finish(&mut self) -> Released {
        if self.stopped || self.held.is_empty() {
            return Released::default();
        }
        self.release(self.held.len(), true)
    }

    /// Whether a rule ended the answer; nothing more goes out.
    pub const fn is_stopped(&self) -> bool {
        self.stopped
    }

    /// How often each rule was broken.
    pub const fn counts(&self) -> &ScreenCounts {
        &self.counts
    }

    /// Where the words begin that must wait.
    fn border(&self) -> usize {
        let words = match self.own.rules.personal {
            ScreenAction::Off => WORDS_OF_SECRETS,
            _ => WORDS_OF_PEOPLE,
        };
        let mut end = self.held.len();
        // The last word may go on, and so many before it wait for what follows them.
        for _ in 0..=words {
            let head = self.held.get(..end).unwrap_or("").trim_end();
            match head.rfind(char::is_whitespace) {
                Some(at) => end = at,
                None => return 0,
            }
        }
        end += self.held[end..].chars().next().map_or(0, char::len_utf8);
        // Only the words behind it say whether a block in PEM is a private key.
        match self
            .held
            .rfind("---- BEGIN")
            .max(self.held.rfind("-----BEGIN"))
        {
            Some(at) if self.held.len() - at < PEM_HEAD => end.min(at),
            _ => end,
        }
    }

    /// Lets the first `border` bytes out, as far as they are decided; `forced`: they are, come what may.
    fn release(&mut self, border: usize, forced: bool) -> Released {
        let text = format!("{}{}", self.context, self.held);
        let from = self.context.len();
        let mut border = from + border;
        let found = self.found(&text, from);
        for candidate in &found {
            let range = &candidate.range;
            if range.start < border && range.end > border {
                // What has begun waits for its end.
                border = if forced {
                    range.end
                } else {
                    range.start.max(from)
                };
            }
        }
        if border <= from {
            self.next_look = self.held.len() + self.held.len() / 4 + 16;
            return Released::default();
        }
        self.next_look = 0;
        let mut released = Released {
            bytes: border - from,
            ..Released::default()
        };
        let mut at = from;
        for candidate in found.iter().filter(|own| own.range.end <= border) {
            let rule = rule_of(candidate);
            let start = candidate.range.start.max(at);
            self.pass(&text[at..start], &mut released);
            if self.stopped {
                break;
            }
            *self.counts.entry(rule).or_default() += 1;
            let range = start..candidate.range.end;
            match self.own.rules.action(rule) {
                // Whoever decides on the answer sees what it is about.
                ScreenAction::Hold => {
                    self.hold(released.text.len(), &mut released);
                    at = range.end;
                    self.pass(&text[range], &mut released);
                }
                ScreenAction::Stop => {
                    released.removed = true;
                    self.stopped = true;
                }
                ScreenAction::Mask | ScreenAction::Off => {
                    released.removed = true;
                    at = self.take_out(&text, range, &mut released);
                }
            }
            if self.stopped {
                break;
            }
        }
        if !self.stopped {
            self.pass(&text[at..border], &mut released);
        }
        if self.stopped {
            self.held.zeroize();
            return released;
        }
        self.held = text.get(border..).unwrap_or("").to_owned();
        let kept = floor(&text, border.saturating_sub(CONTEXT));
        self.context = text.get(kept..border).unwrap_or("").to_owned();
        released
    }

    /// What of `text` from `from` on breaks a rule, in order.
    fn found(&self, text: &str, from: usize) -> Vec<Candidate> {
        let mut found = Vec::new();
        if self.own.rules.secrets.max(self.own.rules.personal) == ScreenAction::Off {
            return found;
        }
        let prepared = Text::new(text, &self.own.countries);
        for recogniser in &*self.own.recognisers {
            // None of ours fails on a text of this length.
            let _ = recogniser.find(&prepared, &mut found);
        }
        let mut own = Vec::new();
        self.own.forms.find(text, &mut own);
        found.retain(|candidate| {
            let range = &candidate.range;
            let written = text.get(range.clone()).unwrap_or("");
            candidate.entity.is_some()
                && candidate.evidence != Evidence::Words
                && range.end > from
                && self.own.rules.action(rule_of(candidate)) != ScreenAction::Off
                && !own
                    .iter()
                    .any(|form| form.range.start < range.end && range.start < form.range.end)
                && !is_placeholder(written)
                && !self.own.seen.may_hold(written)
        });
        resolve(found)
    }

    /// From `at` in what is released on, the answer is held, unless it is already.
    fn hold(&mut self, at: usize, released: &mut Released) {
        if !self.holding {
            self.holding = true;
            released.held = Some(at);
        }
    }

    /// Lets `text` out, unless it repeats too much.
    fn pass(&mut self, text: &str, released: &mut Released) {
        let broken = self.copying.as_mut().and_then(|own| own.push(text));
        let text = match broken {
            None => text,
            Some(at) => {
                *self.counts.entry(ScreenRule::Copied).or_default() += 1;
                // How much more it copies changes nothing.
                self.copying = None;
                if self.own.rules.copied == ScreenAction::Hold {
                    self.hold(released.text.len() + at, released);
                    text
                } else {
                    self.stopped = true;
                    text.get(..at).unwrap_or("")
                }
            }
        };
        for c in text.chars() {
            let escaped = std::mem::take(&mut self.escaped);
            match c {
                '"' if !escaped => self.in_string = !self.in_string,
                '\\' => self.escaped = !escaped && self.in_string,
                _ => {}
            }
        }
        released.text.push_str(text);
    }

    /// Writes what stands for `range` of `text`; where it ends.
    fn take_out(
        &mut self,
        text: &str,
        range: std::ops::Range<usize>,
        released: &mut Released,
    ) -> usize {
        if !self.is_json {
            released.text.push_str(REMOVED);
            return range.end;
        }
        if !self.in_string {
            released.text.push_str("null");
            return range.end;
        }
        released.text.push_str(REMOVED);
        // The string's own end stays.
        let own = text.get(range.clone()).unwrap_or("");
        let mut escaped = false;
        let quote = own.find(|c| {
            let was = escaped;
            escaped = c == '\\' && !was;
            c == '"' && !was
        });
        quote.map_or(range.end, |at| range.start + at)
    }
}

fn rule_of(candidate: &Candidate) -> ScreenRule {
    match candidate.entity {
        Some(Entity::Secret) => ScreenRule::Secrets,
        _ => ScreenRule::Personal,
    }
}

/// Whether a find is, or holds, one of our own placeholders.
fn is_placeholder(written: &str) -> bool {
    !super::placeholder::typed(written).is_empty()
}

impl Drop for Screen {
    fn drop(&mut self) {
        self.held.zeroize();
        self.context.zeroize();
    }
}

impl fmt::Debug for Screen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Screen")
            .field("rules", &self.own.rules)
            .field("counts", &self.counts)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
