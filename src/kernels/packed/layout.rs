//! Tiles: how repacked matrices lie in memory.
//!
//! A tile is 16 rows of the matrix; along its columns lie blocks of 32. A block begins with the small
//! numbers of its 16 rows and holds its weights in planes of bits: for each group `g` of four columns,
//! the byte `4 · row + c` of a line of 64 belongs to column `4 g + c`. So one vector multiplies a group
//! with 8 or 16 rows at once, whatever the format. A block takes as many bytes as in the file, or close to
//! it.

use half::f16;

use super::super::quantized::BLOCK;
use super::encoding::{NONLINEAR, Piece};

/// Rows per tile.
pub(in super::super) const TILE_ROWS: usize = 16;
/// Groups of four columns in a block.
pub(in super::super) const GROUPS: usize = BLOCK / 4;
/// Bytes of one group: four of each row.
pub(in super::super) const LINE: usize = 4 * TILE_ROWS;
/// Blocks of a super-block.
const SUPER_BLOCKS: usize = super::encoding::SUPER / BLOCK;

/// How scales and offsets are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Params {
    /// A scale in half precision per 32 weights.
    Scale,
    /// Scale and offset in half precision per 32 weights.
    ScaleOffset,
    /// Per 32 weights a scale and an offset of one byte, multiples of two halves per super-block.
    SmallScaleOffset,
    /// Per 16 weights a signed scale of one byte, a multiple of a half per super-block.
    SmallScales,
    /// Per 16 weights a scale and an offset of four bits, multiples of two halves per super-block.
    TinyScalesOffsets,
}

/// A way of keeping weights.
pub(in super::super) trait Storage {
    /// Planes of four bits, two bits and one bit, from the lowest bit up; or whole bytes.
    const PLANES: (bool, bool, bool, bool);
    /// What is taken from each number.
    const ZERO: u8;
    /// Whether the numbers are signed: then there are no offsets.
    const SIGNED: bool;
    /// Whether the numbers choose steps of [`NONLINEAR`]: [`unpack`] leaves them, and who multiplies looks them up.
    const NONLINEAR: bool = false;
    /// How many products of a pair of weights with a pair of activations surely add up in 16 bits:
    /// `RUN · 2 · 127 · max|w| < 2^15`. With eight bits only one does.
    const RUN: usize;
    /// Scales and offsets.
    const PARAMS: Params;
    /// Whether there is a scale per 16 weights, not per 32.
    const HALVES: bool = matches!(
        Self::PARAMS,
        Params::SmallScales | Params::TinyScalesOffsets
    );
}

