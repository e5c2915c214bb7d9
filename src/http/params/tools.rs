//! `tools`, `tool_choice` and `parallel_tool_calls`.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::types::{Sensitive, Tool, ToolChoice, ToolUse};

use super::super::ApiError;
use super::super::fields::Fields;
use super::unsupported;

/// Most tools of one request.
const MAX_TOOLS: usize = 128;
/// Longest description in bytes.
const MAX_DESCRIPTION: usize = 16 << 10;

/// How a request wants its tools used: chat and responses write it in different words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::http) enum Choice {
    /// Names stand in an object `function`.
    Nested,
    /// Names stand beside `type`.
    Flat,
}

/// The tools of a request in chat's form; `None` without any.
pub(in crate::http) fn tools(fields: &mut Fields) -> Result<Option<ToolUse>, ApiError> {
    let items = fields.list("tools")?.unwrap_or_default();
    let mut tools = Vec::with_capacity(items.len().min(MAX_TOOLS));
    for (index, item) in items.into_iter().enumerate().take(MAX_TOOLS + 1) {
        let mut tool = Fields::new(&format!("tools[{index}]"), item)?;
        let kind_name = tool.name("type");
        match tool.string("type")?.as_deref() {
            Some("function") => {}
            Some(_) => return Err(unsupported(&kind_name, "type `function`")),
            None => return Err(ApiError::missing(&kind_name)),
        }
        let name = tool.name("function");
        let function = tool
            .object("function")?
            .ok_or_else(|| ApiError::missing(&name))?;
        tool.finish(&[])?;
        tools.push(function_tool(function)?);
    }
    let choice = tool_choice(fields, Choice::Nested)?;
    let parallel = fields.boolean("parallel_tool_calls")?.unwrap_or(true);
    check_tools(tools, choice, parallel)
}

/// A function that may be called: `name`, `description`, `parameters` and `strict`.
pub(in crate::http) fn function_tool(mut function: Fields) -> Result<Tool, ApiError> {
    let name_name = function.name("name");
    let name = function
        .string("name")?
        .ok_or_else(|| ApiError::missing(&name_name))?;
    check_name(&name_name, &name)?;
    let description_name = function.name("description");
    let description = function.string("description")?;
    if description
        .as_ref()
        .is_some_and(|text| text.len() > MAX_DESCRIPTION)
    {
        let message = format!("`{description_name}` has over {MAX_DESCRIPTION} bytes");
        return Err(ApiError::invalid(description_name, message));
    }
    let parameters_name = function.name("parameters");
    let parameters = match function.take("parameters") {
        None => None,
        Some(schema @ Value::Object(_)) => Some(Sensitive::new(schema)),
        Some(_) => {
            let expected = "a JSON Schema: an object";
            return Err(ApiError::wrong_type(&parameters_name, expected));
        }
    };
    let strict = function.boolean("strict")?.unwrap_or(false);
    function.finish(&[])?;
    Ok(Tool {
        name,
        description: description.map(Sensitive::new),
        parameters,
        strict,
    })
}

fn check_name(place: &str, name: &str) -> Result<(), ApiError> {
    if Tool::is_name(name) {
        return Ok(());
    }
    let message = format!("`{place}` must have 1 to 64 letters, digits, `_` or `-`");
    Err(ApiError::invalid(place, message))
}

/// `tool_choice`; `None` where it is absent.
pub(in crate::http) fn tool_choice(
    fields: &mut Fields,
    form: Choice,
) -> Result<Option<ToolChoice>, ApiError> {
    const MODES: &str = "`none`, `auto`, `required`, a function or allowed tools";
    let place = fields.name("tool_choice");
    let object = match fields.take("tool_choice") {
        None => return Ok(None),
        Some(Value::String(mode)) => {
            return match mode.as_str() {
                "none" => Ok(Some(ToolChoice::None)),
                "auto" => Ok(Some(ToolChoice::Auto)),
                "required" => Ok(Some(ToolChoice::Required)),
                _ => {
                    let message = format!("`{place}` must be {MODES}");
                    Err(ApiError::invalid(place, message))
                }
            };
        }
        Some(object @ Value::Object(_)) => object,
        Some(_) => return Err(ApiError::wrong_type(&place, MODES)),
    };
    let mut own = Fields::new(&place, object)?;
    let kind_name = own.name("type");
    let choice = match own.string("type")?.as_deref() {
        Some("function") => ToolChoice::Named(named(&mut own, form)?),
        Some("allowed_tools") => match form {
            Choice::Flat => allowed(&mut own, form)?,
            Choice::Nested => {
                let name = own.name("allowed_tools");
                let mut inner = own
                    .object("allowed_tools")?
                    .ok_or_else(|| ApiError::missing(&name))?;
                let choice = allowed(&mut inner, form)?;
                inner.finish(&[])?;
                choice
            }
        },
        Some(_) => return Err(unsupported(&kind_name, "`function` or `allowed_tools`")),
        None => return Err(ApiError::missing(&kind_name)),
    };
    own.finish(&[])?;
    Ok(Some(choice))
}

