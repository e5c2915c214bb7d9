//! How elements are kept: candle's block types, and one that only the kernels here read.

use std::fmt;

use candle_core::quantized::GgmlDType;

/// How a tensor's elements are kept.
#[derive(Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum TensorType {
    /// A type that candle has, too.
    Candle(GgmlDType),
    /// `IQ4_NL`: 32 elements in 18 bytes, a scale and four bits each that choose one of sixteen steps of unlike size.
    Iq4Nl,
}

impl TensorType {
    /// Elements of a block; rows are whole blocks.
    pub fn block_size(self) -> usize {
        match self {
            Self::Candle(own) => own.block_size(),
            Self::Iq4Nl => 32,
        }
    }

    /// Bytes of a block.
    pub fn type_size(self) -> usize {
        match self {
            Self::Candle(own) => own.type_size(),
            Self::Iq4Nl => 18,
        }
    }

    /// The type behind a number of `enum ggml_type` (`ggml.h`); `None` for what has no kernel.
    pub(super) const fn of(number: u32) -> Option<Self> {
        Some(Self::Candle(match number {
            0 => GgmlDType::F32,
            1 => GgmlDType::F16,
            2 => GgmlDType::Q4_0,
            3 => GgmlDType::Q4_1,
            6 => GgmlDType::Q5_0,
            7 => GgmlDType::Q5_1,
            8 => GgmlDType::Q8_0,
            9 => GgmlDType::Q8_1,
            10 => GgmlDType::Q2K,
            11 => GgmlDType::Q3K,
            12 => GgmlDType::Q4K,
            13 => GgmlDType::Q5K,
            14 => GgmlDType::Q6K,
            15 => GgmlDType::Q8K,
            20 => return Some(Self::Iq4Nl),
            30 => GgmlDType::BF16,
            _ => return None,
        }))
    }

    /// Its number in `enum ggml_type` (`ggml.h`).
    pub(super) const fn number(self) -> u32 {
        match self {
            Self::Iq4Nl => 20,
            Self::Candle(own) => match own {
                GgmlDType::F32 => 0,
                GgmlDType::F16 => 1,
                GgmlDType::Q4_0 => 2,
                GgmlDType::Q4_1 => 3,
                GgmlDType::Q5_0 => 6,
                GgmlDType::Q5_1 => 7,
                GgmlDType::Q8_0 => 8,
                GgmlDType::Q8_1 => 9,
                GgmlDType::Q2K => 10,
                GgmlDType::Q3K => 11,
                GgmlDType::Q4K => 12,
                GgmlDType::Q5K => 13,
                GgmlDType::Q6K => 14,
                GgmlDType::Q8K => 15,
                GgmlDType::BF16 => 30,
            },
        }
    }
}

impl From<GgmlDType> for TensorType {
    fn from(own: GgmlDType) -> Self {
        Self::Candle(own)
    }
}

impl PartialEq<GgmlDType> for TensorType {
    fn eq(&self, other: &GgmlDType) -> bool {
        *self == Self::Candle(*other)
    }
}

impl fmt::Debug for TensorType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Candle(own) => own.fmt(f),
            Self::Iq4Nl => f.write_str("IQ4_NL"),
        }
    }
}