macro_rules! storage {
    ($($(#[$doc:meta])* $name:ident: $planes:expr, $zero:expr, $signed:expr, $run:expr, $params:ident;)*) => {
        $($(#[$doc])*
        #[derive(Debug)]
        pub(in super::super) struct $name;
        impl Storage for $name {
            const PLANES: (bool, bool, bool, bool) = $planes;
            const ZERO: u8 = $zero;
            const SIGNED: bool = $signed;
            const RUN: usize = $run;
            const PARAMS: Params = Params::$params;
        })*
    };
}

storage! {
    /// Q2_K.
    TwoBitK: (false, true, false, false), 0, false, 4, TinyScalesOffsets;
    /// Q3_K.
    ThreeBitK: (false, true, true, false), 4, true, 4, SmallScales;
    /// Q4_0 and Q4_1.
    FourBit: (true, false, false, false), 0, false, 8, ScaleOffset;
    /// Q4_K.
    FourBitK: (true, false, false, false), 0, false, 8, SmallScaleOffset;
    /// Q5_0 and Q5_1.
    FiveBit: (true, false, true, false), 0, false, 4, ScaleOffset;
    /// Q5_K.
    FiveBitK: (true, false, true, false), 0, false, 4, SmallScaleOffset;
    /// Q6_K.
    SixBitK: (true, true, false, false), 32, true, 4, SmallScales;
    /// Q8_0.
    EightBit: (false, false, false, true), 0, true, 1, Scale;
}

/// `IQ4_NL`.
#[derive(Debug)]
pub(in super::super) struct FourBitNonlinear;

impl Storage for FourBitNonlinear {
    const PLANES: (bool, bool, bool, bool) = (true, false, false, false);
    const ZERO: u8 = 0;
    const SIGNED: bool = true;
    const NONLINEAR: bool = true;
    const RUN: usize = 1;
    const PARAMS: Params = Params::Scale;
}

/// Calls `$body` with the storage of an encoding as the type `$storage`.
macro_rules! with_storage {
    ($encoding:expr, $storage:ident => $body:expr) => {{
        use $crate::kernels::packed::layout::{
            EightBit, FiveBit, FiveBitK, FourBit, FourBitK, FourBitNonlinear, SixBitK, ThreeBitK,
            TwoBitK,
        };
        match $encoding {
            Encoding::Q2K => {
                type $storage = TwoBitK;
                $body
            }
            Encoding::Q3K => {
                type $storage = ThreeBitK;
                $body
            }
            Encoding::Q4_0 | Encoding::Q4_1 => {
                type $storage = FourBit;
                $body
            }
            Encoding::Iq4Nl => {
                type $storage = FourBitNonlinear;
                $body
            }
            Encoding::Q4K => {
                type $storage = FourBitK;
                $body
            }
            Encoding::Q5_0 | Encoding::Q5_1 => {
                type $storage = FiveBit;
                $body
            }
            Encoding::Q5K => {
                type $storage = FiveBitK;
                $body
            }
            Encoding::Q6K => {
                type $storage = SixBitK;
                $body
            }
            Encoding::Q8_0 => {
                type $storage = EightBit;
                $body
            }
        }
    }};
}
pub(in super::super) use with_storage;

/// Sizes of a storage.
#[derive(Clone, Copy, Debug)]
pub(in super::super) struct Sizes {
    /// Bytes before each super-block.
    head: usize,
    /// Bytes of small numbers before each block's planes.
    params: usize,
    /// Bytes of a block.
    block: usize,
}

impl Sizes {
    pub(in super::super) const fn of<S: Storage>() -> Self {
        let (four, two, one, eight) = S::PLANES;
        let planes = four as usize * 4 * LINE
            + two as usize * 2 * LINE
            + one as usize * LINE
            + eight as usize * 8 * LINE;
        let params = match S::PARAMS {
            Params::ScaleOffset => 4 * TILE_ROWS,
            _ => 2 * TILE_ROWS,
        };
        let head = match S::PARAMS {
            Params::Scale | Params::ScaleOffset => 0,
            _ => 4 * TILE_ROWS,
        };
        Self {
            head,
            params,
            block: params + planes,
        }
    }

    /// Where block `block` of a tile starts.
    pub(in super::super) const fn block_start(self, block: usize) -> usize {
        self.head * (block / SUPER_BLOCKS + 1) + self.block * block
    }

    /// Bytes of small numbers before each block's planes.
    pub(in super::super) const fn params(self) -> usize {
        self.params
    }

    /// What block `block` of `tile` shares with its super-block, and the block's own bytes.
    #[inline(always)]
    pub(in super::super) fn parts(self, tile: &[u8], block: usize) -> (&[u8], &[u8]) {
        let start = self.block_start(block);
        let head = start - block % SUPER_BLOCKS * self.block - self.head;
        (
            &tile[head..head + self.head],
            &tile[start..start + self.block],
        )
    }

    /// Bytes of a tile of `blocks` blocks.
    pub(in super::super) const fn tile(self, blocks: usize) -> usize {
        self.head * blocks.div_ceil(SUPER_BLOCKS) + self.block * blocks
    }
}

/// One block of a tile, ready to multiply.
#[repr(C, align(64))]
pub(in super::super) struct Unpacked {
    /// Per group of four columns: four bytes of each row.
    pub(in super::super) quants: [[u8; LINE]; GROUPS],
    /// Of the first and the last 16 columns; the first alone where there is a scale per 32.
    pub(in super::super) scales: [[f32; TILE_ROWS]; 2],
    pub(in super::super) offsets: [[f32; TILE_ROWS]; 2],
}

impl Unpacked {
    pub(in super::super) const ZERO: Self = Self {
        quants: [[0; LINE]; GROUPS],
        scales: [[0.0; TILE_ROWS]; 2],
        offsets: [[0.0; TILE_ROWS]; 2],
    };
}

/// Puts 32 weights of row `lane` into block `block` of `tile`.
pub(super) fn put<S: Storage>(piece: &Piece, lane: usize, block: usize, tile: &mut [u8]) {
    let sizes = Sizes::of::<S>();
    let start = sizes.block_start(block);
    let halves = |at: usize, tile: &mut [u8]| {
        for (index, half) in piece.halves.iter().enumerate() {
            let at = at + 2 * (TILE_ROWS * index + lane);
            tile[at..at + 2].copy_from_slice(&half.to_le_bytes());
        }
    };
    match S::PARAMS {
        Params::Scale => {
            let at = start + 2 * lane;
            tile[at..at + 2].copy_from_slice(&piece.halves[0].to_le_bytes());
        }
        Params::ScaleOffset => halves(start, tile),
        _ => {
            halves(
                start - block % SUPER_BLOCKS * sizes.block - sizes.head,
                tile,
            );
            tile[start + lane] = piece.small[0];
            tile[start + TILE_ROWS + lane] = piece.small[1];
        }
    }
    let (four, two, one, eight) = S::PLANES;
    let mut planes = &mut tile[start + sizes.params..start + sizes.block];
    let at = |column: usize| 4 * lane + column % 4;
    let quants = &piece.quants;
    if eight {
        for (column, quant) in quants.iter().enumerate() {
            planes[column / 4 * LINE + at(column)] = *quant;
        }
        return;
    }
    let mut bit = 0;
    if four {
        for (column, (low, high)) in quants[..16].iter().zip(&quants[16..]).enumerate() {
            planes[column / 4 * LINE + at(column)] = low & 15 | (high & 15) << 4;
        }
        planes = &mut planes[4 * LINE..];
        bit = 4;
    }
    if two {
        for (column, quant) in quants.iter().enumerate() {
            planes[column / 16 * LINE + at(column)] |= (quant >> bit & 3) << (2 * (column / 4 % 4));
        }
        planes = &mut planes[2 * LINE..];
        bit += 2;
    }
    if one {
        for (column, quant) in quants.iter().enumerate() {
            planes[at(column)] |= (quant >> bit & 1) << (column / 4);
        }
    }
}

/// Takes block `block` of `tile` apart. Plain loops: the caller's instructions vectorise them.
#[inline(always)]
pub(in super::super) fn unpack<S: Storage>(tile: &[u8], block: usize, out: &mut Unpacked) {
    let sizes = Sizes::of::<S>();
    let (head, bytes) = sizes.parts(tile, block);
    let (params, mut planes) = bytes.split_at(sizes.params);
    scales::<S>(head, params, out);
    let (four, two, one, eight) = S::PLANES;
    let quants = &mut out.quants;
    let mut bit = 0;
    if eight {
        for (group, line) in quants.iter_mut().zip(planes.as_chunks::<LINE>().0) {
            *group = *line;
        }
        return;
    }
    if four {
        let (lines, rest) = planes.split_at(4 * LINE);
        let (low, high) = quants.split_at_mut(4);
        for ((line, low), high) in lines.as_chunks::<LINE>().0.iter().zip(low).zip(high) {
            for ((byte, low), high) in line.iter().zip(low).zip(high) {
                *low = byte & 15;
                *high = byte >> 4;
            }
        }
        planes = rest;
        bit = 4;
    }
    if two {
        let (lines, rest) = planes.split_at(2 * LINE);
        for (group, out) in quants.iter_mut().enumerate() {
            let line = &lines.as_chunks::<LINE>().0[group / 4];
            for (out, byte) in out.iter_mut().zip(line) {
                let two = (byte >> (2 * (group % 4)) & 3) << bit;
                *out = if four { *out | two } else { two };
            }
        }
        planes = rest;
        bit += 2;
    }
    if one {
        for (group, out) in quants.iter_mut().enumerate() {
            for (out, byte) in out.iter_mut().zip(planes) {
                *out |= (byte >> group & 1) << bit;
            }
        }
    }
    if S::ZERO != 0 {
        for out in quants.as_flattened_mut() {
            *out = out.wrapping_sub(S::ZERO);
        }
    }
}

/// Puts steps in the place of the numbers that choose them.
pub(super) fn look_up<S: Storage>(weights: &mut Unpacked) {
    if S::NONLINEAR {
        for quant in weights.quants.as_flattened_mut() {
            *quant = NONLINEAR[usize::from(*quant & 15)].cast_unsigned();
        }
    }
}

/// The scales and offsets of a block.
#[inline(always)]
fn scales<S: Storage>(head: &[u8], params: &[u8], out: &mut Unpacked) {
    match S::PARAMS {
        Params::Scale => widen(params, &mut out.scales[0]),
        Params::ScaleOffset => {
            widen(&params[..2 * TILE_ROWS], &mut out.scales[0]);
            widen(&params[2 * TILE_ROWS..], &mut out.offsets[0]);
        }
        Params::SmallScaleOffset => {
            widen(&head[..2 * TILE_ROWS], &mut out.scales[0]);
            widen(&head[2 * TILE_ROWS..], &mut out.offsets[0]);
            let (scales, offsets) = params.split_at(TILE_ROWS);
            for lane in 0..TILE_ROWS {
                out.scales[0][lane] *= f32::from(scales[lane]);
                out.offsets[0][lane] *= -f32::from(offsets[lane]);
            }
        }
        Params::SmallScales => {
            let mut whole = [0.0; TILE_ROWS];
            widen(&head[..2 * TILE_ROWS], &mut whole);
            for (scales, small) in out.scales.iter_mut().zip(params.chunks_exact(TILE_ROWS)) {
                for lane in 0..TILE_ROWS {
                    scales[lane] = whole[lane] * f32::from(small[lane].cast_signed());
                }
            }
        }
        Params::TinyScalesOffsets => {
            let (mut scale, mut offset) = ([0.0; TILE_ROWS], [0.0; TILE_ROWS]);
            widen(&head[..2 * TILE_ROWS], &mut scale);
            widen(&head[2 * TILE_ROWS..], &mut offset);
            for (part, small) in params.chunks_exact(TILE_ROWS).enumerate() {
                for lane in 0..TILE_ROWS {
                    out.scales[part][lane] = scale[lane] * f32::from(small[lane] & 15);
                    out.offsets[part][lane] = offset[lane] * -f32::from(small[lane] >> 4);
                }
            }
        }
    }
}

/// Finite halves to single precision, exactly: the exponent moves by a multiplication, so that denormals
/// need no branch and the loop vectorises.
#[inline(always)]
fn widen(bytes: &[u8], out: &mut [f32; TILE_ROWS]) {
    for (out, bytes) in out.iter_mut().zip(bytes.as_chunks::<2>().0) {
        *out = widen_half(u16::from_le_bytes(*bytes));
    }
}

/// One finite half.
#[inline(always)]
pub(in super::super) fn widen_half(half: u16) -> f32 {
    // 2^112: the difference of the exponents' biases.
    let magnitude = f32::from_bits(u32::from(half & 0x7FFF) << 13) * f32::from_bits(0x7780_0000);
    f32::from_bits(magnitude.to_bits() | u32::from(half & 0x8000) << 16)
}

/// Whether `piece` can be multiplied with: every scale and offset is a finite number.
pub(super) fn is_finite(piece: &Piece) -> bool {
    piece.halves.iter().all(|half: &f16| half.is_finite())
}
