//! (being built)

pub mod encoder;
