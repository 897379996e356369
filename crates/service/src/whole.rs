//! Uninterruptible operations: a write together with its cache invalidation.
//!
//! A client may disconnect in the middle, or a deadline may pass; then the future of its request is dropped. A
//! committed write without its invalidation would leave an outdated circle or session in a cache permanently. So such
//! operations run as tasks of the service, and the request only waits for them. An operation that panics may have
//! committed. Its effect is unknown, so all caches of this node are invalidated.
//!
//! Refused: invalidating the caches before the write. A read in between would cache the old value again.

use std::panic::resume_unwind;

use sosik_store::StoreResult;
use tracing::Instrument;

use crate::{Change, Service, ServiceError, ServiceResult};

impl Service {
    /// Runs an operation to completion, even if the caller stops waiting.
    pub(crate) async fn whole<T: Send + 'static>(
        &self,
        act: impl Future<Output = ServiceResult<T>> + Send + 'static,
    ) -> ServiceResult<T> {
        let unfinished = Unfinished(Some(self.clone()));
        let act = async move {
            let answer = act.await;
            unfinished.finish();
            answer
        };
        match self.0.tasks.spawn(act.in_current_span()).await {
            Ok(answer) => answer,
            Err(broken_off) => match broken_off.try_into_panic() {
                Ok(panic) => resume_unwind(panic),
                Err(_cancelled) => Err(ServiceError::Failed("the service is shutting down")),
            },
        }
    }

    /// Returns the store's result. A failed write may have committed, so the caches drop what it would have changed.
    pub(crate) async fn or_doubt<T>(
        &self,
        answer: StoreResult<T>,
        doubtful: impl IntoIterator<Item = Change>,
    ) -> ServiceResult<T> {
        if answer.is_err() {
            self.changed(doubtful).await;
        }
        Ok(answer?)
    }
}

/// An operation in flight. Dropped before its completion, it invalidates everything.
struct Unfinished(Option<Service>);

impl Unfinished {
    fn finish(mut self) {
        self.0 = None;
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        let Some(service) = self.0.take() else { return };
        metrics::counter!("sosik_writes_broken_off_total").increment(1);
        tracing::error!("a write panicked: all caches of this node are invalidated");
        service.forget_everything();
    }
}
