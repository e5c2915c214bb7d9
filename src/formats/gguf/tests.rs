//! The parser against files that the writer made, that were broken on purpose, and the default model.

use candle_core::quantized::GgmlDType;
use proptest::prelude::*;

use super::writer::Writer;
use super::*;

/// A small file with every kind of value and four tensors.
fn sample() -> Writer<'static> {
    let texts: StrArray = ["", "a", "Ġthe", "日本"].into_iter().collect();
    let nested = Array::Array(vec![
        Array::I32(vec![1, 2]),
        Array::Str(StrArray::default()),
    ]);
    let mut writer = Writer::new();
    writer
        .metadata("general.architecture", "llama")
        .metadata("n.u8", 8_u8)
        .metadata("n.i8", -8_i8)
        .metadata("n.u16", 16_u16)
        .metadata("n.i16", -16_i16)
        .metadata("n.u32", 32_u32)
        .metadata("n.i32", -32_i32)
        .metadata("n.u64", u64::MAX)
        .metadata("n.i64", 64_i64)
        .metadata("f.32", 1.5_f32)
        .metadata("f.64", 2.5_f64)
        .metadata("truth", true)
        .metadata("texts", texts)
        .metadata("nested", Value::Array(nested))
        .metadata("i32s", vec![-1_i32, 1])
        .metadata("u32s", vec![7_u32])
        .metadata("f32s", vec![0.5_f32])
        .metadata("truths", vec![true, false])
        .tensor(
            "matrix",
            GgmlDType::F32,
            &[2, 3],
            (0..24).collect::<Vec<u8>>(),
        )
        .tensor("blocks", GgmlDType::Q4_1, &[2, 64], vec![7; 2 * 2 * 20])
        .tensor("steps", TensorType::Iq4Nl, &[1, 64], vec![5; 36])
        .tensor("vector", GgmlDType::F16, &[5], vec![9; 10]);
    writer
}

fn parse(bytes: &[u8]) -> Result<Header, GgufError> {
    Header::parse(bytes)
}

fn broken(bytes: &[u8]) -> GgufError {
    match parse(bytes) {
        Ok(_) => panic!("the file is read"),
        Err(error) => error,
    }
}

/// Numbers and texts, little endian, one after the other.
#[derive(Default)]
struct Raw(Vec<u8>);

impl Raw {
    fn header(n_tensors: u64, n_pairs: u64) -> Self {
        Self(b"GGUF".to_vec()).u32(3).u64(n_tensors).u64(n_pairs)
    }

    fn u32(mut self, n: u32) -> Self {
        self.0.extend(n.to_le_bytes());
        self
    }

    fn u64(mut self, n: u64) -> Self {
        self.0.extend(n.to_le_bytes());
        self
    }

    fn text(self, text: &str) -> Self {
        self.u64(text.len() as u64).bytes(text.as_bytes())
    }

    fn bytes(mut self, bytes: &[u8]) -> Self {
        self.0.extend(bytes);
        self
    }

    /// A tensor info with the dimensions as the file has them.
    fn tensor(self, name: &str, dimensions: &[u64], type_number: u32, offset: u64) -> Self {
        let n_dimensions = u32::try_from(dimensions.len()).unwrap();
        let named = self.text(name).u32(n_dimensions);
        let sized = dimensions.iter().fold(named, |raw, d| raw.u64(*d));
        sized.u32(type_number).u64(offset)
    }

    /// Padding, then `n` bytes of tensors.
    fn data(mut self, n: usize) -> Vec<u8> {
        self.0.resize(self.0.len().next_multiple_of(32) + n, 0);
        self.0
    }
}

