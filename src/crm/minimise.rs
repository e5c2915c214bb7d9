//! What of a request its use case may see.
//!
//! Undeclared fields are dropped here, before anything reads them, and counted by name. Nothing is ever
//! cut: what is too long or too many is an error that names the place.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::policy::{Admitted, CHAT, EMBEDDINGS};
use crate::types::{
    Chat, FieldValue, Message, Record, RecordError, Sensitive, TenantSalt, Variable,
};

use super::{
    Body, DroppedFields, Field, FieldSpec, Input, InputKind, InputSpec, InputValue, MinimiseError,
    Minimised, Origin, Part, Shape, UseCase, ValueKind, nearest,
};

/// The most messages of a conversation.
const MAX_MESSAGES: usize = 1_024;
/// The most texts of an embeddings request; OpenAI's own limit.
const MAX_TEXTS: usize = 2_048;
/// The most characters of a conversation or of one text to embed.
const MAX_TEXT_CHARS: usize = 4_000_000;
/// The longest name of a variable that is repeated in an error.
const MAX_SHOWN_NAME: usize = 64;

/// The parts of Salesforce's compound addresses, in the order in which they are written as one text.
const ADDRESS_PARTS: [&str; 5] = ["street", "postalCode", "city", "state", "country"];
/// Parts of compound addresses that add nothing to the text.
const ADDRESS_SILENT: [&str; 5] = [
    "countryCode",
    "geocodeAccuracy",
    "latitude",
    "longitude",
    "stateCode",
];

/// The variables of a call, by name.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Variables(pub BTreeMap<String, Variable>);

