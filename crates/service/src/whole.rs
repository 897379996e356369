//! Acts that end as a whole: the write, and telling the caches of it.
//!
//! Whoever asked may go away in the middle (a client hangs up, a deadline passes), and with them the future of their
//! request. A write that was committed and not told would leave an outdated circle or session in a cache for ever, so
//! such acts run as tasks of the service and are only waited for by the request.
//!
//! Refused: telling the caches before the write. A load in between would bring the old value back.

use std::panic::resume_unwind;

use sosik_store::StoreResult;
use tracing::Instrument;

use crate::{Change, Service, ServiceError, ServiceResult};

impl Service {
    /// Runs an act to its end, whether or not the caller waits for it.
    pub(crate) async fn whole<T: Send + 'static>(
        &self,
        act: impl Future<Output = ServiceResult<T>> + Send + 'static,
    ) -> ServiceResult<T> {
        match self.0.tasks.spawn(act.in_current_span()).await {
            Ok(answer) => answer,
            Err(broken_off) => match broken_off.try_into_panic() {
                Ok(panic) => resume_unwind(panic),
                Err(_cancelled) => Err(ServiceError::Failed("the service is shutting down")),
            },
        }
    }

    /// Passes the store's answer on. A write that failed may have happened all the same, so the caches forget what
    /// it would have changed.
    pub(crate) async fn or_doubt<T>(
        &self,
        answer: StoreResult<T>,
        doubtful: impl IntoIterator<Item = Change>,
    ) -> ServiceResult<T> {
        if answer.is_err() {
            self.changed(doubtful).await?;
        }
        Ok(answer?)
    }
}
