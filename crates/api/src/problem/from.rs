//! Maps errors of the service to problems.

use sosik_service::ServiceError;

use super::Problem;

impl From<ServiceError> for Problem {
    fn from(error: ServiceError) -> Self {
        match error {
            ServiceError::NotFound(what) => Self::NotFound(what),
            ServiceError::RuleBroken(rule) => Self::RuleBroken(rule),
            ServiceError::WrongCredentials => Self::WrongCredentials,
            ServiceError::WrongPassword => Self::WrongPassword,
            ServiceError::IdempotencyKeyReused => Self::IdempotencyKeyReused,
            ServiceError::Full => Self::StorageFull,
            ServiceError::Busy(retry_after) => Self::Busy(retry_after),
            ServiceError::Media(error) => Self::Media(error),
            away @ ServiceError::Storage(_) => Self::MediaAway(away.into()),
            other @ (ServiceError::Store(_) | ServiceError::Failed(_)) => {
                Self::Internal(other.into())
            }
        }
    }
}
