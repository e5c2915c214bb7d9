//! Tile products with NEON: four rows of the matrix in a vector, eight rows at a time.
//!
//! A block's weights are unpacked once and stay in registers while all rows of a panel pass by; a row's totals
//! stay in the first cache. Weights of all formats fit signed bytes. CPUs with the dot product (`DOT`) add four
//! products of bytes in one step; on others products add up in 16 bits as often as the format allows.

use std::arch::aarch64::{
    float32x4_t, int8x16_t, int32x4_t, uint8x16_t, uint16x4_t, vaddq_u8, vandq_u8, vcvt_f32_f16,
    vcvtq_f32_s32, vcvtq_f32_u32, vdup_n_u32, vdupq_n_f32, vdupq_n_s8, vdupq_n_s16, vdupq_n_s32,
    vdupq_n_u8, vfmaq_f32, vfmaq_n_f32, vget_low_s8, vget_low_s16, vget_low_u16, vld1_u16,
    vld1q_f32, vld1q_s8, vld1q_u8, vmlal_high_s8, vmlal_s8, vmovl_s8, vmovl_s16, vmovl_u8,
    vmovl_u16, vmulq_f32, vmulq_n_f32, vnegq_f32, vorrq_u8, vpadalq_s16, vpaddq_s32, vqtbl1q_s8,
    vreinterpret_f16_u16, vreinterpret_s8_u32, vreinterpret_u8_u32, vreinterpretq_s8_s32,
    vreinterpretq_s8_u8, vshlq_u8, vst1q_f32,
};
use std::arch::asm;

use super::super::packed::NONLINEAR;
use super::super::packed::layout::{GROUPS, LINE, Params, Sizes, Storage, TILE_ROWS};
use super::super::quantized::QuantBlock;

/// Rows of the matrix in a vector.
const LANES: usize = 4;

/// The weights of four rows: four bytes of each per group.
type Weights = [int8x16_t; GROUPS];

/// What products of four rows are multiplied with, of the first and the last 16 columns.
#[derive(Clone, Copy)]
struct Factors {
    scales: [float32x4_t; 2],
    offsets: [float32x4_t; 2],
}

/// The products of one tile with a panel of `totals.len()` rows.
///
/// # Safety
///
/// For `DOT` the CPU has the dot product.
#[target_feature(enable = "neon")]
pub(in super::super) unsafe fn tile<S: Storage, const DOT: bool>(
    tile: &[u8],
    panel: &[QuantBlock],
    totals: &mut [[f32; TILE_ROWS]],
) {
    totals.fill([0.0; TILE_ROWS]);
    for (block, rows) in panel.chunks_exact(totals.len()).enumerate() {
        let (head, bytes) = Sizes::of::<S>().parts(tile, block);
        for half in 0..2 {
            // SAFETY: by the contract.
            unsafe { half_block::<S, DOT>(half, (head, bytes), rows, totals) };
        }
    }
}

/// Multiplies a block's rows `8 · half ..` of the matrix.
///
/// # Safety
///
/// As [`tile`].
#[inline]
#[target_feature(enable = "neon")]
unsafe fn half_block<S: Storage, const DOT: bool>(
    half: usize,
    (head, bytes): (&[u8], &[u8]),
    rows: &[QuantBlock],
    totals: &mut [[f32; TILE_ROWS]],
) {
    let (params, planes) = bytes.split_at(Sizes::of::<S>().params());
    let vectors = [2 * half, 2 * half + 1];
    let weights = vectors.map(|vector| quants::<S>(planes, vector));
    let factors = vectors.map(|vector| factors::<S>(head, params, vector));
    let parts = if S::HALVES { 2 } else { 1 };
    for (row, totals) in rows.iter().zip(totals) {
        let totals = &mut totals.as_chunks_mut::<{ 2 * LANES }>().0[half];
        let totals = totals.as_chunks_mut::<LANES>().0;
        let mut sums = [load_floats(&totals[0]), load_floats(&totals[1])];
        for part in 0..parts {
            // SAFETY: by the contract.
            let dots = unsafe { dots::<S, DOT>(&weights, row, part) };
            for ((sum, factors), dot) in sums.iter_mut().zip(&factors).zip(dots) {
                let scale = vmulq_n_f32(factors.scales[part], row.scale);
                *sum = vfmaq_f32(*sum, vcvtq_f32_s32(dot), scale);
                if !S::SIGNED {
                    let of_row = if S::HALVES {
                        row.half_sum(part)
                    } else {
                        row.sum
                    };
                    *sum = vfmaq_n_f32(*sum, factors.offsets[part], of_row);
                }
            }
        }
        for (totals, sum) in totals.iter_mut().zip(sums) {
            store_floats(totals, sum);
        }
    }
}

