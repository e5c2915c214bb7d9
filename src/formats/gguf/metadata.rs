//! The key-value pairs of a file, with typed getters.

use std::collections::BTreeMap;

use super::GgufError;
use super::reader::Reader;
use super::value::{Array, Value};
use crate::formats::shown;

/// Longest key (the format's own bound).
const MAX_KEY_BYTES: u64 = 65_535;

/// The key-value pairs of a file.
///
/// Getters name the key and the types when they fail. Writers differ in the width of their integers,
/// so integer getters take any integer type whose value fits.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Metadata {
    pairs: BTreeMap<Box<str>, Value>,
}

/// A getter's answer where the key may be missing: `None` then; other errors stay.
///
/// # Errors
///
/// The getter's, but for [`GgufError::MissingKey`].
pub fn optional<T>(found: Result<T, GgufError>) -> Result<Option<T>, GgufError> {
    match found {
        Ok(value) => Ok(Some(value)),
        Err(GgufError::MissingKey { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

impl Metadata {
    pub(super) fn read(reader: &mut Reader<'_>, n_pairs: usize) -> Result<Self, GgufError> {
        let mut pairs = BTreeMap::new();
        for _ in 0..n_pairs {
            let at = reader.at();
            let key = reader.text("a metadata key")?;
            let bytes = key.len() as u64;
            if !(1..=MAX_KEY_BYTES).contains(&bytes) {
                let limit = MAX_KEY_BYTES;
                return Err(GgufError::KeyLength { bytes, at, limit });
            }
            let value = Value::read(reader)?;
            if pairs.insert(Box::from(key), value).is_some() {
                return Err(GgufError::DuplicateKey { key: shown(key) });
            }
        }
        Ok(Self { pairs })
    }

    /// Adds a pair in place of one of the same key.
    pub fn insert(&mut self, key: &str, value: impl Into<Value>) {
        self.pairs.insert(key.into(), value.into());
    }

    /// Adds all pairs of `other`, whose word counts where both have a key.
    pub fn extend(&mut self, other: Self) {
        self.pairs.extend(other.pairs);
    }

    /// All pairs, sorted by key.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &Value)> {
        self.pairs.iter().map(|(key, value)| (&**key, value))
    }

    /// Whether the key is there.
    pub fn contains(&self, key: &str) -> bool {
        self.pairs.contains_key(key)
    }

    /// The value as it is.
    ///
    /// # Errors
    ///
    /// When the key is missing.
    pub fn value(&self, key: &str) -> Result<&Value, GgufError> {
        let value = self.pairs.get(key);
        value.ok_or_else(|| GgufError::MissingKey { key: shown(key) })
    }

    /// A whole number that fits 64 bits.
    ///
    /// # Errors
    ///
    /// When the key is missing or holds something else.
    pub fn u64(&self, key: &str) -> Result<u64, GgufError> {
        let value = self.value(key)?;
        let number = value.whole();
        number.ok_or_else(|| wrong_type(key, "a whole number from 0", value))
    }

    /// A whole number that fits 32 bits.
    ///
    /// # Errors
    ///
    /// When the key is missing or holds something else.
    pub fn u32(&self, key: &str) -> Result<u32, GgufError> {
        let number = self.u64(key)?.try_into();
        number.map_err(|_| GgufError::WrongType {
            key: shown(key),
            expected: "a whole number of 32 bits",
            found: "a larger one",
        })
    }

    /// A whole number that fits a `usize`.
    ///
    /// # Errors
    ///
    /// When the key is missing or holds something else.
    pub fn usize(&self, key: &str) -> Result<usize, GgufError> {
        let number = self.u64(key)?.try_into();
        number.map_err(|_| GgufError::WrongType {
            key: shown(key),
            expected: "a size",
            found: "a larger number",
        })
    }

    /// A floating-point number; one of 64 bits is rounded.
    ///
    /// # Errors
    ///
    /// When the key is missing or holds something else.
    pub fn f32(&self, key: &str) -> Result<f32, GgufError> {
        match self.value(key)? {
            Value::F32(number) => Ok(*number),
            #[expect(clippy::cast_possible_truncation, reason = "rounding is meant")]
            Value::F64(number) => Ok(*number as f32),
            other => Err(wrong_type(key, "a floating-point number", other)),
        }
    }

    /// A truth value.
    ///
    /// # Errors
    ///
    /// When the key is missing or holds something else.
    pub fn bool(&self, key: &str) -> Result<bool, GgufError> {
        match self.value(key)? {
            Value::Bool(truth) => Ok(*truth),
            other => Err(wrong_type(key, "a boolean", other)),
        }
    }

    /// A text.
    ///
    /// # Errors
    ///
    /// When the key is missing or holds something else.
    pub fn str(&self, key: &str) -> Result<&str, GgufError> {
        match self.value(key)? {
            Value::Str(text) => Ok(text),
            other => Err(wrong_type(key, "a text", other)),
        }
    }

    /// Texts, borrowed from the metadata.
    ///
    /// # Errors
    ///
    /// When the key is missing or holds something else.
    pub fn str_array(&self, key: &str) -> Result<Vec<&str>, GgufError> {
        match self.value(key)? {
            Value::Array(Array::Str(texts)) => Ok(texts.iter().collect()),
            other => Err(wrong_type(key, "an array of texts", other)),
        }
    }

    /// Whole numbers of 32 bits with a sign.
    ///
    /// # Errors
    ///
    /// When the key is missing or holds something else.
    pub fn i32_array(&self, key: &str) -> Result<&[i32], GgufError> {
        match self.value(key)? {
            Value::Array(Array::I32(numbers)) => Ok(numbers),
            other => Err(wrong_type(key, "an array of i32", other)),
        }
    }

    /// Whole numbers of 32 bits without a sign.
    ///
    /// # Errors
    ///
    /// When the key is missing or holds something else.
    pub fn u32_array(&self, key: &str) -> Result<&[u32], GgufError> {
        match self.value(key)? {
            Value::Array(Array::U32(numbers)) => Ok(numbers),
            other => Err(wrong_type(key, "an array of u32", other)),
        }
    }

    /// Floating-point numbers of 32 bits.
    ///
    /// # Errors
    ///
    /// When the key is missing or holds something else.
    pub fn f32_array(&self, key: &str) -> Result<&[f32], GgufError> {
        match self.value(key)? {
            Value::Array(Array::F32(numbers)) => Ok(numbers),
            other => Err(wrong_type(key, "an array of f32", other)),
        }
    }
}

fn wrong_type(key: &str, expected: &'static str, found: &Value) -> GgufError {
    GgufError::WrongType {
        key: shown(key),
        expected,
        found: found.type_name(),
    }
}
