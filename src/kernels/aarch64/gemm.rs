//! `C += A · B` with NEON: up to six rows by sixteen columns stay in registers.

use std::arch::aarch64::{
    float32x4_t, vcvt_f32_f16, vcvt_high_f32_f16, vcvtq_f32_s32, vdupq_n_f32, vfmaq_n_f32,
    vget_low_f16, vget_low_s8, vget_low_s16, vget_low_u16, vld1q_f32, vld1q_s8, vld1q_u16,
    vmovl_high_s8, vmovl_high_s16, vmovl_s8, vmovl_s16, vreinterpretq_f16_u16,
    vreinterpretq_f32_u32, vshll_high_n_u16, vshll_n_u16, vst1q_f32,
};

use super::super::gemm::{Element, ElementKind, Rows, WIDE, plain};

/// Sixteen columns.
type Wide = [float32x4_t; WIDE / 4];

/// See [`accumulate`](super::super::gemm::accumulate).
///
/// # Safety
///
/// Each matrix holds as many rows and columns as `(rows, depth, cols)` says.
#[target_feature(enable = "neon")]
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
            // SAFETY: as many rows and 16 columns are left, by the contract.
            #[expect(clippy::multiple_unsafe_ops_per_block, reason = "one call, of six")]
            let count = unsafe {
                match rows - row {
                    6.. => block::<T, 6>(a, b, depth, c, c_stride),
                    5 => block::<T, 5>(a, b, depth, c, c_stride),
                    4 => block::<T, 4>(a, b, depth, c, c_stride),
                    3 => block::<T, 3>(a, b, depth, c, c_stride),
                    2 => block::<T, 2>(a, b, depth, c, c_stride),
                    _ => block::<T, 1>(a, b, depth, c, c_stride),
                }
            };
            row += count;
        }
    }
    plain(a, b, (rows, depth, whole..cols), c, c_stride);
}

/// Computes `R` rows, and gives their number.
///
/// # Safety
///
/// `a` holds `R` rows of `depth`, `b` `depth` rows of 16.
#[inline]
#[target_feature(enable = "neon")]
unsafe fn block<T: Element, const R: usize>(
    a: Rows<'_, f32>,
    b: Rows<'_, T>,
    depth: usize,
    c: &mut [f32],
    c_stride: usize,
) -> usize {
    let mut totals = [[vdupq_n_f32(0.0); WIDE / 4]; R];
    for (row, totals) in totals.iter_mut().enumerate() {
        let c = c[row * c_stride..][..WIDE].as_chunks::<4>().0;
        for (total, c) in totals.iter_mut().zip(c) {
            // SAFETY: four floats can be read; no alignment is needed.
            *total = unsafe { vld1q_f32(c.as_ptr()) };
        }
    }
    for k in 0..depth {
        // SAFETY: `b` has a row `k` of 16 elements, by the contract.
        #[expect(clippy::multiple_unsafe_ops_per_block, reason = "one load")]
        let elements = unsafe { load(b.values.as_ptr().add(k * b.stride)) };
        for (row, totals) in totals.iter_mut().enumerate() {
            // SAFETY: element `k` of row `row`, by the contract.
            let value = unsafe { *a.values.get_unchecked(row * a.stride + k) };
            for (total, elements) in totals.iter_mut().zip(elements) {
                *total = vfmaq_n_f32(*total, elements, value);
            }
        }
    }
    for (row, totals) in totals.iter().enumerate() {
        let c = c[row * c_stride..][..WIDE].as_chunks_mut::<4>().0;
        for (total, c) in totals.iter().zip(c) {
            // SAFETY: four floats can be written; no alignment is needed.
            unsafe { vst1q_f32(c.as_mut_ptr(), *total) };
        }
    }
    R
}

/// # Safety
///
/// Sixteen elements can be read.
#[inline]
#[target_feature(enable = "neon")]
#[expect(
    clippy::multiple_unsafe_ops_per_block,
    reason = "the loads of one row of elements"
)]
unsafe fn load<T: Element>(from: *const T) -> Wide {
    if T::KIND == ElementKind::Single {
        let from: *const f32 = from.cast();
        // SAFETY: by the contract; only `f32` is of this kind.
        return unsafe { [0, 4, 8, 12].map(|at| vld1q_f32(from.add(at))) };
    }
    if T::KIND == ElementKind::Byte {
        // SAFETY: by the contract; elements of this kind have one byte.
        let bytes = unsafe { vld1q_s8(from.cast()) };
        let (first, last) = (vmovl_s8(vget_low_s8(bytes)), vmovl_high_s8(bytes));
        return [
            vcvtq_f32_s32(vmovl_s16(vget_low_s16(first))),
            vcvtq_f32_s32(vmovl_high_s16(first)),
            vcvtq_f32_s32(vmovl_s16(vget_low_s16(last))),
            vcvtq_f32_s32(vmovl_high_s16(last)),
        ];
    }
    let from: *const u16 = from.cast();
    // SAFETY: by the contract; the other kinds have two bytes, and no layout but their bits.
    let [first, last] = unsafe { [vld1q_u16(from), vld1q_u16(from.add(8))] };
    if T::KIND == ElementKind::Half {
        let [first, last] = [first, last].map(|bits| vreinterpretq_f16_u16(bits));
        return [
            vcvt_f32_f16(vget_low_f16(first)),
            vcvt_high_f32_f16(first),
            vcvt_f32_f16(vget_low_f16(last)),
            vcvt_high_f32_f16(last),
        ];
    }
    [
        vshll_n_u16::<16>(vget_low_u16(first)),
        vshll_high_n_u16::<16>(first),
        vshll_n_u16::<16>(vget_low_u16(last)),
        vshll_high_n_u16::<16>(last),
    ]
    .map(|bits| vreinterpretq_f32_u32(bits))
}
