//! Reads a JSON object field by field, so that every error names its parameter and no error shows a
//! value; what was not read is refused, not ignored.

use axum::http::StatusCode;
use serde_json::{Map, Value};

use super::ApiError;

#[cfg(test)]
thread_local! {
    /// The names of all fields that this thread asked for: tests compare them with the OpenAPI document.
    pub(super) static ASKED: std::cell::RefCell<std::collections::BTreeSet<String>> = const {
        std::cell::RefCell::new(std::collections::BTreeSet::new())
    };
}

/// An object that is being read. `place` is its own parameter name, empty for the body.
#[derive(Debug)]
pub(super) struct Fields {
    place: String,
    object: Map<String, Value>,
}

impl Fields {
    pub(super) fn new(place: &str, value: Value) -> Result<Self, ApiError> {
        match value {
            Value::Object(object) => Ok(Self {
                place: place.to_owned(),
                object,
            }),
            _ if place.is_empty() => Err(ApiError::new(
                StatusCode::BAD_REQUEST,
                "invalid_json",
                "the body must be a JSON object",
            )),
            _ => Err(ApiError::wrong_type(place, "an object")),
        }
    }

    /// The full name of a field: `stream_options.include_usage`.
    pub(super) fn name(&self, field: &str) -> String {
        if self.place.is_empty() {
            field.to_owned()
        } else {
            format!("{}.{field}", self.place)
        }
    }

    /// A field as it was sent, for an answer that repeats it; it still has to be read.
    pub(super) fn peek(&self, field: &str) -> Option<&Value> {
        self.object.get(field).filter(|value| !value.is_null())
    }

    /// Takes a field out; `null` counts as absent, as in OpenAI's API.
    pub(super) fn take(&mut self, field: &str) -> Option<Value> {
        #[cfg(test)]
        ASKED.with_borrow_mut(|asked| asked.insert(self.name(field)));
        self.object
            .shift_remove(field)
            .filter(|value| !value.is_null())
    }

    pub(super) fn required(&mut self, field: &str) -> Result<Value, ApiError> {
        self.take(field)
            .ok_or_else(|| ApiError::missing(&self.name(field)))
    }

    pub(super) fn string(&mut self, field: &str) -> Result<Option<String>, ApiError> {
        match self.take(field) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(ApiError::wrong_type(&self.name(field), "a string")),
        }
    }

    pub(super) fn boolean(&mut self, field: &str) -> Result<Option<bool>, ApiError> {
        match self.take(field) {
            None => Ok(None),
            Some(Value::Bool(flag)) => Ok(Some(flag)),
            Some(_) => Err(ApiError::wrong_type(&self.name(field), "true or false")),
        }
    }

    /// An integer within `range`.
    pub(super) fn integer(
        &mut self,
        field: &str,
        range: std::ops::RangeInclusive<i64>,
    ) -> Result<Option<i64>, ApiError> {
        let Some(value) = self.take(field) else {
            return Ok(None);
        };
        let name = self.name(field);
        let number = value
            .as_i64()
            .ok_or_else(|| ApiError::wrong_type(&name, "an integer"))?;
        if range.contains(&number) {
            return Ok(Some(number));
        }
        let (low, high) = range.into_inner();
        Err(ApiError::invalid(
            &*name,
            format!("`{name}` must be within {low} to {high}"),
        ))
    }

    /// A finite number within `range`.
    pub(super) fn number(
        &mut self,
        field: &str,
        range: std::ops::RangeInclusive<f64>,
    ) -> Result<Option<f64>, ApiError> {
        let Some(value) = self.take(field) else {
            return Ok(None);
        };
        let name = self.name(field);
        let number = value
            .as_f64()
            .ok_or_else(|| ApiError::wrong_type(&name, "a number"))?;
        if range.contains(&number) {
            return Ok(Some(number));
        }
        let (low, high) = range.into_inner();
        Err(ApiError::invalid(
            &*name,
            format!("`{name}` must be within {low} to {high}"),
        ))
    }

    pub(super) fn list(&mut self, field: &str) -> Result<Option<Vec<Value>>, ApiError> {
        match self.take(field) {
            None => Ok(None),
            Some(Value::Array(items)) => Ok(Some(items)),
            Some(_) => Err(ApiError::wrong_type(&self.name(field), "an array")),
        }
    }

    pub(super) fn object(&mut self, field: &str) -> Result<Option<Self>, ApiError> {
        let name = self.name(field);
        self.take(field)
            .map(|value| Self::new(&name, value))
            .transpose()
    }

    /// Every remaining field, for a map with the client's own keys.
    pub(super) fn into_rest(self) -> Map<String, Value> {
        self.object
    }

    /// Ends the reading: fields in `harmless` are ignored, any other is refused by name.
    pub(super) fn finish(self, harmless: &[&str]) -> Result<(), ApiError> {
        #[cfg(test)]
        ASKED.with_borrow_mut(|asked| asked.extend(harmless.iter().map(|own| self.name(own))));
        let unread = self
            .object
            .iter()
            .find(|(key, value)| !value.is_null() && !harmless.contains(&key.as_str()));
        let Some((key, _)) = unread else {
            return Ok(());
        };
        // The key is the client's text: shown only where it looks like a parameter's name, as they all do.
        let plain = key.len() <= 40
            && key.starts_with(|c: char| c.is_ascii_lowercase())
            && key
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
        let name = if plain {
            self.name(key)
        } else {
            self.name("?")
        };
        let message = format!("unsupported parameter: `{name}`; remove it");
        Err(ApiError::new(StatusCode::BAD_REQUEST, "unsupported_parameter", message).at(name))
    }
}
