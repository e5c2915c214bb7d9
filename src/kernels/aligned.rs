//! Zeroed memory whose start is aligned to a cache line.

/// A cache line.
const LINE: usize = 64;

/// Bytes that start at a multiple of 64. The memory is taken from the system as it is first written.
pub(super) struct AlignedBytes {
    bytes: Vec<u8>,
    start: usize,
}

impl AlignedBytes {
    pub(super) fn zeroed(len: usize) -> Self {
        let bytes = vec![0; len + LINE];
        let start = bytes.as_ptr().align_offset(LINE).min(LINE);
        Self { bytes, start }
    }

    pub(super) fn len(&self) -> usize {
        self.bytes.len() - LINE
    }

    pub(super) fn get(&self) -> &[u8] {
        &self.bytes[self.start..self.start + self.len()]
    }

    pub(super) fn get_mut(&mut self) -> &mut [u8] {
        let len = self.len();
        &mut self.bytes[self.start..self.start + len]
    }
}
