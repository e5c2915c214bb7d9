//! From logits to weights of a draw.

use super::level::dispatch;
use super::ops::exp;

dispatch! {
    /// `out = exp((logit - max) / temperature)`, the same bits at every level; 0 for negative infinity and
    /// NaN. `max` is the largest logit.
    pub fn weigh(logits: &[f32], max: f32, temperature: f32, out: &mut [f32]) = weigh_body;
}

#[inline(always)]
fn weigh_body<const FMA: bool>(logits: &[f32], max: f32, temperature: f32, out: &mut [f32]) {
    for (out, logit) in out.iter_mut().zip(logits) {
        let weight = exp::<FMA>((logit - max) / temperature);
        // False for NaN too.
        *out = if *logit > f32::NEG_INFINITY {
            weight
        } else {
            0.0
        };
    }
}

#[cfg(test)]
mod tests {
    use super::super::Level;
    use super::weigh;

    #[test]
    fn weights_are_exponentials_and_the_same_at_every_level() {
        let mut logits: Vec<f32> = (0..1003_u16).map(|i| f32::from(i) / -31.0 + 3.0).collect();
        logits[7] = f32::NEG_INFINITY;
        logits[8] = f32::NAN;
        let run = |level| {
            let mut out = vec![9.0_f32; logits.len()];
            weigh(level, &logits, 3.0, 0.7, &mut out);
            out
        };
        let plain = run(Level::PORTABLE);
        for (at, (weight, logit)) in plain.iter().zip(&logits).enumerate() {
            let exact = ((f64::from(*logit) - 3.0) / f64::from(0.7_f32)).exp();
            match at {
                7 | 8 => assert_eq!(weight.to_bits(), 0),
                _ => assert!((f64::from(*weight) - exact).abs() <= exact * 1e-5, "{at}"),
            }
        }
        assert_eq!(plain[0].to_bits(), 1.0_f32.to_bits());
        for level in Level::available() {
            assert_eq!(run(level), plain, "{level:?}");
        }
    }
}
