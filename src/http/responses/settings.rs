//! The settings of a response that are neither input nor tools, and what the response repeats of them.

use serde_json::{Map, Value, json};

use super::super::ApiError;
use super::super::fields::Fields;
use super::super::params::{self, EFFORTS};
use super::request::Delivery;
use super::unsupported;
use crate::pipeline::{ChatAsk, MAX_TOP_LOGPROBS};

/// The one thing that can be asked to be included.
const LOGPROBS: &str = "message.output_text.logprobs";
/// OpenAI's other words for `include`: refused by name.
const OTHER_INCLUDES: &[&str] = &[
    "code_interpreter_call.outputs",
    "computer_call_output.output.image_url",
    "file_search_call.results",
    "message.input_image.image_url",
    "reasoning.encrypted_content",
    "web_search_call.action.sources",
    "web_search_call.results",
];
/// Parameters that choose a price or a cache elsewhere, and their words.
const WORDS: &[(&str, &[&str])] = &[
    (
        "service_tier",
        &["auto", "default", "flex", "scale", "priority"],
    ),
    ("prompt_cache_retention", &["in-memory", "in_memory", "24h"]),
];
/// Most characters of `prompt_cache_key`.
const MAX_KEY: usize = 512;

/// Reads them into `ask`, and notes in `echo` what the response repeats.
pub(super) fn read(
    fields: &mut Fields,
    delivery: Delivery,
    ask: &mut ChatAsk,
    echo: &mut Map<String, Value>,
) -> Result<(), ApiError> {
    let max_tokens = fields.integer("max_output_tokens", 1..=i64::from(u32::MAX))?;
    ask.max_tokens = max_tokens.and_then(|tokens| u32::try_from(tokens).ok());
    // A bound on calls of tools that a server runs by itself; this one runs none.
    let max_calls = fields.integer("max_tool_calls", 1..=i64::from(u32::MAX))?;
    let top = logprobs(fields, ask)?;
    let text = text(fields, ask)?;
    let reasoning = reasoning(fields, ask)?;
    labels(fields, ask, echo)?;
    for (name, value) in [
        ("background", json!(delivery == Delivery::Background)),
        ("store", json!(delivery == Delivery::Background)),
        ("max_output_tokens", json!(ask.max_tokens)),
        ("max_tool_calls", json!(max_calls)),
        ("previous_response_id", Value::Null),
        ("reasoning", reasoning),
        ("service_tier", json!("default")),
        ("text", text),
        ("top_logprobs", json!(top)),
        ("truncation", json!("disabled")),
    ] {
        echo.insert(name.to_owned(), value);
    }
    Ok(())
}

/// `include` and `top_logprobs`, which belong together.
fn logprobs(fields: &mut Fields, ask: &mut ChatAsk) -> Result<u8, ApiError> {
    let mut included = false;
    for item in fields.list("include")?.unwrap_or_default() {
        let Value::String(name) = item else {
            return Err(ApiError::wrong_type("include", "a list of strings"));
        };
        if name == LOGPROBS {
            included = true;
            continue;
        }
        let known = OTHER_INCLUDES.iter().find(|own| **own == name);
        let message = match known {
            Some(known) => format!("`include`: `{known}` is not supported; only {LOGPROBS} is"),
            None => format!("`include`: only {LOGPROBS} can be included"),
        };
        return Err(unsupported("include", message));
    }
    let top = fields.integer("top_logprobs", 0..=i64::from(MAX_TOP_LOGPROBS))?;
    let top = top.and_then(|top| u8::try_from(top).ok()).unwrap_or(0);
    if top > 0 && !included {
        let message = format!("`top_logprobs` needs `include: [\"{LOGPROBS}\"]`");
        return Err(ApiError::invalid("top_logprobs", message));
    }
    ask.logprobs = included.then_some(top);
    Ok(top)
}

/// `text: {format, verbosity}`
fn text(fields: &mut Fields, ask: &mut ChatAsk) -> Result<Value, ApiError> {
    let mut shown = json!({"type": "text"});
    if let Some(mut text) = fields.object("text")? {
        if let Some(format) = text.peek("format") {
            shown = format.clone();
        }
        if let Some(mut format) = text.object("format")? {
            ask.format = params::format_of(&mut format, params::json_schema)?;
            format.finish(&[])?;
        }
        verbosity(&mut text)?;
        text.finish(&[])?;
    }
    Ok(json!({"format": shown, "verbosity": "medium"}))
}

/// No model here knows how wordy it is, so only the word that changes nothing is taken.
fn verbosity(text: &mut Fields) -> Result<(), ApiError> {
    match text.string("verbosity")?.as_deref() {
        None | Some("medium") => Ok(()),
        Some(_) => {
            let name = text.name("verbosity");
            let message = format!(
                "`{name}`: only medium is supported; say in the instructions how long the answer is to be"
            );
            Err(unsupported(&name, message))
        }
    }
}

/// `reasoning: {effort, summary}`: the effort is for the model's template; thoughts are given whole.
fn reasoning(fields: &mut Fields, ask: &mut ChatAsk) -> Result<Value, ApiError> {
    let Some(mut reasoning) = fields.object("reasoning")? else {
        return Ok(json!({"effort": null, "summary": null}));
    };
    let effort = reasoning.string("effort")?;
    if let Some(effort) = &effort
        && !EFFORTS.contains(&effort.as_str())
    {
        let message = format!("`reasoning.effort` must be one of {}", EFFORTS.join(", "));
        return Err(ApiError::invalid("reasoning.effort", message));
    }
    for name in ["summary", "generate_summary"] {
        if reasoning.take(name).is_some() {
            let name = format!("reasoning.{name}");
            let message = format!("`{name}`: thoughts are given whole, never in summary");
            return Err(unsupported(&name, message));
        }
    }
    reasoning.finish(&[])?;
    let shown = json!({"effort": effort, "summary": null});
    ask.template.reasoning_effort = effort;
    Ok(shown)
}

/// Names that the caller gives for its own use, and what it says of the price.
fn labels(
    fields: &mut Fields,
    ask: &mut ChatAsk,
    echo: &mut Map<String, Value>,
) -> Result<(), ApiError> {
    let metadata = fields.peek("metadata").cloned();
    echo.insert("metadata".to_owned(), metadata.unwrap_or_else(|| json!({})));
    for name in ["user", "safety_identifier", "prompt_cache_key"] {
        if let Some(value) = fields.peek(name) {
            echo.insert(name.to_owned(), value.clone());
        }
    }
    ask.tags = params::tags(fields)?;
    for (name, words) in WORDS {
        if let Some(given) = fields.string(name)?
            && !words.contains(&given.as_str())
        {
            let message = format!("`{name}` must be one of {}", words.join(", "));
            return Err(ApiError::invalid(*name, message));
        }
    }
    if fields
        .string("prompt_cache_key")?
        .is_some_and(|key| key.chars().count() > MAX_KEY)
    {
        let message = format!("`prompt_cache_key` has over {MAX_KEY} characters");
        return Err(ApiError::invalid("prompt_cache_key", message));
    }
    Ok(())
}
