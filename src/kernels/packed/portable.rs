//! The reference for every other level, and the code for CPUs without one.

use super::super::quantized::QuantBlock;
use super::layout::{GROUPS, Storage, TILE_ROWS, Unpacked, look_up, unpack};

/// The products of one tile with a panel of `totals.len()` rows.
pub(super) fn tile<S: Storage>(tile: &[u8], panel: &[QuantBlock], totals: &mut [[f32; TILE_ROWS]]) {
    let mut weights = Unpacked::ZERO;
    totals.fill([0.0; TILE_ROWS]);
    for (block, rows) in panel.chunks_exact(totals.len()).enumerate() {
        unpack::<S>(tile, block, &mut weights);
        look_up::<S>(&mut weights);
        for (row, totals) in rows.iter().zip(totals.iter_mut()) {
            for (lane, total) in totals.iter_mut().enumerate() {
                *total = add_block::<S>(&weights, row, lane, *total);
            }
        }
    }
}

/// Adds one block's product: the order of roundings that every level keeps.
fn add_block<S: Storage>(weights: &Unpacked, row: &QuantBlock, lane: usize, mut total: f32) -> f32 {
    let dot = |groups: std::ops::Range<usize>| -> i32 {
        let group = |group: usize| -> i32 {
            let weights = &weights.quants[group][4 * lane..4 * lane + 4];
            let products = weights.iter().zip(&row.quants[group]).map(|(w, x)| {
                let w = if S::SIGNED {
                    i32::from(w.cast_signed())
                } else {
                    i32::from(*w)
                };
                w * i32::from(*x)
            });
            products.sum()
        };
        groups.map(group).sum()
    };
    let parts = if S::HALVES { 2 } else { 1 };
    for part in 0..parts {
        let groups = part * GROUPS / parts..(part + 1) * GROUPS / parts;
        let scale = weights.scales[part][lane] * row.scale;
        total = (dot(groups) as f32).mul_add(scale, total);
        if !S::SIGNED {
            let sum = if S::HALVES {
                row.half_sum(part)
            } else {
                row.sum
            };
            total = weights.offsets[part][lane].mul_add(sum, total);
        }
    }
    total
}
