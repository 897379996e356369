//! Bytes from the system's random source.

use crate::{ServiceError, ServiceResult};

/// `N` random bytes, for secrets and for choices that nobody may predict. `purpose` is the action that fails without
/// them.
pub(crate) fn random_bytes<const N: usize>(purpose: &'static str) -> ServiceResult<[u8; N]> {
    let mut bytes = [0; N];
    match getrandom::fill(&mut bytes) {
        Ok(()) => Ok(bytes),
        Err(error) => {
            tracing::error!(%error, "the system's random source failed");
            Err(ServiceError::Failed(purpose))
        }
    }
}
