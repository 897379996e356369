//! The one error of the fabric.

/// A result of the fabric.
pub type FabricResult<T> = Result<T, FabricError>;

/// The fabric did not respond. The call may or may not have taken effect; a repeat is safe.
///
/// No request fails because of it. A read of a feed uses the store instead. A write continues: its invalidation is
/// retried, and the timelines concerned are not used until it succeeds. A delivery fails, and its order is retried.
#[derive(Debug, thiserror::Error)]
#[error("the fabric did not answer")]
pub struct FabricError(#[source] pub Box<dyn std::error::Error + Send + Sync>);