#[test]
fn what_is_written_is_read() {
    let bytes = sample().to_bytes();
    let header = parse(&bytes).unwrap();
    let md = &header.metadata;
    assert_eq!(md.str("general.architecture"), Ok("llama"));
    assert_eq!(md.u32("n.u8"), Ok(8));
    assert_eq!(md.u32("n.u16"), Ok(16));
    assert_eq!(md.u32("n.u32"), Ok(32));
    assert_eq!(md.u64("n.u64"), Ok(u64::MAX));
    assert_eq!(md.usize("n.i64"), Ok(64));
    assert_eq!(md.value("n.i16"), Ok(&Value::I16(-16)));
    assert_eq!(md.f32("f.32"), Ok(1.5));
    assert_eq!(md.f32("f.64"), Ok(2.5));
    assert_eq!(md.bool("truth"), Ok(true));
    assert_eq!(md.str_array("texts"), Ok(vec!["", "a", "Ġthe", "日本"]));
    assert_eq!(md.i32_array("i32s"), Ok(&[-1, 1][..]));
    assert_eq!(md.u32_array("u32s"), Ok(&[7][..]));
    assert_eq!(md.f32_array("f32s"), Ok(&[0.5][..]));
    assert_eq!(md.iter().len(), 18);

    let [matrix, blocks, steps, vector] = header.tensors.all() else {
        panic!("four tensors");
    };
    assert_eq!(matrix.shape, [2, 3]);
    assert_eq!(bytes[matrix.range.clone()], (0..24).collect::<Vec<u8>>());
    assert_eq!(
        (blocks.dtype, blocks.elements()),
        (GgmlDType::Q4_1.into(), 128)
    );
    assert_eq!(bytes[blocks.range.clone()], [7; 80]);
    assert_eq!(bytes[vector.range.clone()], [9; 10]);
    assert_eq!(steps.dtype, TensorType::Iq4Nl);
    assert_eq!(bytes[steps.range.clone()], [5; 36]);
    assert!(header.tensors.all().iter().all(|t| t.range.start % 32 == 0));
}

#[test]
fn an_own_alignment_is_kept() {
    for alignment in [Value::U32(256), Value::I32(256), Value::U16(256)] {
        let mut writer = sample();
        writer.metadata("general.alignment", alignment.clone());
        let header = parse(&writer.to_bytes()).unwrap();
        let mut tensors = header.tensors.all().iter();
        assert!(
            tensors.all(|t| t.range.start.is_multiple_of(256)),
            "{alignment:?}"
        );
    }
    for bad in [0, 1, 4, 24, 1 << 21] {
        let pair = Raw::header(0, 1).text("general.alignment").u32(4).u32(bad);
        let error = broken(&pair.0);
        assert_eq!(error, GgufError::Alignment { alignment: bad });
    }
}

#[test]
fn getters_name_key_and_type() {
    let header = parse(&sample().to_bytes()).unwrap();
    let md = &header.metadata;
    for (error, expected) in [
        (
            md.u32("absent").unwrap_err(),
            "metadata key \"absent\" is missing",
        ),
        (
            md.u32("truth").unwrap_err(),
            "metadata key \"truth\" holds a boolean where a whole number from 0 is needed",
        ),
        (
            md.u32("n.i8").unwrap_err(),
            "metadata key \"n.i8\" holds i8 where a whole number from 0 is needed",
        ),
        (
            md.u32("n.u64").unwrap_err(),
            "metadata key \"n.u64\" holds a larger one where a whole number of 32 bits is needed",
        ),
        (
            md.str("texts").unwrap_err(),
            "metadata key \"texts\" holds an array of texts where a text is needed",
        ),
        (
            md.str_array("i32s").unwrap_err(),
            "metadata key \"i32s\" holds an array of i32 where an array of texts is needed",
        ),
        (
            md.f32("n.u8").unwrap_err(),
            "metadata key \"n.u8\" holds u8 where a floating-point number is needed",
        ),
    ] {
        assert_eq!(error.to_string(), expected);
    }
    assert_eq!(optional(md.u32("absent")), Ok(None));
    assert_eq!(optional(md.u32("n.u32")), Ok(Some(32)));
    optional(md.u32("truth")).unwrap_err();
}

#[test]
fn every_cut_is_an_error() {
    let bytes = sample().to_bytes();
    // The last tensor's padding may be missing.
    let needed = bytes.len() - 32 + 10;
    for cut in 0..needed {
        broken(&bytes[..cut]);
    }
    parse(&bytes[..needed]).unwrap();
}

