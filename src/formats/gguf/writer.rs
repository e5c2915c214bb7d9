//! Writes GGUF files, version 3: for tests, and for what is quantised here, tensor by tensor.

use std::borrow::Cow;
use std::io::{self, Write};

use super::dtype::TensorType;
use super::value::{Array, Value};
use super::{ALIGNMENT, DEFAULT_ALIGNMENT, MAGIC};

const VERSION: u32 = 3;

/// Collects metadata and tensors, then writes them.
///
/// It checks nothing but what it needs to write: the reader is the judge.
#[derive(Clone, Debug, Default)]
pub struct Writer<'a> {
    metadata: Vec<(String, Value)>,
    tensors: Vec<Tensor<'a>>,
}

#[derive(Clone, Debug)]
struct Tensor<'a> {
    name: String,
    dtype: TensorType,
    /// Rows first.
    shape: Vec<usize>,
    /// Empty where they come later.
    bytes: Cow<'a, [u8]>,
    len: usize,
}

impl<'a> Writer<'a> {
    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a key-value pair.
    pub fn metadata(&mut self, key: &str, value: impl Into<Value>) -> &mut Self {
        self.metadata.push((key.to_owned(), value.into()));
        self
    }

    /// Adds a tensor: `shape` rows first as candle has it, `bytes` as the file will have them.
    pub fn tensor(
        &mut self,
        name: &str,
        dtype: impl Into<TensorType>,
        shape: &[usize],
        bytes: impl Into<Cow<'a, [u8]>>,
    ) -> &mut Self {
        let bytes = bytes.into();
        self.tensors.push(Tensor {
            name: name.to_owned(),
            dtype: dtype.into(),
            shape: shape.to_vec(),
            len: bytes.len(),
            bytes,
        });
        self
    }

    /// Adds a tensor whose bytes are given to [`write_tensor`](Self::write_tensor) after the head: too large files
    /// don't fit in memory. Gives how many bytes it has to have.
    pub fn declare(&mut self, name: &str, dtype: impl Into<TensorType>, shape: &[usize]) -> usize {
        let dtype = dtype.into();
        let elements: usize = shape.iter().product();
        let len = elements / dtype.block_size() * dtype.type_size();
        self.tensors.push(Tensor {
            name: name.to_owned(),
            dtype,
            shape: shape.to_vec(),
            bytes: Cow::Borrowed(&[]),
            len,
        });
        len
    }

    /// Writes the file; every tensor was given with its bytes.
    ///
    /// # Errors
    ///
    /// `out`'s.
    pub fn write(&self, out: &mut impl Write) -> io::Result<()> {
        self.write_head(out)?;
        for tensor in &self.tensors {
            self.write_tensor(&tensor.bytes, out)?;
        }
        Ok(())
    }

    /// Writes everything in front of the tensors.
    ///
    /// # Errors
    ///
    /// `out`'s.
    pub fn write_head(&self, out: &mut impl Write) -> io::Result<()> {
        let mut header = Vec::new();
        header.extend(MAGIC);
        header.extend(VERSION.to_le_bytes());
        put_len(&mut header, self.tensors.len());
        put_len(&mut header, self.metadata.len());
        for (key, value) in &self.metadata {
            put_text(&mut header, key);
            header.extend(value.type_number().to_le_bytes());
            put_value(&mut header, value);
        }
        let alignment = self.alignment();
        let mut offset = 0;
        for tensor in &self.tensors {
            put_text(&mut header, &tensor.name);
            // At most four dimensions are ever read back; more than a `u32` can't be.
            let n_dimensions = u32::try_from(tensor.shape.len()).unwrap_or(u32::MAX);
            header.extend(n_dimensions.to_le_bytes());
            tensor
                .shape
                .iter()
                .rev()
                .for_each(|d| put_len(&mut header, *d));
            header.extend(tensor.dtype.number().to_le_bytes());
            put_len(&mut header, offset);
            offset += tensor.len.next_multiple_of(alignment);
        }
        pad(&mut header, alignment);
        out.write_all(&header)
    }

