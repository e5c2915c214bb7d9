//! Tile products with AVX2: eight rows of the matrix in a vector.
//!
//! A block's weights are unpacked once and stay in registers while all rows of a panel pass by; a row's
//! totals stay in the first cache. Pairs of products add up in 16 bits as often as the format allows.

use std::arch::x86_64::{
    __m256, __m256i, _mm_cvtsi32_si128, _mm_loadl_epi64, _mm_loadu_si128, _mm256_abs_epi8,
    _mm256_add_epi16, _mm256_add_epi32, _mm256_add_ps, _mm256_and_si256, _mm256_andnot_ps,
    _mm256_broadcastsi128_si256, _mm256_castps_si256, _mm256_cvtepi8_epi32, _mm256_cvtepi32_ps,
    _mm256_cvtepu8_epi32, _mm256_cvtph_ps, _mm256_fmadd_ps, _mm256_hadd_epi32, _mm256_loadu_ps,
    _mm256_loadu_si256, _mm256_madd_epi16, _mm256_maddubs_epi16, _mm256_max_ps, _mm256_mul_ps,
    _mm256_or_si256, _mm256_packs_epi16, _mm256_packs_epi32, _mm256_permutevar8x32_epi32,
    _mm256_set1_epi8, _mm256_set1_epi16, _mm256_set1_epi32, _mm256_set1_ps, _mm256_setr_epi32,
    _mm256_setzero_ps, _mm256_setzero_si256, _mm256_shuffle_epi8, _mm256_sign_epi8,
    _mm256_sll_epi16, _mm256_slli_epi32, _mm256_srai_epi32, _mm256_srl_epi16, _mm256_storeu_ps,
    _mm256_storeu_si256, _mm256_sub_epi8, _mm256_sub_ps,
};

use super::super::packed::NONLINEAR;
use super::super::packed::layout::{GROUPS, LINE, Params, Sizes, Storage, TILE_ROWS};
use super::super::quantized::{BLOCK, QuantBlock, ROUND};

/// The products of one tile with a panel of `totals.len()` rows.
#[target_feature(enable = "avx2,fma,f16c")]
pub(in super::super) fn tile<S: Storage>(
    tile: &[u8],
    panel: &[QuantBlock],
    totals: &mut [[f32; TILE_ROWS]],
) {
    totals.fill([0.0; TILE_ROWS]);
    for (block, rows) in panel.chunks_exact(totals.len()).enumerate() {
        let (head, bytes) = Sizes::of::<S>().parts(tile, block);
        half_block::<S, 0>(head, bytes, rows, totals);
        half_block::<S, 1>(head, bytes, rows, totals);
    }
}

/// Multiplies a block's rows `8 · HALF ..` of the matrix.
#[inline]
#[target_feature(enable = "avx2,fma,f16c")]
fn half_block<S: Storage, const HALF: usize>(
    head: &[u8],
    bytes: &[u8],
    rows: &[QuantBlock],
    totals: &mut [[f32; TILE_ROWS]],
) {
    let (params, planes) = bytes.split_at(Sizes::of::<S>().params());
    let weights = quants::<S, HALF>(planes);
    let (scales, offsets) = scales::<S, HALF>(head, params);
    // Unsigned numbers as they are. Of signed ones the magnitudes: the sign goes to the activation.
    let mut unsigned = weights;
    if S::SIGNED {
        for (unsigned, weights) in unsigned.iter_mut().zip(&weights) {
            *unsigned = _mm256_abs_epi8(*weights);
        }
    }
    let parts = if S::HALVES { 2 } else { 1 };
    for (row, totals) in rows.iter().zip(totals) {
        let totals = &mut totals.as_chunks_mut::<8>().0[HALF];
        let mut total = load_floats(totals);
        for part in 0..parts {
            let count = GROUPS / parts;
            let mut sums = [_mm256_setzero_si256(); GROUPS];
            for (group, sum) in sums.iter_mut().enumerate().take(count) {
                let group = part * count + group;
                let four = row.quants[group].map(i8::cast_unsigned);
                let mut values = _mm256_set1_epi32(i32::from_ne_bytes(four));
                if S::SIGNED {
                    values = _mm256_sign_epi8(values, weights[group]);
                }
                *sum = _mm256_maddubs_epi16(unsigned[group], values);
            }
            // Trees: a row's latency bounds how many rows are under way.
            let mut width = count;
            let narrow = count / S::RUN.min(count);
            while width > narrow {
                width /= 2;
                for i in 0..width {
                    sums[i] = _mm256_add_epi16(sums[2 * i], sums[2 * i + 1]);
                }
            }
            for sum in sums.iter_mut().take(narrow) {
                *sum = _mm256_madd_epi16(*sum, _mm256_set1_epi16(1));
            }
            while width > 1 {
                width /= 2;
                for i in 0..width {
                    sums[i] = _mm256_add_epi32(sums[2 * i], sums[2 * i + 1]);
                }
            }
            let dot = sums[0];
            let scale = _mm256_mul_ps(scales[part], _mm256_set1_ps(row.scale));
            total = _mm256_fmadd_ps(_mm256_cvtepi32_ps(dot), scale, total);
            if !S::SIGNED {
                let sum = if S::HALVES {
                    row.half_sum(part)
                } else {
                    row.sum
                };
                total = _mm256_fmadd_ps(offsets[part], _mm256_set1_ps(sum), total);
            }
        }
        store_floats(totals, total);
    }
}

