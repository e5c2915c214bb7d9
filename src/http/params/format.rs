//! `response_format`: words, JSON, or JSON after a schema.

use serde_json::Value;

use crate::types::{AnswerFormat, Sensitive, Tool};

use super::super::ApiError;
use super::super::fields::Fields;

/// `response_format` in chat's form: the schema stands in an object `json_schema`.
pub(in crate::http) fn response_format(fields: &mut Fields) -> Result<AnswerFormat, ApiError> {
    let Some(mut format) = fields.object("response_format")? else {
        return Ok(AnswerFormat::Text);
    };
    let read = format_of(&mut format, |format| {
        let name = format.name("json_schema");
        let mut own = format
            .object("json_schema")?
            .ok_or_else(|| ApiError::missing(&name))?;
        let read = json_schema(&mut own)?;
        own.finish(&[])?;
        Ok(read)
    })?;
    format.finish(&[])?;
    Ok(read)
}

/// The format that `type` names; `schema` reads what goes with `json_schema`.
pub(in crate::http) fn format_of(
    format: &mut Fields,
    schema: impl FnOnce(&mut Fields) -> Result<AnswerFormat, ApiError>,
) -> Result<AnswerFormat, ApiError> {
    let kind_name = format.name("type");
    match format.string("type")?.as_deref() {
        Some("text") => Ok(AnswerFormat::Text),
        Some("json_object") => Ok(AnswerFormat::JsonObject),
        Some("json_schema") => schema(format),
        Some(_) => {
            let message = format!("`{kind_name}` must be text, json_object or json_schema");
            Err(ApiError::invalid(kind_name, message))
        }
        None => Err(ApiError::missing(&kind_name)),
    }
}

/// A schema: `name`, `description`, `schema` and `strict`.
pub(in crate::http) fn json_schema(own: &mut Fields) -> Result<AnswerFormat, ApiError> {
    let name_name = own.name("name");
    let name = own
        .string("name")?
        .ok_or_else(|| ApiError::missing(&name_name))?;
    if !Tool::is_name(&name) {
        let message = format!("`{name_name}` must have 1 to 64 letters, digits, `_` or `-`");
        return Err(ApiError::invalid(name_name, message));
    }
    let description = own.string("description")?.map(Sensitive::new);
    let schema_name = own.name("schema");
    let schema = match own.required("schema")? {
        schema @ (Value::Object(_) | Value::Bool(_)) => Sensitive::new(schema),
        _ => return Err(ApiError::wrong_type(&schema_name, "a JSON Schema")),
    };
    let strict = own.boolean("strict")?.unwrap_or(false);
    Ok(AnswerFormat::JsonSchema {
        name,
        description,
        schema,
        strict,
    })
}
