//! A use case, checked.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::config::{RedactionRules, ScreenRules};
use crate::policy::{Callers, Terms};
use crate::types::{DataClass, Digest, Entity, JurisdictionSet, Message, Name};

use super::answer::outline;
use super::template::Templates;
use super::{Input, Outline, RenderError, WriteSpec};

/// One use case, as its file declares it; every part is checked when the file is loaded.
#[derive(Debug)]
pub struct UseCase {
    pub(super) name: Name,
    pub(super) version: u32,
    pub(super) digest: Digest,
    pub(super) description: String,
    pub(super) purpose: String,
    pub(super) legal_basis: String,
    pub(super) owner: String,
    pub(super) jurisdictions: JurisdictionSet,
    pub(super) callers: Callers,
    pub(super) model: Option<Name>,
    pub(super) adapter: Option<Name>,
    pub(super) inputs: Vec<InputSpec>,
    pub(super) restore: bool,
    pub(super) redaction: Arc<RedactionRules>,
    pub(super) screen: ScreenRules,
    pub(super) templates: Templates,
    /// What the model writes after each part of the answer; their texts are among the templates.
    pub(super) answer: Vec<Option<WriteSpec>>,
    pub(super) output: OutputSpec,
    pub(super) sampling: Sampling,
}

/// Two use cases are the same when their files are.
impl PartialEq for UseCase {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name && self.version == other.version && self.digest == other.digest
    }
}

/// A declared variable.
#[derive(Clone, Debug, PartialEq)]
pub struct InputSpec {
    /// The variable's name.
    pub name: String,
    /// Whether a call must give it.
    pub required: bool,
    /// What it is.
    pub kind: InputKind,
}

/// What a variable is.
#[derive(Clone, Debug, PartialEq)]
pub enum InputKind {
    /// One record, or up to `max_records` of them.
    Records {
        /// The sObject's API name.
        object: String,
        /// The most records; 1 for a single record.
        max_records: usize,
        /// Whether the template sees a list.
        list: bool,
        /// The fields that may be read.
        shape: Shape,
    },
    /// A plain value.
    Text(FieldSpec),
}

/// The declared parts of a record, in declared order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Shape {
    /// Names as declared.
    pub parts: Vec<(String, Part)>,
}

/// A declared part of a record.
#[derive(Clone, Debug, PartialEq)]
pub enum Part {
    /// Child records.
    Children {
        /// The most records.
        max_records: usize,
        /// The fields of each.
        shape: Shape,
    },
    /// A value.
    Field(FieldSpec),
    /// A parent record or a compound field.
    Parent(Shape),
}

/// What is declared of a value.
#[derive(Clone, Debug, PartialEq)]
pub struct FieldSpec {
    /// How sensitive it is.
    pub class: DataClass,
    /// The kind of personal data that the whole value is, if it is one.
    pub entity: Option<Entity>,
    /// What people call the field; the template's `labelled` filter writes it.
    pub label: Option<String>,
    /// Whether the value must be there.
    pub required: bool,
    /// The longest value in characters.
    pub max_chars: usize,
}

/// What an answer looks like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutputSpec {
    /// Its form.
    pub style: OutputStyle,
    /// The most words that the use case's owner wants.
    pub max_words: Option<u32>,
}

/// The form of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OutputStyle {
    /// An e-mail or letter, from greeting to signature.
    Email,
    /// Lines that start with fixed words.
    Lines,
    /// Running text.
    Plain,
}

/// How tokens are chosen, unless the caller says otherwise.
#[derive(Clone, Debug, PartialEq)]
pub struct Sampling {
    /// 0: always the likeliest token. `0..=2`.
    pub temperature: f32,
    /// Only the likeliest tokens that together have this probability. `0 < p <= 1`.
    pub top_p: f32,
    /// Only this many of the likeliest tokens; `None`: all.
    pub top_k: Option<u32>,
    /// Only tokens with at least this share of the likeliest one's probability. `0..=1`.
    pub min_p: f32,
    /// Subtracted from a token's logit for each time it was generated. `-2..=2`.
    pub frequency_penalty: f32,
    /// Subtracted from a token's logit once it was generated. `-2..=2`.
    pub presence_penalty: f32,
    /// Weakens tokens that occur in prompt or answer. `0 < p <= 10`; 1: nothing.
    pub repetition_penalty: f32,
    /// The start of the random numbers; `None`: a fresh one for each request.
    pub seed: Option<u64>,
    /// The most tokens of an answer; a caller may ask for fewer.
    pub max_tokens: u32,
    /// Texts that end the answer and are not part of it.
    pub stop: Vec<String>,
}

