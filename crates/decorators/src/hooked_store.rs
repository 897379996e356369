//! A store that calls a hook before and after every call.

use std::sync::Arc;

use async_trait::async_trait;
use sosik_store::layer::{Layered, StoreLayer};
use sosik_store::{Store, StoreError, StoreResult};

use crate::hooked::{Hook, Refused};

pub use sosik_store::layer::CALLS as STORE_CALLS;

impl From<Refused> for StoreError {
    fn from(Refused(reason): Refused) -> Self {
        Self::failed("call a store with a hook", reason)
    }
}

/// A store with a hook. See [`hooked_store`].
pub struct HookedStore<S: ?Sized> {
    store: Arc<S>,
    hook: Arc<dyn Hook>,
}

/// Wraps a store. The hook sees the calls of [`STORE_CALLS`].
pub fn hooked_store<S: Store + ?Sized>(
    store: Arc<S>,
    hook: &Arc<dyn Hook>,
) -> Arc<Layered<HookedStore<S>>> {
    let hook = Arc::clone(hook);
    Arc::new(Layered(HookedStore { store, hook }))
}

#[async_trait]
impl<S: Store + ?Sized> StoreLayer for HookedStore<S> {
    type Inner = S;

    fn inner(&self) -> &S {
        &self.store
    }

    async fn around<T: Send>(
        &self,
        call: &'static str,
        work: impl Future<Output = StoreResult<T>> + Send,
    ) -> StoreResult<T> {
        self.hook.before(call).await?;
        let answer = work.await;
        self.hook.after(call).await?;
        answer
    }
}
