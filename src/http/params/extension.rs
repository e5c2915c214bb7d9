//! `bailiwick`: use cases and explanations, our own part of a request.

use std::collections::BTreeMap;

use crate::crm::Variables;
use crate::pipeline::{ChatAsk, Work};
use crate::types::{FieldValue, Grounding};

use super::super::ApiError;
use super::super::convert::unknown_use_case;
use super::super::fields::Fields;

/// Most variables of one use case.
const MAX_VARIABLES: usize = 64;

/// What `bailiwick` says.
#[derive(Debug, Default)]
pub(in crate::http) struct Extension {
    /// The use case, if any.
    pub(in crate::http) work: Option<Work>,
    /// Whether an explanation is wanted.
    pub(in crate::http) explain: bool,
    /// What keeps an answer to its input.
    pub(in crate::http) grounded: Option<Grounding>,
}

pub(in crate::http) fn extension(fields: &mut Fields) -> Result<Extension, ApiError> {
    match fields.object("bailiwick")? {
        Some(extension) => extension_of(extension),
        None => Ok(Extension::default()),
    }
}

/// Refuses `bailiwick.grounded` where something else says what the answer may be.
pub(in crate::http) fn check_grounded(ask: &ChatAsk) -> Result<(), ApiError> {
    let message = match (&ask.grounded, &ask.work) {
        (None, _) => return Ok(()),
        (Some(_), Work::UseCase { .. }) => {
            "a use case says itself what its answers are grounded on: leave `bailiwick.grounded` out"
        }
        (Some(_), _) if ask.format.is_json() => {
            "of JSON each string is grounded by itself: put `\"x-grounded\"` beside its type in the schema"
        }
        (Some(_), _) if ask.tools.is_some() => "answers with tools can't be grounded",
        (Some(_), _) => return Ok(()),
    };
    Err(ApiError::invalid("bailiwick.grounded", message))
}

/// `grounded`: what an answer may be made of.
fn grounded(extension: &mut Fields) -> Result<Option<Grounding>, ApiError> {
    let written = extension.string("grounded")?;
    let known = |own: String| match own.as_str() {
        "facts" => Ok(Grounding::Facts),
        "quote" => Ok(Grounding::Quote),
        "free" => Ok(Grounding::Free),
        _ => {
            let message = "`grounded` must be \"facts\", \"quote\" or \"free\"";
            Err(ApiError::invalid("bailiwick.grounded", message))
        }
    };
    written.map(known).transpose()
}

fn extension_of(mut extension: Fields) -> Result<Extension, ApiError> {
    let explain = extension.boolean("explain")?.unwrap_or(false);
    let grounded = grounded(&mut extension)?;
    let name = extension.string("use_case")?;
    let version = extension.integer("version", 1..=i64::from(u32::MAX))?;
    let variables = extension.object("variables")?;
    extension.finish(&[])?;
    let Some(name) = name else {
        if variables.is_some() || version.is_some() {
            return Err(ApiError::missing("bailiwick.use_case"));
        }
        return Ok(Extension {
            work: None,
            explain,
            grounded,
        });
    };
    let name = name.parse().map_err(|_| unknown_use_case())?;
    let version = version.and_then(|version| u32::try_from(version).ok());
    let variables = read_variables("bailiwick.variables", variables)?;
    let work = Work::UseCase {
        name,
        version,
        variables,
    };
    Ok(Extension {
        work: Some(work),
        explain,
        grounded,
    })
}

/// The variables of a use case, which stand in the parameter `place`.
pub(in crate::http) fn read_variables(
    place: &str,
    variables: Option<Fields>,
) -> Result<Variables, ApiError> {
    let entries = variables.map(Fields::into_rest).unwrap_or_default();
    if entries.len() > MAX_VARIABLES {
        let message = format!("at most {MAX_VARIABLES} variables");
        return Err(ApiError::invalid(place, message));
    }
    let mut read = BTreeMap::new();
    for (name, value) in entries {
        let plain =
            name.len() <= 64 && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        if !plain {
            let message = "a variable's name has letters, digits and underscores";
            return Err(ApiError::invalid(place, message));
        }
        let param = format!("{place}.{name}");
        let value = FieldValue::from_json(&param, value)
            .map_err(|error| ApiError::invalid(&*param, error.to_string()))?;
        read.insert(name, value);
    }
    Ok(Variables(read))
}
