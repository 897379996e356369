//! What a caller of the store can act on; everything else is opaque, with its source.

use std::error::Error;

use crate::Quota;

/// Answers of the store.
pub type StoreResult<T> = Result<T, StoreError>;

/// Why the store did not do it.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Too much is waiting already, or the engine is locked for now: try again in a moment.
    #[error("the store is busy")]
    Busy,
    /// There is no room left where the store writes. Reading goes on, and so does writing once there is.
    #[error("the disk of the store is full")]
    Full,
    /// The store is shutting down or gone. The write may or may not have happened.
    #[error("the store is closed")]
    Closed,
    /// The lease of this node ran out or was taken over: it must not write any more under its number.
    #[error("the node lease is lost")]
    LeaseLost,
    /// The person may not store that much. Nothing was written.
    #[error("a quota of the person is reached")]
    QuotaReached(Quota),
    /// Anything else: corruption, a broken disk, a bug.
    #[error("{context}")]
    Failed {
        /// What was being done.
        context: &'static str,
        /// What the engine said.
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
}

impl StoreError {
    /// Wraps an engine's error with what was being done.
    pub fn failed(context: &'static str, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Failed {
            context,
            source: source.into(),
        }
    }
}
