//! Numeric operations behind safe functions, chosen at run time for the CPU.
//!
//! Every operation reduces each output in one fixed order, whatever the batch, the chunking and the
//! number of threads: so a batch computes bit for bit what its sequences compute alone.

mod attention;
mod level;
mod ops;
mod packed;
mod pool;
mod quantized;
mod shared;
mod weigh;
#[cfg(target_arch = "x86_64")]
mod x86;

pub use self::attention::{AttentionShape, KvBlocks, Query, attend};
pub use self::level::Level;
pub use self::ops::{rms_norm, rotate, swiglu};
pub use self::packed::{Encoding, PackError, PackedMatrix, multiply_all};
pub use self::pool::Pool;
pub use self::quantized::QuantizedRows;
pub use self::weigh::weigh;
