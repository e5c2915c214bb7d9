//! `tools`, `tool_choice` and `parallel_tool_calls`, in the form that the Responses API gives them: flat,
//! where chat completions nest them.

use serde_json::{Map, Value, json};

use crate::pipeline::ChatAsk;
use crate::types::{Sensitive, Tool, ToolUse};

use super::super::ApiError;
use super::super::fields::Fields;
use super::super::params::{self, Choice};
use super::unsupported;

/// Reads them into `ask`, and notes in `echo` what the response repeats.
pub(super) fn read(
    fields: &mut Fields,
    ask: &mut ChatAsk,
    echo: &mut Map<String, Value>,
) -> Result<(), ApiError> {
    let shown = fields.peek("tool_choice").cloned();
    let items = fields.list("tools")?.unwrap_or_default();
    let tools = items
        .into_iter()
        .enumerate()
        .map(|(index, item)| read_tool(index, item))
        .collect::<Result<Vec<_>, _>>()?;
    let choice = params::tool_choice(fields, Choice::Flat)?;
    let parallel = fields.boolean("parallel_tool_calls")?.unwrap_or(true);
    ask.tools = params::check_tools(tools, choice, parallel)?;
    let tools = ask.tools.iter().flat_map(|own: &ToolUse| &own.tools);
    echo.insert("tools".to_owned(), tools.map(shown_tool).collect());
    let shown = shown.unwrap_or_else(|| json!("auto"));
    echo.insert("tool_choice".to_owned(), shown);
    echo.insert("parallel_tool_calls".to_owned(), json!(parallel));
    Ok(())
}

fn read_tool(index: usize, item: Value) -> Result<Tool, ApiError> {
    let mut tool = Fields::new(&format!("tools[{index}]"), item)?;
    let name = tool.name("type");
    match tool.string("type")?.as_deref() {
        Some("function") => {}
        Some(_) => {
            let message = format!("`{name}`: only tools of type function are supported");
            return Err(unsupported(&name, message));
        }
        None => return Err(ApiError::missing(&name)),
    }
    // Strict unless the caller says otherwise, here as at OpenAI.
    let strict = tool.peek("strict").is_none();
    let read = params::function_tool(tool)?;
    Ok(Tool {
        strict: strict || read.strict,
        ..read
    })
}

fn shown_tool(tool: &Tool) -> Value {
    json!({
        "type": "function",
        "name": tool.name,
        "description": tool.description.as_ref().map(Sensitive::expose),
        "parameters": tool.parameters.as_ref().map(Sensitive::expose),
        "strict": tool.strict,
    })
}
