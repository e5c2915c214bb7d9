//! Rotary positions as `config.json` says them: `rope_theta` and `rope_scaling`, or, in newer files, all in
//! `rope_parameters`, there by kind of layer where kinds differ.

use serde_json::Value;

use super::CheckpointError;
use super::keys::Keys;
use crate::formats::gguf::Metadata;

/// The rotation of the layers that see everything, and of those that don't.
#[derive(Debug)]
pub(super) struct Scaled {
    base: f32,
    /// The base of layers with a window, where they have their own.
    local_base: Option<f32>,
    /// Values of a head that are rotated.
    dimensions: u32,
    context: u32,
    /// The length that the model was trained with, where positions are scaled.
    original: Option<u32>,
    kind: Kind,
    /// Divide the frequencies, one each: short ones, and those that are not used here.
    pub(super) factors: Option<Factors>,
}

#[derive(Debug)]
enum Kind {
    Plain,
    Linear(f32),
    Yarn {
        factor: f32,
        beta_fast: f32,
        beta_slow: f32,
        attention: f32,
    },
    Long {
        attention: f32,
    },
}

/// Factors that divide frequencies, by the tensors that GGUF keeps them in.
#[derive(Debug)]
pub(super) enum Factors {
    Llama3(Vec<f32>),
    Long { short: Vec<f32>, long: Vec<f32> },
}

/// Reads the rotation of an `architecture` (GGUF's name).
pub(super) fn read(
    keys: &Keys<'_>,
    head_dim: u32,
    architecture: &str,
) -> Result<Scaled, CheckpointError> {
    let is_local = architecture == "gemma3";
    let base = if is_local { 1_000_000.0 } else { 10_000.0 };
    let local_base = keys.number("rope_local_base_freq")?.unwrap_or(10_000.0);
    let mut scaled = Scaled {
        base: keys.number("rope_theta")?.unwrap_or(base),
        local_base: is_local.then_some(local_base),
        dimensions: head_dim,
        context: keys.need("max_position_embeddings")?,
        original: None,
        kind: Kind::Plain,
        factors: None,
    };
    let new = keys.object("rope_parameters")?;
    let old = keys.object("rope_scaling")?;
    let inner = match new {
        Some(new) if new.has("full_attention") => scaled.nested(&new, is_local)?,
        new => new.or(old),
    };
    let mut part = keys.double("partial_rotary_factor")?;
    let outer = keys.size("original_max_position_embeddings")?;
    let Some(inner) = inner else {
        scaled.rotate_part(part, keys)?;
        return Ok(scaled);
    };
    scaled.base = inner.number("rope_theta")?.unwrap_or(scaled.base);
    part = inner.double("partial_rotary_factor")?.or(part);
    scaled.rotate_part(part, keys)?;
    let own = inner.size("original_max_position_embeddings")?;
    let new_name = inner.text("rope_type")?;
    let old_name = inner.text("type")?;
    let kind = match new_name.or(old_name).unwrap_or("default") {
        // Older files of Phi have other names for the one kind that it knows.
        "su" | "yarn" if architecture == "phi3" => "longrope",
        kind => kind,
    };
    if is_local && !matches!(kind, "default" | "linear") {
        let problem = "default and linear are supported for this family";
        return Err(inner.odd("rope_type", &Value::from(kind), problem));
    }
    let trained = outer.or(own).unwrap_or(scaled.context);
    if trained == 0 {
        let problem = "it has to be positive";
        return Err(keys.odd("original_max_position_embeddings", &Value::from(0), problem));
    }
    scaled.scale(&inner, kind, trained)?;
    if kind == "yarn" && own.is_some() {
        scaled.reach(trained);
    }
    inner.refuse_unknown()?;
    Ok(scaled)
}

