//! From a file's text to a checked use case.

use std::ops::Range;
use std::sync::Arc;

use toml::Spanned;

use crate::config::{RawRules, RedactionRules, RuleFault, ScreenRules};
use crate::policy::Callers;
use crate::types::{Digest, Grounding, JurisdictionSet};

use super::raw::{
    RawAnswerPart, RawField, RawInput, RawList, RawSampling, RawTemplate, RawUseCase,
};
use super::template::{TemplateFault, Templates};
use super::use_case::fields_of;
use super::{
    CatalogueError, FieldSpec, InputKind, InputSpec, OutputSpec, OutputStyle, Part, Sampling,
    Shape, UseCase, WriteSpec, nearest,
};

/// The longest value where a field says nothing.
const DEFAULT_FIELD_CHARS: usize = 4_000;
/// The longest value that a field may allow.
const MAX_FIELD_CHARS: usize = 1_000_000;
/// Child records where the file says nothing.
const DEFAULT_CHILDREN: usize = 20;
/// Records that a file may allow.
const MAX_RECORDS: usize = 1_000;
/// Parents between a record and a field; Salesforce itself allows five.
const MAX_PATH: usize = 6;
/// Declared variables, and fields of one.
const MAX_DECLARED: usize = 256;
/// Sentences of a part of an answer.
const MAX_SENTENCES: u32 = 20;
/// Stop texts of a use case.
const MAX_STOPS: usize = 16;

/// Reads and checks the file `origin`.
pub(super) fn parse(text: &str, origin: &str) -> Result<UseCase, CatalogueError> {
    let at = Source { text, origin };
    let raw: RawUseCase = toml::from_str(text).map_err(|error| at.syntax(&error))?;
    at.words(&raw)?;
    let inputs = at.inputs(&raw)?;
    let templates = at.templates(&raw.template, &raw.answer, &inputs)?;
    let answer = at.answer(&raw, &inputs)?;
    let rules = RawRules {
        modes: raw.redaction.modes,
        thresholds: raw.redaction.thresholds,
        allow: raw.redaction.allow,
        deny: raw.redaction.deny,
    };
    let redaction = RedactionRules::new(rules).map_err(|fault| at.fault("redaction", fault))?;
    let screen = ScreenRules::new(&raw.screen).map_err(|fault| at.fault("screen", fault))?;
    Ok(UseCase {
        digest: Digest::of(text.as_bytes()),
        sampling: at.sampling(raw.sampling)?,
        output: OutputSpec {
            style: raw.output.style.unwrap_or(OutputStyle::Plain),
            max_words: raw.output.max_words,
        },
        name: raw.name,
        version: raw.version,
        description: raw.description,
        purpose: raw.purpose,
        legal_basis: raw.legal_basis,
        owner: raw.owner,
        jurisdictions: raw
            .jurisdictions
            .unwrap_or_else(JurisdictionSet::everywhere),
        model: raw.model,
        adapter: raw.adapter,
        callers: raw.callers.map_or(Callers::All, Callers::Names),
        inputs,
        restore: raw.redaction.restore,
        redaction: Arc::new(redaction),
        screen,
        templates,
        answer,
    })
}

/// The file, for the places of its mistakes.
struct Source<'a> {
    text: &'a str,
    origin: &'a str,
}

