//! Row operations: normalisation, rotary positions, the gated activation.
#![expect(unsafe_code, reason = "calls across target features are unsafe")]

use super::level::dispatch;

dispatch! {
    /// `out = x / sqrt(mean(x²) + epsilon) · weight` (Zhang and Sennrich 2019), one row.
    pub fn rms_norm(x: &[f32], weight: &[f32], epsilon: f32, out: &mut [f32]) = rms_norm_body;
}

dispatch! {
    /// Rotates neighbouring pairs of each head (Su et al. 2021, as GGUF's `llama` stores them): `angles`
    /// holds cosine and sine per pair, `x` whole heads of `2 · angles.len()` values.
    pub fn rotate(angles: &[(f32, f32)], x: &mut [f32]) = rotate_body;
}

dispatch! {
    /// Rotates each head's value `i` with its value `i + angles.len()` (as most families store them);
    /// values from `2 · angles.len()` on stay. `size` is a head's size.
    pub fn rotate_halves(angles: &[(f32, f32)], size: usize, x: &mut [f32]) = rotate_halves_body;
}

/// What the gate of a feed-forward layer passes through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Activation {
    /// The tanh form of the Gaussian error linear unit (Hendrycks and Gimpel 2016).
    Gelu,
    /// `x / (1 + exp(-x))` (Elfwing et al. 2017).
    Silu,
}

dispatch! {
    /// `out = activation(gate) · up` (Shazeer 2020), element by element.
    pub fn gate(activation: Activation, gate: &[f32], up: &[f32], out: &mut [f32]) = gate_body;
}

dispatch! {
    /// `x = cap · tanh(x / cap)`, element by element.
    pub fn soft_cap(cap: f32, x: &mut [f32]) = soft_cap_body;
}

#[inline(always)]
pub(super) fn fma<const FMA: bool>(a: f32, b: f32, c: f32) -> f32 {
    // Without the instruction the same rounding takes a call: slow, but bit for bit the same.
    a.mul_add(b, c)
}

/// `e^x` to about 2e-7 relative: Cody and Waite's reduction and the polynomial of Cephes `expf`, written so
/// that the compiler vectorises it.
#[inline(always)]
pub(super) fn exp<const FMA: bool>(x: f32) -> f32 {
    /// 1.5 · 2^23: added, it leaves the nearest whole number in the low bits.
    const ROUND: f32 = 12_582_912.0;
    let x = if x < -87.0 { -87.0 } else { x };
    let x = if x > 88.0 { 88.0 } else { x };
    let shifted = x * std::f32::consts::LOG2_E + ROUND;
    let n = shifted - ROUND;
    let r = fma::<FMA>(n, -355.0 / 512.0, x);
    let r = fma::<FMA>(n, 2.121_944_4e-4, r);
    let mut p = 1.987_569_1e-4;
    for c in [
        1.398_199_9e-3,
        8.333_452e-3,
        4.166_579_6e-2,
        1.666_666_5e-1,
        0.5,
    ] {
        p = fma::<FMA>(p, r, c);
    }
    let p = fma::<FMA>(p, r * r, r + 1.0);
    p * f32::from_bits((shifted.to_bits() << 23).wrapping_add(1.0_f32.to_bits()))
}

/// The hyperbolic tangent, by way of `exp`: to about 1e-7, absolute.
#[inline(always)]
pub(super) fn tanh<const FMA: bool>(x: f32) -> f32 {
    1.0 - 2.0 / (exp::<FMA>(2.0 * x) + 1.0)
}

#[inline(always)]
fn rms_norm_body<const FMA: bool>(x: &[f32], weight: &[f32], epsilon: f32, out: &mut [f32]) {
    let mut lanes = [0.0_f32; 16];
    let (whole, rest) = x.as_chunks::<16>();
    for chunk in whole {
        for (lane, value) in lanes.iter_mut().zip(chunk) {
            *lane = fma::<FMA>(*value, *value, *lane);
        }
    }
    let tail: f32 = rest.iter().map(|value| value * value).sum();
    let sum: f32 = lanes.iter().sum::<f32>() + tail;
    let scale = 1.0 / (sum / x.len() as f32 + epsilon).sqrt();
    for ((out, value), weight) in out.iter_mut().zip(x).zip(weight) {
        *out = value * scale * weight;
    }
}

#[inline(always)]
fn rotate_body<const FMA: bool>(angles: &[(f32, f32)], x: &mut [f32]) {
    for head in x.chunks_exact_mut(angles.len() * 2) {
        for ([a, b], (cos, sin)) in head.as_chunks_mut::<2>().0.iter_mut().zip(angles) {
            let (first, second) = (*a, *b);
            *a = first * cos - second * sin;
            *b = first * sin + second * cos;
        }
    }
}

