//! The engine: sequences, cache blocks, scheduler, sampler, and the thread that runs them.
//!
//! [`Engine`] is the handle; it takes a [`crate::prompt::Prompt`] and gives a [`TokenStream`]. It knows
//! nothing of tenants' names, of policy, or of what the text means. Deciding (`scheduler`) and
//! computing (`runner`) are apart; a step (`worker`) is plan, run, sample.

mod blocks;
mod door;
mod draft;
mod event;
mod handle;
mod limits;
mod lookup;
mod mask;
mod output;
mod pace;
mod picks;
mod prefix;
mod queue;
mod request;
mod runner;
mod sampler;
mod sampling;
mod saved;
mod scheduler;
mod sequence;
mod stats;
mod text;
mod turn;
mod worker;

pub use self::door::EngineState;
pub use self::draft::DraftModel;
pub use self::event::{EngineFailure, Event, Logprobs, Timings, TokenStream};
pub use self::handle::{Engine, EngineError, Extras, Provisions, SubmitError};
pub use self::limits::{GenerationLimits, LimitsError, Priority};
pub use self::mask::TokenMask;
pub use self::runner::planned;
pub(crate) use self::sampler::largest;
pub use self::sampling::{Sampling, SamplingError, SamplingOptions};
pub use self::saved::{PrefixStore, SavedPrefixes, TakenParts};
pub use self::stats::EngineStats;
pub use self::text::{TextDecoder, TokenText};
pub use self::turn::Turn;
