//! Why the service did not do it, in terms a caller can act on.

use std::time::Duration;

use sosik_fabric::FabricError;
use sosik_feed::RuleBroken;
use sosik_store::{Quota, StoreError};

/// Answers of the service.
pub type ServiceResult<T> = Result<T, ServiceError>;

/// After so long a client whose request found the service busy may try again.
pub const RETRY_AFTER: Duration = Duration::from_secs(1);

/// Why not.
#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    /// There is no such thing, or the one who asks may not know that there is.
    #[error("there is no such {0}")]
    NotFound(&'static str),
    /// A rule of the domain says no.
    #[error(transparent)]
    RuleBroken(#[from] RuleBroken),
    /// Handle or password is wrong; which of them is not said.
    #[error("handle or password is wrong")]
    WrongCredentials,
    /// The current password given to change it is wrong.
    #[error("the current password is wrong")]
    WrongPassword,
    /// The idempotency key was used before with another body.
    #[error(
        "this idempotency key was used before with another body: use a new key for a new request"
    )]
    IdempotencyKeyReused,
    /// Too much is going on.
    #[error("too busy, try again in {} s", .0.as_secs())]
    Busy(Duration),
    /// There is no room left to write anything down.
    #[error("nothing can be written down for lack of room")]
    Full,
    /// Our fault.
    #[error("the store failed")]
    Store(#[source] StoreError),
    /// Our fault.
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
            other @ (StoreError::Closed | StoreError::LeaseLost | StoreError::Failed { .. }) => {
                Self::Store(other)
            }
        }
    }
}

// There is no `From<FabricError>`: a read or a write that a client waits for never fails because the fabric does.

impl ServiceError {
    /// A delivery could not use the fabric: the order fails and is tried again.
    pub(crate) fn of_delivery(error: FabricError) -> Self {
        Self::Store(StoreError::failed("deliver by the fabric", error))
    }
}
