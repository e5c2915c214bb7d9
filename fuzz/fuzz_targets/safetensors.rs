//! The reader of safetensors headers, and of the index over several files: an index, a 0x1E and a shard, or one file.
#![no_main]

use bailiwick::formats::safetensors::Safetensors;
use bailiwick::formats::{Folder, Mapped};
use libfuzzer_sys::fuzz_target;

/// Stands in no JSON.
const BORDER: u8 = 0x1e;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(file) = Safetensors::open(&Mapped::in_memory(bytes)) {
        check(&file);
    }
    let mut parts = bytes.splitn(2, |byte| *byte == BORDER);
    let (index, shard) = (parts.next().unwrap_or(&[]), parts.next());
    let mut files = vec![("model.safetensors.index.json", index)];
    files.extend(shard.map(|shard| ("a.safetensors", shard)));
    for file in Folder::in_memory(&files).weights().unwrap_or_default() {
        check(&file);
    }
});

/// Tensors lie inside the file, one behind the other, and are as large as their shapes say.
fn check(file: &Safetensors) {
    let tensors = file.tensors();
    assert!(tensors.is_sorted_by(|one, next| one.name < next.name));
    let mut ranges: Vec<_> = tensors.iter().map(|own| own.range.clone()).collect();
    ranges.sort_by_key(|range| (range.start, range.end));
    assert!(ranges.is_sorted_by(|one, next| one.end <= next.start));
    for tensor in tensors {
        assert_eq!(file.bytes(tensor).len(), tensor.range.len(), "{tensor:?}");
        let elements: usize = tensor.shape.iter().product();
        // Elements of less than a byte have no size here.
        let size = tensor.dtype.size_in_bytes();
        assert!(
            size == 0 || elements * size == tensor.range.len(),
            "{tensor:?}"
        );
        assert_eq!(file.tensor(&tensor.name).unwrap(), tensor);
    }
}
