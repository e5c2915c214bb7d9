//! Reads little-endian numbers and texts off a byte slice, never past its end.

use super::GgufError;

/// A position in the file's bytes.
#[derive(Debug)]
pub(super) struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    pub(super) const fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// The position: bytes from the start.
    pub(super) const fn at(&self) -> usize {
        self.at
    }

    /// All of the file's bytes.
    pub(super) const fn file_len(&self) -> usize {
        self.bytes.len()
    }

    /// The bytes that are left.
    pub(super) const fn left(&self) -> usize {
        self.bytes.len() - self.at
    }

    /// The next `len` bytes.
    pub(super) fn take(&mut self, len: usize, what: &'static str) -> Result<&'a [u8], GgufError> {
        let taken = self
            .at
            .checked_add(len)
            .and_then(|end| self.bytes.get(self.at..end))
            .ok_or(GgufError::Truncated { what, at: self.at })?;
        self.at += len;
        Ok(taken)
    }

    /// The next `N` bytes.
    pub(super) fn array<const N: usize>(
        &mut self,
        what: &'static str,
    ) -> Result<[u8; N], GgufError> {
        let at = self.at;
        let taken = self.take(N, what)?;
        let array = taken.try_into();
        array.map_err(|_| GgufError::Truncated { what, at })
    }

    pub(super) fn u32(&mut self, what: &'static str) -> Result<u32, GgufError> {
        self.array(what).map(u32::from_le_bytes)
    }

    pub(super) fn u64(&mut self, what: &'static str) -> Result<u64, GgufError> {
        self.array(what).map(u64::from_le_bytes)
    }

    /// A number of things, at most `limit`.
    pub(super) fn count(&mut self, what: &'static str, limit: u64) -> Result<usize, GgufError> {
        let count = self.u64(what)?;
        match usize::try_from(count) {
            Ok(count_here) if count <= limit => Ok(count_here),
            _ => Err(GgufError::TooMany { what, count, limit }),
        }
    }

    /// A number of things that take at least `least_bytes` each: no more than what is left has room
    /// for, so that room for them may be allocated.
    pub(super) fn count_that_fits(
        &mut self,
        what: &'static str,
        least_bytes: usize,
    ) -> Result<usize, GgufError> {
        let at = self.at;
        let count = self.u64(what)?;
        let room = self.left() / least_bytes.max(1);
        match usize::try_from(count) {
            Ok(count) if count <= room => Ok(count),
            _ => Err(GgufError::Truncated { what, at }),
        }
    }

    /// A length in eight bytes, then that many bytes of UTF-8.
    pub(super) fn text(&mut self, what: &'static str) -> Result<&'a str, GgufError> {
        let len = self.count_that_fits(what, 1)?;
        let at = self.at;
        let bytes = self.take(len, what)?;
        std::str::from_utf8(bytes).map_err(|_| GgufError::Utf8 { what, at })
    }
}
