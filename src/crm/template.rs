//! The wording of a use case: minijinja templates over the declared inputs.
//!
//! Record values are values, so nothing in them is template syntax. Templates see exactly the declared
//! names: a missing value is an empty text, a missing record is false and its fields are empty, and an
//! undeclared name is an error when the file is loaded. There is no include, no clock, no file, and both
//! steps and output are bounded.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Enumerator, Object, ObjectRepr};
use minijinja::{AutoEscape, Environment, Error, ErrorKind, UndefinedBehavior, Value};

use crate::types::{Message, MessageRole, Name};

use super::{Input, InputKind, InputSpec, InputValue, Part, RenderError, Shape, nearest};

/// Steps that a template may take.
const FUEL: u64 = 1_000_000;
/// Bytes that a template may write.
const MAX_OUTPUT_BYTES: usize = 4 << 20;
/// Functions that a template may call.
const FUNCTIONS: [&str; 2] = ["namespace", "range"];

/// The compiled templates of a use case.
#[derive(Debug)]
pub(super) struct Templates {
    parts: Vec<Compiled>,
    /// The texts of the answer's parts.
    answer: Vec<Compiled>,
}

#[derive(Debug)]
struct Compiled {
    role: MessageRole,
    environment: Environment<'static>,
}

/// What is wrong with a template.
#[derive(Debug)]
pub(super) struct TemplateFault {
    /// `system`, `user` or `assistant`.
    pub(super) part: &'static str,
    /// The line within the template, from 1; 0 when unknown.
    pub(super) line: usize,
    pub(super) problem: String,
    pub(super) suggestion: Option<String>,
}

impl Templates {
    /// Compiles and checks the templates against what is declared.
    pub(super) fn compile(
        system: Option<&str>,
        user: &str,
        answer: &[&str],
        inputs: &[InputSpec],
    ) -> Result<Self, TemplateFault> {
        let compile = |role, source: &str| -> Result<Compiled, TemplateFault> {
            let environment = environment(role, source)?;
            let compiled = Compiled { role, environment };
            compiled.check_names(inputs)?;
            for sample in [Sample::Full, Sample::Sparse, Sample::Empty] {
                compiled.check_rendering(inputs, sample)?;
            }
            Ok(compiled)
        };
        let mut parts = Vec::with_capacity(2);
        if let Some(source) = system {
            parts.push(compile(MessageRole::System, source)?);
        }
        parts.push(compile(MessageRole::User, user)?);
        let answer = answer
            .iter()
            .map(|source| compile(MessageRole::Assistant, source));
        Ok(Self {
            parts,
            answer: answer.collect::<Result<_, _>>()?,
        })
    }

    /// The system's turn, where it is the same for all inputs.
    pub(super) fn constant_system(&self, use_case: &Name) -> Option<String> {
        let system = self
            .parts
            .iter()
            .find(|part| part.role == MessageRole::System)?;
        let template = system.environment.get_template(system.role.as_str()).ok()?;
        // Functions are names too; what calls one is not the same for certain.
        if !template.undeclared_variables(false).is_empty() {
            return None;
        }
        let text = system.rendered(use_case, Value::from(())).ok()?;
        Some(text.trim().to_owned())
    }

    /// The conversation for `inputs`.
    pub(super) fn render(
        &self,
        use_case: &Name,
        specs: &[InputSpec],
        inputs: &[Input],
    ) -> Result<Vec<Message>, RenderError> {
        let root = root(specs, inputs);
        let render = |compiled: &Compiled| {
            let text = compiled.rendered(use_case, root.clone())?;
            Ok(Message::new(compiled.role, text.trim().to_owned()))
        };
        self.parts.iter().map(render).collect()
    }

    /// The texts of the answer's parts for `inputs`, blanks and all.
    pub(super) fn render_answer(
        &self,
        use_case: &Name,
        specs: &[InputSpec],
        inputs: &[Input],
    ) -> Result<Vec<String>, RenderError> {
        let root = root(specs, inputs);
        let render = |compiled: &Compiled| compiled.rendered(use_case, root.clone());
        self.answer.iter().map(render).collect()
    }
}

/// What templates see of `inputs`.
fn root(specs: &[InputSpec], inputs: &[Input]) -> Value {
    let given: BTreeMap<&str, &InputValue> = inputs
        .iter()
        .map(|input| (input.name.as_str(), &input.value))
        .collect();
    let root: BTreeMap<&str, Value> = specs
        .iter()
        .map(|spec| {
            let value = given.get(spec.name.as_str()).copied();
            let value = value.unwrap_or(&InputValue::Missing);
            (spec.name.as_str(), input_value(spec, value))
        })
        .collect();
    Value::from(root)
}

