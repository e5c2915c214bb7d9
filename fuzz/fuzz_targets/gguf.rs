//! The reader of GGUF headers: whatever it takes lies inside the file, and is read again when it was written.
#![no_main]

use bailiwick::formats::Mapped;
use bailiwick::formats::gguf::{Gguf, writer::Writer};
use bailiwick::tokenizer::Tokenizer;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let mapped = Mapped::in_memory(bytes);
    let Ok(file) = Gguf::open(&mapped) else {
        return;
    };
    for tensor in file.tensors() {
        let size = tensor.elements() / tensor.dtype.block_size() * tensor.dtype.type_size();
        assert_eq!(file.bytes(tensor).len(), size, "{tensor:?}");
        assert_eq!(file.tensor(&tensor.name).unwrap(), tensor);
    }
    let written = written(&file);
    let again = Gguf::open(&Mapped::in_memory(&written)).unwrap();
    assert_eq!(file.tensors().len(), again.tensors().len());
    for (one, other) in file.tensors().iter().zip(again.tensors()) {
        assert_eq!(
            (&one.name, one.dtype, &one.shape),
            (&other.name, other.dtype, &other.shape)
        );
        assert!(file.bytes(one) == again.bytes(other), "{one:?}");
    }
    // Numbers that are none differ from themselves, so it is the bytes that are compared.
    assert!(self::written(&again) == written, "{:?}", file.metadata());
    drop(Tokenizer::from_gguf(file.metadata()));
});

/// `file` as it is written here.
fn written(file: &Gguf) -> Vec<u8> {
    let mut writer = Writer::new();
    for (key, value) in file.metadata().iter() {
        writer.metadata(key, value.clone());
    }
    for tensor in file.tensors() {
        writer.tensor(
            &tensor.name,
            tensor.dtype,
            &tensor.shape,
            file.bytes(tensor),
        );
    }
    writer.to_bytes()
}