/// The products of eight rows of weights with a row of activations: over all columns, or over half of them where
/// there is a scale per 16.
///
/// # Safety
///
/// As [`tile`].
#[inline]
#[target_feature(enable = "neon")]
unsafe fn dots<S: Storage, const DOT: bool>(
    weights: &[Weights; 2],
    row: &QuantBlock,
    part: usize,
) -> [int32x4_t; 2] {
    let count = if S::HALVES { GROUPS / 2 } else { GROUPS };
    let groups = part * count..(part + 1) * count;
    let mut sums = [vdupq_n_s32(0); 2];
    if DOT {
        for first in groups.step_by(4) {
            let values = load_signed(&row.quants.as_chunks::<4>().0[first / 4]);
            for (sum, weights) in sums.iter_mut().zip(weights) {
                let four = &weights.as_chunks::<4>().0[first / 4];
                // SAFETY: by the contract.
                *sum = unsafe { add_products(*sum, four, values) };
            }
        }
        return sums;
    }
    // Products of pairs are counted there, single ones here.
    let run = (2 * S::RUN).min(count);
    let mut halves = [[vdupq_n_s32(0); 2]; 2];
    for first in groups.step_by(run) {
        let mut narrow = [[vdupq_n_s16(0); 2]; 2];
        for group in first..first + run {
            let four = i32::from_ne_bytes(row.quants[group].map(i8::cast_unsigned));
            let values = vreinterpretq_s8_s32(vdupq_n_s32(four));
            for ([low, high], weights) in narrow.iter_mut().zip(weights) {
                let weights = weights[group];
                *low = vmlal_s8(*low, vget_low_s8(weights), vget_low_s8(values));
                *high = vmlal_high_s8(*high, weights, values);
            }
        }
        let halves = halves.as_flattened_mut().iter_mut();
        for (half, narrow) in halves.zip(narrow.as_flattened()) {
            *half = vpadalq_s16(*half, *narrow);
        }
    }
    for (sum, [low, high]) in sums.iter_mut().zip(halves) {
        *sum = vpaddq_s32(low, high);
    }
    sums
}

/// Adds the products of four groups with sixteen activations.
///
/// # Safety
///
/// The CPU has the dot product.
#[inline]
#[target_feature(enable = "neon")]
unsafe fn add_products(
    mut sum: int32x4_t,
    weights: &[int8x16_t; 4],
    values: int8x16_t,
) -> int32x4_t {
    let [a, b, c, d] = *weights;
    // By its name: the compiler's own function for it is not stable yet.
    // SAFETY: by the contract; nothing but `sum` is written.
    unsafe {
        asm!(
            ".arch_extension dotprod",
            "sdot {sum:v}.4s, {a:v}.16b, {values:v}.4b[0]",
            "sdot {sum:v}.4s, {b:v}.16b, {values:v}.4b[1]",
            "sdot {sum:v}.4s, {c:v}.16b, {values:v}.4b[2]",
            "sdot {sum:v}.4s, {d:v}.16b, {values:v}.4b[3]",
            sum = inout(vreg) sum,
            a = in(vreg) a,
            b = in(vreg) b,
            c = in(vreg) c,
            d = in(vreg) d,
            values = in(vreg) values,
            options(pure, nomem, nostack, preserves_flags),
        );
    }
    sum
}

/// The weights of vector `vector` of four: what `layout::unpack` does, in registers.
#[inline]
#[target_feature(enable = "neon")]
fn quants<S: Storage>(planes: &[u8], vector: usize) -> Weights {
    let (four, two, one, eight) = S::PLANES;
    let lines = planes.as_chunks::<LINE>().0;
    let line = |index: usize| load(&lines[index].as_chunks::<16>().0[vector]);
    let mut quants = [vdupq_n_u8(0); GROUPS];
    let (mut next, mut bit) = (0, 0);
    if eight {
        for (group, quants) in quants.iter_mut().enumerate() {
            *quants = line(group);
        }
    }
    if four {
        for group in 0..4 {
            quants[group] = field(line(group), 0, 15);
            quants[4 + group] = field(line(group), 4, 15);
        }
        (next, bit) = (4, 4);
    }
    if two {
        for (half, quants) in quants.as_chunks_mut::<4>().0.iter_mut().enumerate() {
            for (quants, at) in quants.iter_mut().zip([0, 2, 4, 6]) {
                *quants = vorrq_u8(*quants, up(field(line(next + half), at, 3), bit));
            }
        }
        (next, bit) = (next + 2, bit + 2);
    }
    if one {
        for (quants, at) in quants.iter_mut().zip(0..) {
            *quants = vorrq_u8(*quants, up(field(line(next), at, 1), bit));
        }
    }
    if S::NONLINEAR {
        // SAFETY: 16 bytes can be read; no alignment is needed.
        let steps = unsafe { vld1q_s8(NONLINEAR.as_ptr()) };
        return quants.map(|quants| vqtbl1q_s8(steps, quants));
    }
    let less = vdupq_n_u8(S::ZERO.wrapping_neg());
    quants.map(|quants| {
        let quants = if S::ZERO == 0 {
            quants
        } else {
            vaddq_u8(quants, less)
        };
        vreinterpretq_s8_u8(quants)
    })
}

