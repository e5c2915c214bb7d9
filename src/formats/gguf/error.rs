//! What can be wrong with a GGUF file.

/// The file isn't a GGUF file that can be read, or lacks what was asked for.
///
/// Names out of the file are quoted, escaped and cut before they come here.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum GgufError {
    /// The first four bytes aren't `GGUF`.
    #[error("not a GGUF file: it doesn't start with \"GGUF\"")]
    Magic,
    /// A version that isn't read.
    #[error("GGUF version {version} is not supported; 2 and 3 are")]
    Version {
        /// The version.
        version: u32,
    },
    /// The file is big endian.
    #[error("big-endian GGUF files are not supported")]
    BigEndian,
    /// The file ends too early.
    #[error("the file ends inside {what}, at byte {at}")]
    Truncated {
        /// What was being read.
        what: &'static str,
        /// Where it starts.
        at: usize,
    },
    /// There are more of something than are read.
    #[error("{count} {what}, more than the limit of {limit}")]
    TooMany {
        /// Of what.
        what: &'static str,
        /// How many the file says there are.
        count: u64,
        /// The limit.
        limit: u64,
    },
    /// A text isn't UTF-8.
    #[error("{what} at byte {at} is not valid UTF-8")]
    Utf8 {
        /// Which text.
        what: &'static str,
        /// Where it starts.
        at: usize,
    },
    /// A metadata key is empty or too long.
    #[error("a metadata key of {bytes} bytes at byte {at}; 1 to {limit} are allowed")]
    KeyLength {
        /// Its length.
        bytes: u64,
        /// Where it starts.
        at: usize,
        /// The limit.
        limit: u64,
    },
    /// The same metadata key twice.
    #[error("metadata key {key} occurs twice")]
    DuplicateKey {
        /// The key.
        key: String,
    },
    /// A metadata value of unknown type.
    #[error("metadata value at byte {at} has the unknown type {number}")]
    ValueType {
        /// The type's number.
        number: u32,
        /// Where it stands.
        at: usize,
    },
    /// A truth value that is neither 0 nor 1.
    #[error("the boolean at byte {at} is {byte}")]
    Bool {
        /// The byte.
        byte: u8,
        /// Where it stands.
        at: usize,
    },
    /// Arrays in arrays in arrays.
    #[error("the array at byte {at} is nested deeper than {limit}")]
    Depth {
        /// Where it stands.
        at: usize,
        /// The limit.
        limit: usize,
    },
    /// `general.alignment` is no alignment.
    #[error("general.alignment is {alignment}, which is not a power of two from 8 to 1048576")]
    Alignment {
        /// Its value.
        alignment: u32,
    },
    /// No such metadata key.
    #[error("metadata key {key} is missing")]
    MissingKey {
        /// The key.
        key: String,
    },
    /// The metadata value is of another type, or doesn't fit it.
    #[error("metadata key {key} holds {found} where {expected} is needed")]
    WrongType {
        /// The key.
        key: String,
        /// What is needed.
        expected: &'static str,
        /// What is there.
        found: &'static str,
    },
    /// A tensor's name is empty or too long.
    #[error("a tensor name of {bytes} bytes at byte {at}; 1 to {limit} are allowed")]
    TensorNameLength {
        /// Its length.
        bytes: u64,
        /// Where it starts.
        at: usize,
        /// The limit.
        limit: u64,
    },
    /// The same tensor twice.
    #[error("tensor {tensor} occurs twice")]
    DuplicateTensor {
        /// The tensor.
        tensor: String,
    },
    /// A tensor of a type that isn't known.
    #[error("tensor {tensor} has the unknown type {number}")]
    TensorType {
        /// The tensor.
        tensor: String,
        /// The type's number in the file.
        number: u32,
    },
    /// A tensor with no dimension or too many.
    #[error("tensor {tensor} has {count} dimensions; 1 to {limit} are allowed")]
    Dimensions {
        /// The tensor.
        tensor: String,
        /// How many.
        count: u32,
        /// The limit.
        limit: u32,
    },
    /// A tensor with an empty dimension, too many elements, or rows that aren't whole blocks.
    #[error("tensor {tensor} has an impossible shape for its type")]
    TensorShape {
        /// The tensor.
        tensor: String,
    },
    /// A tensor that doesn't start at a multiple of the alignment.
    #[error("tensor {tensor} starts at offset {offset}, which is not a multiple of {alignment}")]
    Misaligned {
        /// The tensor.
        tensor: String,
        /// Its offset in the data section.
        offset: u64,
        /// The file's alignment.
        alignment: usize,
    },
    /// A tensor's bytes end after the file does.
    #[error("tensor {tensor} needs {bytes} bytes at offset {offset}, past the end of the file")]
    OutOfFile {
        /// The tensor.
        tensor: String,
        /// Its size.
        bytes: u64,
        /// Its offset in the data section.
        offset: u64,
    },
    /// Two tensors share bytes.
    #[error("tensors {first} and {second} overlap")]
    Overlap {
        /// The one.
        first: String,
        /// The other.
        second: String,
    },
    /// The file has no such tensor.
    #[error("tensor {tensor} is missing")]
    NoTensor {
        /// The tensor.
        tensor: String,
    },
}
