//! Where in a schema the walk is.

use crate::grammar::error::{GrammarError, Reason};

/// A place and those around it: costs nothing until a pointer is asked for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place<'p> {
    around: Option<&'p Self>,
    name: &'p str,
    depth: usize,
}

impl<'p> Place<'p> {
    pub(super) const ROOT: Place<'static> = Place {
        around: None,
        name: "",
        depth: 0,
    };

    /// A place that a reference leads to: `pointer` without its first slash.
    pub(super) const fn at(pointer: &'p str) -> Self {
        Self {
            around: None,
            name: pointer,
            depth: 0,
        }
    }

    /// The place `name` in this one.
    pub(super) const fn of(&'p self, name: &'p str) -> Self {
        Self {
            around: Some(self),
            name,
            depth: self.depth + 1,
        }
    }

    /// How many names lead here.
    pub(super) const fn depth(&self) -> usize {
        self.depth
    }

    /// The JSON pointer.
    pub(super) fn pointer(&self) -> String {
        match self.around {
            None => self.name.to_owned(),
            Some(around) => {
                let name = self.name.replace('~', "~0").replace('/', "~1");
                format!("{}/{name}", around.pointer())
            }
        }
    }

    /// The keyword here can't be enforced.
    pub(super) fn unsupported(&self, reason: Reason) -> GrammarError {
        GrammarError::Unsupported {
            pointer: self.pointer(),
            reason,
        }
    }

    /// What is here is no JSON Schema.
    pub(super) fn invalid(&self, expected: &'static str) -> GrammarError {
        GrammarError::Invalid {
            pointer: self.pointer(),
            expected,
        }
    }
}
