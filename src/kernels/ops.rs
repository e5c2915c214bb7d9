//! Row operations: normalisation, rotary positions, activations.

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
    /// `x = norm(x + added + added_bias) · weight + bias` (Ba et al. 2016), one row: a layer's output joins what
    /// went into it. `epsilon` is added to the variance.
    pub fn add_and_norm(added: (&[f32], &[f32]), norm: (&[f32], &[f32]), epsilon: f32, x: &mut [f32]) = add_and_norm_body;
}

dispatch! {
    /// `out = gelu(x + bias)`, element by element, with the error function itself and not the tanh form.
    pub fn gelu(x: &[f32], bias: &[f32], out: &mut [f32]) = gelu_body;
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

/// The error function to about 2e-7, absolute: 7.1.26 of Abramowitz and Stegun.
#[inline(always)]
fn erf<const FMA: bool>(x: f32) -> f32 {
    let size = x.abs();
    let t = 1.0 / fma::<FMA>(0.327_591_1, size, 1.0);
    let mut p = 1.061_405_4;
    for c in [-1.453_152, 1.421_413_8, -0.284_496_72, 0.254_829_6] {
        p = fma::<FMA>(p, t, c);
    }
    (1.0 - p * t * exp::<FMA>(-size * size)).copysign(x)
}

#[inline(always)]
fn gelu_body<const FMA: bool>(x: &[f32], bias: &[f32], out: &mut [f32]) {
    for ((out, x), bias) in out.iter_mut().zip(x).zip(bias) {
        let x = x + bias;
        *out = 0.5 * x * (1.0 + erf::<FMA>(x * std::f32::consts::FRAC_1_SQRT_2));
    }
}

#[inline(always)]
fn add_and_norm_body<const FMA: bool>(
    (added, added_bias): (&[f32], &[f32]),
    (weight, bias): (&[f32], &[f32]),
    epsilon: f32,
    x: &mut [f32],
) {
    for ((x, added), bias) in x.iter_mut().zip(added).zip(added_bias) {
        *x += added + bias;
    }
    let n = x.len() as f32;
    let mean = lane_sum(x, |value| value) / n;
    let variance = lane_sum(x, |value| (value - mean) * (value - mean)) / n;
    let scale = 1.0 / (variance + epsilon).sqrt();
    for ((x, weight), bias) in x.iter_mut().zip(weight).zip(bias) {
        *x = (*x - mean) * scale * weight + bias;
    }
}

/// The sum of `of` over a row, in an order that suits vectors and is the same at every level.
#[inline(always)]
pub(super) fn lane_sum(x: &[f32], of: impl Fn(f32) -> f32) -> f32 {
    let mut lanes = [0.0_f32; 16];
    let (whole, rest) = x.as_chunks::<16>();
    for chunk in whole {
        for (lane, value) in lanes.iter_mut().zip(chunk) {
            *lane += of(*value);
        }
    }
    let tail: f32 = rest.iter().map(|value| of(*value)).sum();
    lanes.iter().sum::<f32>() + tail
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

    /// Values of the error function from tables (Abramowitz and Stegun, table 7.1).
    #[test]
    fn erf_is_near_the_exact_one() {
        for (x, exact) in [
            (0.0, 0.0),
            (0.02, 0.022_564_57),
            (0.5, 0.520_499_9),
            (1.0, 0.842_700_8),
            (2.0, 0.995_322_3),
            (4.0, 0.999_999_98),
            (40.0, 1.0),
        ] {
            assert!((erf::<false>(x) - exact).abs() < 5e-7, "{x}");
            assert!((erf::<false>(-x) + exact).abs() < 5e-7, "-{x}");
        }
    }

    /// The operations of encoders, at every level and against the definition.
    #[test]
    fn every_level_agrees_on_norms_and_gelu() {
        for n in [1, 16, 34, 384] {
            let [x, added, bias] = [37, 53, 11].map(|step| {
                (0..n)
                    .map(|i| ((i * step % 101) as f32 - 50.0) / 9.0)
                    .collect::<Vec<_>>()
            });
            let weight: Vec<f32> = (0..n).map(|i| 1.0 + (i % 7) as f32 / 10.0).collect();
            let run = |level| {
                let (mut normed, mut activated) = (x.clone(), vec![0.0; n]);
                add_and_norm(level, (&added, &bias), (&weight, &bias), 1e-12, &mut normed);
                gelu(level, &x, &bias, &mut activated);
                (normed, activated)
            };
            let reference = run(Level::PORTABLE);
            let joined: Vec<f64> = (0..n)
                .map(|i| f64::from(x[i]) + f64::from(added[i]) + f64::from(bias[i]))
                .collect();
            let mean = joined.iter().sum::<f64>() / n as f64;
            let variance = joined.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / n as f64;
            for i in 0..n {
                let exact = (joined[i] - mean) / (variance + 1e-12).sqrt() * f64::from(weight[i])
                    + f64::from(bias[i]);
                assert!((f64::from(reference.0[i]) - exact).abs() < 1e-4, "{n} {i}");
                let v = x[i] + bias[i];
                let half = 0.5 * v * (1.0 + erf::<false>(v / 2.0_f32.sqrt()));
                assert!((reference.1[i] - half).abs() < 1e-5, "{n} {i}");
            }
            for level in Level::available() {
                assert_eq!(run(level), reference, "{level:?} {n}");
            }
        }
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
