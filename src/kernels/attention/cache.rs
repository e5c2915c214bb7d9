//! The paged cache of keys and values, in half precision or in 8 bits.
//!
//! Keys of a block lie as `[kv head][dimension][token]`, values as `[kv head][token][dimension]`. In 8 bits, each
//! [`GROUP`] of a token's dimensions has a scale of its own, as `[kv head][group][token]`: a dimension that is much
//! larger than the others, as some models have them, takes precision from its group alone. A token is rounded by
//! itself, so what lies in the cache does not depend on what it was computed beside.

use half::f16;
use half::slice::HalfBitsSliceExt as _;

use super::super::aligned::Aligned;
use super::super::level::dispatch;
use super::super::packed::layout::widen_half;
use super::super::prefetch::fetch;
use super::super::shared::SharedMut;
use super::super::{Level, Pool};
use super::{AttentionShape, Query};
use crate::types::KvFormat;

/// Dimensions that share a scale.
pub(super) const GROUP: usize = 32;

/// The keys and values of one layer: `n_blocks` blocks of [`AttentionShape::block_values`] each.
#[derive(Debug)]
pub struct KvBlocks {
    keys: Stored,
    values: Stored,
}

/// Keys, or values. Zeroed memory is taken from the system as it is first written.
enum Stored {
    /// By their bits.
    Halves(Aligned<u16>),
    /// With the bits of their scales, which are halves.
    Bytes(Aligned<i8>, Aligned<u16>),
}

impl std::fmt::Debug for Stored {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Halves(halves) => write!(f, "Halves({})", halves.len()),
            Self::Bytes(bytes, _) => write!(f, "Bytes({})", bytes.len()),
        }
    }
}

/// Keys, or values, of one head in one block.
#[derive(Clone, Copy, Debug)]
pub(super) enum HeadBlock<'a> {
    Halves(&'a [f16]),
    /// With the bits of their scales, `[group][token]`.
    Bytes(&'a [i8], &'a [u16]),
}

impl HeadBlock<'_> {
    /// Has the CPU bring a half of it into its caches, the first (0) or the second (1).
    pub(super) fn fetch(&self, half: usize) {
        fn part<T>(values: &[T], half: usize) -> &[T] {
            let (first, second) = values.split_at(values.len() / 2);
            if half == 0 { first } else { second }
        }
        match self {
            Self::Halves(halves) => fetch(part(halves, half)),
            Self::Bytes(bytes, scales) => {
                fetch(part(bytes, half));
                fetch(part(scales, half));
            }
        }
    }
}

/// Scales of a head in a block.
const fn head_scales(shape: &AttentionShape) -> usize {
    shape.head_dim.div_ceil(GROUP) * shape.block_tokens
}

impl Stored {
    fn new(shape: &AttentionShape, n_blocks: usize, format: KvFormat) -> Self {
        let len = shape.block_values() * n_blocks;
        match format {
            KvFormat::F16 => Self::Halves(Aligned::zeroed(len)),
            KvFormat::Q8 => {
                let scales = head_scales(shape) * shape.kv_heads * n_blocks;
                Self::Bytes(Aligned::zeroed(len), Aligned::zeroed(scales))
            }
        }
    }

