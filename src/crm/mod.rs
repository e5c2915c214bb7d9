//! Use cases, and what of a record they may see.
//!
//! A [`UseCase`] is one file, reviewed like code: what it is for, the fields that it may read, the wording
//! it puts them in. The [`Catalogue`] holds all of them, checked. [`minimise`] keeps of a request what its
//! use case declares and nothing else; later stages see only that.
//!
//! Salesforce's own shapes (nested parents, child lists, compound addresses, names without case) are
//! understood here, and nowhere later.

mod answer;
mod body;
mod catalogue;
mod check;
mod error;
pub mod eval;
mod minimise;
mod personal;
mod raw;
mod sentence;
mod template;
#[cfg(test)]
mod tests;
mod use_case;

pub use self::answer::{Outline, OutlinePart, Quotable, Write, WriteSpec};
pub use self::body::{Body, DroppedFields, Field, Input, InputValue, Minimised, Origin};
pub use self::catalogue::Catalogue;
pub use self::error::{CatalogueError, MinimiseError, RenderError, ValueKind};
pub use self::minimise::{
    Variables, check_variables, minimise, minimise_chat, minimise_text, minimise_texts,
};
pub use self::personal::personal_values;
pub use self::sentence::sentences_of;
pub use self::use_case::{
    FieldSpec, InputKind, InputSpec, OutputSpec, OutputStyle, Part, Sampling, Shape, UseCase,
};

/// The known name that `written` was probably meant to be.
fn nearest<'a>(written: &str, known: impl Iterator<Item = &'a str>) -> Option<String> {
    let written = written.to_ascii_lowercase();
    known
        .map(|name| {
            let distance = strsim::damerau_levenshtein(&written, &name.to_ascii_lowercase());
            (distance, name)
        })
        .filter(|(distance, name)| *distance <= name.len().max(4) / 2)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name.to_owned())
}
