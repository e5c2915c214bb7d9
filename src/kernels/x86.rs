//! Tile products with AVX2 and with AVX-512 VNNI.
#![expect(
    unsafe_code,
    reason = "vector loads and calls across target features are unsafe"
)]

use std::arch::x86_64::{
    __m256i, __m512, __m512i, _mm_loadu_si128, _mm256_add_epi32, _mm256_and_si256,
    _mm256_cvtepi32_ps, _mm256_cvtph_ps, _mm256_fmadd_ps, _mm256_load_si256, _mm256_loadu_si256,
    _mm256_madd_epi16, _mm256_maddubs_epi16, _mm256_mul_ps, _mm256_set1_epi8, _mm256_set1_epi16,
    _mm256_set1_epi32, _mm256_set1_ps, _mm256_setzero_ps, _mm256_setzero_si256, _mm256_srli_epi16,
    _mm256_storeu_ps, _mm512_add_epi32, _mm512_and_si512, _mm512_cvtepi32_ps, _mm512_cvtph_ps,
    _mm512_dpbusd_epi32, _mm512_fmadd_ps, _mm512_load_si512, _mm512_mul_ps, _mm512_set1_epi8,
    _mm512_set1_epi32, _mm512_set1_ps, _mm512_setzero_ps, _mm512_setzero_si512, _mm512_srli_epi16,
    _mm512_storeu_ps,
};

use super::packed::{Activations, Line, TILE_ROWS, lines_per_tile};
use super::quantized::BLOCK;

type Out<'a> = &'a mut [[f32; TILE_ROWS]];

/// The products of a tile stretch with 1, 2, 4 or 8 rows. Only where the CPU has AVX-512 VNNI: the
/// caller holds the level that proves it.
pub(super) fn avx512(
    eight_bit: bool,
    lines: &[Line],
    cols: usize,
    x: Activations<'_>,
    out: Out<'_>,
) {
    let n = out.len();
    assert!(
        x.0.len() >= n * cols && x.1.len() >= n * cols / BLOCK && x.2.len() >= n * cols / BLOCK
    );
    assert_eq!(lines.len(), cols / BLOCK * lines_per_tile(eight_bit));
    // SAFETY: the level exists only where the CPU has these instructions; the lengths were checked.
    unsafe {
        match (eight_bit, n) {
            (false, 8) => tile_512::<8, 4>(lines, cols, x, out),
            (false, 4) => tile_512::<4, 4>(lines, cols, x, out),
            (false, 2) => tile_512::<2, 4>(lines, cols, x, out),
            (false, _) => tile_512::<1, 4>(lines, cols, x, out),
            (true, 8) => tile_512::<8, 8>(lines, cols, x, out),
            (true, 4) => tile_512::<4, 8>(lines, cols, x, out),
            (true, 2) => tile_512::<2, 8>(lines, cols, x, out),
            (true, _) => tile_512::<1, 8>(lines, cols, x, out),
        }
    }
}

/// `G` lines of weights a tile: 4 with four bits, 8 with eight.
///
/// # Safety
///
/// `lines` holds `cols / 32` tiles, `x` at least `M` rows of `cols` columns, `out` at least `M` rows.
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq,avx512vnni,avx2,fma,f16c")]
unsafe fn tile_512<const M: usize, const G: usize>(
    lines: &[Line],
    cols: usize,
    x: Activations<'_>,
    out: Out<'_>,
) {
    let blocks = cols / BLOCK;
    let (quants, scales, sums) = (x.0.as_ptr(), x.1.as_ptr(), x.2.as_ptr());
    let low = _mm512_set1_epi8(15);
    let mut totals: [__m512; M] = [_mm512_setzero_ps(); M];
    for block in 0..blocks {
        // SAFETY: within the lines, by the contract; a line is aligned to 64 bytes.
        let (head, weights) = unsafe {
            let tile = lines.as_ptr().add(block * (1 + G));
            let head = (*tile).as_ptr();
            let mut weights: [__m512i; 8] = [_mm512_setzero_si512(); 8];
            for g in 0..G {
                let bytes = _mm512_load_si512((*tile.add(1 + g)).as_ptr().cast());
                if G == 4 {
                    weights[g] = _mm512_and_si512(bytes, low);
                    weights[4 + g] = _mm512_and_si512(_mm512_srli_epi16::<4>(bytes), low);
                } else {
                    weights[g] = bytes;
                }
            }
            (head, weights)
        };
        // SAFETY: the first line of a tile holds 16 scales and 16 offsets.
        let (scale, offset) = unsafe {
            let scale = _mm512_cvtph_ps(_mm256_load_si256(head.cast::<__m256i>()));
            (
                scale,
                _mm512_cvtph_ps(_mm256_load_si256(head.add(32).cast::<__m256i>())),
            )
        };
        for row in 0..M {
            let mut even = _mm512_setzero_si512();
            let mut odd = _mm512_setzero_si512();
            // SAFETY: row `row`, block `block` of the activations, by the contract.
            let (values, value_scale, value_sum) = unsafe {
                let values = quants.add(row * cols + block * BLOCK).cast::<i32>();
                (
                    values,
                    *scales.add(row * blocks + block),
                    *sums.add(row * blocks + block),
                )
            };
            for g in 0..4 {
                // SAFETY: a block is eight groups of four bytes; no alignment is needed.
                let (first, second) = unsafe {
                    (
                        values.add(g).read_unaligned(),
                        values.add(4 + g).read_unaligned(),
                    )
                };
                even = _mm512_dpbusd_epi32(even, weights[g], _mm512_set1_epi32(first));
                odd = _mm512_dpbusd_epi32(odd, weights[4 + g], _mm512_set1_epi32(second));
            }
            let dot = _mm512_cvtepi32_ps(_mm512_add_epi32(even, odd));
            let both = _mm512_mul_ps(scale, _mm512_set1_ps(value_scale));
            totals[row] = _mm512_fmadd_ps(dot, both, totals[row]);
            totals[row] = _mm512_fmadd_ps(offset, _mm512_set1_ps(value_sum), totals[row]);
        }
    }
    for (row, total) in out.iter_mut().zip(totals) {
        // SAFETY: a row of the output is 16 floats; no alignment is needed.
        unsafe { _mm512_storeu_ps(row.as_mut_ptr(), total) };
    }
}