impl Source<'_> {
    fn syntax(&self, error: &toml::de::Error) -> CatalogueError {
        let message = error.message().trim();
        CatalogueError::Syntax {
            origin: self.origin.to_owned(),
            line: error.span().map_or(1, |span| self.line(&span)),
            problem: message.replace('\n', " "),
            suggestion: suggestion(message),
        }
    }

    /// The line of a place in the file, from 1.
    fn line(&self, span: &Range<usize>) -> usize {
        let bytes = self.text.as_bytes();
        let before = bytes.get(..span.start.min(bytes.len())).unwrap_or_default();
        before.iter().filter(|byte| **byte == b'\n').count() + 1
    }

    /// The first line that starts with the last part of a dotted key.
    fn line_of(&self, key: &str) -> usize {
        let last = key.rsplit('.').next().unwrap_or(key);
        let starts = |line: &str| line.trim_start().trim_start_matches('[').starts_with(last);
        self.text.lines().position(starts).map_or(1, |n| n + 1)
    }

    fn invalid(&self, key: &str, problem: impl Into<String>) -> CatalogueError {
        self.invalid_at(self.line_of(key), key, problem)
    }

    fn invalid_at(&self, line: usize, key: &str, problem: impl Into<String>) -> CatalogueError {
        CatalogueError::Invalid {
            origin: self.origin.to_owned(),
            line,
            key: key.to_owned(),
            problem: problem.into(),
            suggestion: None,
        }
    }

    /// A fault in the table `table`.
    fn fault(&self, table: &str, fault: RuleFault) -> CatalogueError {
        let key = format!("{table}.{}", fault.key);
        let line = self.line_of(fault.key.split('.').next().unwrap_or(table));
        self.invalid_at(line, &key, fault.problem)
    }

    fn words(&self, raw: &RawUseCase) -> Result<(), CatalogueError> {
        if raw.version == 0 {
            return Err(self.invalid("version", "must be 1 or more"));
        }
        if raw.model.is_some() && raw.adapter.is_some() {
            let problem = "adapters are of the node's chat model: name a model or an adapter";
            return Err(self.invalid("adapter", problem));
        }
        for (key, text) in [
            ("description", &raw.description),
            ("purpose", &raw.purpose),
            ("legal_basis", &raw.legal_basis),
            ("owner", &raw.owner),
        ] {
            if text.trim().is_empty() || text.chars().count() > 1_000 {
                return Err(self.invalid(key, "must say something, in at most 1000 characters"));
            }
        }
        let reserved = [crate::policy::CHAT, crate::policy::EMBEDDINGS];
        if reserved.contains(&raw.name.as_str()) {
            return Err(self.invalid("name", "is the name of what runs with no use case"));
        }
        if raw.jurisdictions.as_ref().is_some_and(|set| set.is_empty()) {
            return Err(self.invalid("jurisdictions", "names none: leave it out for all"));
        }
        if raw.output.max_words == Some(0) {
            return Err(self.invalid("output.max_words", "must be 1 or more"));
        }
        Ok(())
    }

    fn inputs(&self, raw: &RawUseCase) -> Result<Vec<InputSpec>, CatalogueError> {
        if raw.inputs.is_empty() || raw.inputs.len() > MAX_DECLARED {
            return Err(self.invalid("inputs", "must declare 1 to 256 variables"));
        }
        let mut inputs = Vec::with_capacity(raw.inputs.len());
        for (name, input) in &raw.inputs {
            let line = self.line(&input.span());
            let key = format!("inputs.{name}");
            if !is_variable(name) {
                let problem = "a variable is a lower-case word of a-z, 0-9 and _, of at most 64";
                return Err(self.invalid_at(line, &key, problem));
            }
            let kind = self.input_kind(&key, line, input.get_ref())?;
            inputs.push(InputSpec {
                name: name.clone(),
                required: input.get_ref().required,
                kind,
            });
        }
        Ok(inputs)
    }

    fn input_kind(
        &self,
        key: &str,
        line: usize,
        raw: &RawInput,
    ) -> Result<InputKind, CatalogueError> {
        let invalid = |problem: &str| Err(self.invalid_at(line, key, problem));
        if raw.kind == "text" {
            if raw.fields.is_some() || raw.max_records.is_some() || !raw.lists.is_empty() {
                return invalid("a text has no `fields`, `lists` or `max_records`");
            }
            let Some(class) = raw.class else {
                return invalid("a text needs its `class`");
            };
            return Ok(InputKind::Text(FieldSpec {
                class,
                entity: raw.entity,
                label: raw.label.clone(),
                required: raw.required,
                max_chars: self.max_chars(line, key, raw.max_chars)?,
            }));
        }
        if !is_api_name(&raw.kind) {
            return invalid("`type` must be `text` or an sObject's API name");
        }
        let text_only = raw.class.is_some() || raw.entity.is_some() || raw.max_chars.is_some();
        if text_only || raw.label.is_some() {
            return invalid("`class`, `entity`, `label` and `max_chars` belong to each field");
        }
        let fields = raw.fields.as_deref().unwrap_or_default();
        if fields.is_empty() || fields.len() > MAX_DECLARED {
            return invalid("a record needs 1 to 256 `fields`");
        }
        if !raw
            .max_records
            .is_none_or(|n| (1..=MAX_RECORDS).contains(&n))
        {
            return invalid("`max_records` must be 1 to 1000");
        }
        let mut shape = Shape::default();
        for field in fields {
            self.add_field(key, &mut shape, field, &raw.lists)?;
        }
        for list in &raw.lists {
            self.check_list(key, &shape, list)?;
        }
        Ok(InputKind::Records {
            object: raw.kind.clone(),
            max_records: raw.max_records.unwrap_or(1),
            list: raw.max_records.is_some_and(|n| n > 1),
            shape,
        })
    }

    fn max_chars(
        &self,
        line: usize,
        key: &str,
        written: Option<usize>,
    ) -> Result<usize, CatalogueError> {
        let chars = written.unwrap_or(DEFAULT_FIELD_CHARS);
        if (1..=MAX_FIELD_CHARS).contains(&chars) {
            Ok(chars)
        } else {
            Err(self.invalid_at(line, key, "`max_chars` must be 1 to 1000000"))
        }
    }

    fn add_field(
        &self,
        key: &str,
        shape: &mut Shape,
        field: &Spanned<RawField>,
        lists: &[Spanned<RawList>],
    ) -> Result<(), CatalogueError> {
        let line = self.line(&field.span());
        let field = field.get_ref();
        let key = format!("{key}.{}", field.path);
        let steps: Vec<&str> = field.path.split('.').collect();
        let plain = |step: &&str| is_api_name(step.strip_suffix("[]").unwrap_or(step));
        let ends_in_field = steps.last().is_some_and(|step| !step.ends_with("[]"));
        if steps.len() > MAX_PATH || !steps.iter().all(plain) || !ends_in_field {
            let problem = "a path is API names with dots between; `Name[]` for a child list";
            return Err(self.invalid_at(line, &key, problem));
        }
        let spec = FieldSpec {
            class: field.class,
            entity: field.entity,
            label: field.label.clone(),
            required: field.required,
            max_chars: self.max_chars(line, &key, field.max_chars)?,
        };
        let bound = |list: &str| {
            lists
                .iter()
                .map(Spanned::get_ref)
                .find(|known| known.path == list)
                .map_or(DEFAULT_CHILDREN, |known| known.max_records)
        };
        insert(shape, &steps, "", spec, &bound)
            .map_err(|problem| self.invalid_at(line, &key, problem))
    }

    /// A bound must be of a list that some field is in.
    fn check_list(
        &self,
        key: &str,
        shape: &Shape,
        list: &Spanned<RawList>,
    ) -> Result<(), CatalogueError> {
        let line = self.line(&list.span());
        let list = list.get_ref();
        let mut part = None;
        let mut within = Some(shape);
        for step in list.path.split('.') {
            part = within.and_then(|shape| shape.part(step.strip_suffix("[]").unwrap_or(step)));
            within = match part {
                Some(Part::Parent(shape) | Part::Children { shape, .. }) => Some(shape),
                _ => None,
            };
        }
        let key = format!("{key}.lists");
        if !matches!(part, Some(Part::Children { .. })) {
            let problem = format!("no field lies in a child list `{}`", list.path);
            return Err(self.invalid_at(line, &key, problem));
        }
        if !(1..=MAX_RECORDS).contains(&list.max_records) {
            return Err(self.invalid_at(line, &key, "`max_records` must be 1 to 1000"));
        }
        Ok(())
    }

    fn templates(
        &self,
        raw: &RawTemplate,
        answer: &[Spanned<RawAnswerPart>],
        inputs: &[InputSpec],
    ) -> Result<Templates, CatalogueError> {
        let texts: Vec<&str> = if answer.is_empty() {
            vec![""]
        } else {
            answer
                .iter()
                .map(|part| part.get_ref().text.as_str())
                .collect()
        };
        Templates::compile(raw.system.as_deref(), &raw.user, &texts, inputs).map_err(|fault| {
            let TemplateFault {
                part,
                line,
                problem,
                suggestion,
            } = fault;
            let key = match part {
                "assistant" => "answer".to_owned(),
                part => format!("template.{part}"),
            };
            CatalogueError::Invalid {
                origin: self.origin.to_owned(),
                line: self.line_of(&key) + line,
                key,
                problem,
                suggestion,
            }
        })
    }

    /// What the model writes after each part; with no parts, the whole answer.
    fn answer(
        &self,
        raw: &RawUseCase,
        inputs: &[InputSpec],
    ) -> Result<Vec<Option<WriteSpec>>, CatalogueError> {
        let whole = raw.output.grounded;
        if raw.answer.is_empty() {
            if matches!(whole, Some(Grounding::Quote | Grounding::Choice)) {
                let problem =
                    "an answer that quotes or chooses needs `[[answer]]` parts that say from where";
                return Err(self.invalid("output.grounded", problem));
            }
            let whole = whole.unwrap_or(Grounding::Free);
            return Ok(vec![Some(WriteSpec::whole(whole))]);
        }
        if whole.is_some() {
            let problem = "is said by each `[[answer]]` part";
            return Err(self.invalid("output.grounded", problem));
        }
        let mut parts = Vec::with_capacity(raw.answer.len());
        for (at, part) in raw.answer.iter().enumerate() {
            if at > 0 && part.get_ref().text.is_empty() {
                let problem =
                    "every part but the first needs a `text`: it parts what the model writes";
                return Err(self.invalid_at(self.line(&part.span()), "answer", problem));
            }
            parts.push(self.answer_part(part, inputs)?);
        }
        if parts.iter().all(Option::is_none) {
            return Err(self.invalid("answer", "leaves nothing for the model to write"));
        }
        Ok(parts)
    }

    fn answer_part(
        &self,
        part: &Spanned<RawAnswerPart>,
        inputs: &[InputSpec],
    ) -> Result<Option<WriteSpec>, CatalogueError> {
        let line = self.line(&part.span());
        let part = part.get_ref();
        let invalid = |problem: &str| Err(self.invalid_at(line, "answer", problem));
        let quotes = part.write == Some(Grounding::Quote);
        let quoting = !part.from.is_empty() || !part.containing.is_empty() || part.joiner.is_some();
        if !quotes && quoting {
            return invalid("`from`, `containing` and `joiner` belong to `write = \"quote\"`");
        }
        if quotes && part.from.is_empty() {
            return invalid("a quote needs `from`: the fields that can be quoted");
        }
        if !part
            .sentences
            .is_none_or(|n| (1..=MAX_SENTENCES).contains(&n))
        {
            return invalid("`sentences` must be 1 to 20");
        }
        if let Some(problem) = choice_problem(part).or_else(|| least_problem(part)) {
            return invalid(problem);
        }
        let declared = fields_of(inputs);
        let paths = || declared.iter().map(|(path, _)| path.as_str());
        if let Some(path) = part
            .from
            .iter()
            .find(|path| !paths().any(|own| own == **path))
        {
            return Err(CatalogueError::Invalid {
                origin: self.origin.to_owned(),
                line,
                key: "answer".to_owned(),
                problem: format!("quotes `{path}`, which is not declared"),
                suggestion: nearest(path, paths()),
            });
        }
        if part.containing.iter().any(|cue| cue.trim().is_empty()) {
            return invalid("`containing` holds an empty text");
        }
        let Some(grounding) = part.write else {
            if part.sentences.is_some() || !part.end.is_empty() || part.optional {
                return invalid("`sentences`, `end` and `optional` need `write`");
            }
            return Ok(None);
        };
        Ok(Some(WriteSpec {
            name: part.name.clone(),
            grounding,
            optional: part.optional,
            sentences: part.sentences,
            least: part.least,
            of: part.of.clone(),
            from: part.from.clone(),
            containing: part.containing.clone(),
            end: part.end.clone(),
            joiner: part.joiner.clone().unwrap_or_else(|| " ".to_owned()),
        }))
    }

    fn sampling(&self, raw: RawSampling) -> Result<Sampling, CatalogueError> {
        let sampling = Sampling {
            temperature: raw.temperature.unwrap_or(0.0),
            top_p: raw.top_p.unwrap_or(1.0),
            top_k: raw.top_k,
            min_p: raw.min_p.unwrap_or(0.0),
            frequency_penalty: raw.frequency_penalty.unwrap_or(0.0),
            presence_penalty: raw.presence_penalty.unwrap_or(0.0),
            repetition_penalty: raw.repetition_penalty.unwrap_or(1.0),
            seed: raw.seed,
            max_tokens: raw.max_tokens.unwrap_or(256),
            stop: raw.stop.unwrap_or_default(),
        };
        let s = &sampling;
        let penalty = -2.0..=2.0;
        for (key, sound, range) in [
            (
                "temperature",
                (0.0..=2.0).contains(&s.temperature),
                "0 to 2",
            ),
            (
                "top_p",
                s.top_p > 0.0 && s.top_p <= 1.0,
                "over 0 and at most 1",
            ),
            ("top_k", s.top_k != Some(0), "1 or more"),
            ("min_p", (0.0..=1.0).contains(&s.min_p), "0 to 1"),
            (
                "frequency_penalty",
                penalty.contains(&s.frequency_penalty),
                "-2 to 2",
            ),
            (
                "presence_penalty",
                penalty.contains(&s.presence_penalty),
                "-2 to 2",
            ),
            (
                "repetition_penalty",
                s.repetition_penalty > 0.0 && s.repetition_penalty <= 10.0,
                "over 0 and at most 10",
            ),
            (
                "max_tokens",
                (1..=32_768).contains(&s.max_tokens),
                "1 to 32768",
            ),
            (
                "stop",
                s.stop.len() <= MAX_STOPS && s.stop.iter().all(|stop| !stop.is_empty()),
                "at most 16 texts, none empty",
            ),
        ] {
            if !sound {
                return Err(self.invalid(&format!("sampling.{key}"), format!("must be {range}")));
            }
        }
        Ok(sampling)
    }
}

