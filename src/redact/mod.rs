//! (being built)

use crate::crm::{Body, Origin};

/// A request whose personal data are placeholders.
#[derive(Debug)]
pub struct Redacted {
    body: Body,
    origin: Origin,
}

impl Redacted {
    /// The content.
    pub fn body(&self) -> &Body {
        &self.body
    }

    /// What goes with the content.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    #[cfg(test)]
    pub(crate) fn for_test(minimised: crate::crm::Minimised) -> Self {
        let (body, origin) = minimised.into_parts();
        Self { body, origin }
    }
}
