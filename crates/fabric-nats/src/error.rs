//! Errors of NATS as errors of the fabric, and the deadline around every call.

use std::error::Error;
use std::time::Duration;

use sosik_fabric::{FabricError, FabricResult};
use tokio::time::timeout;

/// The reasons for which a call fails without an error of the library.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NatsError {
    #[error("there is no connection to NATS")]
    Disconnected,
    #[error("NATS did not answer within {0:?}")]
    TimedOut(Duration),
    #[error("the log in JetStream lost acknowledged entries")]
    LogRewritten,
}

impl From<NatsError> for FabricError {
    fn from(error: NatsError) -> Self {
        Self(Box::new(error))
    }
}

/// An error of the library.
pub(crate) fn failed(error: impl Into<Box<dyn Error + Send + Sync>>) -> FabricError {
    FabricError(error.into())
}

/// Runs a call with a deadline. The library waits without one when its own buffer is full.
pub(crate) async fn within<T, E>(
    deadline: Duration,
    call: impl Future<Output = Result<T, E>>,
) -> FabricResult<T>
where
    E: Into<Box<dyn Error + Send + Sync>>,
{
    match timeout(deadline, call).await {
        Ok(answer) => answer.map_err(failed),
        Err(_elapsed) => Err(NatsError::TimedOut(deadline).into()),
    }
}
