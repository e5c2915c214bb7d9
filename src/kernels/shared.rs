//! Output that several threads write to, each to its own part.
#![expect(unsafe_code, reason = "threads write to separate parts of one buffer")]

use std::marker::PhantomData;

/// A mutable slice that can be handed to several threads.
#[derive(Clone, Copy, Debug)]
pub(super) struct SharedMut<'a, T> {
    start: *mut T,
    len: usize,
    borrow: PhantomData<&'a mut [T]>,
}

// SAFETY: it stands for a `&mut [T]` whose parts are handed out to one thread each: the contract of
// `part`. Sending parts of `T: Send` is fine.
unsafe impl<T: Send> Sync for SharedMut<'_, T> {}
// SAFETY: as above.
unsafe impl<T: Send> Send for SharedMut<'_, T> {}

impl<'a, T> SharedMut<'a, T> {
    pub(super) fn new(slice: &'a mut [T]) -> Self {
        Self {
            start: slice.as_mut_ptr(),
            len: slice.len(),
            borrow: PhantomData,
        }
    }

    /// The `len` elements from `at` on; a range outside the slice is a panic.
    ///
    /// # Safety
    ///
    /// While the part lives, no other part that overlaps it may live, on any thread.
    pub(super) unsafe fn part(&self, at: usize, len: usize) -> &'a mut [T] {
        let fits = at.checked_add(len).is_some_and(|end| end <= self.len);
        assert!(fits, "part outside the slice");
        // SAFETY: the range lies inside the slice.
        let start = unsafe { self.start.add(at) };
        // SAFETY: as above, and by the contract nothing else refers to the range.
        unsafe { std::slice::from_raw_parts_mut(start, len) }
    }
}
