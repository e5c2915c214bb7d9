//! Finds personal data in a whole request and replaces it.

use std::collections::BTreeMap;

use crate::crm::{Body, Input, InputValue, Minimised, Origin};
use crate::types::{Entity, Jurisdiction, Message, Sensitive};

use super::error::RedactError;
use super::known::Known;
use super::recogniser::{self, Recogniser};
use super::resolve::resolve;
use super::span::{Candidate, Span};
use super::text::Text;
use super::typed::typed_placeholders;
use super::{Restorer, Vault};

/// Most text of one request in bytes.
const MAX_TEXT: usize = 8 * 1024 * 1024;
/// Most finds in one text.
const MAX_SPANS: usize = 100_000;

/// How a redactor is set up.
#[derive(Clone, Debug, Default)]
pub struct RedactorOptions {
    /// Countries whose local formats are likely, the likeliest first: the node's own, its neighbours.
    pub countries: Vec<Jurisdiction>,
}

/// All recognisers, compiled once.
#[derive(Debug)]
pub struct Redactor {
    recognisers: Vec<Box<dyn Recogniser>>,
    countries: Vec<Jurisdiction>,
}

/// A request whose personal data are placeholders. Only [`Redactor::redact`] makes one:
///
/// ```compile_fail
/// let forged = bailiwick::redact::Redacted::default();
/// ```
///
/// ```compile_fail
/// use bailiwick::{crm::Body, redact::Redacted};
/// let forged = Redacted { body: Body::Chat(Vec::new()), origin: unreachable!() };
/// ```
#[derive(Debug)]
pub struct Redacted {
    body: Body,
    origin: Origin,
    counts: BTreeMap<Entity, u32>,
}

impl Redacted {
    /// The content, with placeholders.
    pub fn body(&self) -> &Body {
        &self.body
    }

    /// What goes with the content.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// How many different values of each kind were replaced.
    pub fn counts(&self) -> &BTreeMap<Entity, u32> {
        &self.counts
    }

    #[cfg(test)]
    pub(crate) fn for_test(minimised: Minimised) -> Self {
        let (body, origin) = minimised.into_parts();
        Self { body, origin, counts: BTreeMap::new() }
    }
}

impl Redactor {
    /// Compiles the recognisers.
    ///
    /// # Errors
    ///
    /// [`RedactError::Pattern`] when one of our own patterns is broken.
    pub fn new(options: RedactorOptions) -> Result<Self, RedactError> {
        Ok(Self { recognisers: recogniser::all(&std::sync::Arc::new(recogniser::Regions::load()))?, countries: options.countries })
    }

    /// Replaces all personal data of a request by placeholders.
    ///
    /// # Errors
    ///
    /// [`RedactError`]; the request must then go no further.
    pub fn redact(&self, minimised: Minimised) -> Result<(Redacted, Vault), RedactError> {
        let (body, origin) = minimised.into_parts();
        let bytes = bytes_of(&body);
        if bytes > MAX_TEXT {
            return Err(RedactError::TooMuchText { bytes, limit: MAX_TEXT });
        }
        let known = Known::of(&body)?;
        let mut work = Work { redactor: self, known, vault: Vault::new() };
        let body = work.body(body)?;
        let Work { vault, .. } = work;
        let counts = vault.counts().clone();
        Ok((Redacted { body, origin, counts }, vault))
    }

    /// Masks one text that comes with no record, and gives the spans of what was found.
    ///
    /// # Errors
    ///
    /// [`RedactError`], as [`Redactor::redact`].
    pub fn mask_text(&self, text: &str) -> Result<(String, Vec<Span>, Restorer), RedactError> {
        if text.len() > MAX_TEXT {
            return Err(RedactError::TooMuchText { bytes: text.len(), limit: MAX_TEXT });
        }
        let mut work = Work { redactor: self, known: Known::default(), vault: Vault::new() };
        let found = work.find(text)?;
        let span = |c: &Candidate| c.entity.map(|entity| Span { range: c.range.clone(), entity, score: c.score });
        let spans = found.iter().filter_map(span).collect();
        let masked = work.replace(text, &found)?;
        Ok((masked, spans, work.vault.restorer()))
    }
}

/// One request in work.
struct Work<'r> {
    redactor: &'r Redactor,
    known: Known,
    vault: Vault,
}

