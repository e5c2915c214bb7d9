//! Personal data: found, replaced by placeholders, remembered for one request, and put back.
//!
//! Finding has three sources: what the records of the request say about people ([`Redactor::redact`]
//! searches for it in every text), recognisers of patterns, one file each, and a model of names ([`NameFinder`]).
//! Overlaps are resolved in a documented order; values get numbered placeholders (`[PERSON_1]`), or what the rules say
//! of their kind (`docs/redaction.md`), and stay in a [`Vault`] that is zeroised when dropped. A [`Restorer`] puts them
//! back into a streamed answer.

mod aliases;
mod carried;
mod chat;
mod context;
mod conversation;
mod defaults;
mod error;
mod evidence;
mod fields;
mod fold;
mod forms;
mod join;
mod known;
mod listed;
mod lookup;
mod lowercase;
mod mask;
mod names;
mod ordinary;
mod placeholder;
mod pseudonym;
mod readable;
mod recogniser;
mod redactor;
mod resolve;
mod restore;
mod rules;
pub mod scoring;
mod screen;
mod seen;
mod similar;
mod sorted;
mod span;
pub mod stdio;
mod surrogate;
#[cfg(test)]
mod tests;
mod text;
mod titled;
mod vault;
mod words;
mod work;

pub use self::carried::CarriedError;
pub use self::conversation::Conversation;
pub use self::error::RedactError;
pub use self::names::{NameFinder, NamesError, NamesOptions};
pub use self::pseudonym::PseudonymKey;
pub use self::redactor::{Redacted, Redactor, RedactorOptions};
pub use self::restore::{MAX_RESTORED, RestoreStats, Restorer};
pub use self::screen::{
    Canaries, CanariesError, CanaryWatch, REMOVED, Released, Screen, ScreenCounts, ScreenRule,
    Screener,
};
pub use self::span::{Decision, Evidence, Span};
pub use self::vault::Vault;