impl Variables {
    /// Reads `bailiwick.variables` of a request.
    ///
    /// # Errors
    ///
    /// [`RecordError`] names the place.
    pub fn from_json(
        variables: serde_json::Map<String, serde_json::Value>,
    ) -> Result<Self, RecordError> {
        let read = |(name, json): (String, _)| {
            let value = FieldValue::from_json(&shown(&name), json)?;
            Ok((name, value))
        };
        variables
            .into_iter()
            .map(read)
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// Every record with its variable's name, lists taken apart: what policy looks at.
    pub fn records(&self) -> Vec<(&str, &Record)> {
        let mut found = Vec::new();
        for (name, value) in &self.0 {
            match value {
                FieldValue::Record(record) => found.push((name.as_str(), &**record)),
                FieldValue::Records(records) => {
                    found.extend(records.iter().map(|record| (name.as_str(), record)));
                }
                FieldValue::Bool(_)
                | FieldValue::Null
                | FieldValue::Number(_)
                | FieldValue::Text(_) => {}
            }
        }
        found
    }
}

/// Checks that `use_case` declares every one of `variables`, by name. Before admission too: the names come
/// from the request, and the audit log takes only declared ones.
///
/// # Errors
///
/// [`MinimiseError::UndeclaredVariable`].
pub fn check_variables(use_case: &UseCase, variables: &Variables) -> Result<(), MinimiseError> {
    let known = || use_case.inputs().iter().map(|input| input.name.as_str());
    let undeclared = |name: &&String| !known().any(|own| own == *name);
    match variables.0.keys().find(undeclared) {
        None => Ok(()),
        Some(name) => Err(MinimiseError::UndeclaredVariable {
            use_case: use_case.name().clone(),
            variable: shown(name),
            declared: known().map(str::to_owned).collect(),
            suggestion: nearest(&shown(name), known()),
        }),
    }
}

/// Keeps of `variables` what `use_case` declares.
///
/// # Errors
///
/// [`MinimiseError`] for undeclared or missing variables, missing fields, values of the wrong kind and
/// anything over its bounds, and when `admitted` is for something else.
pub fn minimise(
    admitted: &Admitted,
    use_case: &Arc<UseCase>,
    variables: Variables,
) -> Result<Minimised, MinimiseError> {
    let terms = admitted.terms();
    let same = terms.name == *use_case.name()
        && terms.version == use_case.version()
        && terms.digest == Some(use_case.digest());
    if !same {
        return Err(not_admitted(admitted, use_case.name().as_str()));
    }
    let mut keeper = Keeper::default();
    let inputs = keeper.inputs(use_case, variables)?;
    let body = Body::UseCase {
        use_case: Arc::clone(use_case),
        inputs,
    };
    Ok(Minimised::new(body, keeper.origin(admitted)))
}

/// Takes a plain conversation, which has no fields to drop. The identifiers of its tool calls are replaced by
/// numbers.
///
/// # Errors
///
/// [`MinimiseError`] when it is empty or over its bounds, or `admitted` is for something else.
pub fn minimise_chat(admitted: &Admitted, mut chat: Chat) -> Result<Minimised, MinimiseError> {
    if admitted.terms().name.as_str() != CHAT {
        return Err(not_admitted(admitted, CHAT));
    }
    check_count("messages", chat.messages.len(), MAX_MESSAGES)?;
    let chars = chat.messages.iter().map(chars_of).sum();
    check_chars("messages", chars, MAX_TEXT_CHARS)?;
    number_calls(&mut chat.messages);
    let origin = Keeper::default().origin(admitted);
    Ok(Minimised::new(Body::Chat(Box::new(chat)), origin))
}

fn chars_of(message: &Message) -> usize {
    let texts = std::iter::once(&message.content).chain(&message.reasoning);
    let arguments = message.tool_calls.iter().map(|call| &call.arguments);
    let chars = |text: &Sensitive<String>| text.expose().chars().count();
    texts.chain(arguments).map(chars).sum()
}

/// Numbers the calls of tools: the client's identifiers say nothing that a model needs. Nine letters and
/// digits, because some models' templates insist on that.
fn number_calls(messages: &mut [Message]) {
    let mut numbers: BTreeMap<String, String> = BTreeMap::new();
    for message in messages {
        for call in &mut message.tool_calls {
            let number = format!("call{:05}", numbers.len() + 1);
            numbers.insert(std::mem::replace(&mut call.id, number.clone()), number);
        }
        if let Some(id) = &mut message.tool_call_id {
            *id = numbers
                .get(id)
                .cloned()
                .unwrap_or_else(|| "call00000".to_owned());
        }
    }
}

/// Takes a text to go on with, which has no fields to drop.
///
/// # Errors
///
/// [`MinimiseError`] when it is over its bounds, or `admitted` is not for plain chat.
pub fn minimise_text(
    admitted: &Admitted,
    text: Sensitive<String>,
) -> Result<Minimised, MinimiseError> {
    if admitted.terms().name.as_str() != CHAT {
        return Err(not_admitted(admitted, CHAT));
    }
    check_chars("prompt", text.expose().chars().count(), MAX_TEXT_CHARS)?;
    let origin = Keeper::default().origin(admitted);
    Ok(Minimised::new(Body::Text(text), origin))
}

/// Takes texts to embed, which have no fields to drop.
///
/// # Errors
///
/// [`MinimiseError`] when there is none or one is over its bounds, or `admitted` is for something else.
pub fn minimise_texts(
    admitted: &Admitted,
    texts: Vec<Sensitive<String>>,
) -> Result<Minimised, MinimiseError> {
    if admitted.terms().name.as_str() != EMBEDDINGS {
        return Err(not_admitted(admitted, EMBEDDINGS));
    }
    check_count("input", texts.len(), MAX_TEXTS)?;
    for text in &texts {
        check_chars("input", text.expose().chars().count(), MAX_TEXT_CHARS)?;
    }
    let origin = Keeper::default().origin(admitted);
    Ok(Minimised::new(Body::Texts(texts), origin))
}

fn not_admitted(admitted: &Admitted, asked: &str) -> MinimiseError {
    MinimiseError::NotAdmitted {
        admitted: admitted.terms().name.clone(),
        asked: asked.to_owned(),
    }
}

fn check_count(place: &'static str, items: usize, limit: usize) -> Result<(), MinimiseError> {
    if items == 0 {
        return Err(MinimiseError::Empty { place });
    }
    check_items(place, items, limit)
}

fn check_items(path: &str, items: usize, limit: usize) -> Result<(), MinimiseError> {
    if items <= limit {
        return Ok(());
    }
    Err(MinimiseError::TooMany {
        path: path.to_owned(),
        items,
        limit,
    })
}

fn check_chars(path: &str, chars: usize, limit: usize) -> Result<(), MinimiseError> {
    if chars <= limit {
        return Ok(());
    }
    Err(MinimiseError::TooLong {
        path: path.to_owned(),
        chars,
        limit,
    })
}

/// Walks values and declarations side by side, and notes what it dropped and what it read.
#[derive(Default)]
pub(super) struct Keeper {
    dropped: DroppedFields,
    read: BTreeSet<String>,
}

impl Keeper {
    fn origin(self, admitted: &Admitted) -> Origin {
        self.finish(admitted.principal().salt())
    }

