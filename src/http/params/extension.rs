//! `bailiwick`: use cases and explanations, our own part of a request.

use std::collections::BTreeMap;

use crate::crm::Variables;
use crate::pipeline::Work;
use crate::types::FieldValue;

use super::super::ApiError;
use super::super::convert::unknown_use_case;
use super::super::fields::Fields;

/// Most variables of one use case.
const MAX_VARIABLES: usize = 64;

/// What `bailiwick` says: the use case, if any, and whether an explanation is wanted.
pub(in crate::http) fn extension(fields: &mut Fields) -> Result<(Option<Work>, bool), ApiError> {
    match fields.object("bailiwick")? {
        Some(extension) => extension_of(extension),
        None => Ok((None, false)),
    }
}

fn extension_of(mut extension: Fields) -> Result<(Option<Work>, bool), ApiError> {
    let explain = extension.boolean("explain")?.unwrap_or(false);
    let name = extension.string("use_case")?;
    let version = extension.integer("version", 1..=i64::from(u32::MAX))?;
    let variables = extension.object("variables")?;
    extension.finish(&[])?;
    let Some(name) = name else {
        if variables.is_some() || version.is_some() {
            return Err(ApiError::missing("bailiwick.use_case"));
        }
        return Ok((None, explain));
    };
    let name = name.parse().map_err(|_| unknown_use_case())?;
    let version = version.and_then(|version| u32::try_from(version).ok());
    let variables = read_variables("bailiwick.variables", variables)?;
    Ok((
        Some(Work::UseCase {
            name,
            version,
            variables,
        }),
        explain,
    ))
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
