//! Errors of the store. Those that a caller can act on have a variant; all others are opaque and carry their source.

use std::error::Error;

use crate::{MediaRefused, Quota};

/// A result of the store.
pub type StoreResult<T> = Result<T, StoreError>;

/// The error of an operation.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Too many operations wait, or the engine is locked. Retry after a short time.
    #[error("the store is busy")]
    Busy,
    /// The disk of the store is full. Reads continue, and writes continue as soon as there is space.
    #[error("the disk of the store is full")]
    Full,
    /// The store is closing or closed. The write may or may not have committed.
    #[error("the store is closed")]
    Closed,
    /// The lease of this node has expired or was taken over. The node must not write with its number any more.
    #[error("the node lease is lost")]
    LeaseLost,
    /// The write would exceed a quota of the person. Nothing was written.
    #[error("a quota of the person is reached")]
    QuotaReached(Quota),
    /// A medium cannot be attached to the story. Nothing was written.
    #[error("a medium cannot be attached")]
    MediaRefused(MediaRefused),
    /// Any other error: corruption, a failed disk, a bug.
    #[error("{context}")]
    Failed {
        /// The operation that failed.
        context: &'static str,
        /// The engine's error.
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
}

impl StoreError {
    /// Wraps an engine's error with the operation that failed.
    pub fn failed(context: &'static str, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Failed {
            context,
            source: source.into(),
        }
    }

    /// Replaces the operation that failed. Errors with a variant stay as they are.
    #[must_use]
    pub fn with_context(self, context: &'static str) -> Self {
        match self {
            Self::Failed { source, .. } => Self::Failed { context, source },
            Self::Busy
            | Self::Full
            | Self::Closed
            | Self::LeaseLost
            | Self::QuotaReached(_)
            | Self::MediaRefused(_) => self,
        }
    }
}
