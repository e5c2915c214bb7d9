//! Instructions of 64-bit ARM that the compiler does not find by itself. NEON is on every CPU that the target
//! is built for, so plain loops are vectorised with it at every level.
#![expect(unsafe_code, reason = "vector loads and stores are unsafe")]

pub(super) mod gemm;
pub(super) mod quantize;
pub(super) mod tile;