/// Bits of each byte, from `bit` up.
#[inline]
#[target_feature(enable = "neon")]
fn field(bytes: uint8x16_t, bit: i8, mask: u8) -> uint8x16_t {
    vandq_u8(up(bytes, -bit), vdupq_n_u8(mask))
}

/// Moves bits up, or down, within their bytes.
#[inline]
#[target_feature(enable = "neon")]
fn up(bytes: uint8x16_t, bits: i8) -> uint8x16_t {
    vshlq_u8(bytes, vdupq_n_s8(bits))
}

/// The scales and offsets of vector `vector` of four: what `layout::scales` does.
#[inline]
#[target_feature(enable = "neon")]
fn factors<S: Storage>(head: &[u8], params: &[u8], vector: usize) -> Factors {
    let halves = |bytes: &[u8], index: usize| {
        let bits = load_halves(&bytes.as_chunks::<8>().0[LANES * index + vector]);
        vcvt_f32_f16(vreinterpret_f16_u16(bits))
    };
    let bytes = |index: usize| {
        let bytes = params.as_chunks::<LANES>().0[LANES * index + vector];
        u32::from_ne_bytes(bytes)
    };
    let whole = |bytes: u32| {
        let wide = vmovl_u8(vreinterpret_u8_u32(vdup_n_u32(bytes)));
        vcvtq_f32_u32(vmovl_u16(vget_low_u16(wide)))
    };
    let zero = vdupq_n_f32(0.0);
    let (mut scales, mut offsets) = ([zero; 2], [zero; 2]);
    match S::PARAMS {
        Params::Scale => scales[0] = halves(params, 0),
        Params::ScaleOffset => {
            scales[0] = halves(params, 0);
            offsets[0] = halves(params, 1);
        }
        Params::SmallScaleOffset => {
            scales[0] = vmulq_f32(halves(head, 0), whole(bytes(0)));
            offsets[0] = vmulq_f32(halves(head, 1), vnegq_f32(whole(bytes(1))));
        }
        Params::SmallScales => {
            let signed = |index| {
                let wide = vmovl_s8(vreinterpret_s8_u32(vdup_n_u32(bytes(index))));
                vcvtq_f32_s32(vmovl_s16(vget_low_s16(wide)))
            };
            let scale = halves(head, 0);
            scales = [0, 1].map(|part| vmulq_f32(scale, signed(part)));
        }
        Params::TinyScalesOffsets => {
            let (scale, offset) = (halves(head, 0), halves(head, 1));
            for part in 0..2 {
                let tiny = |bit: u32| whole(bytes(part) >> bit & 0x0F0F_0F0F);
                scales[part] = vmulq_f32(scale, tiny(0));
                offsets[part] = vmulq_f32(offset, vnegq_f32(tiny(4)));
            }
        }
    }
    Factors { scales, offsets }
}

#[inline]
#[target_feature(enable = "neon")]
fn load(bytes: &[u8; 16]) -> uint8x16_t {
    // SAFETY: sixteen bytes can be read; no alignment is needed.
    unsafe { vld1q_u8(bytes.as_ptr()) }
}

#[inline]
#[target_feature(enable = "neon")]
fn load_signed(bytes: &[[i8; 4]; 4]) -> int8x16_t {
    // SAFETY: sixteen bytes can be read; no alignment is needed.
    unsafe { vld1q_s8(bytes.as_ptr().cast()) }
}

/// Four halves, by their bits.
#[inline]
#[target_feature(enable = "neon")]
fn load_halves(bytes: &[u8; 8]) -> uint16x4_t {
    // SAFETY: eight bytes can be read; no alignment is needed.
    unsafe { vld1_u16(bytes.as_ptr().cast()) }
}

#[inline]
#[target_feature(enable = "neon")]
fn load_floats(floats: &[f32; LANES]) -> float32x4_t {
    // SAFETY: four floats can be read; no alignment is needed.
    unsafe { vld1q_f32(floats.as_ptr()) }
}

#[inline]
#[target_feature(enable = "neon")]
fn store_floats(floats: &mut [f32; LANES], value: float32x4_t) {
    // SAFETY: four floats can be written; no alignment is needed.
    unsafe { vst1q_f32(floats.as_mut_ptr(), value) }
}
