//! Tile products with AVX-512 VNNI: sixteen rows of the matrix, a whole tile, in a vector.

use std::arch::x86_64::{
    __m512, __m512i, _mm_loadu_si128, _mm512_add_epi32, _mm512_broadcast_i32x4, _mm512_cvtepi32_ps,
    _mm512_dpbusd_epi32, _mm512_fmadd_ps, _mm512_loadu_ps, _mm512_loadu_si512, _mm512_mul_ps,
    _mm512_set1_epi8, _mm512_set1_epi32, _mm512_set1_ps, _mm512_setzero_si512, _mm512_shuffle_epi8,
    _mm512_storeu_ps, _mm512_xor_si512,
};

use super::super::packed::NONLINEAR;
use super::super::packed::layout::{GROUPS, LINE, Storage, TILE_ROWS, Unpacked, unpack};
use super::super::quantized::QuantBlock;

/// The products of one tile with a panel of `totals.len()` rows.
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq,avx512vnni,avx2,fma,f16c")]
pub(in super::super) fn tile<S: Storage>(
    tile: &[u8],
    panel: &[QuantBlock],
    totals: &mut [[f32; TILE_ROWS]],
) {
    let mut weights = Unpacked::ZERO;
    totals.fill([0.0; TILE_ROWS]);
    for (block, rows) in panel.chunks_exact(totals.len()).enumerate() {
        unpack::<S>(tile, block, &mut weights);
        whole_block::<S>(&weights, rows, totals);
    }
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq,avx512vnni,avx2,fma,f16c")]
fn whole_block<S: Storage>(
    weights: &Unpacked,
    rows: &[QuantBlock],
    totals: &mut [[f32; TILE_ROWS]],
) {
    // The instruction takes unsigned weights: signed ones become unsigned by adding 128, which flips the
    // first bit, and 128 times the sum of the activations is taken off the start.
    let flip = _mm512_set1_epi8(if S::SIGNED { i8::MIN } else { 0 });
    let mut unsigned = [_mm512_setzero_si512(); GROUPS];
    for (line, out) in weights.quants.iter().zip(&mut unsigned) {
        let numbers = load(line);
        let numbers = if S::NONLINEAR {
            _mm512_shuffle_epi8(steps(), numbers)
        } else {
            numbers
        };
        *out = _mm512_xor_si512(numbers, flip);
    }
    let parts = if S::HALVES { 2 } else { 1 };
    let mut scales = [_mm512_set1_ps(0.0); 2];
    let mut offsets = scales;
    for part in 0..parts {
        scales[part] = load_floats(&weights.scales[part]);
        offsets[part] = load_floats(&weights.offsets[part]);
    }
    for (row, totals) in rows.iter().zip(totals) {
        let mut total = load_floats(totals);
        for part in 0..parts {
            let count = GROUPS / parts;
            let start = match (S::SIGNED, S::HALVES) {
                (true, true) => -128 * i32::from(row.halves[part]),
                (true, false) => row.lowered,
                (false, _) => 0,
            };
            // Two chains hide the latency.
            let mut even = _mm512_set1_epi32(start);
            let mut odd = _mm512_setzero_si512();
            for group in (part * count..(part + 1) * count).step_by(2) {
                even = _mm512_dpbusd_epi32(even, unsigned[group], four(row, group));
                odd = _mm512_dpbusd_epi32(odd, unsigned[group + 1], four(row, group + 1));
            }
            let dot = _mm512_cvtepi32_ps(_mm512_add_epi32(even, odd));
            let scale = _mm512_mul_ps(scales[part], _mm512_set1_ps(row.scale));
            total = _mm512_fmadd_ps(dot, scale, total);
            if !S::SIGNED {
                let sum = if S::HALVES {
                    row.half_sum(part)
                } else {
                    row.sum
                };
                total = _mm512_fmadd_ps(offsets[part], _mm512_set1_ps(sum), total);
            }
        }
        // SAFETY: sixteen floats can be written; no alignment is needed.
        unsafe { _mm512_storeu_ps(totals.as_mut_ptr(), total) };
    }
}

/// The steps of [`NONLINEAR`], for each quarter of a vector.
#[inline]
#[target_feature(enable = "avx512f")]
fn steps() -> __m512i {
    // SAFETY: 16 bytes can be read; no alignment is needed.
    let steps = unsafe { _mm_loadu_si128(NONLINEAR.as_ptr().cast()) };
    _mm512_broadcast_i32x4(steps)
}

/// Four activations, in each lane.
#[inline]
#[target_feature(enable = "avx512f")]
fn four(row: &QuantBlock, group: usize) -> __m512i {
    _mm512_set1_epi32(i32::from_ne_bytes(row.quants[group].map(i8::cast_unsigned)))
}

#[inline]
#[target_feature(enable = "avx512f")]
fn load(line: &[u8; LINE]) -> __m512i {
    // SAFETY: 64 bytes can be read; no alignment is needed.
    unsafe { _mm512_loadu_si512(line.as_ptr().cast()) }
}

#[inline]
#[target_feature(enable = "avx512f")]
fn load_floats(floats: &[f32; TILE_ROWS]) -> __m512 {
    // SAFETY: sixteen floats can be read; no alignment is needed.
    unsafe { _mm512_loadu_ps(floats.as_ptr()) }
}
