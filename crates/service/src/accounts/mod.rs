//! Accounts: signing up, logging in, sessions and passwords.
//!
//! A session is a random token that only its owner has. The store keeps its SHA-256; this node remembers the sessions
//! in use, so that a request costs a hash and a look into memory. When a session ends, here or by a limit, no request
//! and no stream goes on with it.

mod breached;
mod common;
mod devices;
mod dubeolsik;
mod listed;
mod log_in;
mod meter;
mod password;
mod sessions;
mod sign_up;
mod tokens;

use std::fmt;
use std::sync::Arc;

use sosik_feed::{PersonId, SessionId};
use sosik_store::TokenHash;

use crate::caches::PersonEntry;

pub use breached::BreachedPasswords;
pub use sessions::Remembered;
pub use sign_up::SignUpAsk;
pub use tokens::Token;

/// What a sign-up and a log-in answer.
#[derive(Debug, Clone)]
pub struct LoggedIn {
    /// Who.
    pub person: Arc<PersonEntry>,
    /// Opens the new session. It is nowhere else: the store keeps its hash.
    pub token: Token,
}

/// Whoever a request comes from, known by the token of a session that is still open.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Viewer {
    /// Who.
    pub id: PersonId,
    /// By which session.
    pub session: SessionId,
    /// Of the session's token.
    pub token: TokenHash,
}

/// Without the hash of the token, which has no business in a log.
impl fmt::Debug for Viewer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Viewer")
            .field("id", &self.id)
            .field("session", &self.session)
            .finish_non_exhaustive()
    }
}