/// The weights of eight rows, four bytes of each per group: what `layout::unpack` does, in registers.
#[inline]
#[target_feature(enable = "avx2,fma,f16c")]
fn quants<S: Storage, const HALF: usize>(planes: &[u8]) -> [__m256i; GROUPS] {
    let (four, two, one, eight) = S::PLANES;
    let lines = planes.as_chunks::<LINE>().0;
    let line = |index: usize| load(&lines[index].as_chunks::<32>().0[HALF]);
    let mut quants = [_mm256_setzero_si256(); GROUPS];
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
                let pair = field(line(next + half), at, 3);
                *quants = _mm256_or_si256(*quants, up(pair, bit));
            }
        }
        (next, bit) = (next + 2, bit + 2);
    }
    if one {
        for (quants, at) in quants.iter_mut().zip(0..) {
            *quants = _mm256_or_si256(*quants, up(field(line(next), at, 1), bit));
        }
    }
    if S::ZERO != 0 {
        for quants in &mut quants {
            *quants = _mm256_sub_epi8(*quants, _mm256_set1_epi8(S::ZERO.cast_signed()));
        }
    }
    if S::NONLINEAR {
        // SAFETY: 16 bytes can be read; no alignment is needed.
        let steps = unsafe { _mm_loadu_si128(NONLINEAR.as_ptr().cast()) };
        let steps = _mm256_broadcastsi128_si256(steps);
        for quants in &mut quants {
            *quants = _mm256_shuffle_epi8(steps, *quants);
        }
    }
    quants
}

/// Bits of each byte, from `bit` up.
#[inline]
#[target_feature(enable = "avx2")]
fn field(bytes: __m256i, bit: i32, mask: i8) -> __m256i {
    let moved = _mm256_srl_epi16(bytes, _mm_cvtsi32_si128(bit));
    _mm256_and_si256(moved, _mm256_set1_epi8(mask))
}

/// Moves bits up within their bytes: none may leave it.
#[inline]
#[target_feature(enable = "avx2")]
fn up(bytes: __m256i, bit: i32) -> __m256i {
    _mm256_sll_epi16(bytes, _mm_cvtsi32_si128(bit))
}

/// The scales and offsets of eight rows, of the first and the last 16 columns: what `layout::scales` does.
#[inline]
#[target_feature(enable = "avx2,fma,f16c")]
fn scales<S: Storage, const HALF: usize>(head: &[u8], params: &[u8]) -> ([__m256; 2], [__m256; 2]) {
    let halves = |bytes: &[u8], index: usize| {
        let bytes = &bytes.as_chunks::<16>().0[2 * index + HALF];
        // SAFETY: 16 bytes can be read; no alignment is needed.
        _mm256_cvtph_ps(unsafe { _mm_loadu_si128(bytes.as_ptr().cast()) })
    };
    let small = |index: usize| {
        let bytes = &params.as_chunks::<8>().0[2 * index + HALF];
        // SAFETY: eight bytes can be read; no alignment is needed.
        unsafe { _mm_loadl_epi64(bytes.as_ptr().cast()) }
    };
    let zero = _mm256_setzero_ps();
    let whole = |bytes| _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(bytes));
    match S::PARAMS {
        Params::Scale => ([halves(params, 0), zero], [zero; 2]),
        Params::ScaleOffset => ([halves(params, 0), zero], [halves(params, 1), zero]),
        Params::SmallScaleOffset => {
            let scale = _mm256_mul_ps(halves(head, 0), whole(small(0)));
            let offset = _mm256_mul_ps(halves(head, 1), whole(small(1)));
            ([scale, zero], [_mm256_sub_ps(zero, offset), zero])
        }
        Params::SmallScales => {
            let signed = |index| _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(small(index)));
            let scale = halves(head, 0);
            (
                [
                    _mm256_mul_ps(scale, signed(0)),
                    _mm256_mul_ps(scale, signed(1)),
                ],
                [zero; 2],
            )
        }
        Params::TinyScalesOffsets => {
            let (scale, offset) = (halves(head, 0), halves(head, 1));
            let mut out = ([zero; 2], [zero; 2]);
            for part in 0..2 {
                let both = _mm256_cvtepu8_epi32(small(part));
                let low = _mm256_and_si256(both, _mm256_set1_epi32(15));
                let high = _mm256_srl_epi16(both, _mm_cvtsi32_si128(4));
                out.0[part] = _mm256_mul_ps(scale, _mm256_cvtepi32_ps(low));
                let offset = _mm256_mul_ps(offset, _mm256_cvtepi32_ps(high));
                out.1[part] = _mm256_sub_ps(zero, offset);
            }
            out
        }
    }
}

