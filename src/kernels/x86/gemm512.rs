//! `C += A · B` with AVX-512: up to twelve rows by 32 columns stay in registers, so that a value of `A` is loaded
//! once for two products.

use std::arch::x86_64::{
    __m512, _mm_loadu_si128, _mm256_loadu_si256, _mm512_castsi512_ps, _mm512_cvtepi8_epi32,
    _mm512_cvtepi32_ps, _mm512_cvtepu16_epi32, _mm512_cvtph_ps, _mm512_fmadd_ps, _mm512_loadu_ps,
    _mm512_set1_ps, _mm512_setzero_ps, _mm512_slli_epi32, _mm512_storeu_ps,
};

use super::super::gemm::{Element, ElementKind, Rows, WIDE, plain};

/// See [`accumulate`](super::super::gemm::accumulate).
///
/// # Safety
///
/// Each matrix holds as many rows and columns as `(rows, depth, cols)` says.
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq,avx2,fma,f16c")]
pub(in super::super) unsafe fn accumulate<T: Element>(
    a: Rows<'_, f32>,
    b: Rows<'_, T>,
    (rows, depth, cols): (usize, usize, usize),
    c: &mut [f32],
    c_stride: usize,
) {
    let whole = cols / WIDE * WIDE;
    let mut col = 0;
    while col < whole {
        let b = Rows {
            values: &b.values[col..],
            stride: b.stride,
        };
        let c = &mut c[col..];
        // SAFETY: as many columns are left, by the contract.
        #[expect(clippy::multiple_unsafe_ops_per_block, reason = "one call, of two")]
        let count = unsafe {
            if whole - col >= 2 * WIDE {
                columns::<T, 2>(a, b, (rows, depth), c, c_stride)
            } else {
                columns::<T, 1>(a, b, (rows, depth), c, c_stride)
            }
        };
        col += count;
    }
    plain(a, b, (rows, depth, whole..cols), c, c_stride);
}

/// Computes the first `16 · N` columns, and gives their number.
///
/// # Safety
///
/// `a` holds `rows` rows of `depth`, `b` `depth` rows of `16 · N`.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq,avx2,fma,f16c")]
unsafe fn columns<T: Element, const N: usize>(
    a: Rows<'_, f32>,
    b: Rows<'_, T>,
    (rows, depth): (usize, usize),
    c: &mut [f32],
    c_stride: usize,
) -> usize {
    let mut row = 0;
    while row < rows {
        let a = Rows {
            values: &a.values[row * a.stride..],
            stride: a.stride,
        };
        let c = &mut c[row * c_stride..];
        let left = rows - row;
        // SAFETY: as many rows and columns are left, by the contract.
        #[expect(clippy::multiple_unsafe_ops_per_block, reason = "one call, of seven")]
        let count = unsafe {
            match left {
                12.. => block::<T, 12, N>(a, b, depth, c, c_stride),
                8.. => block::<T, 8, N>(a, b, depth, c, c_stride),
                6.. => block::<T, 6, N>(a, b, depth, c, c_stride),
                4.. => block::<T, 4, N>(a, b, depth, c, c_stride),
                // Heads that share keys come in threes, too: each vector of keys is widened once for them.
                3 => block::<T, 3, N>(a, b, depth, c, c_stride),
                2.. => block::<T, 2, N>(a, b, depth, c, c_stride),
                _ => block::<T, 1, N>(a, b, depth, c, c_stride),
            }
        };
        row += count;
    }
    N * WIDE
}

/// Computes `R` rows by `16 · N` columns, and gives the number of rows.
///
/// # Safety
///
/// `a` holds `R` rows of `depth`, `b` `depth` rows of `16 · N`.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq,avx2,fma,f16c")]
unsafe fn block<T: Element, const R: usize, const N: usize>(
    a: Rows<'_, f32>,
    b: Rows<'_, T>,
    depth: usize,
    c: &mut [f32],
    c_stride: usize,
) -> usize {
    let mut totals = [[_mm512_setzero_ps(); N]; R];
    for (row, totals) in totals.iter_mut().enumerate() {
        let c = &c[row * c_stride..][..N * WIDE];
        for (total, c) in totals.iter_mut().zip(c.as_chunks::<WIDE>().0) {
            // SAFETY: sixteen floats can be read; no alignment is needed.
            *total = unsafe { _mm512_loadu_ps(c.as_ptr()) };
        }
    }
    for k in 0..depth {
        let mut elements = [_mm512_setzero_ps(); N];
        for (index, elements) in elements.iter_mut().enumerate() {
            // SAFETY: `b` has a row `k` of `16 · N` elements, by the contract.
            #[expect(clippy::multiple_unsafe_ops_per_block, reason = "one load")]
            let loaded = unsafe { load(b.values.as_ptr().add(k * b.stride + index * WIDE)) };
            *elements = loaded;
        }
        for (row, totals) in totals.iter_mut().enumerate() {
            // SAFETY: element `k` of row `row`, by the contract.
            let value = unsafe { *a.values.get_unchecked(row * a.stride + k) };
            for (total, elements) in totals.iter_mut().zip(elements) {
                *total = _mm512_fmadd_ps(_mm512_set1_ps(value), elements, *total);
            }
        }
    }
    for (row, totals) in totals.iter().enumerate() {
        let c = &mut c[row * c_stride..][..N * WIDE];
        for (total, c) in totals.iter().zip(c.as_chunks_mut::<WIDE>().0) {
            // SAFETY: sixteen floats can be written; no alignment is needed.
            unsafe { _mm512_storeu_ps(c.as_mut_ptr(), *total) };
        }
    }
    R
}

/// # Safety
///
/// Sixteen elements can be read.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq,avx2,fma,f16c")]
unsafe fn load<T: Element>(from: *const T) -> __m512 {
    if T::KIND == ElementKind::Single {
        // SAFETY: by the contract; only `f32` is of this kind.
        return unsafe { _mm512_loadu_ps(from.cast()) };
    }
    if T::KIND == ElementKind::Byte {
        // SAFETY: by the contract; elements of this kind have one byte.
        let bytes = unsafe { _mm_loadu_si128(from.cast()) };
        return _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(bytes));
    }
    // SAFETY: by the contract; the other kinds have two bytes, and no layout but their bits.
    let bits = unsafe { _mm256_loadu_si256(from.cast()) };
    if T::KIND == ElementKind::Half {
        return _mm512_cvtph_ps(bits);
    }
    _mm512_castsi512_ps(_mm512_slli_epi32::<16>(_mm512_cvtepu16_epi32(bits)))
}