#[test]
fn huge_counts_allocate_nothing() {
    const HUGE: u64 = u64::MAX;
    const NEGATIVE: u64 = (-1_i64).cast_unsigned();
    const HALF: u64 = 1 << 63;
    for n in [HUGE, NEGATIVE, HALF, 1 << 40, 1 << 17] {
        let pair = |value_type: u32| Raw::header(0, 1).text("k").u32(value_type);
        for (raw, what) in [
            (Raw::header(n, 0), "tensors or infos"),
            (Raw::header(0, n), "pairs"),
            (Raw::header(0, 1).u64(n), "key"),
            (pair(8).u64(n), "text"),
            (pair(9).u32(0).u64(n), "bytes"),
            (pair(9).u32(4).u64(n), "numbers"),
            (pair(9).u32(7).u64(n), "booleans"),
            (pair(9).u32(8).u64(n), "texts"),
            (pair(9).u32(9).u64(n), "arrays"),
            (pair(9).u32(8).u64(1).u64(n), "a text in an array"),
            (Raw::header(1, 0).u64(n), "tensor name"),
        ] {
            let error = broken(&raw.bytes(&[0; 64]).0);
            assert!(
                matches!(
                    error,
                    GgufError::Truncated { .. } | GgufError::TooMany { .. }
                ),
                "{what} {n}: {error}"
            );
        }
    }
}

#[test]
fn broken_headers_say_what_is_wrong() {
    let pair = || Raw::header(0, 1).text("k");
    let nested = |depth: usize| {
        let opened = (0..depth).fold(pair().u32(9), |raw, _| raw.u32(9).u64(1));
        opened.u32(0).u64(0).bytes(&[0; 64]).0
    };
    for (bytes, expected) in [
        (vec![], "the file ends inside magic, at byte 0"),
        (b"GGML\x03\0\0\0".to_vec(), "doesn't start with \"GGUF\""),
        (b"GGUF\x01\0\0\0".to_vec(), "version 1 is not supported"),
        (b"GGUF\x04\0\0\0".to_vec(), "version 4 is not supported"),
        (b"GGUF\0\0\0\x03".to_vec(), "big-endian"),
        (pair().u32(13).u64(0).0, "has the unknown type 13"),
        (pair().u32(9).u32(13).u64(0).0, "has the unknown type 13"),
        (pair().u32(7).bytes(&[2]).0, "is 2"),
        (pair().u32(9).u32(7).u64(1).bytes(&[255]).0, "is 255"),
        (pair().u32(8).u64(2).bytes(b"\xff\xfe").0, "not valid UTF-8"),
        (
            Raw::header(0, 1).u64(1).bytes(b"\xff").0,
            "metadata key at byte 32 is not valid UTF-8",
        ),
        (
            Raw::header(0, 1).text("").u32(0).bytes(&[0]).0,
            "key of 0 bytes",
        ),
        (
            Raw::header(0, 1)
                .text(&"k".repeat(70_000))
                .u32(0)
                .bytes(&[0])
                .0,
            "key of 70000 bytes",
        ),
        (
            Raw::header(0, 2)
                .text("k")
                .u32(0)
                .bytes(&[1])
                .text("k")
                .u32(0)
                .bytes(&[2])
                .0,
            "\"k\" occurs twice",
        ),
        (nested(3), "nested deeper than 3"),
        (nested(200), "nested deeper than 3"),
    ] {
        let error = broken(&bytes).to_string();
        assert!(error.contains(expected), "{expected:?}: {error}");
    }
    parse(&nested(2)).unwrap();
}