/// The name of one function.
fn named(fields: &mut Fields, form: Choice) -> Result<String, ApiError> {
    let name_of = |own: &mut Fields| {
        let place = own.name("name");
        let name = own
            .string("name")?
            .ok_or_else(|| ApiError::missing(&place))?;
        check_name(&place, &name)?;
        Ok(name)
    };
    match form {
        Choice::Flat => name_of(fields),
        Choice::Nested => {
            let place = fields.name("function");
            let mut function = fields
                .object("function")?
                .ok_or_else(|| ApiError::missing(&place))?;
            let name = name_of(&mut function)?;
            function.finish(&[])?;
            Ok(name)
        }
    }
}

fn allowed(fields: &mut Fields, form: Choice) -> Result<ToolChoice, ApiError> {
    let mode_name = fields.name("mode");
    let mode = fields.string("mode")?;
    let list_name = fields.name("tools");
    let items = fields.list("tools")?.unwrap_or_default();
    if items.is_empty() || items.len() > MAX_TOOLS {
        let message = format!("`{list_name}` must hold 1 to {MAX_TOOLS} tools");
        return Err(ApiError::invalid(list_name, message));
    }
    let mut names = Vec::with_capacity(items.len());
    for (index, item) in items.into_iter().enumerate() {
        let mut tool = Fields::new(&format!("{list_name}[{index}]"), item)?;
        let kind_name = tool.name("type");
        if tool.string("type")?.as_deref() != Some("function") {
            return Err(unsupported(&kind_name, "type `function`"));
        }
        names.push(named(&mut tool, form)?);
        tool.finish(&[])?;
    }
    match mode.as_deref() {
        Some("auto") => Ok(ToolChoice::Allowed(names)),
        Some("required") => Ok(ToolChoice::AllowedRequired(names)),
        Some(_) => {
            let message = format!("`{mode_name}` must be auto or required");
            Err(ApiError::invalid(mode_name, message))
        }
        None => Err(ApiError::missing(&mode_name)),
    }
}

/// Puts tools and choice together.
pub(in crate::http) fn check_tools(
    tools: Vec<Tool>,
    choice: Option<ToolChoice>,
    parallel: bool,
) -> Result<Option<ToolUse>, ApiError> {
    if tools.is_empty() {
        return match choice {
            None | Some(ToolChoice::None | ToolChoice::Auto) => Ok(None),
            Some(_) => {
                let message = "`tool_choice` asks for a tool, and `tools` holds none";
                Err(ApiError::invalid("tool_choice", message))
            }
        };
    }
    if tools.len() > MAX_TOOLS {
        let message = format!("`tools` must hold at most {MAX_TOOLS} tools");
        return Err(ApiError::invalid("tools", message));
    }
    let mut names = BTreeSet::new();
    if let Some(twice) = tools.iter().find(|tool| !names.insert(tool.name.as_str())) {
        let message = format!("`tools` declares `{}` twice", twice.name);
        return Err(ApiError::invalid("tools", message));
    }
    let choice = choice.unwrap_or(ToolChoice::Auto);
    let asked = match &choice {
        ToolChoice::Allowed(own) | ToolChoice::AllowedRequired(own) => own.as_slice(),
        ToolChoice::Named(own) => std::slice::from_ref(own),
        ToolChoice::Auto | ToolChoice::None | ToolChoice::Required => &[],
    };
    if let Some(unknown) = asked.iter().find(|name| !names.contains(name.as_str())) {
        let message = format!("`tool_choice` names `{unknown}`, which `tools` doesn't declare");
        return Err(ApiError::invalid("tool_choice", message));
    }
    Ok(Some(ToolUse {
        tools,
        choice,
        parallel,
    }))
}
