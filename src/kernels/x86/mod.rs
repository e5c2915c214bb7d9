//! Instructions of x86-64 that the compiler does not find by itself.
#![expect(unsafe_code, reason = "vector loads and stores are unsafe")]

pub(super) mod avx2;
pub(super) mod avx512;
pub(super) mod gemm;
pub(super) mod gemm512;
