//! Rules that the compiler can't keep.

mod dependencies;
mod layers;
mod source;
