//! Activations in 8 bits with NEON.

use std::arch::aarch64::{
    float32x4_t, int8x16_t, vabsq_f32, vaddlvq_s8, vaddq_f32, vbslq_f32, vcgtq_f32, vcombine_s8,
    vcombine_s16, vdupq_n_f32, vld1q_f32, vmaxvq_f32, vmovn_s16, vmovn_s32, vmulq_n_f32,
    vreinterpretq_s32_f32, vst1q_s8,
};

use super::super::packed::layout::GROUPS;
use super::super::quantized::{BLOCK, QuantBlock, ROUND};

/// Rounds activations by blocks of 32: what `quantized::block` does.
#[target_feature(enable = "neon")]
pub(in super::super) fn quantize(values: &[f32], out: &mut [QuantBlock]) {
    for (values, out) in values.as_chunks::<BLOCK>().0.iter().zip(out) {
        *out = block(values);
    }
}

#[inline]
#[target_feature(enable = "neon")]
fn block(values: &[f32; BLOCK]) -> QuantBlock {
    let mut floats = [vdupq_n_f32(0.0); GROUPS];
    let mut largest = [vdupq_n_f32(0.0); 2];
    for (index, (float, values)) in floats.iter_mut().zip(values.as_chunks::<4>().0).enumerate() {
        *float = load(values);
        let largest = &mut largest[index % 2];
        *largest = larger(vabsq_f32(*float), *largest);
    }
    let largest = vmaxvq_f32(larger(largest[0], largest[1]));
    let inverse = if largest > 0.0 { 127.0 / largest } else { 0.0 };
    // The low byte of each number, sixteen together.
    let bytes = |floats: &[float32x4_t; 4]| {
        let whole = floats.map(|float| {
            let shifted = vaddq_f32(vmulq_n_f32(float, inverse), vdupq_n_f32(ROUND));
            vmovn_s32(vreinterpretq_s32_f32(shifted))
        });
        let [a, b, c, d] = whole;
        vcombine_s8(vmovn_s16(vcombine_s16(a, b)), vmovn_s16(vcombine_s16(c, d)))
    };
    let mut quants = [[0_i8; 4]; GROUPS];
    let mut sums = [0_i32; 2];
    let halves = quants.as_chunks_mut::<4>().0.iter_mut().zip(&mut sums);
    for ((quants, sum), floats) in halves.zip(floats.as_chunks::<4>().0) {
        let bytes = bytes(floats);
        *sum = i32::from(vaddlvq_s8(bytes));
        store(quants, bytes);
    }
    QuantBlock::new(quants, largest / 127.0, sums)
}

/// Lane by lane the larger one; `b` where `a` is no number.
#[inline]
#[target_feature(enable = "neon")]
fn larger(a: float32x4_t, b: float32x4_t) -> float32x4_t {
    vbslq_f32(vcgtq_f32(a, b), a, b)
}

#[inline]
#[target_feature(enable = "neon")]
fn load(floats: &[f32; 4]) -> float32x4_t {
    // SAFETY: four floats can be read; no alignment is needed.
    unsafe { vld1q_f32(floats.as_ptr()) }
}

#[inline]
#[target_feature(enable = "neon")]
fn store(to: &mut [[i8; 4]; 4], bytes: int8x16_t) {
    // SAFETY: sixteen bytes can be written; no alignment is needed.
    unsafe { vst1q_s8(to.as_mut_ptr().cast(), bytes) };
}