    /// Writes the next tensor's bytes, and what aligns the one after it.
    ///
    /// # Errors
    ///
    /// `out`'s.
    pub fn write_tensor(&self, bytes: &[u8], out: &mut impl Write) -> io::Result<()> {
        out.write_all(bytes)?;
        let padding = bytes.len().next_multiple_of(self.alignment()) - bytes.len();
        out.write_all(&vec![0; padding])
    }

    /// The file's bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        // Writing to memory doesn't fail.
        if self.write(&mut bytes).is_err() {
            bytes.clear();
        }
        bytes
    }

    fn alignment(&self) -> usize {
        // As a number of any width, like the reader takes it.
        let mut own = self.metadata.iter();
        let given = own.find(|(key, _)| key == ALIGNMENT);
        given
            .and_then(|(_, value)| usize::try_from(value.whole()?).ok())
            .filter(|alignment| *alignment > 0)
            .unwrap_or(DEFAULT_ALIGNMENT)
    }
}

fn pad(bytes: &mut Vec<u8>, alignment: usize) {
    bytes.resize(bytes.len().next_multiple_of(alignment), 0);
}

fn put_len(out: &mut Vec<u8>, len: usize) {
    out.extend((len as u64).to_le_bytes());
}

fn put_text(out: &mut Vec<u8>, text: &str) {
    put_len(out, text.len());
    out.extend(text.as_bytes());
}

fn put_value(out: &mut Vec<u8>, value: &Value) {
    match value {
        Value::U8(n) => out.push(*n),
        Value::I8(n) => out.extend(n.to_le_bytes()),
        Value::U16(n) => out.extend(n.to_le_bytes()),
        Value::I16(n) => out.extend(n.to_le_bytes()),
        Value::U32(n) => out.extend(n.to_le_bytes()),
        Value::I32(n) => out.extend(n.to_le_bytes()),
        Value::F32(n) => out.extend(n.to_le_bytes()),
        Value::Bool(truth) => out.push((*truth).into()),
        Value::Str(text) => put_text(out, text),
        Value::Array(array) => put_array(out, array),
        Value::U64(n) => out.extend(n.to_le_bytes()),
        Value::I64(n) => out.extend(n.to_le_bytes()),
        Value::F64(n) => out.extend(n.to_le_bytes()),
    }
}

fn put_array(out: &mut Vec<u8>, array: &Array) {
    macro_rules! numbers {
        ($number:literal, $values:expr) => {{
            out.extend(u32::to_le_bytes($number));
            put_len(out, $values.len());
            $values.iter().for_each(|n| out.extend(n.to_le_bytes()));
        }};
    }
    match array {
        Array::U8(values) => numbers!(0, values),
        Array::I8(values) => numbers!(1, values),
        Array::U16(values) => numbers!(2, values),
        Array::I16(values) => numbers!(3, values),
        Array::U32(values) => numbers!(4, values),
        Array::I32(values) => numbers!(5, values),
        Array::F32(values) => numbers!(6, values),
        Array::Bool(values) => {
            out.extend(7_u32.to_le_bytes());
            put_len(out, values.len());
            out.extend(values.iter().map(|truth| u8::from(*truth)));
        }
        Array::Str(texts) => {
            out.extend(8_u32.to_le_bytes());
            put_len(out, texts.len());
            texts.iter().for_each(|text| put_text(out, text));
        }
        Array::Array(arrays) => {
            out.extend(9_u32.to_le_bytes());
            put_len(out, arrays.len());
            arrays.iter().for_each(|array| put_array(out, array));
        }
        Array::U64(values) => numbers!(10, values),
        Array::I64(values) => numbers!(11, values),
        Array::F64(values) => numbers!(12, values),
    }
}
