//! One layer of the decoder: attention, then the feed-forward.

use crate::kernels::{
    AttentionRule, AttentionShape, KvBlocks, Level, Query, attend, gate, rms_norm, rotate,
    rotate_halves,
};

use super::decoder::{Compute, Scratch};
use super::description::DecoderConfig;
use super::linear::Linear;
use super::lora::{Module, Site};
use super::rope::Pairing;
use super::weights::{FeedForward, Gated, Layer};

/// The first half of a layer.
#[derive(Debug)]
pub(super) struct Attention<'a> {
    pub(super) config: &'a DecoderConfig,
    pub(super) weights: &'a Layer,
    pub(super) compute: &'a Compute,
    pub(super) shape: &'a AttentionShape,
    pub(super) rule: &'a AttentionRule,
    pub(super) pairing: Pairing,
    /// Pairs of a head that are rotated.
    pub(super) pairs: usize,
    /// Which of the scratch's angles are this layer's.
    pub(super) sliding: usize,
    pub(super) layer: usize,
}

impl Attention<'_> {
    /// Computes queries, keys and values, and puts the keys and values into the cache.
    pub(super) fn store(&self, sequences: &[Query<'_>], s: &mut Scratch, cache: &mut KvBlocks) {
        let Self {
            config,
            weights,
            compute,
            ..
        } = *self;
        let n = s.hidden.len() / config.hidden;
        let (q, kv) = (config.q_width(), config.kv_width());
        let Layer {
            query, key, value, ..
        } = weights;
        let matrices = [&query.matrix, &key.matrix, &value.matrix];
        let level = compute.level();
        let (adapters, site) = (&s.adapters, Site::Attention);
        let low = adapters.width(site);
        s.low.resize(n * low, 0.0);
        let buffers = [(&mut s.hidden[..], config.hidden), (&mut s.low[..], low)];
        s.inputs.fill(
            compute.on(),
            (n, config.hidden),
            &matrices,
            buffers,
            &|index, [row, low], out| {
                rms_norm(
                    level,
                    row,
                    &weights.attention_norm,
                    config.norm_epsilon,
                    out,
                );
                adapters.project(level, (self.layer, site, index), out, low);
            },
        );
        s.queries.resize(n * q, 0.0);
        s.keys.resize(n * kv, 0.0);
        s.values.resize(n * kv, 0.0);
        compute.multiply(
            &s.inputs,
            &mut [
                (&query.matrix, &mut s.queries),
                (&key.matrix, &mut s.keys),
                (&value.matrix, &mut s.values),
            ],
        );
        let angles = &s.angles[self.sliding];
        let buffers = [
            (&mut s.queries[..], q),
            (&mut s.keys[..], kv),
            (&mut s.values[..], kv),
            (&mut s.low[..], low),
        ];
        compute.each_row(n, buffers, &|row, [queries, keys, values, low]| {
            query.add_bias(queries);
            key.add_bias(keys);
            value.add_bias(values);
            for (module, products) in [
                (Module::Query, &mut *queries),
                (Module::Key, &mut *keys),
                (Module::Value, &mut *values),
            ] {
                adapters.add(level, (self.layer, site, row), module, low, products);
            }
            let angles = &angles[row * self.pairs..(row + 1) * self.pairs];
            self.turn(queries, weights.query_norm.as_deref(), angles);
            self.turn(keys, weights.key_norm.as_deref(), angles);
        });
        cache.write(compute.on(), self.shape, sequences, (&s.keys, &s.values));
    }

    /// Normalises heads, where the family does, and rotates them.
    fn turn(&self, heads: &mut [f32], norm: Option<&[f32]>, angles: &[(f32, f32)]) {
        let (level, size) = (self.compute.level(), self.config.head_dim);
        if let Some(weight) = norm {
            let mut normed = vec![0.0; size];
            for head in heads.chunks_exact_mut(size) {
                rms_norm(level, head, weight, self.config.norm_epsilon, &mut normed);
                head.copy_from_slice(&normed);
            }
        }
        match self.pairing {
            Pairing::Halves => rotate_halves(level, angles, size, heads),
            Pairing::Neighbours => rotate(level, angles, heads),
        }
    }

    /// Computes what the queries find.
    pub(super) fn run(&self, sequences: &[Query<'_>], s: &mut Scratch, cache: &KvBlocks) {
        s.attended.resize(s.queries.len(), 0.0);
        attend(
            self.compute.on(),
            (self.shape, self.rule),
            (&s.queries, sequences),
            cache,
            &mut s.attended,
        );
    }
}

/// What follows attention: its output, and the feed-forward. What an adapter projects at one place it adds at the
/// next, where the place after it is projected: so two buffers take turns.
#[derive(Debug)]
pub(super) struct Rest<'a> {
    pub(super) config: &'a DecoderConfig,
    pub(super) weights: &'a Layer,
    pub(super) compute: &'a Compute,
    pub(super) layer: usize,
}

