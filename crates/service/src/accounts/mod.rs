//! Accounts: sign-up, log-in, passwords, known devices and the tokens of sessions.
//!
//! A session is a random token that only its owner has. The store keeps its SHA-256. This node caches the sessions in
//! use, so a request costs one hash and one cache look-up. When a session ends, through its owner or a limit, no
//! request and no stream continues with it.

mod breached;
mod close;
mod common;
mod devices;
mod dubeolsik;
mod listed;
mod log_in;
mod meter;
mod password;
mod sign_up;
pub(crate) mod tokens;

use std::fmt;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, OnceLock};

use sosik_feed::{PersonId, SessionId};
use sosik_store::TokenHash;
use tokio::sync::{Notify, Semaphore};

use crate::caches::PersonEntry;
use crate::core::Core;
use crate::sessions::Sessions;

pub use breached::BreachedPasswords;
pub use sign_up::SignUpRequest;
pub use tokens::Token;

/// Accounts: sign-up, log-in and passwords. Cheap to clone.
#[derive(Clone)]
pub struct Accounts {
    core: Core,
    sessions: Sessions,
    /// Permits for hashing passwords.
    hashing: Arc<Semaphore>,
    /// The number of passwords hashed since the start.
    hashed: Arc<AtomicU64>,
    /// The source of breached passwords, if one is configured.
    breached: Arc<OnceLock<Box<dyn BreachedPasswords>>>,
    /// Wakes the task that erases closed accounts.
    closed: Arc<Notify>,
}

impl Accounts {
    pub(crate) fn new(core: Core, sessions: Sessions) -> Self {
        Self {
            hashing: Arc::new(Semaphore::new(core.settings.passwords.hashes_at_once)),
            hashed: Arc::default(),
            breached: Arc::default(),
            closed: Arc::default(),
            core,
            sessions,
        }
    }
}

/// The result of a sign-up or log-in.
#[derive(Debug, Clone)]
pub struct LoggedIn {
    /// The person.
    pub person: Arc<PersonEntry>,
    /// The token of the new session. It exists nowhere else: the store keeps only its hash.
    pub token: Token,
}

/// The person behind a request, identified by the token of an open session.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Viewer {
    /// The person.
    pub id: PersonId,
    /// The session of this request.
    pub session: SessionId,
    /// The hash of the session's token.
    pub token: TokenHash,
}

/// Omits the hash of the token, so that it never appears in a log.
impl fmt::Debug for Viewer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Viewer")
            .field("id", &self.id)
            .field("session", &self.session)
            .finish_non_exhaustive()
    }
}
