//! Uninterruptible acts: a write together with its cache invalidation.
//!
//! A client may go away in the middle (it hangs up, a deadline passes), and the future of its request is dropped. A
//! committed write without its invalidation would leave an outdated circle or session in a cache for ever. So such acts
//! run as tasks of the service, and the request only waits for them. An act that panics may have committed. Its effect
//! is unknown, so all caches of this node are invalidated.
//!
//! Rejected: invalidating the caches before the write. A read in between would cache the old value again.

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

    /// Passes the store's answer on. A write that failed may have happened all the same, so the caches forget what
    /// it would have changed.
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

/// An act that has not come to its end. Dropped before that, it invalidates everything.
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
        tracing::error!("a write panicked: everything this node remembers is invalidated");
        service.forget_everything();
    }
}
