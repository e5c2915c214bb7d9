//! Hints to the CPU about what is read next.

/// Has the CPU bring `values` into its caches while it computes: by itself it reads ahead within a page, and starts anew
/// in the next piece of a paged cache. Nothing happens where the compiler has no such hint.
pub(super) fn fetch<T>(values: &[T]) {
    #[cfg(target_arch = "x86_64")]
    for line in values.chunks((LINE / size_of::<T>().max(1)).max(1)) {
        use std::arch::x86_64::{_MM_HINT_T1, _mm_prefetch};
        // SAFETY: a hint reads nothing, and every x86-64 knows it.
        #[expect(unsafe_code, reason = "an instruction without a safe name")]
        unsafe {
            _mm_prefetch::<_MM_HINT_T1>(line.as_ptr().cast());
        }
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = values;
}

/// Bytes that the caches hold together.
#[cfg(target_arch = "x86_64")]
const LINE: usize = 64;
