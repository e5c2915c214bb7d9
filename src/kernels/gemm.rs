//! `C += A · B` in single precision: small products for dense weights and for attention.
//!
//! Each element of `C` adds its products from the first to the last with fused multiply-add, at every level
//! and whatever the number of rows: so a row's result does not depend on its neighbours.
#![expect(unsafe_code, reason = "calls across target features are unsafe")]

use half::{bf16, f16};

use super::packed::layout::widen_half;
use super::{Level, level};

/// Columns that are computed together.
pub(super) const WIDE: usize = 16;

/// A matrix by rows that lie `stride` elements apart.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rows<'a, T> {
    pub(super) values: &'a [T],
    pub(super) stride: usize,
}

/// How the elements of `B` are written.
pub(super) trait Element: Copy {
    /// Its value.
    fn widen(self) -> f32;
    /// For the code that loads vectors of it.
    const KIND: ElementKind;
}

/// The kinds of [`Element`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ElementKind {
    Brain,
    Byte,
    Half,
    Single,
}

/// Finite ones.
impl Element for f16 {
    #[inline(always)]
    fn widen(self) -> f32 {
        widen_half(self.to_bits())
    }
    const KIND: ElementKind = ElementKind::Half;
}

impl Element for bf16 {
    #[inline(always)]
    fn widen(self) -> f32 {
        f32::from_bits(u32::from(self.to_bits()) << 16)
    }
    const KIND: ElementKind = ElementKind::Brain;
}

impl Element for i8 {
    #[inline(always)]
    fn widen(self) -> f32 {
        f32::from(self)
    }
    const KIND: ElementKind = ElementKind::Byte;
}

impl Element for f32 {
    #[inline(always)]
    fn widen(self) -> f32 {
        self
    }
    const KIND: ElementKind = ElementKind::Single;
}

/// Adds the product of `a` (`rows` × `depth`) and `b` (`depth` × `cols`) to `c`.
pub(super) fn accumulate<T: Element>(
    level: Level,
    a: Rows<'_, f32>,
    b: Rows<'_, T>,
    (rows, depth, cols): (usize, usize, usize),
    c: &mut [f32],
    c_stride: usize,
) {
    if rows == 0 || depth == 0 || cols == 0 {
        return;
    }
    assert!(
        a.values.len() >= (rows - 1) * a.stride + depth
            && b.values.len() >= (depth - 1) * b.stride + cols
            && c.len() >= (rows - 1) * c_stride + cols,
        "a matrix is too short"
    );
    match level.kind() {
        level::Kind::Portable => plain(a, b, (rows, depth, 0..cols), c, c_stride),
        #[cfg(target_arch = "x86_64")]
        level::Kind::Avx2 => {
            // SAFETY: the level exists only where the CPU has these instructions; the lengths were checked.
            unsafe { super::x86::gemm::accumulate(a, b, (rows, depth, cols), c, c_stride) }
        }
        #[cfg(target_arch = "x86_64")]
        level::Kind::Avx512Vnni => {
            // SAFETY: as above.
            unsafe { super::x86::gemm512::accumulate(a, b, (rows, depth, cols), c, c_stride) }
        }
        #[cfg(target_arch = "aarch64")]
        level::Kind::Neon | level::Kind::NeonDot => {
            // SAFETY: NEON belongs to the architecture; the lengths were checked.
            unsafe { super::aarch64::gemm::accumulate(a, b, (rows, depth, cols), c, c_stride) }
        }
    }
}