#[inline(always)]
fn rotate_halves_body<const FMA: bool>(angles: &[(f32, f32)], size: usize, x: &mut [f32]) {
    for head in x.chunks_exact_mut(size) {
        let (first, second) = head.split_at_mut(angles.len());
        for ((a, b), (cos, sin)) in first.iter_mut().zip(second).zip(angles) {
            let (x, y) = (*a, *b);
            *a = x * cos - y * sin;
            *b = x * sin + y * cos;
        }
    }
}

#[inline(always)]
fn gate_body<const FMA: bool>(activation: Activation, gate: &[f32], up: &[f32], out: &mut [f32]) {
    let elements = out.iter_mut().zip(gate.iter().zip(up));
    match activation {
        Activation::Silu => {
            elements.for_each(|(out, (x, up))| *out = x / (1.0 + exp::<FMA>(-x)) * up);
        }
        Activation::Gelu => elements.for_each(|(out, (x, up))| {
            // x · (1 + tanh(√(2/π) · (x + 0.044715 x³))) / 2
            let inner = 0.797_884_6 * (x + 0.044_715 * x * x * x);
            *out = 0.5 * x * (1.0 + tanh::<FMA>(inner)) * up;
        }),
    }
}

#[inline(always)]
fn soft_cap_body<const FMA: bool>(cap: f32, x: &mut [f32]) {
    for value in x {
        *value = cap * tanh::<FMA>(*value / cap);
    }
}

#[cfg(test)]
mod tests {
    use super::super::Level;
    use super::*;

    #[test]
    fn exp_is_near_the_exact_one() {
        for step in -8_700..=8_800 {
            let x = step as f32 / 100.0;
            let exact = f64::from(x).exp();
            let relative = (f64::from(exp::<false>(x)) - exact).abs() / exact;
            assert!(relative < 3e-7, "{x}: {relative}");
        }
        assert!(exp::<false>(-1e30) < 1e-37 && exp::<false>(f32::NEG_INFINITY) < 1e-37);
    }

    /// Each operation, at every level: the same bits as the reference, which is near the definition.
    #[test]
    fn every_level_agrees() {
        for n in [2, 16, 34, 576] {
            let x: Vec<f32> = (0..n)
                .map(|i| ((i * 37 % 101) as f32 - 50.0) / 9.0)
                .collect();
            let w: Vec<f32> = (0..n).map(|i| 1.0 + (i % 7) as f32 / 10.0).collect();
            let angles: Vec<(f32, f32)> = (0..n / 2)
                .map(|i| ((i as f32).cos(), (i as f32).sin()))
                .collect();
            let run = |level| {
                let mut out = [(); 6].map(|()| vec![0.0; n]);
                rms_norm(level, &x, &w, 1e-5, &mut out[0]);
                gate(level, Activation::Silu, &x, &w, &mut out[1]);
                gate(level, Activation::Gelu, &x, &w, &mut out[2]);
                for copy in &mut out[3..] {
                    copy.copy_from_slice(&x);
                }
                soft_cap(level, 3.0, &mut out[3]);
                rotate(level, &angles, &mut out[4]);
                rotate_halves(level, &angles[..n / 4], n, &mut out[5]);
                out
            };
            let reference = run(Level::PORTABLE);
            let square: f64 =
                x.iter().map(|v| f64::from(*v).powi(2)).sum::<f64>() / n as f64 + 1e-5;
            let near = |a: f32, b: f64| {
                assert!((f64::from(a) - b).abs() < 1e-5 * (1.0 + b.abs()), "{a} {b}");
            };
            let value = |i: usize| f64::from(x[i]);
            for i in 0..n {
                let (v, w) = (value(i), f64::from(w[i]));
                near(reference[0][i], v / square.sqrt() * w);
                near(reference[1][i], v / (1.0 + (-v).exp()) * w);
                let inner = (2.0 / std::f64::consts::PI).sqrt() * (v + 0.044_715 * v.powi(3));
                near(reference[2][i], 0.5 * v * (1.0 + inner.tanh()) * w);
                near(reference[3][i], 3.0 * (v / 3.0).tanh());
                let (sin, cos) = f64::from(u16::try_from(i / 2).unwrap()).sin_cos();
                let turned = [
                    value(i & !1) * cos - value(i | 1) * sin,
                    value(i & !1) * sin + value(i | 1) * cos,
                ];
                near(reference[4][i], turned[i % 2]);
                let quarter = n / 4;
                if i < quarter {
                    let (sin, cos) = f64::from(u16::try_from(i).unwrap()).sin_cos();
                    near(reference[5][i], v * cos - value(i + quarter) * sin);
                    near(
                        reference[5][i + quarter],
                        v * sin + value(i + quarter) * cos,
                    );
                } else if i >= 2 * quarter {
                    near(reference[5][i], v);
                }
            }
            for level in Level::available() {
                assert_eq!(run(level), reference, "{level:?} {n}");
            }
        }
    }
}
