//! Zeroed memory whose start is aligned to a cache line.

use std::marker::PhantomData;

use memmap2::{Advice, MmapMut};

/// A cache line.
const LINE: usize = 64;
/// What x86-64 and most ARM kernels call a huge page.
const HUGE_PAGE: usize = 2 << 20;

/// Bytes that start at a multiple of 64. The memory is taken from the system as it is first written; in
/// huge pages where it is large and the system has them: weights are read from end to end for each token,
/// and a page of 4 KiB costs a walk through the page tables (two nested ones on a virtual machine).
pub(super) struct AlignedBytes {
    bytes: Bytes,
    start: usize,
    len: usize,
}

enum Bytes {
    Small(Vec<u8>),
    Large(MmapMut),
}

impl AlignedBytes {
    pub(super) fn zeroed(len: usize) -> Self {
        let mapped = if len >= HUGE_PAGE {
            // Where a map can't be had, the allocator may still know a way.
            MmapMut::map_anon(len + HUGE_PAGE).ok()
        } else {
            None
        };
        if let Some(map) = mapped {
            let start = map.as_ptr().align_offset(HUGE_PAGE).min(HUGE_PAGE);
            // Whole ones only: the rest of the last would be taken and not used. Advice that isn't followed
            // leaves small pages.
            let whole = len - len % HUGE_PAGE;
            let _followed = map.advise_range(Advice::HugePage, start, whole).is_ok();
            return Self {
                bytes: Bytes::Large(map),
                start,
                len,
            };
        }
        let bytes = vec![0; len + LINE];
        let start = bytes.as_ptr().align_offset(LINE).min(LINE);
        Self {
            bytes: Bytes::Small(bytes),
            start,
            len,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.len
    }

    pub(super) fn get(&self) -> &[u8] {
        let bytes: &[u8] = match &self.bytes {
            Bytes::Small(bytes) => bytes,
            Bytes::Large(map) => map,
        };
        &bytes[self.start..self.start + self.len]
    }

    pub(super) fn get_mut(&mut self) -> &mut [u8] {
        let bytes: &mut [u8] = match &mut self.bytes {
            Bytes::Small(bytes) => bytes,
            Bytes::Large(map) => map,
        };
        &mut bytes[self.start..self.start + self.len]
    }
}

/// What any bits are a value of, and zeros are zero.
pub(super) trait Number: Copy {}

impl Number for i8 {}
impl Number for u16 {}
impl Number for f32 {}

/// Zeroed numbers in such memory.
pub(super) struct Aligned<T> {
    bytes: AlignedBytes,
    number: PhantomData<T>,
}

#[expect(unsafe_code, reason = "bytes are read as numbers")]
impl<T: Number> Aligned<T> {
    pub(super) fn zeroed(len: usize) -> Self {
        Self {
            bytes: AlignedBytes::zeroed(len.saturating_mul(size_of::<T>())),
            number: PhantomData,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.bytes.len() / size_of::<T>()
    }

    pub(super) fn get(&self) -> &[T] {
        // SAFETY: any bits are a value of a `Number`. The bytes start at a multiple of 64, so nothing is left over.
        unsafe { self.bytes.get().align_to().1 }
    }

    pub(super) fn get_mut(&mut self) -> &mut [T] {
        // SAFETY: as above.
        unsafe { self.bytes.get_mut().align_to_mut().1 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_as_many_as_asked_for() {
        for len in [0, 1, 63, HUGE_PAGE / 4 - 1, HUGE_PAGE / 4 + 1] {
            let mut numbers = Aligned::<f32>::zeroed(len);
            assert_eq!((numbers.len(), numbers.get().len()), (len, len));
            assert!(numbers.get().iter().all(|x| *x == 0.0), "{len}");
            numbers.get_mut().fill(1.5);
            assert!(numbers.get().iter().all(|x| *x == 1.5), "{len}");
            assert_eq!(Aligned::<u16>::zeroed(len).get().len(), len);
        }
    }

    #[test]
    fn bytes_are_zero_aligned_and_writable() {
        for len in [0, 1, 63, 4_096, HUGE_PAGE - 1, HUGE_PAGE, HUGE_PAGE + 1] {
            let mut bytes = AlignedBytes::zeroed(len);
            assert_eq!(bytes.len(), len);
            assert_eq!(bytes.get().as_ptr() as usize % LINE, 0, "{len}");
            assert!(bytes.get().iter().all(|b| *b == 0), "{len}");
            bytes.get_mut().fill(7);
            assert!(bytes.get().iter().all(|b| *b == 7), "{len}");
        }
    }
}
