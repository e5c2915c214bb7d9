//! What an answer may be, as a grammar: its form, and its tools.

use serde_json::{Value, json};

use crate::grammar::{self, CallFormat, Grammar, GrammarError, Grammars, ToolCalls, ToolsError};
use crate::grounding::{GroundedSchema, grounded_schema};
use crate::prompt::{AnswerPlan, Guide, ToolPlan};
use crate::tokenizer::CallStyle;
use crate::types::{AnswerFormat, ToolChoice, mentions_grounding};

use super::Refused;

/// The schema of an answer after `plan`, if it grounds strings on what `guide` knows.
pub(super) fn grounded(
    plan: &AnswerPlan,
    guide: &Guide,
) -> Result<Option<GroundedSchema>, Refused> {
    let AnswerFormat::JsonSchema { schema, .. } = &plan.format else {
        return Ok(None);
    };
    let schema = schema.expose();
    if !mentions_grounding(schema) {
        return Ok(None);
    }
    let grounded = grounded_schema(schema, &guide.sentences());
    grounded.map(Some).map_err(Refused::Grounded)
}

/// The grammar of an answer after `plan`; `None` where it may be anything. `grounded` is its schema where that quotes
/// the prompt, `placeholders` are those of the prompt.
pub(super) fn grammar(
    grammars: &Grammars,
    plan: &AnswerPlan,
    grounded: Option<&GroundedSchema>,
    placeholders: &[String],
) -> Result<Option<Grammar>, Refused> {
    let any = json!({"type": "object"});
    let schema = match &plan.format {
        AnswerFormat::Text => None,
        AnswerFormat::JsonObject => Some(&any),
        AnswerFormat::JsonSchema { schema, .. } => {
            Some(grounded.map_or_else(|| schema.expose(), |own| &own.schema))
        }
    };
    match (&plan.tools, schema) {
        (None, None) => Ok(None),
        (None, Some(schema)) => {
            let made = grammars.json_schema(schema, placeholders);
            made.map(Some).map_err(Refused::Format)
        }
        (Some(plan), schema) => tools(grammars, plan, schema, placeholders).map(Some),
    }
}

/// How the model of `style` writes calls.
pub(super) fn call_format(style: CallStyle) -> CallFormat {
    match style {
        CallStyle::Listed => CallFormat::Listed,
        CallStyle::Plain => CallFormat::Plain,
        CallStyle::Tagged => CallFormat::Tagged,
    }
}

fn tools(
    grammars: &Grammars,
    plan: &ToolPlan,
    answer: Option<&Value>,
    placeholders: &[String],
) -> Result<Grammar, Refused> {
    let callable: Vec<_> = plan.tools.callable().collect();
    let tools: Vec<_> = callable
        .iter()
        .map(|tool| grammar::Tool {
            name: tool.name.clone(),
            parameters: tool.parameters.as_ref().map(|own| own.expose().clone()),
            strict: tool.strict,
        })
        .collect();
    let choice = match &plan.tools.choice {
        ToolChoice::Named(name) => grammar::ToolChoice::Named(name.clone()),
        ToolChoice::Required | ToolChoice::AllowedRequired(_) => grammar::ToolChoice::Required,
        ToolChoice::Auto | ToolChoice::Allowed(_) | ToolChoice::None => grammar::ToolChoice::Auto,
    };
    let calls = ToolCalls {
        tools: &tools,
        choice: &choice,
        parallel: plan.tools.parallel,
        format: call_format(plan.style),
        answer,
        placeholders,
    };
    grammars.tool_calls(&calls).map_err(|error| match error {
        GrammarError::Tools(ToolsError::Parameters { index, source }) => {
            // The place among all tools, not only those that may be called.
            let tool = callable.get(index).copied();
            let mut all = plan.tools.tools.iter();
            let place = tool.and_then(|own| all.position(|tool| tool.name == own.name));
            Refused::Parameters {
                index: place.unwrap_or(index),
                error: *source,
            }
        }
        error => Refused::Tools(error),
    })
}