    pub(super) fn finish(self, salt: TenantSalt) -> Origin {
        Origin::new(salt, self.dropped, self.read.into_iter().collect())
    }

    pub(super) fn inputs(
        &mut self,
        use_case: &UseCase,
        mut variables: Variables,
    ) -> Result<Vec<Input>, MinimiseError> {
        check_variables(use_case, &variables)?;
        let mut inputs = Vec::with_capacity(use_case.inputs().len());
        for spec in use_case.inputs() {
            let given = variables.0.remove(&spec.name).unwrap_or(FieldValue::Null);
            let value = self.input(spec, given)?;
            if value == InputValue::Missing && spec.required {
                return Err(MinimiseError::MissingVariable {
                    variable: spec.name.clone(),
                    use_case: use_case.name().clone(),
                });
            }
            inputs.push(Input {
                name: spec.name.clone(),
                value,
            });
        }
        Ok(inputs)
    }

    fn input(&mut self, spec: &InputSpec, given: Variable) -> Result<InputValue, MinimiseError> {
        if given.is_null() {
            return Ok(InputValue::Missing);
        }
        match &spec.kind {
            InputKind::Text(field) => {
                if matches!(given, FieldValue::Record(_) | FieldValue::Records(_)) {
                    return Err(wrong_kind(&spec.name, ValueKind::Text, &given));
                }
                // A missing text is a missing variable, which has its own error.
                let field = FieldSpec {
                    required: false,
                    ..field.clone()
                };
                self.field(&spec.name, &field, given)
            }
            InputKind::Records {
                object,
                max_records,
                list,
                shape,
            } => {
                let records = match given {
                    FieldValue::Record(record) => vec![*record],
                    FieldValue::Records(records) => records,
                    other => {
                        let expected = if *list {
                            ValueKind::List
                        } else {
                            ValueKind::Record
                        };
                        return Err(wrong_kind(&spec.name, expected, &other));
                    }
                };
                check_items(&spec.name, records.len(), *max_records)?;
                let path = format!("{}{}", spec.name, if *list { "[]" } else { "" });
                let mut kept = Vec::with_capacity(records.len());
                for record in records {
                    check_object(&spec.name, object, &record)?;
                    kept.push(self.record(&path, shape, record)?);
                }
                Ok(match (list, kept.is_empty()) {
                    (_, true) => InputValue::Missing,
                    (true, false) => InputValue::List(kept),
                    (false, false) => kept.swap_remove(0),
                })
            }
        }
    }

    fn record(
        &mut self,
        path: &str,
        shape: &Shape,
        record: Record,
    ) -> Result<InputValue, MinimiseError> {
        let mut given: Vec<(String, FieldValue)> = Vec::with_capacity(shape.parts.len());
        for (name, value) in record.into_fields() {
            if shape.part(&name).is_some() {
                given.push((name, value));
            } else {
                self.dropped.add(&format!("{path}.{name}"), count(&value));
            }
        }
        let mut parts = Vec::with_capacity(shape.parts.len());
        for (name, part) in &shape.parts {
            let at = given
                .iter()
                .position(|(own, _)| own.eq_ignore_ascii_case(name));
            let value = at.map_or(FieldValue::Null, |at| given.swap_remove(at).1);
            let path = format!("{path}.{name}");
            parts.push((name.clone(), self.part(&path, part, value)?));
        }
        Ok(InputValue::Object(parts))
    }

    fn part(
        &mut self,
        path: &str,
        part: &Part,
        value: FieldValue,
    ) -> Result<InputValue, MinimiseError> {
        match (part, value) {
            (Part::Field(field), value) => self.field(path, field, value),
            (Part::Parent(shape), FieldValue::Null) => {
                require_nothing(path, shape)?;
                Ok(InputValue::Missing)
            }
            (Part::Parent(shape), FieldValue::Record(record)) => self.record(path, shape, *record),
            (Part::Parent(_), other) => Err(wrong_kind(path, ValueKind::Record, &other)),
            (Part::Children { .. }, FieldValue::Null) => Ok(InputValue::List(Vec::new())),
            (Part::Children { max_records, shape }, FieldValue::Records(records)) => {
                check_items(path, records.len(), *max_records)?;
                let path = format!("{path}[]");
                let mut items = Vec::with_capacity(records.len());
                for record in records {
                    items.push(self.record(&path, shape, record)?);
                }
                Ok(InputValue::List(items))
            }
            (Part::Children { .. }, other) => Err(wrong_kind(path, ValueKind::List, &other)),
        }
    }