/// Puts a field where its path says; `prefix` is the path so far, as a list's bound is written.
fn insert(
    shape: &mut Shape,
    steps: &[&str],
    prefix: &str,
    spec: FieldSpec,
    bound: &dyn Fn(&str) -> usize,
) -> Result<(), &'static str> {
    let Some((step, rest)) = steps.split_first() else {
        return Err("a path names a field");
    };
    let (name, is_list) = match step.strip_suffix("[]") {
        Some(name) => (name, true),
        None => (*step, false),
    };
    let here = if prefix.is_empty() {
        name.to_owned()
    } else {
        format!("{prefix}.{name}")
    };
    if rest.is_empty() {
        if shape.part(name).is_some() {
            return Err("is declared twice, or also as a record");
        }
        shape.parts.push((name.to_owned(), Part::Field(spec)));
        return Ok(());
    }
    if shape.part(name).is_none() {
        let part = if is_list {
            Part::Children {
                max_records: bound(&here),
                shape: Shape::default(),
            }
        } else {
            Part::Parent(Shape::default())
        };
        shape.parts.push((name.to_owned(), part));
    }
    let part = shape
        .parts
        .iter_mut()
        .find(|(own, _)| own.eq_ignore_ascii_case(name))
        .map(|(_, part)| part);
    match part {
        Some(Part::Children { shape, .. }) if is_list => insert(shape, rest, &here, spec, bound),
        Some(Part::Parent(shape)) if !is_list => insert(shape, rest, &here, spec, bound),
        _ => Err("is declared once as a record and once as a list or a field"),
    }
}