/// The same with AVX2: each tile in two halves of eight rows.
pub(super) fn avx2(eight_bit: bool, lines: &[Line], cols: usize, x: Activations<'_>, out: Out<'_>) {
    let n = out.len();
    assert!(
        x.0.len() >= n * cols && x.1.len() >= n * cols / BLOCK && x.2.len() >= n * cols / BLOCK
    );
    assert_eq!(lines.len(), cols / BLOCK * lines_per_tile(eight_bit));
    for (row, products) in out.iter_mut().enumerate() {
        let x = (
            &x.0[row * cols..],
            &x.1[row * cols / BLOCK..],
            &x.2[row * cols / BLOCK..],
        );
        for half in 0..2 {
            // SAFETY: the level exists only where the CPU has these instructions; the lengths were checked.
            unsafe {
                if eight_bit {
                    half_tile_256::<8>(lines, cols, x, half, products);
                } else {
                    half_tile_256::<4>(lines, cols, x, half, products);
                }
            }
        }
    }
}

/// # Safety
///
/// `lines` holds `cols / 32` tiles, `x` at least one row of `cols` columns; `half` is 0 or 1.
#[target_feature(enable = "avx2,fma,f16c")]
unsafe fn half_tile_256<const G: usize>(
    lines: &[Line],
    cols: usize,
    x: Activations<'_>,
    half: usize,
    out: &mut [f32; TILE_ROWS],
) {
    let low = _mm256_set1_epi8(15);
    let ones = _mm256_set1_epi16(1);
    let mut total = _mm256_setzero_ps();
    for block in 0..cols / BLOCK {
        let mut dot = _mm256_setzero_si256();
        for g in 0..G {
            // SAFETY: within the lines, by the contract.
            let bytes = unsafe {
                let line = (*lines.as_ptr().add(block * (1 + G) + 1 + g)).as_ptr();
                _mm256_loadu_si256(line.add(half * 32).cast::<__m256i>())
            };
            // SAFETY: a block of activations is eight groups of four bytes, by the contract.
            let values = unsafe {
                x.0.as_ptr()
                    .add(block * BLOCK)
                    .cast::<i32>()
                    .add(g)
                    .read_unaligned()
            };
            if G == 8 {
                // Unsigned bytes up to 255: pairs could overflow 16 bits, so even and odd bytes apart.
                let even = _mm256_and_si256(bytes, _mm256_set1_epi16(0xFF));
                let odd = _mm256_srli_epi16::<8>(bytes);
                let [a, b, c, d] = values
                    .to_le_bytes()
                    .map(|byte| i32::from(byte.cast_signed()));
                let pair =
                    |first: i32, second: i32| _mm256_set1_epi32((first & 0xFFFF) | (second << 16));
                dot = _mm256_add_epi32(dot, _mm256_madd_epi16(even, pair(a, c)));
                dot = _mm256_add_epi32(dot, _mm256_madd_epi16(odd, pair(b, d)));
            } else {
                // SAFETY: the second half of the block, groups 4 to 7.
                let second = unsafe {
                    x.0.as_ptr()
                        .add(block * BLOCK)
                        .cast::<i32>()
                        .add(4 + g)
                        .read_unaligned()
                };
                let lower = _mm256_and_si256(bytes, low);
                let upper = _mm256_and_si256(_mm256_srli_epi16::<4>(bytes), low);
                let one = _mm256_maddubs_epi16(lower, _mm256_set1_epi32(values));
                let two = _mm256_maddubs_epi16(upper, _mm256_set1_epi32(second));
                dot = _mm256_add_epi32(dot, _mm256_madd_epi16(one, ones));
                dot = _mm256_add_epi32(dot, _mm256_madd_epi16(two, ones));
            }
        }
        // SAFETY: the first line of a tile holds 16 scales, then 16 offsets, of two bytes each.
        let (scale, offset) = unsafe {
            let head = (*lines.as_ptr().add(block * (1 + G))).as_ptr();
            let scale = _mm256_cvtph_ps(_mm_loadu_si128(head.add(half * 16).cast()));
            (
                scale,
                _mm256_cvtph_ps(_mm_loadu_si128(head.add(32 + half * 16).cast())),
            )
        };
        let both = _mm256_mul_ps(scale, _mm256_set1_ps(x.1[block]));
        total = _mm256_fmadd_ps(_mm256_cvtepi32_ps(dot), both, total);
        total = _mm256_fmadd_ps(offset, _mm256_set1_ps(x.2[block]), total);
    }
    // SAFETY: half of the sixteen floats.
    unsafe { _mm256_storeu_ps(out.as_mut_ptr().add(half * 8), total) };
}
