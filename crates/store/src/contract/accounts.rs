//! Accounts and the sessions that open them.

use async_trait::async_trait;
use sosik_feed::{PersonId, SessionId, Timestamp};

use crate::{Credentials, NewPerson, SessionRecord, SignUp, StoreResult, TokenHash};

/// Accounts.
#[async_trait]
pub trait Accounts {
    /// Makes an account. Handle and skeleton are unique by constraints, also when two sign up at once.
    async fn sign_up(&self, person: NewPerson) -> StoreResult<SignUp>;

    /// Makes many accounts in one transaction (import); answers how many were new. Those whose handle is taken
    /// are passed over.
    async fn sign_up_many(&self, people: Vec<NewPerson>) -> StoreResult<u64>;

    /// What to check a log-in against.
    async fn credentials(&self, handle: &str) -> StoreResult<Option<Credentials>>;

    /// The same by id, for changing a password.
    async fn credentials_of(&self, person: PersonId) -> StoreResult<Option<Credentials>>;

    /// Sets a new password and ends every session but `keep`. Answers the tokens that ended.
    async fn change_password(
        &self,
        person: PersonId,
        hash: String,
        keep: SessionId,
    ) -> StoreResult<Vec<TokenHash>>;

    /// Has a device with this token logged in to the account with this handle? `false` also when nobody has the handle.
    async fn knows_device(&self, handle: &str, device: &TokenHash) -> StoreResult<bool>;

    /// Remembers a device that logged in; the least recently used ones beyond `devices_max` are forgotten.
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
    /// Adds a session; beyond `sessions_max` the least recently used ones of the person end. Answers their tokens.
    async fn add_session(
        &self,
        session: SessionRecord,
        sessions_max: u32,
    ) -> StoreResult<Vec<TokenHash>>;

    /// The session of a token, expired or not: the caller judges by its limits.
    async fn session(&self, token: &TokenHash) -> StoreResult<Option<SessionRecord>>;

    /// Notes that a session was used.
    async fn touch_session(&self, token: &TokenHash, used_at: Timestamp) -> StoreResult<()>;

    /// Sessions of a person, most recently used first.
    async fn sessions_of(&self, person: PersonId) -> StoreResult<Vec<SessionRecord>>;

    /// Ends one session of a person. Answers its token, `None` when there is no such session of theirs.
    async fn end_session(
        &self,
        person: PersonId,
        session: SessionId,
    ) -> StoreResult<Option<TokenHash>>;

    /// Ends all sessions of a person but one. Answers the tokens that ended.
    async fn end_other_sessions(
        &self,
        person: PersonId,
        keep: SessionId,
    ) -> StoreResult<Vec<TokenHash>>;

    /// Removes sessions that expired or were last used before `idle_since`, at most `limit`. Answers how many.
    async fn remove_stale_sessions(
        &self,
        now: Timestamp,
        idle_since: Timestamp,
        limit: u32,
    ) -> StoreResult<u64>;
}
