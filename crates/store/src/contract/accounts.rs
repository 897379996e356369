//! Accounts and their sessions.

use async_trait::async_trait;
use sosik_feed::{PersonId, SessionId, Timestamp};

use crate::{
    CommitPosition, Committed, Credentials, NewPerson, PasswordChange, SessionRecord, SignUp,
    StoreResult, TokenHash,
};

/// Accounts.
#[async_trait]
pub trait Accounts {
    /// Creates an account. Constraints keep handle and skeleton unique, also for concurrent sign-ups.
    async fn sign_up(&self, person: NewPerson) -> StoreResult<Committed<SignUp>>;

    /// The stored credentials of a handle.
    async fn credentials(&self, handle: &str) -> StoreResult<Option<Credentials>>;

    /// The stored credentials of a person, for changing a password.
    async fn credentials_of(&self, person: PersonId) -> StoreResult<Option<Credentials>>;

    /// Sets a new password and ends every session except the one of the request. Returns the tokens of the ended
    /// sessions. `None`, and nothing is changed, if the stored hash is no longer the one that was checked, or if the
    /// session has ended: another change was faster, and it must not be undone.
    async fn change_password(
        &self,
        change: PasswordChange,
    ) -> StoreResult<Committed<Option<Vec<TokenHash>>>>;

    /// Whether a device with this token has logged in to the account with this handle. Also `false` if the handle does
    /// not exist.
    async fn knows_device(&self, handle: &str, device: &TokenHash) -> StoreResult<bool>;

    /// Records a device that logged in. Removes the least recently used devices beyond `devices_max`.
    async fn remember_device(
        &self,
        person: PersonId,
        device: TokenHash,
        now: Timestamp,
        devices_max: u32,
    ) -> StoreResult<()>;
}

/// Sessions.
#[async_trait]
pub trait Sessions {
    /// Adds a session. Ends the person's least recently used sessions beyond `sessions_max` and returns their tokens.
    async fn add_session(
        &self,
        session: SessionRecord,
        sessions_max: u32,
    ) -> StoreResult<Committed<Vec<TokenHash>>>;

    /// The session of a token, expired or not: the caller applies its limits.
    async fn session(
        &self,
        token: &TokenHash,
        at_least: CommitPosition,
    ) -> StoreResult<Option<SessionRecord>>;

    /// Records the last use of a session.
    async fn touch_session(&self, token: &TokenHash, used_at: Timestamp) -> StoreResult<()>;

    /// Sessions of a person, most recently used first.
    async fn sessions_of(&self, person: PersonId) -> StoreResult<Vec<SessionRecord>>;

    /// Ends one session of a person. Returns its token; `None` if the person has no such session.
    async fn end_session(
        &self,
        person: PersonId,
        session: SessionId,
    ) -> StoreResult<Committed<Option<TokenHash>>>;

    /// Ends all sessions of a person except one. Returns the tokens of the ended sessions.
    async fn end_other_sessions(
        &self,
        person: PersonId,
        keep: SessionId,
    ) -> StoreResult<Committed<Vec<TokenHash>>>;

    /// Removes sessions that have expired or were last used before `idle_since`, at most `limit`. Returns their number.
    async fn remove_stale_sessions(
        &self,
        now: Timestamp,
        idle_since: Timestamp,
        limit: u32,
    ) -> StoreResult<u64>;
}
