//! Metadata values.

use std::fmt;

use super::GgufError;
use super::reader::Reader;

/// Deepest nesting of arrays. No writer is known to nest at all.
const MAX_DEPTH: usize = 3;
/// The least bytes of a nested array: its type and its length.
const LEAST_ARRAY_BYTES: usize = 4 + 8;

/// A metadata value.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "the variants are the format's types by name")]
pub enum Value {
    U8(u8),
    I8(i8),
    U16(u16),
    I16(i16),
    U32(u32),
    I32(i32),
    F32(f32),
    Bool(bool),
    Str(Box<str>),
    Array(Array),
    U64(u64),
    I64(i64),
    F64(f64),
}

/// An array of values of one type.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "the variants are the format's types by name")]
pub enum Array {
    U8(Vec<u8>),
    I8(Vec<i8>),
    U16(Vec<u16>),
    I16(Vec<i16>),
    U32(Vec<u32>),
    I32(Vec<i32>),
    F32(Vec<f32>),
    Bool(Vec<bool>),
    Str(StrArray),
    Array(Vec<Self>),
    U64(Vec<u64>),
    I64(Vec<i64>),
    F64(Vec<f64>),
}

/// Many texts in one allocation: a vocabulary has tens of thousands.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct StrArray {
    text: String,
    /// Where each text ends in `text`.
    ends: Vec<usize>,
}

impl Value {
    /// Reads a value: its type's number, then itself.
    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, GgufError> {
        const WHAT: &str = "a metadata value";
        let at = reader.at();
        let number = reader.u32(WHAT)?;
        Ok(match number {
            0 => Self::U8(u8::from_le_bytes(reader.array(WHAT)?)),
            1 => Self::I8(i8::from_le_bytes(reader.array(WHAT)?)),
            2 => Self::U16(u16::from_le_bytes(reader.array(WHAT)?)),
            3 => Self::I16(i16::from_le_bytes(reader.array(WHAT)?)),
            4 => Self::U32(u32::from_le_bytes(reader.array(WHAT)?)),
            5 => Self::I32(i32::from_le_bytes(reader.array(WHAT)?)),
            6 => Self::F32(f32::from_le_bytes(reader.array(WHAT)?)),
            7 => Self::Bool(read_bool(reader)?),
            8 => Self::Str(reader.text("a metadata text")?.into()),
            9 => Self::Array(Array::read(reader, 1)?),
            10 => Self::U64(u64::from_le_bytes(reader.array(WHAT)?)),
            11 => Self::I64(i64::from_le_bytes(reader.array(WHAT)?)),
            12 => Self::F64(f64::from_le_bytes(reader.array(WHAT)?)),
            _ => return Err(GgufError::ValueType { number, at }),
        })
    }

    /// The type's number in the format.
    pub(super) const fn type_number(&self) -> u32 {
        match self {
            Self::U8(_) => 0,
            Self::I8(_) => 1,
            Self::U16(_) => 2,
            Self::I16(_) => 3,
            Self::U32(_) => 4,
            Self::I32(_) => 5,
            Self::F32(_) => 6,
            Self::Bool(_) => 7,
            Self::Str(_) => 8,
            Self::Array(_) => 9,
            Self::U64(_) => 10,
            Self::I64(_) => 11,
            Self::F64(_) => 12,
        }
    }

    /// A whole number from 0, of whatever width.
    pub(super) fn whole(&self) -> Option<u64> {
        match *self {
            Self::U8(n) => Some(n.into()),
            Self::U16(n) => Some(n.into()),
            Self::U32(n) => Some(n.into()),
            Self::U64(n) => Some(n),
            Self::I8(n) => n.try_into().ok(),
            Self::I16(n) => n.try_into().ok(),
            Self::I32(n) => n.try_into().ok(),
            Self::I64(n) => n.try_into().ok(),
            _ => None,
        }
    }

    /// The type in words, for errors.
    pub const fn type_name(&self) -> &'static str {
        match self {
            Self::U8(_) => "u8",
            Self::I8(_) => "i8",
            Self::U16(_) => "u16",
            Self::I16(_) => "i16",
            Self::U32(_) => "u32",
            Self::I32(_) => "i32",
            Self::F32(_) => "f32",
            Self::Bool(_) => "a boolean",
            Self::Str(_) => "a text",
            Self::Array(array) => array.type_name(),
            Self::U64(_) => "u64",
            Self::I64(_) => "i64",
            Self::F64(_) => "f64",
        }
    }
}

