//! Errors of the service, in terms that a caller can act on.

use std::time::Duration;

use sosik_fabric::FabricError;
use sosik_feed::RuleBroken;
use sosik_media::storage::StorageError;
use sosik_store::{MediaRefused, Quota, StoreError};

use crate::media::MediaError;

/// A result of the service.
pub type ServiceResult<T> = Result<T, ServiceError>;

/// A client whose request was refused because the service is busy may retry after this time.
pub const RETRY_AFTER: Duration = Duration::from_secs(1);

/// The error of a request.
#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    /// The thing does not exist, or the caller may not know that it exists.
    #[error("there is no such {0}")]
    NotFound(&'static str),
    /// A rule of the domain rejects the request.
    #[error(transparent)]
    RuleBroken(#[from] RuleBroken),
    /// The handle or the password is wrong. The error does not reveal which.
    #[error("handle or password is wrong")]
    WrongCredentials,
    /// The current password given with a password change is wrong.
    #[error("the current password is wrong")]
    WrongPassword,
    /// The idempotency key was used before with another body.
    #[error(
        "this idempotency key was used before with another body: use a new key for a new request"
    )]
    IdempotencyKeyReused,
    /// A medium is not accepted.
    #[error(transparent)]
    Media(#[from] MediaError),
    /// The files of media cannot be stored or read.
    #[error("the storage of media failed")]
    Storage(#[source] StorageError),
    /// The service is overloaded. Retry after this time.
    #[error("too busy, try again in {} s", .0.as_secs())]
    Busy(Duration),
    /// The disk of the store is full.
    #[error("the disk of the store is full, so nothing can be written")]
    Full,
    /// The store failed.
    #[error("the store failed")]
    Store(#[source] StoreError),
    /// An internal operation failed. The text names it.
    #[error("{0}")]
    Failed(&'static str),
}

impl From<StoreError> for ServiceError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Busy => Self::Busy(RETRY_AFTER),
            StoreError::Full => Self::Full,
            StoreError::QuotaReached(quota) => Self::RuleBroken(match quota {
                Quota::Stories => RuleBroken::StoryQuota,
                Quota::Comments => RuleBroken::CommentQuota,
                Quota::TextBytes => RuleBroken::TextQuota,
            }),
            StoreError::MediaRefused(MediaRefused::Unknown) => MediaError::Unknown.into(),
            StoreError::MediaRefused(MediaRefused::Used) => MediaError::Used.into(),
            other @ (StoreError::Closed | StoreError::LeaseLost | StoreError::Failed { .. }) => {
                Self::Store(other)
            }
        }
    }
}

// There is no `From<FabricError>`: a request never fails because the fabric fails.

impl ServiceError {
    /// A delivery could not use the fabric: the order fails and is retried.
    pub(crate) fn of_delivery(error: FabricError) -> Self {
        Self::Store(StoreError::failed("deliver by the fabric", error))
    }
}