impl Compiled {
    fn rendered(&self, use_case: &Name, root: Value) -> Result<String, RenderError> {
        let part = self.role.as_str();
        self.render(root).map_err(|error| match error.kind() {
            // Writing fails only for want of room.
            ErrorKind::OutOfFuel | ErrorKind::WriteFailure => RenderError::TooMuch {
                use_case: use_case.clone(),
                part,
                limit: MAX_OUTPUT_BYTES,
            },
            kind => RenderError::Failed {
                use_case: use_case.clone(),
                part,
                line: error.line().unwrap_or(0),
                kind,
            },
        })
    }

    fn render(&self, root: Value) -> Result<String, Error> {
        let mut out = Bounded(Vec::new());
        let template = self.environment.get_template(self.role.as_str())?;
        template.render_captured_to(root, &mut out)?;
        String::from_utf8(out.0)
            .map_err(|_| Error::new(ErrorKind::BadSerialization, "the output is no text"))
    }

    /// Every name in the template, on branches that no sample takes too.
    fn check_names(&self, inputs: &[InputSpec]) -> Result<(), TemplateFault> {
        let template = self
            .environment
            .get_template(self.role.as_str())
            .map_err(|error| fault(self.role, &error))?;
        let mut names: Vec<String> = template.undeclared_variables(true).into_iter().collect();
        names.sort_unstable();
        for name in names {
            let mut steps = name.split('.');
            let head = steps.next().unwrap_or_default();
            if FUNCTIONS.contains(&head) {
                continue;
            }
            let problem = |suggestion| TemplateFault {
                part: self.role.as_str(),
                line: self.line_of(&name),
                problem: format!("uses `{name}`, which is not declared"),
                suggestion,
            };
            let Some(input) = inputs.iter().find(|input| input.name == head) else {
                let known = inputs.iter().map(|input| input.name.as_str());
                return Err(problem(nearest(head, known)));
            };
            let mut within = match &input.kind {
                InputKind::Text(_) => None,
                InputKind::Records { shape, list, .. } => (!list).then_some(shape),
            };
            for step in steps {
                // Attributes of lists and texts are found out by the samples.
                let Some(shape) = within else { break };
                let Some((_, part)) = shape.parts.iter().find(|(own, _)| own == step) else {
                    let known = shape.parts.iter().map(|(own, _)| own.as_str());
                    return Err(problem(nearest(step, known)));
                };
                within = match part {
                    Part::Parent(shape) => Some(shape),
                    Part::Children { .. } | Part::Field(_) => None,
                };
            }
        }
        Ok(())
    }

    /// The first line of the template that holds `text`, from 1; 0 when none does.
    fn line_of(&self, text: &str) -> usize {
        let template = self.environment.get_template(self.role.as_str());
        template.map_or(0, |template| {
            let found = template
                .source()
                .lines()
                .position(|line| line.contains(text));
            found.map_or(0, |line| line + 1)
        })
    }

    fn check_rendering(&self, inputs: &[InputSpec], sample: Sample) -> Result<(), TemplateFault> {
        let root: BTreeMap<&str, Value> = inputs
            .iter()
            .map(|spec| {
                let value = sample.input(spec);
                (spec.name.as_str(), input_value(spec, &value))
            })
            .collect();
        self.render(Value::from(root))
            .map(|_| ())
            .map_err(|error| fault(self.role, &error))
    }
}

fn environment(role: MessageRole, source: &str) -> Result<Environment<'static>, TemplateFault> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(|_| AutoEscape::None);
    environment.set_fuel(Some(FUEL));
    environment.set_recursion_limit(32);
    environment.set_debug(false);
    let syntax = SyntaxConfig::builder()
        .trim_blocks(true)
        .lstrip_blocks(true)
        .build()
        .map_err(|error| fault(role, &error))?;
    environment.set_syntax(syntax);
    environment.add_filter("labelled", labelled);
    environment
        .add_template_owned(role.as_str(), source.to_owned())
        .map_err(|error| fault(role, &error))?;
    Ok(environment)
}

/// Only for templates over samples: their words may be shown.
fn fault(role: MessageRole, error: &Error) -> TemplateFault {
    let detail = error.detail().map(|said| format!(": {said}"));
    TemplateFault {
        part: role.as_str(),
        line: error.line().unwrap_or(0),
        problem: format!("{}{}", error.kind(), detail.unwrap_or_default()),
        suggestion: None,
    }
}

/// A record as templates see it: the declared names, whatever came.
#[derive(Debug)]
struct Node {
    present: bool,
    parts: Vec<NodePart>,
}

#[derive(Debug)]
struct NodePart {
    name: String,
    label: Option<String>,
    value: Value,
}