    fn head(&self, shape: &AttentionShape, block: usize, head: usize) -> HeadBlock<'_> {
        let number = block * shape.kv_heads + head;
        let size = shape.head_dim * shape.block_tokens;
        let part = number * size..(number + 1) * size;
        match self {
            Self::Halves(halves) => HeadBlock::Halves(halves.get()[part].reinterpret_cast()),
            Self::Bytes(bytes, scales) => {
                let n = head_scales(shape);
                HeadBlock::Bytes(
                    &bytes.get()[part],
                    &scales.get()[number * n..(number + 1) * n],
                )
            }
        }
    }

    /// Appends the bytes of a block to `out`.
    fn read(&self, shape: &AttentionShape, block: usize, out: &mut Vec<u8>) -> Option<()> {
        let halves = |all: &[u16], size: usize, out: &mut Vec<u8>| {
            let part = all.get(block * size..(block + 1) * size)?;
            part.iter().for_each(|half| out.extend(half.to_le_bytes()));
            Some(())
        };
        let size = shape.block_values();
        match self {
            Self::Halves(all) => halves(all.get(), size, out),
            Self::Bytes(all, scales) => {
                let part = all.get().get(block * size..(block + 1) * size)?;
                out.extend(part.iter().map(|byte| byte.cast_unsigned()));
                halves(scales.get(), head_scales(shape) * shape.kv_heads, out)
            }
        }
    }

    /// Puts the first of `bytes` into a block, and gives the rest.
    fn fill<'a>(
        &mut self,
        shape: &AttentionShape,
        block: usize,
        bytes: &'a [u8],
    ) -> Option<&'a [u8]> {
        fn halves<'a>(
            all: &mut [u16],
            (block, size): (usize, usize),
            bytes: &'a [u8],
        ) -> Option<&'a [u8]> {
            let part = all.get_mut(block * size..(block + 1) * size)?;
            let (own, rest) = bytes.split_at_checked(2 * size)?;
            for (half, bytes) in part.iter_mut().zip(own.as_chunks::<2>().0) {
                *half = u16::from_le_bytes(*bytes);
            }
            Some(rest)
        }
        let size = shape.block_values();
        match self {
            Self::Halves(all) => halves(all.get_mut(), (block, size), bytes),
            Self::Bytes(all, scales) => {
                let part = all.get_mut().get_mut(block * size..(block + 1) * size)?;
                let (own, rest) = bytes.split_at_checked(size)?;
                for (value, byte) in part.iter_mut().zip(own) {
                    *value = byte.cast_signed();
                }
                halves(
                    scales.get_mut(),
                    (block, head_scales(shape) * shape.kv_heads),
                    rest,
                )
            }
        }
    }
}

impl KvBlocks {
    /// Room for `n_blocks` blocks. The memory is taken as it is first written.
    pub fn new(shape: &AttentionShape, n_blocks: usize, format: KvFormat) -> Self {
        Self {
            keys: Stored::new(shape, n_blocks, format),
            values: Stored::new(shape, n_blocks, format),
        }
    }

    /// Bytes of one block.
    pub const fn block_bytes(shape: &AttentionShape, format: KvFormat) -> usize {
        let each = match format {
            KvFormat::F16 => 2 * shape.block_values(),
            KvFormat::Q8 => shape.block_values() + 2 * head_scales(shape) * shape.kv_heads,
        };
        2 * each
    }

    /// Appends the bytes of a block to `out`. Says whether there is such a block.
    pub fn read(&self, shape: &AttentionShape, block: usize, out: &mut Vec<u8>) -> bool {
        let keys = self.keys.read(shape, block, out);
        keys.is_some() && self.values.read(shape, block, out).is_some()
    }

    /// Puts bytes that [`Self::read`] gave into a block. Says whether there is such a block, and so many bytes.
    pub fn fill(&mut self, shape: &AttentionShape, block: usize, bytes: &[u8]) -> bool {
        let rest = self.keys.fill(shape, block, bytes);
        let rest = rest.and_then(|rest| self.values.fill(shape, block, rest));
        rest.is_some_and(<[u8]>::is_empty)
    }

    /// Keys and values of a head in a block.
    pub(super) fn head(
        &self,
        shape: &AttentionShape,
        block: usize,
        head: usize,
    ) -> [HeadBlock<'_>; 2] {
        [&self.keys, &self.values].map(|own| own.head(shape, block, head))
    }