#[inline]
#[target_feature(enable = "avx2")]
fn load(bytes: &[u8; 32]) -> __m256i {
    // SAFETY: 32 bytes can be read; no alignment is needed.
    unsafe { _mm256_loadu_si256(bytes.as_ptr().cast()) }
}

#[inline]
#[target_feature(enable = "avx2")]
pub(super) fn load_floats(floats: &[f32; 8]) -> __m256 {
    // SAFETY: eight floats can be read; no alignment is needed.
    unsafe { _mm256_loadu_ps(floats.as_ptr()) }
}

#[inline]
#[target_feature(enable = "avx2")]
pub(super) fn store_floats(floats: &mut [f32; 8], value: __m256) {
    // SAFETY: eight floats can be written; no alignment is needed.
    unsafe { _mm256_storeu_ps(floats.as_mut_ptr(), value) }
}

/// Rounds 32 activations: what `quantized::block` does.
#[inline]
#[target_feature(enable = "avx2,fma")]
pub(in super::super) fn quantize(values: &[f32], out: &mut [QuantBlock]) {
    for (values, out) in values.as_chunks::<BLOCK>().0.iter().zip(out) {
        *out = quantize_block(values);
    }
}

#[inline]
#[target_feature(enable = "avx2,fma")]
fn quantize_block(values: &[f32; BLOCK]) -> QuantBlock {
    let mut floats = [_mm256_setzero_ps(); 4];
    let mut largest = _mm256_setzero_ps();
    let sign = _mm256_set1_ps(-0.0);
    for (float, values) in floats.iter_mut().zip(values.as_chunks::<8>().0) {
        *float = load_floats(values);
        // The second operand where one is no number.
        largest = _mm256_max_ps(_mm256_andnot_ps(sign, *float), largest);
    }
    let mut lanes = [0.0; 8];
    store_floats(&mut lanes, largest);
    let [a, b, c, d] = [0, 1, 2, 3].map(|lane| f32::max(lanes[lane], lanes[4 + lane]));
    let largest = a.max(b).max(c.max(d));
    let inverse = _mm256_set1_ps(if largest > 0.0 { 127.0 / largest } else { 0.0 });
    let round = _mm256_set1_ps(ROUND);
    let mut whole = [_mm256_setzero_si256(); 4];
    for (whole, float) in whole.iter_mut().zip(floats) {
        let shifted = _mm256_castps_si256(_mm256_add_ps(_mm256_mul_ps(float, inverse), round));
        // The low bytes, with their signs.
        *whole = _mm256_srai_epi32::<24>(_mm256_slli_epi32::<24>(shifted));
    }
    // Packing interleaves the halves of its operands; the permutation puts groups of four in order.
    let first = _mm256_packs_epi32(whole[0], whole[1]);
    let last = _mm256_packs_epi32(whole[2], whole[3]);
    let order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
    let bytes = _mm256_permutevar8x32_epi32(_mm256_packs_epi16(first, last), order);
    let mut quants = [[0_i8; 4]; GROUPS];
    // SAFETY: 32 bytes can be written; no alignment is needed.
    unsafe { _mm256_storeu_si256(quants.as_mut_ptr().cast(), bytes) };
    // Pairs of 16-bit sums; then the eight lanes of each half of the block.
    let ones = _mm256_set1_epi16(1);
    let mut sums = [0_i32; 8];
    let pairs = _mm256_hadd_epi32(
        _mm256_madd_epi16(first, ones),
        _mm256_madd_epi16(last, ones),
    );
    // SAFETY: eight numbers can be written; no alignment is needed.
    unsafe { _mm256_storeu_si256(sums.as_mut_ptr().cast(), pairs) };
    let [a, b, c, d, e, f, g, h] = sums;
    QuantBlock::new(quants, largest / 127.0, [a + b + e + f, c + d + g + h])
}
