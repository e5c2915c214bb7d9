//! To whom the parts of an answer go: to the caller until a rule holds it, and all of them to whoever decides then.

use std::collections::VecDeque;

use crate::types::{FinishReason, Sensitive};

use super::super::answer::Part;
use super::super::outlet::Passed;
use super::HeldText;

/// Gives the parts of one answer to whom they are for.
#[derive(Debug)]
pub(in super::super) struct Giving {
    /// The whole answer, where a rule may hold it.
    kept: Option<HeldText>,
    held: bool,
}

impl Giving {
    /// For an answer that a rule may hold, or none.
    pub(in super::super) fn new(may_hold: bool) -> Self {
        Self {
            kept: may_hold.then(HeldText::default),
            held: false,
        }
    }

    /// Whether the answer is held; its caller gets nothing more of it.
    pub(in super::super) const fn is_held(&self) -> bool {
        self.held
    }

    /// Gives what passed an outlet, of which `make` makes a part; `held`: that outlet holds the answer from now on.
    pub(in super::super) fn passed(
        &mut self,
        (passed, held): (Passed, bool),
        make: impl Fn(Sensitive<String>) -> Part,
        to: &mut VecDeque<Part>,
    ) {
        let text = passed.text.map(&make);
        if let Some(kept) = &mut self.kept {
            let beyond = passed.beyond.map(&make);
            for part in text.iter().chain(&beyond) {
                kept.add(part);
            }
        }
        to.extend(text.filter(|_| !self.held));
        self.held |= held;
    }

    /// Gives a part that has no outlet.
    pub(in super::super) fn part(&mut self, part: Part, to: &mut VecDeque<Part>) {
        if let Some(kept) = &mut self.kept {
            kept.add(&part);
        }
        to.extend((!self.held).then_some(part));
    }

    /// Notes why the generation ended; why the answer ended for its caller.
    pub(in super::super) fn end(&mut self, reason: FinishReason) -> FinishReason {
        if !self.held {
            return reason;
        }
        if let Some(kept) = &mut self.kept {
            kept.add(&Part::End(reason));
        }
        FinishReason::ContentFilter
    }

    /// The whole answer, if it is held.
    pub(in super::super) fn take_held(&mut self) -> Option<HeldText> {
        self.kept.take().filter(|_| self.held)
    }
}
