//! Typed access to `config.json`, which knows the keys that nobody asked for.

use std::cell::RefCell;
use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::CheckpointError;

/// Longest text out of the file that an error shows.
const SHOWN: usize = 64;

/// Keys that say where a checkpoint comes from, how it was trained, or how another program runs it.
const HARMLESS: [&str; 48] = [
    "_attn_implementation",
    "_attn_implementation_autoset",
    "_name_or_path",
    "architectures",
    "attention_dropout",
    "auto_map",
    "bos_token_id",
    "cache_implementation",
    "chunk_size_feed_forward",
    "do_sample",
    "dtype",
    "embd_pdrop",
    "eos_token_id",
    "finetuning_task",
    "id2label",
    "initializer_range",
    "is_decoder",
    "is_llama_config",
    "label2id",
    "language",
    "max_length",
    "max_sequence_length",
    "max_window_layers",
    "model_max_length",
    "model_type",
    "num_labels",
    "output_attentions",
    "output_hidden_states",
    "pad_token_id",
    "pretraining_tp",
    "problem_type",
    "repetition_penalty",
    "resid_pdrop",
    "return_dict",
    "sep_token_id",
    "task_specific_params",
    "temperature",
    "tokenizer_class",
    "tokenizer_model_max_length",
    "tokenizer_padding_side",
    "top_k",
    "top_p",
    "torch_dtype",
    "transformers.js_config",
    "transformers_version",
    "unsloth_fixed",
    "unsloth_version",
    "use_cache",
];

/// One object of `config.json`.
#[derive(Debug)]
pub(super) struct Keys<'a> {
    object: &'a Map<String, Value>,
    /// What stands before a key in errors: `rope_scaling.`
    path: String,
    asked: RefCell<BTreeSet<String>>,
}

impl<'a> Keys<'a> {
    pub(super) fn new(object: &'a Map<String, Value>, path: &str) -> Self {
        Self {
            object,
            path: path.to_owned(),
            asked: RefCell::default(),
        }
    }

    /// The value; `None` where it is missing or `null`.
    fn value(&self, key: &str) -> Option<&'a Value> {
        self.asked.borrow_mut().insert(key.to_owned());
        self.object.get(key).filter(|value| !value.is_null())
    }

    fn typed<T>(
        &self,
        key: &str,
        problem: &'static str,
        read: impl FnOnce(&'a Value) -> Option<T>,
    ) -> Result<Option<T>, CheckpointError> {
        let Some(value) = self.value(key) else {
            return Ok(None);
        };
        match read(value) {
            Some(read) => Ok(Some(read)),
            None => Err(self.odd(key, value, problem)),
        }
    }

    /// A whole number that fits 32 bits.
    pub(super) fn size(&self, key: &str) -> Result<Option<u32>, CheckpointError> {
        let read = |value: &Value| value.as_u64().and_then(|size| size.try_into().ok());
        self.typed(key, "it has to be a whole number of 32 bits", read)
    }

    /// A whole number that has to be there.
    pub(super) fn need(&self, key: &str) -> Result<u32, CheckpointError> {
        self.size(key)?.ok_or_else(|| self.missing(key))
    }

    /// A finite number.
    pub(super) fn number(&self, key: &str) -> Result<Option<f32>, CheckpointError> {
        self.typed(key, "it has to be a number", single)
    }

    /// A number that is not rounded to single precision.
    pub(super) fn double(&self, key: &str) -> Result<Option<f64>, CheckpointError> {
        self.typed(key, "it has to be a number", Value::as_f64)
    }

    /// A number above zero.
    pub(super) fn positive(&self, key: &str) -> Result<Option<f32>, CheckpointError> {
        let read = |value: &Value| single(value).filter(|number| *number > 0.0);
        self.typed(key, "it has to be a positive number", read)
    }

    /// Whether the file has the key, be it with `null`.
    pub(super) fn has(&self, key: &str) -> bool {
        self.object.contains_key(key)
    }

    pub(super) fn flag(&self, key: &str) -> Result<Option<bool>, CheckpointError> {
        self.typed(key, "it has to be true or false", Value::as_bool)
    }

    pub(super) fn text(&self, key: &str) -> Result<Option<&'a str>, CheckpointError> {
        self.typed(key, "it has to be a text", Value::as_str)
    }

    pub(super) fn object(&self, key: &str) -> Result<Option<Self>, CheckpointError> {
        let object = self.typed(key, "it has to be an object", Value::as_object)?;
        Ok(object.map(|object| Keys::new(object, &format!("{}{key}.", self.path))))
    }

    pub(super) fn numbers(&self, key: &str) -> Result<Option<Vec<f32>>, CheckpointError> {
        let read = |value: &Value| value.as_array()?.iter().map(single).collect();
        self.typed(key, "it has to be a list of numbers", read)
    }

    pub(super) fn texts(&self, key: &str) -> Result<Option<Vec<&'a str>>, CheckpointError> {
        let read = |value: &'a Value| value.as_array()?.iter().map(Value::as_str).collect();
        self.typed(key, "it has to be a list of texts", read)
    }

    /// Refuses a value that is there and is none of `allowed`.
    pub(super) fn only(
        &self,
        key: &str,
        allowed: &[&str],
        problem: &'static str,
    ) -> Result<(), CheckpointError> {
        match self.text(key)? {
            Some(found) if !allowed.contains(&found) => {
                Err(self.odd(key, &Value::from(found), problem))
            }
            _ => Ok(()),
        }
    }

    /// Refuses a switch that is on.
    pub(super) fn off(&self, key: &str, problem: &'static str) -> Result<(), CheckpointError> {
        match self.value(key) {
            Some(value) if says_something(value) => Err(self.odd(key, value, problem)),
            _ => Ok(()),
        }
    }

    /// Refuses what nobody asked for, unless it says nothing.
    pub(super) fn refuse_unknown(&self) -> Result<(), CheckpointError> {
        let asked = self.asked.borrow();
        let known = |key: &str| asked.contains(key) || HARMLESS.contains(&key);
        let unknown = |(key, value): &(&String, &Value)| !known(key) && says_something(value);
        match self.object.iter().find(unknown) {
            Some((key, _)) => Err(CheckpointError::Unknown {
                key: cut(&format!("{}{}", self.path, key.escape_debug())),
            }),
            None => Ok(()),
        }
    }

    pub(super) fn missing(&self, key: &str) -> CheckpointError {
        CheckpointError::Missing {
            key: format!("{}{key}", self.path),
        }
    }

    /// The error for a value that can't be used.
    pub(super) fn odd(&self, key: &str, value: &Value, problem: &'static str) -> CheckpointError {
        CheckpointError::Value {
            key: format!("{}{key}", self.path),
            value: match value {
                Value::Object(_) => "an object".to_owned(),
                Value::Array(_) => "a list".to_owned(),
                plain => cut(&plain.to_string()),
            },
            problem,
        }
    }
}

fn single(value: &Value) -> Option<f32> {
    #[expect(clippy::cast_possible_truncation, reason = "rounding is meant")]
    let number = value.as_f64()? as f32;
    number.is_finite().then_some(number)
}

/// Whether a value can switch something on.
fn says_something(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => false,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Object(items) => !items.is_empty(),
        Value::Bool(true) => true,
    }
}

fn cut(text: &str) -> String {
    text.chars().take(SHOWN).collect()
}
