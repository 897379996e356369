//! Passwords that became known elsewhere, by the word of a service outside.

use futures::future::BoxFuture;

use crate::Service;

/// Knows passwords that were breached. How it asks, and how long, is its business; in doubt it says no.
pub trait BreachedPasswords: Send + Sync + 'static {
    /// Is this password among them?
    fn contain<'a>(&'a self, password: &'a str) -> BoxFuture<'a, bool>;
}

impl Service {
    /// From now on new passwords are looked up there, too. Has an effect once; without it only the list of this crate
    /// counts.
    pub fn ask_for_breached(&self, breached: impl BreachedPasswords) {
        if self.0.breached.set(Box::new(breached)).is_err() {
            tracing::warn!("breached passwords are asked for elsewhere already");
        }
    }

    pub(super) async fn is_breached(&self, password: &str) -> bool {
        match self.0.breached.get() {
            Some(breached) => breached.contain(password).await,
            None => false,
        }
    }
}
