//! Mixture of experts (Shazeer et al. 2017; Jiang et al. 2024): a router gives each row to a few of a layer's many
//! feed-forwards, and adds up what they make of it.
//!
//! Each expert takes its rows of the whole batch at once, so its weights are read once a step. A row's sum is always
//! taken in the order of the experts' numbers: what else is in the batch changes no bit of it.

use crate::kernels::{Inputs, Matrix, gate};

use super::decoder::{Compute, Scratch};
use super::description::DecoderConfig;
use super::weights::Gated;

/// The feed-forwards of a layer.
#[derive(Debug)]
pub(super) struct Experts {
    /// `[experts, hidden]`
    router: Matrix,
    experts: Vec<Gated>,
    used: usize,
}

/// Buffers that keep their memory from step to step.
#[derive(Debug, Default)]
pub(super) struct ExpertScratch {
    /// `[rows, hidden]`: what the router and the experts take.
    pub(super) rows: Vec<f32>,
    /// `[rows, experts]`
    logits: Vec<f32>,
    /// Of each expert, the rows that go to it with their shares.
    routes: Vec<Vec<(usize, f32)>>,
    inputs: Inputs,
    gates: Vec<f32>,
    ups: Vec<f32>,
    products: Vec<f32>,
}

impl Experts {
    pub(super) fn new(router: Matrix, experts: Vec<Gated>, used: usize) -> Self {
        Self {
            router,
            experts,
            used,
        }
    }

    /// What says where a row goes.
    pub(super) fn router(&self) -> &Matrix {
        &self.router
    }

    /// Leaves in `outputs` what the experts make of the rows in `inputs`, which are those in `experts.rows` too.
    pub(super) fn run(&self, compute: &Compute, config: &DecoderConfig, s: &mut Scratch) {
        let (n, width) = (s.inputs.rows(), config.hidden);
        let Scratch {
            inputs,
            outputs,
            experts: own,
            ..
        } = s;
        own.logits.resize(n * self.experts.len(), 0.0);
        compute.multiply(inputs, &mut [(&self.router, &mut own.logits)]);
        own.routes.resize(self.experts.len(), Vec::new());
        own.routes.iter_mut().for_each(Vec::clear);
        for (row, logits) in own.logits.chunks_exact(self.experts.len()).enumerate() {
            for (expert, share) in shares(logits, self.used) {
                own.routes[expert].push((row, share));
            }
        }
        outputs.clear();
        outputs.resize(n * width, 0.0);
        for (expert, index) in self.experts.iter().zip(0..) {
            own.expert(compute, config, (expert, index));
            for ((row, share), product) in own.routes[index]
                .iter()
                .zip(own.products.chunks_exact(width))
            {
                let sum = &mut outputs[row * width..(row + 1) * width];
                for (sum, value) in sum.iter_mut().zip(product) {
                    *sum += share * value;
                }
            }
        }
    }
}

impl ExpertScratch {
    /// Leaves in `products` what an expert makes of its rows.
    fn expert(
        &mut self,
        compute: &Compute,
        config: &DecoderConfig,
        (expert, index): (&Gated, usize),
    ) {
        let (own, width) = (&self.routes[index], config.hidden);
        let (n, wide) = (own.len(), expert.gate.matrix.rows());
        self.products.resize(n * width, 0.0);
        if n == 0 {
            return;
        }
        let first = [&expert.gate.matrix, &expert.up.matrix];
        let rows = &self.rows;
        self.inputs
            .fill(compute.on(), (n, width), &first, [], &|at, [], out| {
                let row = own[at].0;
                out.copy_from_slice(&rows[row * width..(row + 1) * width]);
            });
        self.gates.resize(n * wide, 0.0);
        self.ups.resize(n * wide, 0.0);
        compute.multiply(
            &self.inputs,
            &mut [
                (&expert.gate.matrix, &mut self.gates),
                (&expert.up.matrix, &mut self.ups),
            ],
        );
        let buffers = [(&mut self.gates[..], wide), (&mut self.ups[..], wide)];
        let (level, down) = (compute.level(), &expert.down.matrix);
        self.inputs.fill(
            compute.on(),
            (n, wide),
            &[down],
            buffers,
            &|_, [gated, upper], out| gate(level, config.activation, gated, upper, out),
        );
        compute.multiply(&self.inputs, &mut [(down, &mut self.products)]);
    }
}

/// The `used` experts of the largest logits, in the order of their numbers, and their shares: the softmax over them,
/// which is that over all divided by its sum over them. Of equal logits the first expert's is larger.
fn shares(logits: &[f32], used: usize) -> Vec<(usize, f32)> {
    let mut order: Vec<usize> = (0..logits.len()).collect();
    order.sort_by(|a, b| logits[*b].total_cmp(&logits[*a]));
    order.truncate(used);
    let largest = order.first().map_or(0.0, |first| logits[*first]);
    order.sort_unstable();
    let own: Vec<f32> = order
        .iter()
        .map(|expert| (logits[*expert] - largest).exp())
        .collect();
    let sum: f32 = own.iter().sum();
    order
        .into_iter()
        .zip(own.into_iter().map(|share| share / sum))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_go_to_the_experts_of_the_largest_logits() {
        let check = |logits: &[f32], used, expected: &[(usize, f32)]| {
            let found = shares(logits, used);
            let numbers = |own: &[(usize, f32)]| own.iter().map(|own| own.0).collect::<Vec<_>>();
            assert_eq!(numbers(&found), numbers(expected), "{logits:?}");
            for ((_, found), (_, expected)) in found.iter().zip(expected) {
                assert!((found - expected).abs() < 1e-6, "{logits:?}: {found}");
            }
        };
        let third = 3.0_f32.ln();
        check(&[0.0, third, -1.0], 2, &[(0, 0.25), (1, 0.75)]);
        check(&[third, -9.0, 0.0], 2, &[(0, 0.75), (2, 0.25)]);
        check(&[1.0, 1.0, 1.0], 2, &[(0, 0.5), (1, 0.5)]);
        check(&[-500.0, 500.0], 1, &[(1, 1.0)]);
        check(&[1e30, -1e30], 2, &[(0, 1.0), (1, 0.0)]);
    }
}