impl Work<'_> {
    fn body(&mut self, body: Body) -> Result<Body, RedactError> {
        Ok(match body {
            Body::Chat(messages) => Body::Chat(messages.into_iter().map(|m| self.message(m)).collect::<Result<_, _>>()?),
            Body::Texts(texts) => {
                let mask = |text: Sensitive<String>| self.text(text.expose()).map(Sensitive::new);
                Body::Texts(texts.into_iter().map(mask).collect::<Result<_, _>>()?)
            }
            Body::UseCase { use_case, inputs } => {
                let mut masked = Vec::with_capacity(inputs.len());
                for Input { name, value } in inputs {
                    masked.push(Input { name, value: self.value(value)? });
                }
                Body::UseCase { use_case, inputs: masked }
            }
        })
    }

    fn message(&mut self, message: Message) -> Result<Message, RedactError> {
        Ok(Message { role: message.role, content: self.text(message.content.expose())?.into() })
    }

    fn value(&mut self, value: InputValue) -> Result<InputValue, RedactError> {
        Ok(match value {
            InputValue::Missing => InputValue::Missing,
            InputValue::List(items) => {
                InputValue::List(items.into_iter().map(|item| self.value(item)).collect::<Result<_, _>>()?)
            }
            InputValue::Object(fields) => {
                let mut masked = Vec::with_capacity(fields.len());
                for (name, value) in fields {
                    masked.push((name, self.value(value)?));
                }
                InputValue::Object(masked)
            }
            InputValue::Text(mut field) => {
                let text = field.text.expose();
                let masked = match field.entity {
                    Some(entity) if !text.trim().is_empty() => self.whole(entity, text.trim())?,
                    _ => self.text(text)?,
                };
                field.text = masked.into();
                InputValue::Text(field)
            }
        })
    }

    /// A field that is a value of `entity` as a whole.
    fn whole(&mut self, entity: Entity, value: &str) -> Result<String, RedactError> {
        let (key, full) = self.known.identity(entity, value);
        self.vault.placeholder(entity, key, &full)
    }

    fn text(&mut self, text: &str) -> Result<String, RedactError> {
        let found = self.find(text)?;
        self.replace(text, &found)
    }

    fn find(&self, text: &str) -> Result<Vec<Candidate>, RedactError> {
        let prepared = Text::new(text, &self.redactor.countries);
        let mut found = typed_placeholders(text);
        self.known.find(text, &mut found);
        for recogniser in &self.redactor.recognisers {
            recogniser.find(&prepared, &mut found)?;
        }
        if found.len() > MAX_SPANS {
            return Err(RedactError::TooManySpans { limit: MAX_SPANS });
        }
        Ok(resolve(found))
    }

    fn replace(&mut self, text: &str, found: &[Candidate]) -> Result<String, RedactError> {
        let mut out = String::with_capacity(text.len());
        let mut from = 0;
        for candidate in found {
            let Some(value) = text.get(candidate.range.clone()) else {
                continue;
            };
            out.push_str(text.get(from..candidate.range.start).unwrap_or_default());
            let placeholder = match candidate.entity {
                Some(entity) => {
                    let (key, full) = self.known.identity(entity, value);
                    self.vault.placeholder(entity, key, &full)?
                }
                // What the user typed like a placeholder comes back as it was typed.
                None => self.vault.placeholder(Entity::Identifier, format!("\u{0}{value}"), value)?,
            };
            out.push_str(&placeholder);
            from = candidate.range.end;
        }
        out.push_str(text.get(from..).unwrap_or_default());
        Ok(out)
    }
}

fn bytes_of(body: &Body) -> usize {
    match body {
        Body::Chat(messages) => messages.iter().map(|m| m.content.expose().len()).sum(),
        Body::Texts(texts) => texts.iter().map(|text| text.expose().len()).sum(),
        Body::UseCase { inputs, .. } => inputs.iter().map(|input| bytes_of_value(&input.value)).sum(),
    }
}

fn bytes_of_value(value: &InputValue) -> usize {
    match value {
        InputValue::Missing => 0,
        InputValue::List(items) => items.iter().map(bytes_of_value).sum(),
        InputValue::Object(fields) => fields.iter().map(|(_, value)| bytes_of_value(value)).sum(),
        InputValue::Text(field) => field.text.expose().len(),
    }
}
