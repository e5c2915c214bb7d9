//! Personal data: found, replaced by placeholders, remembered for one request, and put back.
//!
//! Finding has three sources: what the records of the request say about people ([`Redactor::redact`]
//! searches for it in every text), recognisers of patterns, one file each, and a model of names ([`NameFinder`]). Overlaps are resolved in a
//! documented order; values get numbered placeholders (`[PERSON_1]`) and stay in a [`Vault`] that is
//! zeroised when dropped. A [`Restorer`] puts them back into a streamed answer.

mod aliases;
mod carried;
mod chat;
mod context;
mod defaults;
mod error;
mod evidence;
mod fields;
mod fold;
mod join;
mod known;
mod lookup;
mod names;
mod placeholder;
mod recogniser;
mod redactor;
mod resolve;
mod restore;
pub mod scoring;
mod similar;
mod span;
pub mod stdio;
#[cfg(test)]
mod tests;
mod text;
mod vault;
mod words;

pub use self::carried::CarriedError;
pub use self::error::RedactError;
pub use self::names::{NameFinder, NamesError, NamesOptions};
pub use self::redactor::{Conversation, Redacted, Redactor, RedactorOptions};
pub use self::restore::{RestoreStats, Restorer};
pub use self::span::{Decision, Evidence, Span};
pub use self::vault::Vault;
