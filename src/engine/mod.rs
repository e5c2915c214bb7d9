//! The engine: sequences, cache blocks, scheduler, sampler, and the thread that runs them.
//!
//! [`Engine`] is the handle; it takes a [`crate::prompt::Prompt`] and gives a [`TokenStream`]. It knows
//! nothing of tenants' names, of policy, or of what the text means. Deciding (`scheduler`) and
//! computing (`runner`) are apart; a step (`worker`) is plan, run, sample.

mod blocks;
mod event;
mod handle;
mod limits;
mod output;
mod request;
mod runner;
mod sampler;
mod sampling;
mod scheduler;
mod sequence;
mod stats;
mod text;
mod worker;

pub use self::event::{EngineFailure, Event, Timings, TokenStream};
pub use self::handle::{Engine, EngineError, SubmitError};
pub use self::limits::{GenerationLimits, LimitsError};
pub use self::sampler::TokenMask;
pub use self::sampling::{Sampling, SamplingError, SamplingOptions};
pub use self::stats::{EngineState, EngineStats};
pub use self::text::{TextDecoder, TokenText};
