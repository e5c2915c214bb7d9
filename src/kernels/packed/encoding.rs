//! How matrices are written in files: GGML's block formats (`ggml-common.h`, `ggml-quants.c`), read 32
//! weights at a time.

use half::f16;

use super::super::quantized::BLOCK;

/// The steps of `IQ4_NL` (`kvalues_iq4nl` in `ggml-common.h`): denser near zero, as weights are.
pub(in super::super) const NONLINEAR: [i8; 16] = [
    -127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113,
];

/// Columns of a super-block of the K formats.
pub(super) const SUPER: usize = 256;

/// How a quantised matrix is written in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// 256 weights in 84 bytes: two bits, a scale and an offset of four bits per 16.
    Q2K,
    /// 256 weights in 110 bytes: three bits, a scale of six bits per 16.
    Q3K,
    /// 32 weights in 18 bytes: four bits, a scale.
    Q4_0,
    /// 32 weights in 18 bytes: four bits, a scale; the bits choose one of sixteen steps of unlike size.
    Iq4Nl,
    /// 32 weights in 20 bytes: four bits, a scale and an offset.
    Q4_1,
    /// 256 weights in 144 bytes: four bits, a scale and an offset of six bits per 32.
    Q4K,
    /// 32 weights in 22 bytes: five bits, a scale.
    Q5_0,
    /// 32 weights in 24 bytes: five bits, a scale and an offset.
    Q5_1,
    /// 256 weights in 176 bytes: five bits, a scale and an offset of six bits per 32.
    Q5K,
    /// 256 weights in 210 bytes: six bits, a scale of eight bits per 16.
    Q6K,
    /// 32 weights in 34 bytes: eight bits, a scale.
    Q8_0,
}

impl Encoding {
    /// Weights and bytes of a block.
    pub(super) const fn block(self) -> (usize, usize) {
        match self {
            Self::Q2K => (SUPER, 84),
            Self::Q3K => (SUPER, 110),
            Self::Q4_0 | Self::Iq4Nl => (BLOCK, 18),
            Self::Q4_1 => (BLOCK, 20),
            Self::Q4K => (SUPER, 144),
            Self::Q5_0 => (BLOCK, 22),
            Self::Q5_1 => (BLOCK, 24),
            Self::Q5K => (SUPER, 176),
            Self::Q6K => (SUPER, 210),
            Self::Q8_0 => (BLOCK, 34),
        }
    }
}

/// 32 weights of one row.
#[derive(Clone, Copy, Debug)]
pub(super) struct Piece {
    /// The numbers as written: unsigned, but for eight bits.
    pub(super) quants: [u8; BLOCK],
    /// Scale and offset of the block or, in the K formats, what scales and offsets are multiples of.
    pub(super) halves: [f16; 2],
    /// The K formats' small numbers: scale and offset of the 32 weights, or one byte per 16.
    pub(super) small: [u8; 2],
}

/// Reads 32 weights: `index` counts from the start of `row`, a whole row as the file has it.
pub(super) fn piece(encoding: Encoding, row: &[u8], index: usize) -> Piece {
    let (cols, bytes) = encoding.block();
    let per_block = cols / BLOCK;
    let start = index / per_block * bytes;
    let block = &row[start..start + bytes];
    let part = index % per_block;
    let half = |at: usize| f16::from_le_bytes([block[at], block[at + 1]]);
    // Exact: a small power of two times a half, unless it overflows, which is found later.
    let times = |scale: f16, factor: f32| f16::from_f32(scale.to_f32() * factor);
    let mut piece = Piece {
        quants: [0; BLOCK],
        halves: [f16::ZERO; 2],
        small: [0; 2],
    };
    match encoding {
        Encoding::Q4_0 => {
            piece.halves = [half(0), times(half(0), -8.0)];
            nibbles(&block[2..], &mut piece.quants);
        }
        Encoding::Iq4Nl => {
            piece.halves = [half(0), f16::ZERO];
            nibbles(&block[2..], &mut piece.quants);
        }
        Encoding::Q4_1 => {
            piece.halves = [half(0), half(2)];
            nibbles(&block[4..], &mut piece.quants);
        }
        Encoding::Q5_0 => {
            piece.halves = [half(0), times(half(0), -16.0)];
            nibbles(&block[6..], &mut piece.quants);
            fifth_bits(&block[2..6], &mut piece.quants);
        }
        Encoding::Q5_1 => {
            piece.halves = [half(0), half(2)];
            nibbles(&block[8..], &mut piece.quants);
            fifth_bits(&block[4..8], &mut piece.quants);
        }
        Encoding::Q8_0 => {
            piece.halves = [half(0), f16::ZERO];
            piece.quants.copy_from_slice(&block[2..]);
        }
        _ => super_piece(encoding, block, part, &mut piece),
    }
    piece
}

