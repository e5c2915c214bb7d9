//! Rules that the compiler can't keep.

mod dependencies;
mod layers;
mod source;

pub(crate) use self::source::rust_files;