impl Scaled {
    fn rotate_part(&mut self, part: Option<f64>, keys: &Keys<'_>) -> Result<(), CheckpointError> {
        let Some(part) = part else { return Ok(()) };
        if !(part > 0.0 && part <= 1.0) {
            let problem = "it is above 0 and at most 1";
            return Err(keys.odd("partial_rotary_factor", &Value::from(part), problem));
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "rounded down as the reference does; between 0 and the head's size"
        )]
        let dimensions = (f64::from(self.dimensions) * part) as u32;
        self.dimensions = dimensions;
        Ok(())
    }

    /// The two rotations of Gemma 3: gives the one of the layers that see everything.
    fn nested<'a>(
        &mut self,
        new: &Keys<'a>,
        is_local: bool,
    ) -> Result<Option<Keys<'a>>, CheckpointError> {
        if !is_local {
            let problem = "one rotation for all layers is computed for this family";
            return Err(new.odd("full_attention", &Value::from("given"), problem));
        }
        if let Some(sliding) = new.object("sliding_attention")? {
            let problem = "layers with a window are not scaled";
            sliding.only("rope_type", &["default"], problem)?;
            self.local_base = sliding.number("rope_theta")?.or(self.local_base);
            sliding.refuse_unknown()?;
        }
        let full = new.object("full_attention")?;
        new.refuse_unknown()?;
        Ok(full)
    }

    /// Reads what the kind of scaling needs; `trained` is the length that the model was trained with.
    fn scale(&mut self, inner: &Keys<'_>, kind: &str, trained: u32) -> Result<(), CheckpointError> {
        let need = |key: &str| inner.positive(key)?.ok_or_else(|| inner.missing(key));
        let ratio = self.context as f32 / trained as f32;
        match kind {
            "default" => {}
            "linear" => self.kind = Kind::Linear(need("factor")?),
            // Within the trained length nothing is scaled; beyond it, every angle would change with the length of
            // the request, and a request's answer with it. So the context stays the trained length.
            "dynamic" => {
                need("factor")?;
            }
            "llama3" => {
                let bounds = (
                    need("factor")?,
                    need("low_freq_factor")?,
                    need("high_freq_factor")?,
                );
                if bounds.1 >= bounds.2 {
                    let problem = "it has to be below `high_freq_factor`";
                    return Err(inner.odd("low_freq_factor", &Value::from(bounds.1), problem));
                }
                self.factors = Some(Factors::Llama3(self.llama3(bounds, trained as f32)));
            }
            "yarn" => {
                let factor = inner.positive("factor")?.unwrap_or(ratio);
                if !inner.flag("truncate")?.unwrap_or(true) {
                    let problem = "bounds are whole dimensions here";
                    return Err(inner.odd("truncate", &Value::from(false), problem));
                }
                let scales = (inner.positive("mscale")?, inner.positive("mscale_all_dim")?);
                let usual = match scales {
                    (Some(one), Some(all)) => magnitude(factor, one) / magnitude(factor, all),
                    _ => magnitude(factor, 1.0),
                };
                let attention = inner.positive("attention_factor")?.unwrap_or(usual);
                self.kind = Kind::Yarn {
                    factor,
                    beta_fast: inner.positive("beta_fast")?.unwrap_or(32.0),
                    beta_slow: inner.positive("beta_slow")?.unwrap_or(1.0),
                    attention: attention / magnitude(factor, 1.0),
                };
                self.original = Some(trained);
            }
            "longrope" => self.long(inner, (ratio, trained))?,
            other => {
                let problem = "default, linear, dynamic, llama3, yarn and longrope are supported";
                return Err(inner.odd("rope_type", &Value::from(other), problem));
            }
        }
        Ok(())
    }

    fn long(
        &mut self,
        inner: &Keys<'_>,
        (ratio, trained): (f32, u32),
    ) -> Result<(), CheckpointError> {
        let pairs = self.dimensions as usize / 2;
        let list = |key| {
            let list = inner.numbers(key)?.ok_or_else(|| inner.missing(key))?;
            if list.len() != pairs || list.iter().any(|factor| *factor <= 0.0) {
                let problem = "it has to have a positive number for each rotated pair";
                return Err(inner.odd(key, &Value::Array(Vec::new()), problem));
            }
            Ok(list)
        };
        let (short, long) = (list("short_factor")?, list("long_factor")?);
        let factor = inner.positive("factor")?.unwrap_or(ratio);
        let usual = if factor <= 1.0 {
            1.0
        } else {
            (1.0 + factor.ln() / (trained as f32).ln()).sqrt()
        };
        let attention = inner.positive("attention_factor")?.unwrap_or(usual);
        self.kind = Kind::Long { attention };
        self.original = Some(trained);
        self.factors = Some(Factors::Long { short, long });
        Ok(())
    }

    /// Files with a trained length of their own leave it to the reader that the factor stretches it.
    fn reach(&mut self, trained: u32) {
        if let Kind::Yarn { factor, .. } = self.kind {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "a length, not negative; the description bounds it"
            )]
            let reach = (trained as f32 * factor) as u32;
            self.context = self.context.max(reach);
        }
    }

    /// What divides each frequency by Llama 3.1's rule: slow ones by the factor, fast ones not, those between blended.
    fn llama3(&self, (factor, low, high): (f32, f32, f32), trained: f32) -> Vec<f32> {
        (0..self.dimensions / 2)
            .map(|pair| {
                let exponent = (2 * pair) as f32 / self.dimensions as f32;
                let wavelength = std::f32::consts::TAU * self.base.powf(exponent);
                if wavelength < trained / high {
                    1.0
                } else if wavelength > trained / low {
                    factor
                } else {
                    let smooth = (trained / wavelength - low) / (high - low);
                    1.0 / ((1.0 - smooth) / factor + smooth)
                }
            })
            .collect()
    }

    /// Writes the rotation in GGUF's words.
    pub(super) fn write(&self, metadata: &mut Metadata, name: &impl Fn(&str) -> String) {
        metadata.insert(&name("context_length"), self.context);
        metadata.insert(&name("rope.dimension_count"), self.dimensions);
        metadata.insert(&name("rope.freq_base"), self.base);
        if let Some(base) = self.local_base {
            metadata.insert(&name("rope.freq_base_swa"), base);
        }
        if let Some(original) = self.original {
            let key = name("rope.scaling.original_context_length");
            metadata.insert(&key, original);
        }
        let mut scaling = |kind: &str, values: &[(&str, f32)]| {
            metadata.insert(&name("rope.scaling.type"), kind);
            for (key, value) in values {
                metadata.insert(&name(&format!("rope.scaling.{key}")), *value);
            }
        };
        match self.kind {
            Kind::Plain => {}
            Kind::Linear(factor) => scaling("linear", &[("factor", factor)]),
            Kind::Yarn {
                factor,
                beta_fast,
                beta_slow,
                attention,
            } => scaling(
                "yarn",
                &[
                    ("factor", factor),
                    ("yarn_beta_fast", beta_fast),
                    ("yarn_beta_slow", beta_slow),
                    ("attn_factor", attention),
                ],
            ),
            Kind::Long { attention } => scaling("longrope", &[("attn_factor", attention)]),
        }
    }
}

/// What multiplies cosines and sines for positions that are divided by `factor` (Peng et al. 2023).
fn magnitude(factor: f32, scale: f32) -> f32 {
    if factor <= 1.0 {
        1.0
    } else {
        0.1 * scale * factor.ln() + 1.0
    }
}
