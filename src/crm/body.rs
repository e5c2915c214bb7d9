//! What is left of a request when only declared fields are kept.

use std::sync::Arc;

use crate::types::{Chat, DataClass, Entity, Sensitive, TenantSalt};

use super::UseCase;

/// The most names that [`DroppedFields`] keeps; the count goes on.
const MAX_DROPPED_NAMES: usize = 64;

/// A request after minimisation. Made only by this module, and only from an
/// [`Admitted`](crate::policy::Admitted):
///
/// ```compile_fail
/// use bailiwick::crm::{Body, Minimised};
/// let forged = Minimised { body: Body::Texts(Vec::new()), origin: unreachable!() };
/// ```
///
/// ```compile_fail
/// let forged = bailiwick::crm::Minimised::default();
/// ```
#[derive(Debug)]
pub struct Minimised {
    body: Body,
    origin: Origin,
}

/// What goes with a request's content through the later stages, whatever becomes of the content.
///
/// ```compile_fail
/// let forged = bailiwick::crm::Origin::default();
/// ```
#[derive(Debug)]
pub struct Origin {
    salt: TenantSalt,
    dropped: DroppedFields,
    read_fields: Vec<String>,
}

/// The content of a request.
#[derive(Clone, Debug, PartialEq)]
pub enum Body {
    /// Plain chat.
    Chat(Box<Chat>),
    /// A text to go on with, without a conversation around it.
    Text(Sensitive<String>),
    /// Texts to embed.
    Texts(Vec<Sensitive<String>>),
    /// A use case with its inputs.
    UseCase {
        /// The use case.
        use_case: Arc<UseCase>,
        /// Every declared input, in declared order.
        inputs: Vec<Input>,
    },
}

/// One declared input of a use case.
#[derive(Clone, Debug, PartialEq)]
pub struct Input {
    /// The variable's name.
    pub name: String,
    /// What was given.
    pub value: InputValue,
}

/// The value of an input or of a part of one; a tree in declared order.
#[derive(Clone, Debug, PartialEq)]
pub enum InputValue {
    /// Several records: a list input or a child list.
    List(Vec<Self>),
    /// Nothing was given.
    Missing,
    /// A record, a parent record or a compound field: names as declared, and every declared name.
    Object(Vec<(String, Self)>),
    /// A value.
    Text(Field),
}

/// A value with what its use case says of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    /// The value, as it was written.
    pub text: Sensitive<String>,
    /// How sensitive it is.
    pub class: DataClass,
    /// The kind of personal data that the whole value is (`Contact.Name` is a person); `None` for free
    /// text and for values that identify nobody.
    pub entity: Option<Entity>,
}

/// Fields that came and were not declared.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DroppedFields {
    /// How many values.
    pub count: u64,
    /// Their paths (`case.Contact.Birthdate`), each once; API names only, and at most 64.
    pub names: Vec<String>,
}

impl Minimised {
    pub(super) fn new(body: Body, origin: Origin) -> Self {
        Self { body, origin }
    }

    /// A value for tests of later stages, which have no admitted request.
    #[cfg(test)]
    pub(crate) fn for_test(body: Body) -> Self {
        Self::new(
            body,
            Origin::new(TenantSalt(0), DroppedFields::default(), Vec::new()),
        )
    }

    /// The content.
    pub fn body(&self) -> &Body {
        &self.body
    }

    /// The content, given up.
    pub fn into_body(self) -> Body {
        self.body
    }

    /// The content and what goes with it, for the next stage.
    pub fn into_parts(self) -> (Body, Origin) {
        (self.body, self.origin)
    }

    /// What goes with the content.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// The fields that were dropped.
    pub fn dropped(&self) -> &DroppedFields {
        &self.origin.dropped
    }

    /// The declared fields that held a value (`case.Contact.Name`), sorted.
    pub fn read_fields(&self) -> &[String] {
        &self.origin.read_fields
    }
}

impl Origin {
    pub(super) fn new(salt: TenantSalt, dropped: DroppedFields, read_fields: Vec<String>) -> Self {
        Self {
            salt,
            dropped,
            read_fields,
        }
    }

    /// The tenant's salt, for caches.
    pub fn salt(&self) -> TenantSalt {
        self.salt
    }

    /// The fields that were dropped.
    pub fn dropped(&self) -> &DroppedFields {
        &self.dropped
    }

    /// The declared fields that held a value, sorted.
    pub fn read_fields(&self) -> &[String] {
        &self.read_fields
    }
}

impl DroppedFields {
    /// Counts `values` dropped values at `path`.
    pub(super) fn add(&mut self, path: &str, values: u64) {
        self.count = self.count.saturating_add(values);
        if self.names.len() < MAX_DROPPED_NAMES && !self.names.iter().any(|name| name == path) {
            self.names.push(path.to_owned());
        }
    }
}

impl InputValue {
    /// Every value with its class and entity, in order.
    pub fn fields(&self) -> Vec<&Field> {
        let mut found = Vec::new();
        self.visit(&mut |field| found.push(field));
        found
    }

    fn visit<'a>(&'a self, seen: &mut impl FnMut(&'a Field)) {
        match self {
            Self::Missing => {}
            Self::Text(field) => seen(field),
            Self::List(items) => items.iter().for_each(|item| item.visit(seen)),
            Self::Object(parts) => parts.iter().for_each(|(_, part)| part.visit(seen)),
        }
    }
}
