//! Who may do what, where, and how often.
//!
//! [`Keyring`] says who asks. [`Gate::admit`] decides, in this order: may the caller do this, may the
//! records be processed in this jurisdiction, is the caller within its limits, is the audit entry durable.
//! What got in is an [`Admitted`], the only thing that later stages start from. Residency is decided
//! before anything else reads a record.

mod countries;
mod gate;
mod keyring;
mod limits;
mod principal;
mod refusal;
mod refusal_log;
mod residency;
mod terms;
mod token;

pub use self::gate::{Admitted, Gate, GateSettings};
pub use self::keyring::{AuthError, KeyError, KeyRecord, Keyring, NewKey};
pub use self::limits::{Permit, Rate};
pub use self::principal::{ParseRoleError, Principal, Role};
pub use self::refusal::{NotAllowed, Refusal};
pub use self::residency::Verdict;
pub use self::terms::{Ask, CHAT, Callers, EMBEDDINGS, FILES, REDACTION, TOKENS, Terms};