#[test]
fn broken_tensors_are_named() {
    let one = |dimensions: &[u64], type_number, offset| {
        Raw::header(1, 0)
            .tensor("t", dimensions, type_number, offset)
            .data(64)
    };
    let two = |first: &str, second: &str, offset| {
        let raw = Raw::header(2, 0).tensor(first, &[16], 0, 0);
        raw.tensor(second, &[1], 0, offset).data(128)
    };
    let long = "n".repeat(256);
    for (bytes, expected) in [
        (one(&[4], 4, 0), "\"t\" has the unknown type 4"),
        (one(&[4], 39, 0), "\"t\" has the unknown type 39"),
        (one(&[], 0, 0), "\"t\" has 0 dimensions"),
        (one(&[1; 5], 0, 0), "\"t\" has 5 dimensions"),
        (one(&[4, 0], 0, 0), "\"t\" has an impossible shape"),
        (one(&[31, 2], 2, 0), "\"t\" has an impossible shape"),
        (one(&[1 << 63, 4], 0, 0), "\"t\" has an impossible shape"),
        (one(&[u64::MAX], 0, 0), "\"t\" has an impossible shape"),
        (one(&[1 << 62], 0, 0), "\"t\" has an impossible shape"),
        (one(&[1 << 61], 0, 0), "past the end of the file"),
        (one(&[17], 0, 0), "needs 68 bytes at offset 0, past the end"),
        (one(&[1], 0, 64), "needs 4 bytes at offset 64, past the end"),
        (one(&[1], 0, u64::MAX - 31), "past the end of the file"),
        (one(&[1], 0, 4), "offset 4, which is not a multiple of 32"),
        (two("a", "b", 32), "tensors \"a\" and \"b\" overlap"),
        (two("a", "b", 0), "overlap"),
        (two("a", "a", 64), "tensor \"a\" occurs twice"),
        (two("", "b", 64), "a tensor name of 0 bytes"),
        (two(&long, "b", 64), "a tensor name of 256 bytes"),
    ] {
        let error = broken(&bytes).to_string();
        assert!(error.contains(expected), "{expected:?}: {error}");
    }
    parse(&one(&[16], 0, 0)).unwrap();
    parse(&two("a", "b", 64)).unwrap();
}

#[test]
fn names_in_errors_are_cut_and_escaped() {
    let name = "\u{1b}[31m\n".to_owned() + &"x".repeat(200);
    let bytes = Raw::header(1, 0).tensor(&name, &[1], 99, 0).data(32);
    let error = broken(&bytes).to_string();
    assert!(
        error.len() < 200 && !error.contains(['\u{1b}', '\n']),
        "{error}"
    );
}

#[test]
fn an_opened_file_gives_bytes_and_names_its_path() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("sample.gguf");
    std::fs::write(&path, sample().to_bytes()).unwrap();
    let gguf = Gguf::open(&Mapped::open(&path).unwrap()).unwrap();
    assert_eq!(gguf.version(), 3);
    assert_eq!(gguf.bytes(gguf.tensor("blocks").unwrap()), [7; 80]);
    assert!(gguf.has_tensor("vector") && !gguf.has_tensor("other"));
    let error = gguf.tensor("other").unwrap_err().to_string();
    assert_eq!(
        error,
        format!("{}: tensor \"other\" is missing", path.display())
    );
}

proptest! {
    #[test]
    fn no_change_makes_it_panic(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let mut bytes = sample().to_bytes();
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        check_whatever(&bytes);
    }

    #[test]
    fn no_number_makes_it_panic(at in any::<prop::sample::Index>(), number in any::<u64>()) {
        let mut bytes = sample().to_bytes();
        let at = at.index(bytes.len() - 8);
        bytes[at..at + 8].copy_from_slice(&number.to_le_bytes());
        check_whatever(&bytes);
    }

    #[test]
    fn no_bytes_make_it_panic(tail in prop::collection::vec(any::<u8>(), 0..256)) {
        check_whatever(&[b"GGUF\x03\0\0\0", &tail[..]].concat());
    }
}

/// Whatever the bytes: an error, or tensors that lie in the file and apart.
fn check_whatever(bytes: &[u8]) {
    if let Ok(header) = parse(bytes) {
        for tensor in header.tensors.all() {
            assert!(tensor.range.start <= tensor.range.end && tensor.range.end <= bytes.len());
            let size = tensor.elements() / tensor.dtype.block_size() * tensor.dtype.type_size();
            assert_eq!(tensor.range.len(), size);
        }
    }
}