impl Array {
    /// Reads an array: its elements' type, their number, themselves.
    fn read(reader: &mut Reader<'_>, depth: usize) -> Result<Self, GgufError> {
        let at = reader.at();
        if depth > MAX_DEPTH {
            let limit = MAX_DEPTH;
            return Err(GgufError::Depth { at, limit });
        }
        let number = reader.u32("an array's type")?;
        Ok(match number {
            0 => Self::U8(read_numbers(reader, u8::from_le_bytes)?),
            1 => Self::I8(read_numbers(reader, i8::from_le_bytes)?),
            2 => Self::U16(read_numbers(reader, u16::from_le_bytes)?),
            3 => Self::I16(read_numbers(reader, i16::from_le_bytes)?),
            4 => Self::U32(read_numbers(reader, u32::from_le_bytes)?),
            5 => Self::I32(read_numbers(reader, i32::from_le_bytes)?),
            6 => Self::F32(read_numbers(reader, f32::from_le_bytes)?),
            7 => {
                let count = reader.count_that_fits("an array", 1)?;
                Self::Bool(
                    (0..count)
                        .map(|_| read_bool(reader))
                        .collect::<Result<_, _>>()?,
                )
            }
            8 => Self::Str(StrArray::read(reader)?),
            9 => {
                let count = reader.count_that_fits("an array", LEAST_ARRAY_BYTES)?;
                let mut arrays = Vec::new();
                for _ in 0..count {
                    arrays.push(Self::read(reader, depth + 1)?);
                }
                Self::Array(arrays)
            }
            10 => Self::U64(read_numbers(reader, u64::from_le_bytes)?),
            11 => Self::I64(read_numbers(reader, i64::from_le_bytes)?),
            12 => Self::F64(read_numbers(reader, f64::from_le_bytes)?),
            _ => return Err(GgufError::ValueType { number, at }),
        })
    }

    /// The type in words, for errors.
    pub const fn type_name(&self) -> &'static str {
        match self {
            Self::U8(_) => "an array of u8",
            Self::I8(_) => "an array of i8",
            Self::U16(_) => "an array of u16",
            Self::I16(_) => "an array of i16",
            Self::U32(_) => "an array of u32",
            Self::I32(_) => "an array of i32",
            Self::F32(_) => "an array of f32",
            Self::Bool(_) => "an array of booleans",
            Self::Str(_) => "an array of texts",
            Self::Array(_) => "an array of arrays",
            Self::U64(_) => "an array of u64",
            Self::I64(_) => "an array of i64",
            Self::F64(_) => "an array of f64",
        }
    }
}

impl StrArray {
    fn read(reader: &mut Reader<'_>) -> Result<Self, GgufError> {
        const LENGTH_BYTES: usize = 8;
        let count = reader.count_that_fits("an array of texts", LENGTH_BYTES)?;
        let mut array = Self {
            text: String::new(),
            ends: Vec::with_capacity(count),
        };
        for _ in 0..count {
            array.push(reader.text("a text of an array")?);
        }
        Ok(array)
    }

    /// Adds a text at the end.
    pub fn push(&mut self, text: &str) {
        self.text.push_str(text);
        self.ends.push(self.text.len());
    }

    /// How many texts there are.
    pub const fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The text at `idx`.
    pub fn get(&self, idx: usize) -> Option<&str> {
        let end = *self.ends.get(idx)?;
        let start = match idx.checked_sub(1) {
            Some(before) => *self.ends.get(before)?,
            None => 0,
        };
        self.text.get(start..end)
    }

    /// All texts, in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &str> {
        // `get` is always there for these; the default is never seen.
        (0..self.len()).map(|idx| self.get(idx).unwrap_or_default())
    }
}

impl<'a> FromIterator<&'a str> for StrArray {
    fn from_iter<I: IntoIterator<Item = &'a str>>(texts: I) -> Self {
        let mut array = Self::default();
        texts.into_iter().for_each(|text| array.push(text));
        array
    }
}

impl fmt::Debug for StrArray {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Str(text.into())
    }
}

macro_rules! value_from {
    ($($variant:ident($ty:ty)),*) => { $(
        impl From<$ty> for Value {
            fn from(value: $ty) -> Self {
                Self::$variant(value)
            }
        }

        impl From<Vec<$ty>> for Value {
            fn from(values: Vec<$ty>) -> Self {
                Self::Array(Array::$variant(values))
            }
        }
    )* };
}

value_from!(
    U8(u8),
    I8(i8),
    U16(u16),
    I16(i16),
    U32(u32),
    I32(i32),
    F32(f32),
    Bool(bool)
);
value_from!(U64(u64), I64(i64), F64(f64));

impl From<StrArray> for Value {
    fn from(texts: StrArray) -> Self {
        Self::Array(Array::Str(texts))
    }
}

fn read_bool(reader: &mut Reader<'_>) -> Result<bool, GgufError> {
    let at = reader.at();
    match reader.array::<1>("a boolean")? {
        [0] => Ok(false),
        [1] => Ok(true),
        [byte] => Err(GgufError::Bool { byte, at }),
    }
}

fn read_numbers<T, const N: usize>(
    reader: &mut Reader<'_>,
    from_le_bytes: impl Fn([u8; N]) -> T,
) -> Result<Vec<T>, GgufError> {
    let count = reader.count_that_fits("an array", N)?;
    let (numbers, _) = reader.take(count * N, "an array")?.as_chunks::<N>();
    Ok(numbers.iter().map(|bytes| from_le_bytes(*bytes)).collect())
}