    /// Writes keys and values (`[row][kv head][dimension]`) of all new tokens into their blocks, on the
    /// threads of `pool`. What half precision can't hold becomes its largest number.
    ///
    /// # Panics
    ///
    /// When a block is not in the cache.
    pub fn write(
        &mut self,
        (level, pool): (Level, &Pool),
        shape: &AttentionShape,
        sequences: &[Query<'_>],
        (keys, values): (&[f32], &[f32]),
    ) {
        let outputs = [Output::of(&mut self.keys), Output::of(&mut self.values)];
        let units = if sequences.len() == 1 && sequences[0].n_rows == 1 {
            1
        } else {
            2 * shape.kv_heads
        };
        pool.for_each(units, &|unit| {
            // A unit writes a head's keys or values, of every block.
            let parts = 2 * shape.kv_heads * unit / units..2 * shape.kv_heads * (unit + 1) / units;
            for part in parts {
                let (head, of_keys) = (part / 2, part % 2 == 0);
                let output = &outputs[part % 2];
                for query in sequences {
                    let mut position = query.context;
                    while position < query.context + query.n_rows {
                        let slot = position % shape.block_tokens;
                        let run = (shape.block_tokens - slot)
                            .min(query.context + query.n_rows - position);
                        let block = query.blocks[position / shape.block_tokens] as usize;
                        let row = query.first_row + position - query.context;
                        let width = shape.kv_heads * shape.head_dim;
                        let source = if of_keys { keys } else { values };
                        let source = &source[row * width + head * shape.head_dim..];
                        let place = Place {
                            block,
                            head,
                            slot,
                            run,
                            of_keys,
                        };
                        output.store((level, shape), (source, width), place);
                        position += run;
                    }
                }
            }
        });
    }
}

/// Where tokens of one head go in a block.
#[derive(Clone, Copy)]
struct Place {
    block: usize,
    head: usize,
    slot: usize,
    run: usize,
    of_keys: bool,
}

/// A [`Stored`] that several threads write to, each to heads of its own.
#[derive(Clone, Copy)]
enum Output<'a> {
    Halves(SharedMut<'a, u16>),
    Bytes(SharedMut<'a, i8>, SharedMut<'a, u16>),
}

impl<'a> Output<'a> {
    fn of(stored: &'a mut Stored) -> Self {
        match stored {
            Stored::Halves(halves) => Self::Halves(SharedMut::new(halves.get_mut())),
            Stored::Bytes(bytes, scales) => Self::Bytes(
                SharedMut::new(bytes.get_mut()),
                SharedMut::new(scales.get_mut()),
            ),
        }
    }

