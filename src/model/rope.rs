//! Rotary positions (Su et al. 2021): the angles of each position, with the ways to stretch them.

use super::ModelError;

/// How a head's values are paired.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pairing {
    /// Neighbours: as GGUF stores the `llama` family.
    Neighbours,
    /// The first half with the second.
    Halves,
}

/// How positions beyond the trained length are brought back into it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Scaling {
    /// All positions are divided by this (Chen et al. 2023).
    Linear(f32),
    /// Slow frequencies are divided, fast ones stay, those between are blended (Peng et al. 2023).
    Yarn {
        /// What slow ones are divided by.
        factor: f32,
        /// The trained length.
        original: f32,
        /// Turns over the trained length above which a frequency stays.
        beta_fast: f32,
        /// Turns below which it is divided.
        beta_slow: f32,
    },
}

/// A layer's rotation.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rope {
    pub(super) base: f32,
    /// Values of a head that are rotated.
    pub(super) dimensions: usize,
    pub(super) pairing: Pairing,
    pub(super) scaling: Scaling,
    /// Multiplies cosines and sines.
    pub(super) magnitude: f32,
}

/// The frequencies of a rotation.
#[derive(Clone, Debug)]
pub(super) struct Frequencies {
    /// Radians per position, per pair.
    radians: Vec<f32>,
    magnitude: f32,
}

impl Frequencies {
    /// `factors` divide the frequencies, one each (Llama 3's scaling and `LongRoPE`, as GGUF stores them).
    pub(super) fn new(rope: &Rope, factors: Option<&[f32]>) -> Result<Self, ModelError> {
        let pairs = rope.dimensions / 2;
        let radians: Vec<f32> = (0..pairs)
            .map(|pair| {
                // theta_i = base^(-2 i / d)
                let exponent = -((2 * pair) as f32) / rope.dimensions as f32;
                let factor = factors
                    .and_then(|factors| factors.get(pair))
                    .copied()
                    .unwrap_or(1.0);
                let theta = rope.base.powf(exponent) / factor;
                match rope.scaling {
                    Scaling::Linear(factor) => theta / factor,
                    Scaling::Yarn {
                        factor,
                        original,
                        beta_fast,
                        beta_slow,
                    } => {
                        let bound = |turns: f32| {
                            let wavelengths = original / (turns * std::f32::consts::TAU);
                            rope.dimensions as f32 * wavelengths.ln() / (2.0 * rope.base.ln())
                        };
                        let low = bound(beta_fast).floor().max(0.0);
                        let high = bound(beta_slow).ceil().min(rope.dimensions as f32 - 1.0);
                        let ramp = (pair as f32 - low) / (high - low).max(0.001);
                        let divided = ramp.clamp(0.0, 1.0);
                        theta / factor * divided + theta * (1.0 - divided)
                    }
                }
            })
            .collect();
        if radians.iter().any(|radians| !radians.is_finite()) {
            return Err(ModelError::Metadata {
                key: "rope.freq_base".to_owned(),
                value: rope.base.to_string(),
                problem: "gives frequencies that are no numbers",
            });
        }
        Ok(Self {
            radians,
            magnitude: rope.magnitude,
        })
    }

    /// Cosines and sines of a position.
    pub(super) fn angles(&self, position: usize) -> impl Iterator<Item = (f32, f32)> + '_ {
        self.radians.iter().map(move |radians| {
            let (sin, cos) = (position as f32 * radians).sin_cos();
            (cos * self.magnitude, sin * self.magnitude)
        })
    }

    /// Pairs of a head.
    pub(super) fn pairs(&self) -> usize {
        self.radians.len()
    }
}
