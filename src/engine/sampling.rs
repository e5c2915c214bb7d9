//! How the next token is chosen: checked settings.

use std::collections::BTreeMap;

/// Most entries of a bias map.
const MAX_BIASES: usize = 1024;

/// Settings as a caller gives them; [`Sampling::new`] checks them.
#[derive(Clone, Debug, PartialEq)]
pub struct SamplingOptions {
    /// 0: always the likeliest token. Otherwise logits are divided by it. `0..=2`.
    pub temperature: f32,
    /// Only this many of the likeliest tokens; `None`: all.
    pub top_k: Option<u32>,
    /// Only the likeliest tokens that together have this probability. `0 < p <= 1`.
    pub top_p: f32,
    /// Only tokens with at least this share of the likeliest one's probability. `0 <= p <= 1`.
    pub min_p: f32,
    /// Subtracted from a token's logit for each time it was generated. `-2..=2`.
    pub frequency_penalty: f32,
    /// Subtracted from a token's logit once it was generated. `-2..=2`.
    pub presence_penalty: f32,
    /// Divides a positive logit of a token seen in prompt or answer, multiplies a negative one.
    /// `0 < p <= 10`; 1: nothing.
    pub repetition_penalty: f32,
    /// Added to the logits of these tokens. Each `-100..=100`.
    pub logit_bias: BTreeMap<u32, f32>,
    /// The start of the random numbers; `None`: a fresh one for each request.
    pub seed: Option<u64>,
}

/// OpenAI's defaults.
impl Default for SamplingOptions {
    fn default() -> Self {
        Self {
            temperature: 1.0,
            top_k: None,
            top_p: 1.0,
            min_p: 0.0,
            frequency_penalty: 0.0,
            presence_penalty: 0.0,
            repetition_penalty: 1.0,
            logit_bias: BTreeMap::new(),
            seed: None,
        }
    }
}

/// Checked settings.
#[derive(Clone, Debug, PartialEq)]
pub struct Sampling(SamplingOptions);

/// A setting is out of its range.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[error("`{name}` is {value}; it must be {range}")]
pub struct SamplingError {
    /// The setting, as OpenAI's API or its common extensions call it.
    pub name: &'static str,
    /// What was given.
    pub value: f64,
    /// What it may be.
    pub range: &'static str,
}

impl Sampling {
    /// Checks `options`.
    ///
    /// # Errors
    ///
    /// [`SamplingError`] names the first setting that is out of its range.
    pub fn new(options: SamplingOptions) -> Result<Self, SamplingError> {
        let o = &options;
        check(
            "temperature",
            o.temperature,
            (0.0..=2.0).contains(&o.temperature),
            "from 0 to 2",
        )?;
        check(
            "top_p",
            o.top_p,
            o.top_p > 0.0 && o.top_p <= 1.0,
            "above 0 and at most 1",
        )?;
        check(
            "min_p",
            o.min_p,
            (0.0..=1.0).contains(&o.min_p),
            "from 0 to 1",
        )?;
        if o.top_k == Some(0) {
            check("top_k", 0.0, false, "at least 1")?;
        }
        for (name, value) in [
            ("frequency_penalty", o.frequency_penalty),
            ("presence_penalty", o.presence_penalty),
        ] {
            check(name, value, (-2.0..=2.0).contains(&value), "from -2 to 2")?;
        }
        let repetition = o.repetition_penalty;
        check(
            "repetition_penalty",
            repetition,
            repetition > 0.0 && repetition <= 10.0,
            "above 0 and at most 10",
        )?;
        if o.logit_bias.len() > MAX_BIASES {
            return Err(SamplingError {
                name: "logit_bias",
                value: f64::from(u32::try_from(o.logit_bias.len()).unwrap_or(u32::MAX)),
                range: "of at most 1024 tokens",
            });
        }
        for &bias in o.logit_bias.values() {
            check(
                "logit_bias",
                bias,
                (-100.0..=100.0).contains(&bias),
                "from -100 to 100",
            )?;
        }
        Ok(Self(options))
    }

    /// Always the likeliest token.
    pub fn greedy() -> Self {
        Self(SamplingOptions {
            temperature: 0.0,
            ..SamplingOptions::default()
        })
    }

    /// The settings.
    pub fn options(&self) -> &SamplingOptions {
        &self.0
    }
}

fn check(
    name: &'static str,
    value: f32,
    sound: bool,
    range: &'static str,
) -> Result<(), SamplingError> {
    if sound {
        return Ok(());
    }
    Err(SamplingError {
        name,
        value: f64::from(value),
        range,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_out_of_range_are_named() {
        type Change = fn(&mut SamplingOptions);
        let rows: [(Change, Option<&str>); 16] = [
            (|_| (), None),
            (|o| o.temperature = 2.0, None),
            (|o| o.temperature = 2.1, Some("temperature")),
            (|o| o.temperature = -0.1, Some("temperature")),
            (|o| o.temperature = f32::NAN, Some("temperature")),
            (|o| o.top_p = 0.0, Some("top_p")),
            (|o| o.top_p = 1.5, Some("top_p")),
            (|o| o.top_p = f32::NAN, Some("top_p")),
            (|o| o.min_p = 1.1, Some("min_p")),
            (|o| o.top_k = Some(0), Some("top_k")),
            (|o| o.frequency_penalty = -2.1, Some("frequency_penalty")),
            (|o| o.presence_penalty = 2.1, Some("presence_penalty")),
            (|o| o.repetition_penalty = 0.0, Some("repetition_penalty")),
            (
                |o| o.repetition_penalty = f32::INFINITY,
                Some("repetition_penalty"),
            ),
            (|o| o.logit_bias = [(1, 101.0)].into(), Some("logit_bias")),
            (
                |o| o.logit_bias = (0..1025).map(|t| (t, 1.0)).collect(),
                Some("logit_bias"),
            ),
        ];
        for (row, (change, refused)) in rows.into_iter().enumerate() {
            let mut options = SamplingOptions::default();
            change(&mut options);
            let found = Sampling::new(options).err().map(|error| error.name);
            assert_eq!(found, refused, "row {row}");
        }
    }
}
