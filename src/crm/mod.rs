//! Use cases, and what of a record they may see.

mod body;
mod use_case;

pub use self::body::{Body, DroppedFields, Field, Input, InputValue, Minimised, Origin};
pub use self::use_case::UseCase;
