//! The deletion of an account by its owner.

use std::sync::Arc;

use sosik_store::AccountClosing;
use tokio::sync::Notify;

use super::{Accounts, Viewer};
use crate::{Change, ServiceError, ServiceResult};

impl Accounts {
    /// Closes the viewer's account: ends all sessions, and hides the person and everything that the person shared on the
    /// next read of anybody. A task erases it afterwards (see [`erasure`](crate::erasure)).
    ///
    /// # Errors
    /// `WrongPassword`, also if the password was changed at the same time; `Busy`.
    pub async fn close(&self, viewer: &Viewer, current: &str) -> ServiceResult<()> {
        let closing = AccountClosing {
            person: viewer.id,
            checked: self.checked(viewer, current).await?,
            now: self.core.now(),
        };
        let this = self.clone();
        self.core
            .run_to_completion(async move { this.close_checked(closing).await })
            .await
    }

    async fn close_checked(&self, closing: AccountClosing) -> ServiceResult<()> {
        let person = closing.person;
        let possibly_ended = self.sessions.possibly_ended(person).await?;
        let answer = self.core.store.close_account(closing).await;
        let closed = self
            .core
            .invalidate_on_error(answer, [Change::Person(person), possibly_ended])
            .await?;
        let ended = closed.value.ok_or(ServiceError::WrongPassword)?;
        let changes = [Change::Person(person), Change::SessionsEnded(person, ended)];
        self.core.invalidate(closed.at, changes).await;
        self.closed.notify_one();
        Ok(())
    }

    /// Notified when an account is closed on this node.
    pub(crate) fn closed(&self) -> Arc<Notify> {
        Arc::clone(&self.closed)
    }
}
