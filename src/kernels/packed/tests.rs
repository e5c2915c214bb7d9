use half::f16;

use super::super::{Inputs, Matrix, multiply};
use super::encoding::SUPER;
use super::*;

const ALL: [Encoding; 11] = [
    Encoding::Iq4Nl,
    Encoding::Q2K,
    Encoding::Q3K,
    Encoding::Q4_0,
    Encoding::Q4_1,
    Encoding::Q4K,
    Encoding::Q5_0,
    Encoding::Q5_1,
    Encoding::Q5K,
    Encoding::Q6K,
    Encoding::Q8_0,
];

/// Bytes that look random, always the same.
fn noise(len: usize, seed: u64) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[3]
    };
    (0..len).map(|_| next()).collect()
}

/// A matrix in a file's encoding, random but for its scales, which are small and at times zero.
fn matrix(encoding: Encoding, rows: usize, cols: usize) -> Vec<u8> {
    let (block_cols, block_bytes) = encoding.block();
    let mut bytes = noise(rows * cols / block_cols * block_bytes, 7);
    let halves: &[usize] = match encoding {
        Encoding::Q2K => &[80, 82],
        Encoding::Q3K => &[108],
        Encoding::Iq4Nl | Encoding::Q4_0 | Encoding::Q5_0 | Encoding::Q8_0 => &[0],
        Encoding::Q4_1 | Encoding::Q5_1 | Encoding::Q4K | Encoding::Q5K => &[0, 2],
        Encoding::Q6K => &[208],
    };
    for (index, block) in bytes.chunks_exact_mut(block_bytes).enumerate() {
        for (number, at) in halves.iter().enumerate() {
            let scale = if index % 5 == 4 {
                0.0
            } else {
                0.01 + (index % 50) as f32 * 1e-4
            };
            let half = f16::from_f32(if number == 1 { -scale * 3.0 } else { scale });
            block[*at..at + 2].copy_from_slice(&half.to_le_bytes());
        }
    }
    bytes
}

/// The weights by candle's own reading of the formats, or ours where it has none.
fn weights(encoding: Encoding, rows: usize, cols: usize, bytes: &[u8]) -> Vec<f32> {
    use candle_core::quantized::{GgmlDType, ggml_file::qtensor_from_ggml};
    let dtype = match encoding {
        Encoding::Iq4Nl => {
            let mut out = vec![0.0; rows * cols];
            nonlinear_floats(bytes, &mut out);
            return out;
        }
        Encoding::Q2K => GgmlDType::Q2K,
        Encoding::Q3K => GgmlDType::Q3K,
        Encoding::Q4_0 => GgmlDType::Q4_0,
        Encoding::Q4_1 => GgmlDType::Q4_1,
        Encoding::Q4K => GgmlDType::Q4K,
        Encoding::Q5_0 => GgmlDType::Q5_0,
        Encoding::Q5_1 => GgmlDType::Q5_1,
        Encoding::Q5K => GgmlDType::Q5K,
        Encoding::Q6K => GgmlDType::Q6K,
        Encoding::Q8_0 => GgmlDType::Q8_0,
    };
    let device = candle_core::Device::Cpu;
    let tensor = qtensor_from_ggml(dtype, bytes, vec![rows, cols], &device).unwrap();
    tensor
        .dequantize(&device)
        .unwrap()
        .flatten_all()
        .unwrap()
        .to_vec1()
        .unwrap()
}

/// Values that the PyPI package `gguf` (0.19) gives for this block: times the scale, a sixteenth.
#[test]
fn nonlinear_steps_are_those_of_the_format() {
    let block = [
        0, 44, 11, 48, 85, 122, 159, 196, 233, 14, 51, 88, 125, 162, 199, 236, 17, 54,
    ];
    let mut found = [0.0; 32];
    nonlinear_floats(&block, &mut found);
    let expected = [
        38.0, -127.0, -35.0, 25.0, 113.0, -49.0, 13.0, 89.0, -65.0, 1.0, 69.0, -83.0, -10.0, 53.0,
        -104.0, -22.0, -127.0, -65.0, -35.0, -10.0, 13.0, 53.0, 89.0, -127.0, -65.0, -35.0, -10.0,
        25.0, 53.0, 89.0, -104.0, -65.0,
    ];
    assert_eq!(found.map(|value| value * 16.0), expected);
}

fn activations(rows: usize, cols: usize) -> Vec<f32> {
    let mut values: Vec<f32> = noise(rows * cols, 3)
        .iter()
        .map(|b| f32::from(b.cast_signed()) / 50.0)
        .collect();
    values[..32].fill(0.0);
    if let Some(value) = values.get_mut(33) {
        *value = 1e-40; // a denormal
    }
    values
}

