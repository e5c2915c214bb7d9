//! Shares with their uncertainty.

use rand::rngs::ChaCha12Rng;
use rand::{Rng, SeedableRng};
use serde::Serialize;

/// The standard normal's 97.5 % point.
const Z: f64 = 1.959_963_985;
/// Resamples of a bootstrap.
const RESAMPLES: usize = 2_000;

/// So many out of so many, with the bounds between which the true share lies with 95 % confidence.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Share {
    /// How many.
    pub hits: usize,
    /// Out of how many.
    pub of: usize,
    /// The share; 0 of nothing.
    pub value: f64,
    /// The lower bound.
    pub low: f64,
    /// The upper bound.
    pub high: f64,
}

impl Share {
    /// Independent trials: Wilson's score interval (JASA 22, 1927).
    pub fn of_trials(hits: usize, of: usize) -> Self {
        if of == 0 {
            return Self::nothing();
        }
        let (k, n) = (float(hits), float(of));
        let p = k / n;
        let z2 = Z * Z;
        let centre = (p + z2 / (2.0 * n)) / (1.0 + z2 / n);
        let half = Z / (1.0 + z2 / n) * (p * (1.0 - p) / n + z2 / (4.0 * n * n)).sqrt();
        Self {
            hits,
            of,
            value: p,
            low: (centre - half).max(0.0),
            high: (centre + half).min(1.0),
        }
    }

    /// Trials that come in clusters, `(hits, of)` each: what one answer keeps is not independent. The
    /// interval is the percentile bootstrap over clusters, with a fixed seed.
    pub fn of_clusters(clusters: &[(usize, usize)]) -> Self {
        let hits = clusters.iter().map(|c| c.0).sum();
        let of: usize = clusters.iter().map(|c| c.1).sum();
        if of == 0 {
            return Self::nothing();
        }
        let mut random = ChaCha12Rng::seed_from_u64(1);
        let n = u64::try_from(clusters.len()).unwrap_or(u64::MAX);
        let mut shares: Vec<f64> = (0..RESAMPLES)
            .map(|_| {
                let (mut k, mut m) = (0, 0);
                for _ in clusters {
                    let at = usize::try_from(random.next_u64() % n).unwrap_or(0);
                    let (hits, of) = clusters.get(at).copied().unwrap_or_default();
                    k += hits;
                    m += of;
                }
                if m == 0 { 0.0 } else { float(k) / float(m) }
            })
            .collect();
        shares.sort_unstable_by(f64::total_cmp);
        let at = |index: usize| shares.get(index).copied().unwrap_or(0.0);
        Self {
            hits,
            of,
            value: float(hits) / float(of),
            low: at(RESAMPLES / 40),
            high: at(RESAMPLES - 1 - RESAMPLES / 40),
        }
    }

    const fn nothing() -> Self {
        Self {
            hits: 0,
            of: 0,
            value: 0.0,
            low: 0.0,
            high: 1.0,
        }
    }
}

fn float(n: usize) -> f64 {
    f64::from(u32::try_from(n).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reference values: `scipy.stats.binomtest(k, n).proportion_ci(method="wilson")`.
    #[test]
    fn wilson_as_scipy_has_it() {
        for (hits, of, low, high) in [
            (0, 32, 0.0, 0.107_179),
            (8, 10, 0.490_162, 0.943_318),
            (32, 32, 0.892_821, 1.0),
            (1, 3, 0.061_492, 0.792_340),
        ] {
            let share = Share::of_trials(hits, of);
            assert!((share.low - low).abs() < 1e-5, "{hits}/{of}: {share:?}");
            assert!((share.high - high).abs() < 1e-5, "{hits}/{of}: {share:?}");
        }
    }

    #[test]
    fn clusters_that_agree_leave_more_doubt() {
        let spread = Share::of_clusters(&[(2, 4); 20]);
        assert_eq!((spread.low, spread.high), (0.5, 0.5));
        let mut halves = vec![(4, 4); 10];
        halves.extend([(0, 4); 10]);
        let agreed = Share::of_clusters(&halves);
        let independent = Share::of_trials(40, 80);
        assert!(agreed.low < independent.low && agreed.high > independent.high);
        assert_eq!(agreed, Share::of_clusters(&halves));
        assert_eq!(Share::of_clusters(&[]).of, 0);
    }
}