impl Rest<'_> {
    pub(super) fn run(&self, s: &mut Scratch) {
        let n = s.hidden.len() / self.config.hidden;
        self.output(n, s);
        match &self.weights.feed_forward {
            FeedForward::Gated(own) => {
                self.feed_forward(n, own, s);
                self.finish(n, Some(&own.down), s);
            }
            FeedForward::Experts(own) => {
                own.run(self.compute, self.config, s);
                self.finish(n, None, s);
            }
        }
    }

    /// Adds what attention found, and makes the rows that the feed-forward takes.
    fn output(&self, n: usize, s: &mut Scratch) {
        let Self {
            config,
            weights,
            compute,
            layer,
        } = *self;
        let Layer {
            output,
            feed_forward,
            ..
        } = weights;
        let (level, epsilon) = (compute.level(), config.norm_epsilon);
        let (width, q, adapters) = (config.hidden, config.q_width(), &s.adapters);
        let (low, next) = (
            adapters.width(Site::Output),
            adapters.width(Site::FeedForward),
        );
        s.low_after.resize(n * low, 0.0);
        s.low.resize(n * next, 0.0);
        s.inputs.fill(
            compute.on(),
            (n, q),
            &[&output.matrix],
            [(&mut s.attended, q), (&mut s.low_after, low)],
            &|row, [found, low], out| {
                out.copy_from_slice(found);
                adapters.project(level, (layer, Site::Output, row), out, low);
            },
        );
        s.outputs.resize(n * width, 0.0);
        compute.multiply(&s.inputs, &mut [(&output.matrix, &mut s.outputs)]);
        // Experts take the rows that are theirs, so the rows are kept.
        let kept = match feed_forward {
            FeedForward::Gated(_) => 0,
            FeedForward::Experts(_) => width,
        };
        s.experts.rows.resize(n * kept, 0.0);
        let buffers = [
            (&mut s.hidden[..], width),
            (&mut s.outputs[..], width),
            (&mut s.low_after[..], low),
            (&mut s.low[..], next),
            (&mut s.experts.rows[..], kept),
        ];
        let after = weights.after_attention_norm.as_deref();
        s.inputs.fill(
            compute.on(),
            (n, width),
            &feed_forward.first(),
            buffers,
            &|row, [hidden, added, low, next, rows], out| {
                output.add_bias(added);
                let place = (layer, Site::Output, row);
                adapters.add(level, place, Module::Output, low, added);
                add(hidden, added, (level, after, epsilon), out);
                rms_norm(level, hidden, &weights.feed_forward_norm, epsilon, out);
                rows.copy_from_slice(&out[..kept]);
                adapters.project(level, (layer, Site::FeedForward, row), out, next);
            },
        );
    }

    /// Leaves the products of the second half in `outputs`.
    fn feed_forward(&self, n: usize, own: &Gated, s: &mut Scratch) {
        let Self {
            config,
            compute,
            layer,
            ..
        } = *self;
        let Gated {
            gate: gates,
            up,
            down,
        } = own;
        let level = compute.level();
        let (width, wide, adapters) = (config.hidden, config.feed_forward, &s.adapters);
        let (low, next) = (
            adapters.width(Site::FeedForward),
            adapters.width(Site::Down),
        );
        s.gates.resize(n * wide, 0.0);
        s.ups.resize(n * wide, 0.0);
        compute.multiply(
            &s.inputs,
            &mut [(&gates.matrix, &mut s.gates), (&up.matrix, &mut s.ups)],
        );
        s.low_after.resize(n * next, 0.0);
        let buffers = [
            (&mut s.gates[..], wide),
            (&mut s.ups[..], wide),
            (&mut s.low[..], low),
            (&mut s.low_after[..], next),
        ];
        s.inputs.fill(
            compute.on(),
            (n, wide),
            &[&down.matrix],
            buffers,
            &|row, [gated, upper, low, next], out| {
                gates.add_bias(gated);
                up.add_bias(upper);
                let place = (layer, Site::FeedForward, row);
                adapters.add(level, place, Module::Gate, low, gated);
                adapters.add(level, place, Module::Up, low, upper);
                gate(level, config.activation, gated, upper, out);
                adapters.project(level, (layer, Site::Down, row), out, next);
            },
        );
        s.outputs.resize(n * width, 0.0);
        compute.multiply(&s.inputs, &mut [(&down.matrix, &mut s.outputs)]);
    }

    /// Adds the second half's products to the state.
    fn finish(&self, n: usize, down: Option<&Linear>, s: &mut Scratch) {
        let Self {
            config,
            weights,
            compute,
            layer,
        } = *self;
        let (level, epsilon) = (compute.level(), config.norm_epsilon);
        let (width, adapters) = (config.hidden, &s.adapters);
        let low = down.map_or(0, |_| adapters.width(Site::Down));
        let buffers = [
            (&mut s.hidden[..], width),
            (&mut s.outputs[..], width),
            (&mut s.low_after[..], low),
        ];
        let after = weights.after_feed_forward_norm.as_deref();
        compute.each_row(n, buffers, &|row, [hidden, added, low]| {
            if let Some(down) = down {
                down.add_bias(added);
                let place = (layer, Site::Down, row);
                adapters.add(level, place, Module::Down, low, added);
            }
            let mut normed = vec![0.0; if after.is_some() { width } else { 0 }];
            add(hidden, added, (level, after, epsilon), &mut normed);
        });
    }
}

/// Adds a half's output to the state, normalised first where the family does, by way of `spare`.
fn add(
    hidden: &mut [f32],
    added: &[f32],
    (level, norm, epsilon): (Level, Option<&[f32]>, f32),
    spare: &mut [f32],
) {
    let added = match norm {
        Some(weight) => {
            rms_norm(level, added, weight, epsilon, spare);
            &*spare
        }
        None => added,
    };
    for (value, added) in hidden.iter_mut().zip(added) {
        *value += added;
    }
}