/// Reads 32 of the 256 weights of a K format.
fn super_piece(encoding: Encoding, block: &[u8], part: usize, piece: &mut Piece) {
    let half = |at: usize| f16::from_le_bytes([block[at], block[at + 1]]);
    match encoding {
        Encoding::Q4K | Encoding::Q5K => {
            piece.halves = [half(0), half(2)];
            piece.small = six_bit_pair(&block[4..16], part);
            let quants = if encoding == Encoding::Q4K {
                &block[16..]
            } else {
                &block[48..]
            };
            for (quant, byte) in piece.quants.iter_mut().zip(&quants[part / 2 * 32..]) {
                *quant = if part.is_multiple_of(2) {
                    byte & 15
                } else {
                    byte >> 4
                };
            }
            if encoding == Encoding::Q5K {
                for (quant, byte) in piece.quants.iter_mut().zip(&block[16..48]) {
                    *quant |= (byte >> part & 1) << 4;
                }
            }
        }
        Encoding::Q6K => {
            piece.halves = [half(208), f16::ZERO];
            piece.small = [block[192 + 2 * part], block[193 + 2 * part]];
            let low = &block[part / 4 * 64 + part % 2 * 32..];
            let high = &block[128 + part / 4 * 32..];
            for ((quant, low), high) in piece.quants.iter_mut().zip(low).zip(high) {
                let nibble = if part % 4 < 2 { low & 15 } else { low >> 4 };
                *quant = nibble | (high >> (2 * (part % 4)) & 3) << 4;
            }
        }
        Encoding::Q2K => {
            piece.halves = [half(80), half(82)];
            piece.small = [block[2 * part], block[2 * part + 1]];
            pairs(&block[16..80], part, &mut piece.quants);
        }
        Encoding::Q3K => {
            piece.halves = [half(108), f16::ZERO];
            piece.small = [
                six_bit(&block[96..108], 2 * part),
                six_bit(&block[96..108], 2 * part + 1),
            ];
            pairs(&block[32..96], part, &mut piece.quants);
            for (quant, mask) in piece.quants.iter_mut().zip(&block[..32]) {
                *quant |= (mask >> part & 1) << 2;
            }
        }
        // Blocks of 32: `piece` reads them.
        _ => {}
    }
}

/// Sixteen bytes: the low halves are the first sixteen weights, the high ones the others.
fn nibbles(bytes: &[u8], quants: &mut [u8; BLOCK]) {
    for (index, byte) in bytes.iter().take(16).enumerate() {
        quants[index] = byte & 15;
        quants[16 + index] = byte >> 4;
    }
}

fn fifth_bits(bytes: &[u8], quants: &mut [u8; BLOCK]) {
    for (index, quant) in quants.iter_mut().enumerate() {
        *quant |= (bytes[index / 8] >> (index % 8) & 1) << 4;
    }
}

/// Two bits a weight: 128 weights in 32 bytes, 32 weights at each of four shifts.
fn pairs(bytes: &[u8], part: usize, quants: &mut [u8; BLOCK]) {
    for (quant, byte) in quants.iter_mut().zip(&bytes[part / 4 * 32..]) {
        *quant = byte >> (2 * (part % 4)) & 3;
    }
}

/// Scale and offset number `part` of eight, of six bits each, in twelve bytes.
fn six_bit_pair(bytes: &[u8], part: usize) -> [u8; 2] {
    if part < 4 {
        return [bytes[part] & 63, bytes[part + 4] & 63];
    }
    let low = bytes[part + 4];
    [
        low & 15 | (bytes[part - 4] >> 6) << 4,
        low >> 4 | (bytes[part] >> 6) << 4,
    ]
}

/// Scale number `part` of sixteen, of six bits each less 32, in twelve bytes: low halves in the first
/// eight, high pairs in the last four.
fn six_bit(bytes: &[u8], part: usize) -> u8 {
    let low = if part < 8 {
        bytes[part] & 15
    } else {
        bytes[part - 8] >> 4
    };
    let high = bytes[8 + part % 4] >> (2 * (part / 4)) & 3;
    (low | high << 4).wrapping_sub(32)
}

/// Whole blocks of `IQ4_NL` as floats.
pub fn nonlinear_floats(bytes: &[u8], out: &mut [f32]) {
    let (_, size) = Encoding::Iq4Nl.block();
    for (bytes, out) in bytes.chunks_exact(size).zip(out.chunks_exact_mut(BLOCK)) {
        let piece = piece(Encoding::Iq4Nl, bytes, 0);
        for (out, quant) in out.iter_mut().zip(piece.quants) {
            *out = piece.halves[0].to_f32() * f32::from(NONLINEAR[usize::from(quant & 15)]);
        }
    }
}
