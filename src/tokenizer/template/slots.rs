//! Contents and the marks around them: what is the template's own text, and what is not.

use super::super::error::TemplateError;
use super::Segment;
use crate::types::Sensitive;

/// Sentinels are pairs from here on: private-use characters at the end of plane 15.
pub(super) const SENTINELS: std::ops::RangeInclusive<char> = '\u{ff000}'..='\u{ff0ff}';

/// A content that the template is given.
#[derive(Debug)]
pub(super) struct Slot {
    /// The whole text.
    pub(super) text: String,
    /// The message of which this is all that is said.
    pub(super) message: Option<usize>,
}

impl Slot {
    /// The text without the whitespace around it.
    pub(super) fn core(&self) -> &str {
        self.text.trim()
    }
}

/// Two characters that occur in no content.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sentinels {
    open: char,
    close: char,
}

/// A rendered text, cut at the sentinels: `outside` has one part more than `inside`.
#[derive(Debug)]
pub(super) struct Cut<'a> {
    outside: Vec<&'a str>,
    inside: Vec<&'a str>,
}

impl Sentinels {
    /// The first pair of which no content holds either.
    pub(super) fn for_slots(slots: &[Slot]) -> Option<Self> {
        let mut taken: Vec<char> = slots
            .iter()
            .flat_map(|slot| slot.text.chars())
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
    pub(super) fn mark(self, content: &str, inner: &str) -> String {
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
    pub(super) fn cut(self, text: &str) -> Option<Cut<'_>> {
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

impl<'a> Cut<'a> {
    /// Whether the template's own text is the same.
    pub(super) fn has_frame_of(&self, other: &Cut<'_>) -> bool {
        self.outside == other.outside
    }

    /// What stands inside.
    pub(super) fn into_inside(self) -> Vec<&'a str> {
        self.inside
    }

    /// The numbers inside.
    pub(super) fn numbers(&self) -> std::collections::BTreeSet<usize> {
        self.inside
            .iter()
            .filter_map(|number| number.parse().ok())
            .collect()
    }

    /// The segments of this frame, inside of which the numbers of contents stand: each filled with what the
    /// template wrote there (`written`), else with the content.
    pub(super) fn fill(
        &self,
        written: Option<&[&str]>,
        slots: &[Slot],
    ) -> Result<Vec<Segment>, TemplateError> {
        let written = written.filter(|written| written.len() == self.inside.len());
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
                    .and_then(|n: usize| slots.get(n))
                    .ok_or(TemplateError::ContentAltered)?;
                let own = written.and_then(|written| written.get(at));
                push(own.copied().unwrap_or_else(|| content.core()), false);
            }
        }
        Ok(segments)
    }
}
