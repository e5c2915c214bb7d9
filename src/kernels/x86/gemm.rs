//! `C += A · B` with AVX2: up to six rows by sixteen columns stay in registers.

use std::arch::x86_64::{
    __m256, _mm_loadl_epi64, _mm_loadu_si128, _mm256_castsi256_ps, _mm256_cvtepi8_epi32,
    _mm256_cvtepi32_ps, _mm256_cvtepu16_epi32, _mm256_cvtph_ps, _mm256_fmadd_ps, _mm256_loadu_ps,
    _mm256_set1_ps, _mm256_setzero_ps, _mm256_slli_epi32,
};

use super::super::gemm::{Element, ElementKind, Rows, WIDE, plain};
use super::avx2::{load_floats, store_floats};

/// See [`accumulate`](super::super::gemm::accumulate).
///
/// # Safety
///
/// Each matrix holds as many rows and columns as `(rows, depth, cols)` says.
#[target_feature(enable = "avx2,fma,f16c")]
pub(in super::super) unsafe fn accumulate<T: Element>(
    a: Rows<'_, f32>,
    b: Rows<'_, T>,
    (rows, depth, cols): (usize, usize, usize),
    c: &mut [f32],
    c_stride: usize,
) {
    let whole = cols / WIDE * WIDE;
    for col in (0..whole).step_by(WIDE) {
        let b = Rows {
            values: &b.values[col..],
            stride: b.stride,
        };
        let mut row = 0;
        while row < rows {
            let a = Rows {
                values: &a.values[row * a.stride..],
                stride: a.stride,
            };
            let c = &mut c[row * c_stride + col..];
            let count = match rows - row {
                6.. => 6,
                left => left,
            };
            // SAFETY: `count` rows and 16 columns are left, by the contract.
            #[expect(clippy::multiple_unsafe_ops_per_block, reason = "one call, of six")]
            unsafe {
                match count {
                    6 => block::<T, 6>(a, b, depth, c, c_stride),
                    5 => block::<T, 5>(a, b, depth, c, c_stride),
                    4 => block::<T, 4>(a, b, depth, c, c_stride),
                    3 => block::<T, 3>(a, b, depth, c, c_stride),
                    2 => block::<T, 2>(a, b, depth, c, c_stride),
                    _ => block::<T, 1>(a, b, depth, c, c_stride),
                }
            }
            row += count;
        }
    }
    plain(a, b, (rows, depth, whole..cols), c, c_stride);
}

/// # Safety
///
/// `a` holds `R` rows of `depth`, `b` `depth` rows of 16.
#[inline]
#[target_feature(enable = "avx2,fma,f16c")]
unsafe fn block<T: Element, const R: usize>(
    a: Rows<'_, f32>,
    b: Rows<'_, T>,
    depth: usize,
    c: &mut [f32],
    c_stride: usize,
) {
    let mut totals = [[_mm256_setzero_ps(); 2]; R];
    for (row, totals) in totals.iter_mut().enumerate() {
        let c = c[row * c_stride..][..WIDE].as_chunks::<8>().0;
        *totals = [load_floats(&c[0]), load_floats(&c[1])];
    }
    for k in 0..depth {
        // SAFETY: `b` has a row `k` of 16 elements, by the contract.
        let [first, second] = unsafe { load_row(b.values.as_ptr(), k * b.stride) };
        for (row, totals) in totals.iter_mut().enumerate() {
            // SAFETY: element `k` of row `row`, by the contract.
            let value = unsafe { *a.values.get_unchecked(row * a.stride + k) };
            let value = _mm256_set1_ps(value);
            totals[0] = _mm256_fmadd_ps(value, first, totals[0]);
            totals[1] = _mm256_fmadd_ps(value, second, totals[1]);
        }
    }
    for (row, totals) in totals.iter().enumerate() {
        let c = c[row * c_stride..][..WIDE].as_chunks_mut::<8>().0;
        store_floats(&mut c[0], totals[0]);
        store_floats(&mut c[1], totals[1]);
    }
}

/// # Safety
///
/// 16 elements can be read behind the first `at`.
#[inline]
#[target_feature(enable = "avx2,fma,f16c")]
#[expect(clippy::multiple_unsafe_ops_per_block, reason = "two loads of one row")]
unsafe fn load_row<T: Element>(start: *const T, at: usize) -> [__m256; 2] {
    // SAFETY: by the contract.
    unsafe { [load(start.add(at)), load(start.add(at + 8))] }
}

/// # Safety
///
/// Eight elements can be read.
#[inline]
#[target_feature(enable = "avx2,fma,f16c")]
unsafe fn load<T: Element>(from: *const T) -> __m256 {
    if T::KIND == ElementKind::Single {
        // SAFETY: by the contract; only `f32` is of this kind.
        return unsafe { _mm256_loadu_ps(from.cast()) };
    }
    if T::KIND == ElementKind::Byte {
        // SAFETY: by the contract; elements of this kind have one byte.
        let bytes = unsafe { _mm_loadl_epi64(from.cast()) };
        return _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(bytes));
    }
    // SAFETY: by the contract; the other kinds have two bytes, and no layout but their bits.
    let bits = unsafe { _mm_loadu_si128(from.cast()) };
    if T::KIND == ElementKind::Half {
        return _mm256_cvtph_ps(bits);
    }
    _mm256_castsi256_ps(_mm256_slli_epi32::<16>(_mm256_cvtepu16_epi32(bits)))
}
