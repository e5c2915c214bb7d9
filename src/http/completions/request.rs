//! The body of `POST /v1/completions`.

use axum::http::StatusCode;
use serde_json::Value;

use crate::pipeline::{ChatAsk, TextInput, Work};
use crate::types::{RequestId, Sensitive};

use super::super::chat_request::stream_options;
use super::super::fields::Fields;
use super::super::{ApiError, inputs, params};

/// Most texts of one request: each takes places in the engine's queue.
pub(in crate::http) const MAX_TEXTS: usize = 8;
/// Tokens of an answer where the request doesn't say; OpenAI's own default.
const MAX_TOKENS: u32 = 16;
/// Most of the likeliest tokens that are shown with each token; OpenAI's own limit.
const MAX_LOGPROBS: i64 = 5;

/// A parsed request: one ask per text, and how to send the answers.
#[derive(Debug)]
pub(in crate::http) struct CompletionRequest {
    pub(super) asks: Vec<ChatAsk>,
    /// The texts, where they are to be shown before their answers.
    pub(super) echo: Vec<Sensitive<String>>,
    pub(super) n: u8,
    pub(super) logprobs: bool,
    pub(super) stream: bool,
    pub(super) include_usage: bool,
}

impl CompletionRequest {
    pub(in crate::http) fn parse(body: Value, request: RequestId) -> Result<Self, ApiError> {
        let mut fields = Fields::new("", body)?;
        let model = inputs::model(&mut fields)?;
        let texts = inputs::texts(&mut fields, "prompt", MAX_TEXTS)?;
        refuse_suffix(&mut fields)?;
        let n = n(&mut fields)?;
        let logprobs = fields.integer("logprobs", 0..=MAX_LOGPROBS)?;
        let logprobs = logprobs.and_then(|top| u8::try_from(top).ok());
        let echo = echo(&mut fields, &texts, logprobs.is_some())?;
        let stream = fields.boolean("stream")?.unwrap_or(false);
        let include_usage = stream_options(&mut fields, stream)?;
        let sampling = params::sampling(&mut fields)?;
        let stop = params::stop(&mut fields)?;
        let max_tokens = fields.integer("max_tokens", 1..=i64::from(u32::MAX))?;
        let max_tokens = max_tokens.and_then(|most| u32::try_from(most).ok());
        // Nothing is done with it, but it is what OpenAI says it is.
        fields.string("user")?;
        fields.finish(&[])?;
        let ask = |text: TextInput| ChatAsk {
            sampling: sampling.clone(),
            max_tokens: Some(max_tokens.unwrap_or(MAX_TOKENS)),
            stop: stop.clone(),
            n,
            logprobs,
            stream,
            ..ChatAsk::new(request, "completions", model.clone(), Work::Text(text))
        };
        Ok(Self {
            asks: texts.into_iter().map(ask).collect(),
            echo,
            n,
            logprobs: logprobs.is_some(),
            stream,
            include_usage,
        })
    }
}

/// How many answers per text. `best_of` makes more than are shown and keeps the likeliest, which is not done here.
fn n(fields: &mut Fields) -> Result<u8, ApiError> {
    let n = params::n(fields)?;
    let best_of = fields.integer("best_of", 1..=20)?;
    if best_of.is_some_and(|best| best != i64::from(n)) {
        return Err(params::unsupported("best_of", "the value of `n`"));
    }
    Ok(n)
}

fn refuse_suffix(fields: &mut Fields) -> Result<(), ApiError> {
    if fields
        .string("suffix")?
        .is_none_or(|suffix| suffix.is_empty())
    {
        return Ok(());
    }
    let message = "`suffix`: the models here continue texts and fill no gaps; leave it out";
    Err(ApiError::new(StatusCode::BAD_REQUEST, "unsupported_value", message).at("suffix"))
}

fn echo(
    fields: &mut Fields,
    texts: &[TextInput],
    logprobs: bool,
) -> Result<Vec<Sensitive<String>>, ApiError> {
    if !fields.boolean("echo")?.unwrap_or(false) {
        return Ok(Vec::new());
    }
    let refused = |message| {
        let error = ApiError::new(StatusCode::BAD_REQUEST, "unsupported_value", message);
        Err(error.at("echo"))
    };
    if logprobs {
        return refused(
            "`echo` with `logprobs`: the chances of a prompt's tokens are not computed",
        );
    }
    let mut shown = Vec::with_capacity(texts.len());
    for text in texts {
        match text {
            TextInput::Text(text) => shown.push(text.clone()),
            TextInput::Tokens(_) => {
                return refused("`echo` needs `prompt` in words, not in tokens");
            }
        }
    }
    Ok(shown)
}