impl Object for Node {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Map
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let key = key.as_str()?;
        let part = self.parts.iter().find(|part| part.name == key)?;
        Some(part.value.clone())
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        let names = self
            .parts
            .iter()
            .map(|part| Value::from(part.name.as_str()));
        Enumerator::Values(names.collect())
    }

    fn is_true(self: &Arc<Self>) -> bool {
        self.present
    }
}

/// The `labelled` filter: `Label: value` for each labelled field that has a value, parents included.
fn labelled(record: &Value) -> Result<String, Error> {
    let Some(node) = record.downcast_object_ref::<Node>() else {
        let problem = "`labelled` is for one record";
        return Err(Error::new(ErrorKind::InvalidOperation, problem));
    };
    let mut out = Vec::new();
    write_lines(node, &mut out);
    Ok(out.join("\n"))
}

fn write_lines(node: &Node, out: &mut Vec<String>) {
    for part in &node.parts {
        if let Some(parent) = part.value.downcast_object_ref::<Node>() {
            write_lines(parent, out);
        } else if let (Some(label), Some(text)) = (&part.label, part.value.as_str())
            && !text.is_empty()
        {
            out.push(format!("{label}: {text}"));
        }
    }
}

fn input_value(spec: &InputSpec, value: &InputValue) -> Value {
    match &spec.kind {
        InputKind::Text(_) => text_value(value),
        InputKind::Records { shape, list, .. } if *list => list_value(shape, value),
        InputKind::Records { shape, .. } => node_value(shape, value),
    }
}

fn text_value(value: &InputValue) -> Value {
    match value {
        InputValue::Text(field) => Value::from(field.text.expose().as_str()),
        InputValue::List(_) | InputValue::Missing | InputValue::Object(_) => Value::from(""),
    }
}

fn list_value(shape: &Shape, value: &InputValue) -> Value {
    match value {
        InputValue::List(items) => items.iter().map(|item| node_value(shape, item)).collect(),
        InputValue::Missing | InputValue::Object(_) | InputValue::Text(_) => {
            Value::from(Vec::<Value>::new())
        }
    }
}

fn node_value(shape: &Shape, value: &InputValue) -> Value {
    let given = match value {
        InputValue::Object(parts) => Some(parts),
        InputValue::List(_) | InputValue::Missing | InputValue::Text(_) => None,
    };
    let parts = shape.parts.iter().map(|(name, part)| {
        let value = given
            .and_then(|parts| parts.iter().find(|(own, _)| own == name))
            .map_or(&InputValue::Missing, |(_, value)| value);
        let (label, value) = match part {
            Part::Field(field) => (field.label.clone(), text_value(value)),
            Part::Parent(shape) => (None, node_value(shape, value)),
            Part::Children { shape, .. } => (None, list_value(shape, value)),
        };
        NodePart {
            name: name.clone(),
            label,
            value,
        }
    });
    Value::from_object(Node {
        present: given.is_some(),
        parts: parts.collect(),
    })
}

/// Inputs that a template is tried on when it is loaded.
#[derive(Clone, Copy)]
enum Sample {
    /// Required values only, no children.
    Empty,
    /// Every value, two children in each list.
    Full,
    /// Required values, one child in each list with required values only.
    Sparse,
}

impl Sample {
    fn input(self, spec: &InputSpec) -> InputValue {
        let wanted = spec.required || matches!(self, Self::Full);
        match &spec.kind {
            _ if !wanted => InputValue::Missing,
            InputKind::Text(_) => Self::text(),
            InputKind::Records { shape, list, .. } if *list => self.list(shape),
            InputKind::Records { shape, .. } => self.object(shape),
        }
    }

    fn object(self, shape: &Shape) -> InputValue {
        let parts = shape.parts.iter().map(|(name, part)| {
            let value = match part {
                Part::Field(field) if field.required || matches!(self, Self::Full) => Self::text(),
                Part::Field(_) => InputValue::Missing,
                Part::Parent(_) if matches!(self, Self::Empty) => InputValue::Missing,
                Part::Parent(shape) => self.object(shape),
                Part::Children { shape, .. } => self.list(shape),
            };
            (name.clone(), value)
        });
        InputValue::Object(parts.collect())
    }

    fn list(self, shape: &Shape) -> InputValue {
        let n = match self {
            Self::Empty => 0,
            Self::Full => 2,
            Self::Sparse => 1,
        };
        InputValue::List((0..n).map(|_| self.object(shape)).collect())
    }

    fn text() -> InputValue {
        InputValue::Text(super::Field {
            text: "12".into(),
            class: crate::types::DataClass::Public,
            entity: None,
        })
    }
}

/// Text that is written, up to a limit.
struct Bounded(Vec<u8>);

impl io::Write for Bounded {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        if self.0.len().saturating_add(buf.len()) > MAX_OUTPUT_BYTES {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.0.extend_from_slice(buf);
        Ok(buf.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