/// serde's message reads "unknown field `x`, expected one of `a`, `b`": the nearest of the latter.
fn suggestion(message: &str) -> Option<String> {
    let mut quoted = message.split('`').skip(1).step_by(2);
    let written = quoted.next()?;
    message.starts_with("unknown ").then_some(())?;
    nearest(written, quoted)
}

/// What is wrong with the words of a choice.
fn choice_problem(part: &RawAnswerPart) -> Option<&'static str> {
    if part.write != Some(Grounding::Choice) {
        let belongs = "`of` belongs to `write = \"choice\"`";
        return (!part.of.is_empty()).then_some(belongs);
    }
    if part.of.len() < 2 || part.sentences.is_some() {
        return Some("a choice needs `of`: two words or more, and no `sentences`");
    }
    let alike = |(at, word): (usize, &String)| {
        let mut others = part.of.iter().enumerate().filter(|own| own.0 != at);
        word.trim().is_empty() || others.any(|(_, own)| own.starts_with(word.as_str()))
    };
    let alike = part.of.iter().enumerate().any(alike);
    alike.then_some("`of` must hold words of which none starts like another")
}

/// What is wrong with the fewest sentences of a part.
fn least_problem(part: &RawAnswerPart) -> Option<&'static str> {
    let least = part.least?;
    if part.write != Some(Grounding::Quote) {
        return Some("`least` belongs to `write = \"quote\"`");
    }
    let most = part.sentences.unwrap_or(1);
    (!(1..=most).contains(&least)).then_some("`least` must be 1 to `sentences`")
}

fn is_variable(name: &str) -> bool {
    (1..=64).contains(&name.len())
        && name.starts_with(|c: char| c.is_ascii_lowercase())
        && name
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
}

fn is_api_name(name: &str) -> bool {
    (1..=128).contains(&name.len())
        && name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}
