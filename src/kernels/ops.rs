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
    /// `gate = gate / (1 + exp(-gate)) · up` (Shazeer 2020), element by element.
    pub fn swiglu(gate: &mut [f32], up: &[f32]) = swiglu_body;
}

#[inline(always)]
pub(super) fn fma<const FMA: bool>(a: f32, b: f32, c: f32) -> f32 {
    // Without the instruction the same rounding takes a call: slow, but bit for bit the same.
    a.mul_add(b, c)
}

/// `e^x` to about 2e-7 relative: Cody and Waite's reduction and the polynomial of Cephes `expf`, written so
/// that the compiler vectorises it.
#[inline(always)]
#[expect(
    clippy::cast_possible_truncation,
    reason = "the exponent was clamped to the range of floats"
)]
pub(super) fn exp<const FMA: bool>(x: f32) -> f32 {
    let x = x.clamp(-87.0, 88.0);
    let n = (x * std::f32::consts::LOG2_E).round_ties_even();
    let r = fma::<FMA>(n, -0.693_359_375, x);
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
    p * f32::from_bits((((n as i32) + 127) << 23).cast_unsigned())
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
fn swiglu_body<const FMA: bool>(gate: &mut [f32], up: &[f32]) {
    for (gate, up) in gate.iter_mut().zip(up) {
        *gate = *gate / (1.0 + exp::<FMA>(-*gate)) * up;
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
                let (mut normed, mut rotated, mut gated) = (vec![0.0; n], x.clone(), x.clone());
                rms_norm(level, &x, &w, 1e-5, &mut normed);
                rotate(level, &angles, &mut rotated);
                swiglu(level, &mut gated, &w);
                (normed, rotated, gated)
            };
            let reference = run(Level::PORTABLE);
            let square: f64 =
                x.iter().map(|v| f64::from(*v).powi(2)).sum::<f64>() / n as f64 + 1e-5;
            for i in 0..n {
                let (v, w) = (f64::from(x[i]), f64::from(w[i]));
                let near = |a: f32, b: f64| {
                    assert!((f64::from(a) - b).abs() < 1e-5 * (1.0 + b.abs()), "{a} {b}")
                };
                near(reference.0[i], v / square.sqrt() * w);
                near(reference.2[i], v / (1.0 + (-v).exp()) * w);
            }
            for level in Level::available() {
                assert_eq!(run(level), reference, "{level:?} {n}");
            }
        }
    }
}
