//! Numeric operations behind safe functions, chosen at run time for the CPU.
//!
//! Every operation reduces each output in one fixed order, whatever the batch, the chunking and the
//! number of threads: so a batch computes bit for bit what its sequences compute alone.

#[cfg(target_arch = "aarch64")]
mod aarch64;
mod affinity;
mod aligned;
mod attention;
mod dense;
mod gemm;
mod level;
mod low_rank;
mod matrix;
mod ops;
mod packed;
mod pool;
mod prefetch;
mod quantized;
mod rows;
mod shared;
mod weigh;
mod whole;
#[cfg(target_arch = "x86_64")]
mod x86;

pub use self::affinity::{allowed_cores, stay_on};
pub use self::attention::{AttentionRule, AttentionShape, KvBlocks, Query, attend};
pub use self::dense::FloatEncoding;
pub use self::level::{Level, UnknownLevel};
pub use self::low_rank::{RANK_LANES, add_projected, project};
pub use self::matrix::{Matrix, PackError, multiply};
pub use self::ops::{
    Activation, add_and_norm, gate, gelu, rms_norm, rotate, rotate_halves, soft_cap,
};
pub use self::packed::{Encoding, nonlinear_floats};
pub use self::pool::Pool;
pub use self::rows::{FillRow, Inputs, each_row, each_stretch};
pub use self::weigh::weigh;
pub use self::whole::{Biased, WholeAttention};