/// Rows a multiple of 32, and of 256 where the format needs it.
fn whole(encoding: Encoding, cols: usize) -> usize {
    if encoding.block().0 == SUPER {
        cols.next_multiple_of(SUPER)
    } else {
        cols
    }
}

#[test]
fn rows_read_back() {
    let pool = Pool::new(2).unwrap();
    for encoding in ALL {
        let cols = whole(encoding, 96);
        let bytes = matrix(encoding, 19, cols);
        let packed = Matrix::quantized(&pool, encoding, (19, cols), &bytes).unwrap();
        let mut row = vec![0.0; cols];
        for (index, expected) in weights(encoding, 19, cols, &bytes)
            .chunks_exact(cols)
            .enumerate()
        {
            packed.row(index, &mut row);
            for (found, expected) in row.iter().zip(expected) {
                // Roundings in another order, at most.
                assert!(
                    (found - expected).abs() <= expected.abs().max(0.5) * 5e-7,
                    "{encoding:?} {index}: {found} {expected}"
                );
            }
        }
    }
}

/// Every level, odd shapes and batches: the same bits as the reference, which is near the product in double
/// precision.
#[test]
fn every_level_agrees_with_the_reference() {
    let pool = Pool::new(2).unwrap();
    for encoding in ALL {
        for (rows, cols, n) in [
            (1, 32, 1),
            (16, 32, 3),
            (19, 576, 35),
            (48, 1536, 8),
            (33, 96, 5),
            // A second panel, and more blocks than are unpacked at a time.
            (40, 544, 64),
            (17, 1088, 50),
        ] {
            check(&pool, encoding, (rows, whole(encoding, cols), n));
        }
    }
}

fn check(pool: &Pool, encoding: Encoding, (rows, cols, n): (usize, usize, usize)) {
    let bytes = matrix(encoding, rows, cols);
    let packed = Matrix::quantized(pool, encoding, (rows, cols), &bytes).unwrap();
    let mut values = activations(n, cols);
    let mut product = |level: Level, first: usize, n_rows: usize| {
        let mut x = Inputs::default();
        let rows_of = [(&mut values[first * cols..(first + n_rows) * cols], cols)];
        x.fill(
            (level, pool),
            (n_rows, cols),
            &[&packed],
            rows_of,
            &|_, [row], out| {
                out.copy_from_slice(row);
            },
        );
        let mut out = vec![f32::NAN; n_rows * rows];
        multiply(level, pool, &x, &mut [(&packed, &mut out)]);
        out
    };
    let reference = product(Level::PORTABLE, 0, n);
    for level in Level::available() {
        assert_eq!(
            product(level, 0, n),
            reference,
            "{level:?} {encoding:?} {rows}x{cols}x{n}"
        );
    }
    for row in 0..n {
        let alone = product(Level::best(), row, 1);
        assert_eq!(
            alone,
            reference[row * rows..(row + 1) * rows],
            "one row alone"
        );
    }
    let weights = weights(encoding, rows, cols, &bytes);
    for (row, products) in reference.chunks_exact(rows).enumerate() {
        let x = &values[row * cols..(row + 1) * cols];
        for (w, found) in weights.chunks_exact(cols).zip(products) {
            let exact: f64 = w
                .iter()
                .zip(x)
                .map(|(w, x)| f64::from(*w) * f64::from(*x))
                .sum();
            // Rounding to 127 steps: half a step per value, against the largest value.
            let bound: f64 = w
                .iter()
                .map(|w| f64::from(w.abs()) * 2.6 / 254.0 * 1.01)
                .sum();
            assert!(
                (exact - f64::from(*found)).abs() <= bound + 1e-5,
                "{encoding:?}: {exact} {found}"
            );
        }
    }
}

#[test]
fn odd_matrices_are_refused() {
    let pool = Pool::new(1).unwrap();
    let check = |encoding, shape, bytes: &[u8], error| {
        assert_eq!(
            Matrix::quantized(&pool, encoding, shape, bytes).unwrap_err(),
            error
        );
    };
    check(
        Encoding::Q8_0,
        (1, 33),
        &[],
        PackError::Columns {
            cols: 33,
            block: 32,
        },
    );
    check(
        Encoding::Q4K,
        (1, 96),
        &[],
        PackError::Columns {
            cols: 96,
            block: 256,
        },
    );
    check(
        Encoding::Q4_0,
        (1, 32),
        &[0; 17],
        PackError::Bytes {
            expected: 18,
            found: 17,
        },
    );
    let nan = [vec![0, 0x7E], vec![0; 32]].concat();
    check(Encoding::Q8_0, (1, 32), &nan, PackError::NotFinite);
}