impl UseCase {
    /// The model that answers in place of the node's chat model, unless the caller names another one.
    pub fn model(&self) -> Option<&Name> {
        self.model.as_ref()
    }

    /// The adapter of the chat model that answers, unless the caller names another model.
    pub fn adapter(&self) -> Option<&Name> {
        self.adapter.as_ref()
    }

    /// The name.
    pub fn name(&self) -> &Name {
        &self.name
    }

    /// The version, from 1.
    pub fn version(&self) -> u32 {
        self.version
    }

    /// The digest of the file.
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// What it does, in a sentence.
    pub fn description(&self) -> &str {
        &self.description
    }

    /// Who answers for it.
    pub fn owner(&self) -> &str {
        &self.owner
    }

    /// The declared variables, in declared order.
    pub fn inputs(&self) -> &[InputSpec] {
        &self.inputs
    }

    /// Whether placeholders in the answer are put back for the caller.
    pub fn restore(&self) -> bool {
        self.restore
    }

    /// What becomes of finds; what it says of a kind prevails over the node's own rules.
    pub fn redaction(&self) -> &Arc<RedactionRules> {
        &self.redaction
    }

    /// What an answer may carry out.
    pub fn screen(&self) -> &ScreenRules {
        &self.screen
    }

    /// What an answer looks like.
    pub fn output(&self) -> &OutputSpec {
        &self.output
    }

    /// How tokens are chosen.
    pub fn sampling(&self) -> &Sampling {
        &self.sampling
    }

    /// What the model writes after each part of the answer, in order.
    pub fn answer(&self) -> &[Option<WriteSpec>] {
        &self.answer
    }

    /// The terms on which it runs, for policy.
    pub fn terms(&self) -> Terms {
        let fields = self.fields();
        Terms {
            name: self.name.clone(),
            version: self.version,
            digest: Some(self.digest),
            callers: self.callers.clone(),
            classes: fields.iter().map(|(_, field)| field.class).collect(),
            fields: fields.into_iter().map(|(path, _)| path).collect(),
            jurisdictions: self.jurisdictions.clone(),
            purpose: self.purpose.clone(),
            legal_basis: self.legal_basis.clone(),
        }
    }

    /// The classes of the fields that it may read.
    pub fn classes(&self) -> BTreeSet<DataClass> {
        self.terms().classes
    }

    /// Every declared value with its path (`case.CaseComments[].CommentBody`).
    pub fn fields(&self) -> Vec<(String, &FieldSpec)> {
        fields_of(&self.inputs)
    }

    /// The conversation for `inputs`: the system's and the user's turn. Only `prompt` may call this, with
    /// redacted inputs.
    pub(crate) fn render(&self, inputs: &[Input]) -> Result<Vec<Message>, RenderError> {
        self.templates.render(&self.name, &self.inputs, inputs)
    }

    /// The system's turn, where it is the same for all inputs: the operator's words, and nobody's data.
    pub(crate) fn constant_system(&self) -> Option<String> {
        self.templates.constant_system(&self.name)
    }

    /// The plan of the answer for `inputs`. Only `prompt` may call this, with redacted inputs.
    pub(crate) fn outline(&self, inputs: &[Input]) -> Result<Outline, RenderError> {
        let texts = self
            .templates
            .render_answer(&self.name, &self.inputs, inputs)?;
        Ok(outline(&self.answer, texts, inputs))
    }
}

/// Every declared value of `inputs` with its path.
pub(super) fn fields_of(inputs: &[InputSpec]) -> Vec<(String, &FieldSpec)> {
    let mut found = Vec::new();
    for input in inputs {
        match &input.kind {
            InputKind::Text(field) => found.push((input.name.clone(), field)),
            InputKind::Records { list, shape, .. } => {
                let place = if *list { "[]" } else { "" };
                shape.collect(&format!("{}{place}", input.name), &mut found);
            }
        }
    }
    found
}

impl Shape {
    fn collect<'a>(&'a self, path: &str, found: &mut Vec<(String, &'a FieldSpec)>) {
        for (name, part) in &self.parts {
            let path = format!("{path}.{name}");
            match part {
                Part::Field(field) => found.push((path, field)),
                Part::Parent(shape) => shape.collect(&path, found),
                Part::Children { shape, .. } => shape.collect(&format!("{path}[]"), found),
            }
        }
    }

    /// The part of this name; Salesforce's names have no case.
    pub fn part(&self, name: &str) -> Option<&Part> {
        self.parts
            .iter()
            .find(|(own, _)| own.eq_ignore_ascii_case(name))
            .map(|(_, part)| part)
    }
}
