//! Breached passwords: passwords that an external service knows from leaks.

use futures::future::BoxFuture;

use super::Accounts;

/// A source of breached passwords. An implementation bounds its own time, and returns `false` on failure.
pub trait BreachedPasswords: Send + Sync + 'static {
    /// Whether the source has this password.
    fn contain<'a>(&'a self, password: &'a str) -> BoxFuture<'a, bool>;
}

impl Accounts {
    /// Checks new passwords against this source, in addition to the built-in list. Only the first call has an effect.
    pub fn set_breached_passwords(&self, breached: impl BreachedPasswords) {
        if self.breached.set(Box::new(breached)).is_err() {
            tracing::warn!("a source of breached passwords is already set: this one is ignored");
        }
    }

    pub(super) async fn is_breached(&self, password: &str) -> bool {
        match self.breached.get() {
            Some(breached) => breached.contain(password).await,
            None => false,
        }
    }
}
