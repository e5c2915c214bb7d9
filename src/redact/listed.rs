//! Tables of words that are part of the program.
//!
//! Nobody but us chooses what is in them, so nobody can make their entries collide, and a hash that is made in a few steps
//! does. What callers write is kept under the standard library's keyed hash.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasherDefault, Hasher};

/// Words of ours.
pub(super) type Listed = HashSet<&'static str, BuildHasherDefault<Fnv>>;
/// What is kept under words of ours.
pub(super) type ByWord<T> = HashMap<&'static str, T, BuildHasherDefault<Fnv>>;

/// The words of a line, with blanks between them.
pub(super) fn of_line(line: &'static str) -> Listed {
    line.split(' ').collect()
}

/// FNV-1a (Fowler, Noll, Vo).
#[derive(Clone, Copy, Debug)]
pub(super) struct Fnv(u64);

impl Default for Fnv {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl Hasher for Fnv {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // The published test vectors.
    #[test]
    fn hashes_as_published() {
        for (text, hash) in [
            ("", 0xcbf2_9ce4_8422_2325),
            ("a", 0xaf63_dc4c_8601_ec8c),
            ("foobar", 0x8594_4171_f739_67e8),
        ] {
            let mut own = Fnv::default();
            own.write(text.as_bytes());
            assert_eq!(own.finish(), hash, "{text}");
        }
    }
}
