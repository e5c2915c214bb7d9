//! How an answer is chosen, and how long it may be.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::pipeline::{MAX_ANSWERS, MAX_TOP_LOGPROBS, SamplingAsk};

use super::super::ApiError;
use super::super::fields::Fields;

/// `n`: how many answers.
pub(in crate::http) fn n(fields: &mut Fields) -> Result<u8, ApiError> {
    let n = fields.integer("n", 1..=i64::from(MAX_ANSWERS))?;
    Ok(n.and_then(|n| u8::try_from(n).ok()).unwrap_or(1))
}

/// `logprobs` and `top_logprobs` in chat's form.
pub(in crate::http) fn logprobs(fields: &mut Fields) -> Result<Option<u8>, ApiError> {
    let wanted = fields.boolean("logprobs")?.unwrap_or(false);
    let top = fields.integer("top_logprobs", 0..=i64::from(MAX_TOP_LOGPROBS))?;
    if top.is_some() && !wanted {
        let message = "`top_logprobs` needs `logprobs: true`";
        return Err(ApiError::invalid("top_logprobs", message));
    }
    let top = top.and_then(|top| u8::try_from(top).ok()).unwrap_or(0);
    Ok(wanted.then_some(top))
}

/// The ranges are small, and single precision is what sampling uses.
#[expect(
    clippy::cast_possible_truncation,
    reason = "a number of a small range loses digits, not its size"
)]
fn to_single(value: f64) -> f32 {
    value as f32
}

/// Every setting of sampling that is there.
pub(in crate::http) fn sampling(fields: &mut Fields) -> Result<SamplingAsk, ApiError> {
    let single = |value: Option<f64>| value.map(to_single);
    Ok(SamplingAsk {
        temperature: single(fields.number("temperature", 0.0..=2.0)?),
        top_k: fields
            .integer("top_k", 0..=1_000_000)?
            .and_then(|k| u32::try_from(k).ok()),
        top_p: single(fields.number("top_p", 0.0..=1.0)?),
        min_p: single(fields.number("min_p", 0.0..=1.0)?),
        frequency_penalty: single(fields.number("frequency_penalty", -2.0..=2.0)?),
        presence_penalty: single(fields.number("presence_penalty", -2.0..=2.0)?),
        repetition_penalty: single(fields.number("repetition_penalty", 0.1..=10.0)?),
        seed: fields
            .integer("seed", i64::MIN..=i64::MAX)?
            .map(i64::cast_unsigned),
        logit_bias: logit_bias(fields)?,
    })
}

/// An object of token ids, as texts, and numbers.
fn logit_bias(fields: &mut Fields) -> Result<BTreeMap<u32, f32>, ApiError> {
    let Some(given) = fields.object("logit_bias")? else {
        return Ok(BTreeMap::new());
    };
    let wrong = || {
        let message = "`logit_bias` must map token ids to numbers within -100 to 100";
        ApiError::invalid("logit_bias", message)
    };
    let entry = |(token, bias): (String, Value)| {
        let token = token.parse().map_err(|_| wrong())?;
        let bias = bias.as_f64().filter(|bias| bias.abs() <= 100.0);
        Ok((token, bias.map(to_single).ok_or_else(wrong)?))
    };
    given.into_rest().into_iter().map(entry).collect()
}

/// `max_completion_tokens`, or the older `max_tokens`.
pub(in crate::http) fn max_tokens(fields: &mut Fields) -> Result<Option<u32>, ApiError> {
    let range = 1..=i64::from(u32::MAX);
    let new = fields.integer("max_completion_tokens", range.clone())?;
    let old = fields.integer("max_tokens", range)?;
    if new.is_some() && old.is_some() && new != old {
        let message = "`max_tokens` and `max_completion_tokens` differ: send one of them";
        return Err(ApiError::invalid("max_tokens", message));
    }
    Ok(new.or(old).and_then(|tokens| u32::try_from(tokens).ok()))
}

/// `stop`: a string, or up to four.
pub(in crate::http) fn stop(fields: &mut Fields) -> Result<Vec<String>, ApiError> {
    let items = match fields.take("stop") {
        None => return Ok(Vec::new()),
        Some(Value::String(one)) => vec![Value::String(one)],
        Some(Value::Array(items)) => items,
        Some(_) => {
            return Err(ApiError::wrong_type(
                "stop",
                "a string or a list of strings",
            ));
        }
    };
    if items.len() > 4 {
        return Err(ApiError::invalid("stop", "`stop` takes at most 4 strings"));
    }
    let read = items.into_iter().map(|item| match item {
        Value::String(text) if (1..=256).contains(&text.len()) => Ok(text),
        Value::String(_) => Err(ApiError::invalid(
            "stop",
            "a stop string has 1 to 256 bytes",
        )),
        _ => Err(ApiError::wrong_type(
            "stop",
            "a string or a list of strings",
        )),
    });
    read.collect()
}
