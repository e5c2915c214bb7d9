//! Why a background job can't be begun or found.

use std::time::Duration;

use crate::store::StoreError;

/// Why a background job can't be begun, found or kept. No variant holds text of a request.
#[derive(Debug, thiserror::Error)]
pub enum JobError {
    /// The operator allows none.
    #[error("this node runs no background jobs")]
    Disabled,
    /// All principals' results take up what the node has for them.
    #[error("the node has no room for the result of another background job")]
    Full {
        /// When there may be.
        retry_after: Duration,
    },
    /// A task of the runtime ended early.
    #[error("a stage of a background job ended early")]
    Internal,
    /// No such job, none of this principal's, or none any more.
    #[error("there is no such background response; it may have expired or been deleted")]
    NotFound,
    /// The store refused.
    #[error("the background job can't be read or kept")]
    Store(#[from] StoreError),
    /// The result is larger than the room that is left.
    #[error("the result of the background job is larger than the room that is left for it")]
    TooLarge,
    /// The principal has as many as it may.
    #[error("the caller has {limit} background jobs, running and kept, and may have no more")]
    TooMany {
        /// How many it may have.
        limit: u32,
        /// When there may be room.
        retry_after: Duration,
    },
}