    /// Stores the run of tokens whose first is at the start of `source`, `width` apart.
    fn store(
        &self,
        (level, shape): (Level, &AttentionShape),
        (source, width): (&[f32], usize),
        place: Place,
    ) {
        let (size, tokens) = (shape.head_dim, shape.block_tokens);
        let number = place.block * shape.kv_heads + place.head;
        let slots = (place.slot, place.run, tokens);
        match self {
            Self::Halves(halves) => {
                // SAFETY: one unit alone writes this head's keys, or values.
                let out = unsafe { halves.part(number * size * tokens, size * tokens) };
                if place.of_keys {
                    return store_keys(level, source, (width, size), slots, out);
                }
                for token in 0..place.run {
                    let source = &source[token * width..][..size];
                    store_values(
                        level,
                        source,
                        &mut out[(place.slot + token) * size..][..size],
                    );
                }
            }
            Self::Bytes(bytes, scales) => {
                let n = head_scales(shape);
                // SAFETY: as above.
                let out = unsafe { bytes.part(number * size * tokens, size * tokens) };
                // SAFETY: as above.
                let scales = unsafe { scales.part(number * n, n) };
                // Between two dimensions of a token, and between two tokens.
                let strides = match place.of_keys {
                    true => (tokens, 1),
                    false => (1, size),
                };
                store_bytes(level, (source, width, size), slots, strides, (out, scales));
            }
        }
    }
}

dispatch! {
    /// Transposes the keys of `run` tokens into the slots from `slot` on.
    fn store_keys(source: &[f32], strides: (usize, usize), slots: (usize, usize, usize), out: &mut [u16]) = store_keys_body;
}

#[inline(always)]
fn store_keys_body<const FMA: bool>(
    source: &[f32],
    (width, head_dim): (usize, usize),
    (slot, run, block_tokens): (usize, usize, usize),
    out: &mut [u16],
) {
    for dimension in 0..head_dim {
        let out = &mut out[dimension * block_tokens + slot..][..run];
        for (token, out) in out.iter_mut().enumerate() {
            *out = narrow(source[token * width + dimension]);
        }
    }
}

dispatch! {
    /// Copies the values of a token.
    fn store_values(source: &[f32], out: &mut [u16]) = store_values_body;
}

#[inline(always)]
fn store_values_body<const FMA: bool>(source: &[f32], out: &mut [u16]) {
    for (out, value) in out.iter_mut().zip(source) {
        *out = narrow(*value);
    }
}

dispatch! {
    /// Rounds the keys or values of `run` tokens to bytes, a group after the other.
    fn store_bytes(
        source: (&[f32], usize, usize),
        slots: (usize, usize, usize),
        strides: (usize, usize),
        out: (&mut [i8], &mut [u16]),
    ) = store_bytes_body;
}

#[inline(always)]
fn store_bytes_body<const FMA: bool>(
    (source, width, size): (&[f32], usize, usize),
    (slot, run, block_tokens): (usize, usize, usize),
    (between, apart): (usize, usize),
    (out, scales): (&mut [i8], &mut [u16]),
) {
    for token in 0..run {
        let row = &source[token * width..][..size];
        for (group, values) in row.chunks(GROUP).enumerate() {
            let mut rounded = [0; GROUP];
            let scale = round(values, &mut rounded);
            scales[group * block_tokens + slot + token] = scale;
            let first = group * GROUP * between + (slot + token) * apart;
            if between == 1 {
                out[first..][..values.len()].copy_from_slice(&rounded[..values.len()]);
            } else {
                let out = out[first..].iter_mut().step_by(between);
                out.zip(&rounded[..values.len()])
                    .for_each(|(out, byte)| *out = *byte);
            }
        }
    }
}

/// The nearest multiples of a scale that takes the largest of `values` to 127; gives the scale's bits. What half precision
/// can't hold counts as its largest number, and what is no number too.
#[inline(always)]
#[expect(clippy::cast_possible_truncation, reason = "bounded by 127")]
fn round(values: &[f32], out: &mut [i8; GROUP]) -> u16 {
    /// The largest finite half.
    const LARGEST: f32 = 65_504.0;
    /// 1.5 · 2^23: added, it leaves the nearest whole number, ties to even.
    const WHOLE: f32 = 12_582_912.0;
    let bounded = |value: f32| {
        let magnitude = value.abs();
        let magnitude = if magnitude < LARGEST {
            magnitude
        } else {
            LARGEST
        };
        magnitude.copysign(value)
    };
    let mut largest = 0.0_f32;
    for value in values {
        let magnitude = bounded(*value).abs();
        largest = if magnitude > largest {
            magnitude
        } else {
            largest
        };
    }
    let scale = narrow(largest / 127.0);
    let width = widen_half(scale);
    // A group of values that are too small for any scale is zero.
    let per = if width > 0.0 { 1.0 / width } else { 0.0 };
    for (out, value) in out.iter_mut().zip(values) {
        let steps = bounded(*value) * per;
        let steps = if steps > 127.0 { 127.0 } else { steps };
        let steps = if steps < -127.0 { -127.0 } else { steps };
        *out = ((steps + WHOLE) - WHOLE) as i8;
    }
    scale
}

/// The nearest half, ties to even, at most the largest finite one. Without branches, so that the loops
/// around it vectorise: a denormal is rounded by an addition, a normal number by carrying into its bits.
#[inline(always)]
#[expect(clippy::cast_possible_truncation, reason = "a half has 16 bits")]
pub(super) fn narrow(value: f32) -> u16 {
    /// The least normal half.
    const NORMAL: u32 = 113 << 23;
    /// A number whose last bit is worth the least denormal half.
    const DENORMAL: u32 = 126 << 23;
    let bits = value.to_bits();
    let magnitude = f32::from_bits(bits & 0x7FFF_FFFF);
    let magnitude = if magnitude < 65_504.0 {
        magnitude
    } else {
        65_504.0
    }
    .to_bits();
    let denormal = (f32::from_bits(magnitude) + f32::from_bits(DENORMAL))
        .to_bits()
        .wrapping_sub(DENORMAL);
    let normal = magnitude
        .wrapping_sub(112 << 23)
        .wrapping_add(0xFFF + (magnitude >> 13 & 1))
        >> 13;
    let half = if magnitude < NORMAL { denormal } else { normal };
    (half | bits >> 16 & 0x8000) as u16
}
