//! How answers are judged: cases with what a right answer must hold, and what counts as invented.
//!
//! A [`Case`] is a call of a use case with hand-made records. [`Score::of`] compares an answer with it:
//! facts kept, claims that the input does not make, placeholders, form, repetition. [`Report`] adds scores
//! up, with confidence intervals. Nothing here knows how answers are made, nor shares code with what
//! keeps the model to its input: it is the other opinion.
//!
//! What it can't see: a false statement that uses only words, names and numbers of the input, and a name
//! that stands alone at the start of a sentence. So a score is an upper bound on quality.

mod case;
mod claim;
mod placeholder;
mod report;
mod score;
mod share;
mod words;

pub use self::case::{Case, CasesError, Fact, Format, read_cases};
pub use self::claim::{Claim, ClaimKind, Source};
pub use self::placeholder::Placeholders;
pub use self::report::{Group, Report};
pub use self::score::{FormatProblem, Given, Score};
pub use self::share::Share;
