//! Uninterruptible operations: a write together with its cache invalidation.
//!
//! A client may disconnect in the middle, or a deadline may pass; then the future of its request is dropped. A
//! committed write without its invalidation would leave an outdated circle or session in a cache permanently. So such
//! operations run as tasks of the service, and the request only waits for them. An operation that panics may have
//! committed. Its effect is unknown, so all caches of all nodes are invalidated.
//!
//! Refused: invalidating the caches before the write. A read in between would cache the old value again.

use std::panic::resume_unwind;

use sosik_feed::{CommitPosition, Committed};
use sosik_store::StoreResult;

use super::Core;
use super::invalidate::Changes;
use crate::{ServiceError, ServiceResult};

impl Core {
    /// Runs an operation to completion, even if the caller stops waiting.
    pub(crate) async fn run_to_completion<T: Send + 'static>(
        &self,
        act: impl Future<Output = ServiceResult<T>> + Send + 'static,
    ) -> ServiceResult<T> {
        let guard = CompletionGuard(Some(self.clone()));
        let act = async move {
            let answer = act.await;
            guard.disarm();
            answer
        };
        match self.tasks.spawn(act).await {
            Ok(answer) => answer,
            Err(join_error) => match join_error.try_into_panic() {
                Ok(panic) => resume_unwind(panic),
                Err(_cancelled) => Err(ServiceError::Failed("the service is shutting down")),
            },
        }
    }

    /// Returns the store's result. A failed write may have committed, so the caches drop what it would have changed.
    pub(crate) async fn invalidate_on_error<T>(
        &self,
        answer: StoreResult<Committed<T>>,
        possible_changes: impl Into<Changes>,
    ) -> ServiceResult<Committed<T>> {
        if answer.is_err() {
            self.invalidate(CommitPosition::LATEST, possible_changes)
                .await;
        }
        Ok(answer?)
    }
}

/// An operation in flight. Dropped before its completion, it invalidates everything.
struct CompletionGuard(Option<Core>);

impl CompletionGuard {
    fn disarm(mut self) {
        self.0 = None;
    }
}

impl Drop for CompletionGuard {
    fn drop(&mut self) {
        let Some(core) = self.0.take() else { return };
        metrics::counter!("sosik_writes_broken_off_total").increment(1);
        tracing::error!("a write panicked: all caches are invalidated");
        core.invalidate_all();
    }
}