/// The reference, and the rest of the columns.
#[inline(always)]
pub(super) fn plain<T: Element>(
    a: Rows<'_, f32>,
    b: Rows<'_, T>,
    (rows, depth, cols): (usize, usize, std::ops::Range<usize>),
    c: &mut [f32],
    c_stride: usize,
) {
    for row in 0..rows {
        for col in cols.clone() {
            let mut total = c[row * c_stride + col];
            for k in 0..depth {
                let weight = b.values[k * b.stride + col].widen();
                total = a.values[row * a.stride + k].mul_add(weight, total);
            }
            c[row * c_stride + col] = total;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noise(len: usize, seed: u32) -> Vec<f32> {
        let mut state = seed;
        let mut next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) as f32 / 8_388_608.0 - 1.0
        };
        (0..len).map(|_| next()).collect()
    }

    /// Near the product in double precision, and the same bits at every level and for each row alone.
    fn check<T: Element>(b: &[T]) {
        for (rows, depth, cols) in [
            (1, 1, 1),
            (1, 64, 16),
            (3, 5, 32),
            (6, 64, 33),
            (13, 7, 48),
            (20, 31, 24),
        ] {
            let (a_stride, b_stride, c_stride) = (depth + 3, cols + 1, cols + 2);
            let a = noise(rows * a_stride, 5);
            let start = noise(rows * c_stride, 9);
            let b = Rows {
                values: &b[..depth * b_stride],
                stride: b_stride,
            };
            let run = |level| {
                let mut c = start.clone();
                let a = Rows {
                    values: &a,
                    stride: a_stride,
                };
                accumulate(level, a, b, (rows, depth, cols), &mut c, c_stride);
                c
            };
            let reference = run(Level::PORTABLE);
            for row in 0..rows {
                for col in 0..c_stride {
                    let products = (0..depth).map(|k| {
                        f64::from(a[row * a_stride + k])
                            * f64::from(b.values[k * b_stride + col].widen())
                    });
                    let added = if col < cols {
                        products.sum::<f64>()
                    } else {
                        0.0
                    };
                    let exact = f64::from(start[row * c_stride + col]) + added;
                    let found = f64::from(reference[row * c_stride + col]);
                    assert!((exact - found).abs() < 1e-5, "{exact} {found}");
                }
            }
            for level in Level::available() {
                assert_eq!(run(level), reference, "{level:?} {rows}x{depth}x{cols}");
            }
            for row in 0..rows {
                let mut alone = start[row * c_stride..][..c_stride].to_vec();
                let a = Rows {
                    values: &a[row * a_stride..],
                    stride: a_stride,
                };
                accumulate(Level::best(), a, b, (1, depth, cols), &mut alone, c_stride);
                assert_eq!(
                    alone,
                    reference[row * c_stride..][..c_stride],
                    "row {row} alone"
                );
            }
        }
    }

    #[test]
    fn every_level_adds_the_same_bits() {
        let values = noise(64 * 64, 3);
        check(&values);
        let halves: Vec<_> = values.iter().map(|v| f16::from_f32(*v)).collect();
        check(&halves);
        let brains: Vec<_> = values.iter().map(|v| bf16::from_f32(*v)).collect();
        check(&brains);
        // Small ones, so that the sums are as exact as the others.
        let bytes: Vec<_> = (0_i8..)
            .step_by(1)
            .take(5)
            .cycle()
            .take(64 * 64)
            .map(|v| v - 2)
            .collect();
        check(&bytes);
    }

    #[test]
    fn every_byte_is_widened_exactly() {
        let bytes: Vec<i8> = (i8::MIN..=i8::MAX).collect();
        for level in Level::available() {
            let mut c = vec![0.0; 256];
            let (a, b) = (&[1.0][..], &bytes[..]);
            let (a, b) = (
                Rows {
                    values: a,
                    stride: 1,
                },
                Rows {
                    values: b,
                    stride: 256,
                },
            );
            accumulate(level, a, b, (1, 1, 256), &mut c, 256);
            assert!(
                c.iter().zip(&bytes).all(|(c, b)| *c == f32::from(*b)),
                "{level:?}"
            );
        }
    }

    #[test]
    fn every_finite_half_is_widened_exactly() {
        for bits in 0..=u16::MAX {
            let half = f16::from_bits(bits);
            if half.is_finite() {
                assert_eq!(half.widen().to_bits(), half.to_f32().to_bits(), "{bits:#x}");
            }
        }
    }
}