    fn field(
        &mut self,
        path: &str,
        spec: &FieldSpec,
        value: FieldValue,
    ) -> Result<InputValue, MinimiseError> {
        let text = match value {
            FieldValue::Null => Sensitive::default(),
            FieldValue::Bool(flag) => Sensitive::new(flag.to_string()),
            FieldValue::Number(text) | FieldValue::Text(text) => text,
            FieldValue::Record(record) => one_line(&record).ok_or_else(|| {
                let found = FieldValue::Record(record);
                wrong_kind(path, ValueKind::Text, &found)
            })?,
            FieldValue::Records(_) => return Err(wrong_kind(path, ValueKind::Text, &value)),
        };
        if text.expose().trim().is_empty() {
            if spec.required {
                return Err(MinimiseError::MissingField {
                    path: path.to_owned(),
                });
            }
            return Ok(InputValue::Missing);
        }
        check_chars(path, text.expose().chars().count(), spec.max_chars)?;
        self.read.insert(path.to_owned());
        Ok(InputValue::Text(Field {
            text,
            class: spec.class,
            entity: spec.entity,
        }))
    }
}

/// A parent that is not there must not hide a field that must be.
fn require_nothing(path: &str, shape: &Shape) -> Result<(), MinimiseError> {
    for (name, part) in &shape.parts {
        let path = format!("{path}.{name}");
        match part {
            Part::Field(field) if field.required => {
                return Err(MinimiseError::MissingField { path });
            }
            Part::Parent(shape) => require_nothing(&path, shape)?,
            Part::Children { .. } | Part::Field(_) => {}
        }
    }
    Ok(())
}

/// A compound address as one text; `None` when the record is none.
fn one_line(record: &Record) -> Option<Sensitive<String>> {
    let is = |names: &[&str], name: &str| names.iter().any(|own| own.eq_ignore_ascii_case(name));
    let known =
        |(name, _): &(String, FieldValue)| is(&ADDRESS_PARTS, name) || is(&ADDRESS_SILENT, name);
    if record.fields().is_empty() || !record.fields().iter().all(known) {
        return None;
    }
    let part = |name: &&str| record.field(name).and_then(FieldValue::as_text);
    let texts: Vec<&str> = ADDRESS_PARTS
        .iter()
        .filter_map(part)
        .map(|text| text.expose().as_str())
        .collect();
    Some(Sensitive::new(texts.join(", ")))
}

fn check_object(variable: &str, expected: &str, record: &Record) -> Result<(), MinimiseError> {
    match record.object() {
        Some(found) if !found.eq_ignore_ascii_case(expected) => Err(MinimiseError::WrongObject {
            path: variable.to_owned(),
            expected: expected.to_owned(),
            found: found.to_owned(),
        }),
        _ => Ok(()),
    }
}

fn wrong_kind(path: &str, expected: ValueKind, found: &FieldValue) -> MinimiseError {
    MinimiseError::WrongKind {
        path: path.to_owned(),
        expected,
        found: match found {
            FieldValue::Bool(_) => ValueKind::Bool,
            FieldValue::Null => ValueKind::Null,
            FieldValue::Number(_) => ValueKind::Number,
            FieldValue::Record(_) => ValueKind::Record,
            FieldValue::Records(_) => ValueKind::List,
            FieldValue::Text(_) => ValueKind::Text,
        },
    }
}

/// How many plain values a dropped value holds; an empty record counts as one.
fn count(value: &FieldValue) -> u64 {
    let of_record = |record: &Record| record.fields().iter().map(|(_, value)| count(value)).sum();
    let values: u64 = match value {
        FieldValue::Record(record) => of_record(record),
        FieldValue::Records(records) => records.iter().map(of_record).sum(),
        FieldValue::Bool(_) | FieldValue::Null | FieldValue::Number(_) | FieldValue::Text(_) => 1,
    };
    values.max(1)
}

/// A variable's name as an error may show it: a caller could put anything there.
fn shown(name: &str) -> String {
    let plain = name
        .bytes()
        .all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
    if plain && name.len() <= MAX_SHOWN_NAME {
        name.to_owned()
    } else {
        "(a name that is no plain word)".to_owned()
    }
}
