//! Sessions in use: cached in memory and in the fabric, expired by the clock, ended immediately.
//!
//! The limits are checked at each use of a session, so an expired session opens nothing, even while its row or cache
//! entry still exists. The last use is recorded at most every `sessions.touch`, so a session may reach its idle limit
//! early by that time.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use sosik_fabric::{ActiveCounts, LookUp, SharedKey};
use sosik_feed::{CommitPosition, PersonId, SessionId, Timestamp};
use sosik_store::{SessionRecord, TokenHash};

use crate::accounts::{LoggedIn, Token, Viewer, tokens};
use crate::caches::SessionEntry;
use crate::core::Core;
use crate::core::invalidate::position_of;
use crate::{Change, ServiceError, ServiceResult, session_copy};

/// Characters of the client's name that are stored: enough for the name of a browser and its system.
pub(crate) const CLIENT_CHARACTERS_MAX: usize = 200;

/// A token that the store does not know is not looked up again within this time. It saves the reads of a client that
/// repeats an invalid token. It is short, because a node that is wrong about a token recovers after this time.
const UNKNOWN_FOR: Duration = Duration::from_secs(30);

/// The state of a token in the memory of this node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CachedSession {
    /// The token belongs to a session of this viewer.
    Open(Viewer),
    /// The token is invalid.
    Invalid,
    /// The token is not in memory. Call [`Sessions::viewer_in_store`].
    NotCached,
}

/// Sessions: opening, checking, listing and ending. Cheap to clone.
#[derive(Clone)]
pub struct Sessions {
    core: Core,
}

impl Sessions {
    pub(crate) const fn new(core: Core) -> Self {
        Self { core }
    }

    /// Looks up a token in memory, without a read of the store. Counts as a use of the session.
    #[must_use]
    pub fn cached(&self, token: &str) -> CachedSession {
        let Some(token) = tokens::hash_of(token) else {
            return CachedSession::Invalid;
        };
        match self.session_in_memory(&token) {
            Some(session) => CachedSession::Open(self.used(token, session)),
            None if self.is_unknown(&token) => CachedSession::Invalid,
            None => CachedSession::NotCached,
        }
    }

    /// The viewer whose session this token opens; `None` if the token is invalid or the session has ended. Counts as a
    /// use of the session.
    ///
    /// # Errors
    /// When the store fails. A session in the cache needs no store.
    pub async fn viewer(&self, token: &str) -> ServiceResult<Option<Viewer>> {
        let Some(token) = tokens::hash_of(token) else {
            return Ok(None);
        };
        let session = self.open_session_of(&token).await?;
        Ok(session.map(|session| self.used(token, session)))
    }

    /// Looks up a token in the store. Call it when [`cached`](Self::cached) returns `NotCached`.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn viewer_in_store(&self, token: &str) -> ServiceResult<Option<Viewer>> {
        let Some(token) = tokens::hash_of(token) else {
            return Ok(None);
        };
        let session = self.session_in_store(&token).await?;
        Ok(session.map(|session| self.used(token, session)))
    }

    fn used(&self, token: TokenHash, session: Arc<SessionEntry>) -> Viewer {
        let viewer = Viewer {
            id: session.record.person,
            session: session.record.id,
            token,
        };
        self.note_use(session);
        viewer
    }

    /// Whether the session of this viewer is still open. For streams, which outlive the check at their start.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn still_valid(&self, viewer: &Viewer) -> ServiceResult<bool> {
        Ok(self.open_session_of(&viewer.token).await?.is_some())
    }

    /// The viewer's open sessions, most recently used first.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn list(&self, viewer: &Viewer) -> ServiceResult<Vec<SessionRecord>> {
        let mut sessions = self.core.store.sessions_of(viewer.id).await?;
        let now = self.core.now();
        sessions.retain(|session| self.is_open(session, session.used_at, now));
        Ok(sessions)
    }

    /// Ends the viewer's own session. Idempotent.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn log_out(&self, viewer: &Viewer) -> ServiceResult<()> {
        self.finish(viewer.id, viewer.session).await.map(|_| ())
    }

    /// Ends one of the viewer's sessions, on any device.
    ///
    /// # Errors
    /// `NotFound` when the viewer has no such session.
    pub async fn end(&self, viewer: &Viewer, session: SessionId) -> ServiceResult<()> {
        match self.finish(viewer.id, session).await? {
            Some(_) => Ok(()),
            None => Err(ServiceError::NotFound("session")),
        }
    }

    /// Ends all of the viewer's sessions except the current one.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn end_others(&self, viewer: &Viewer) -> ServiceResult<()> {
        self.end_except(viewer.id, viewer.session).await
    }

    /// Ends all sessions of a person.
    pub(crate) async fn end_all(&self, person: PersonId) -> ServiceResult<()> {
        match self.core.store.sessions_of(person).await?.is_empty() {
            true => Ok(()),
            // No session has this id.
            false => self.end_except(person, SessionId::default()).await,
        }
    }

    async fn end_except(&self, person: PersonId, keep: SessionId) -> ServiceResult<()> {
        let this = self.clone();
        self.core
            .run_to_completion(async move {
                let possible_changes = this.possibly_ended(person).await?;
                let answer = this.core.store.end_other_sessions(person, keep).await;
                let ended = this
                    .core
                    .invalidate_on_error(answer, [possible_changes])
                    .await?;
                this.core
                    .invalidate(ended.at, [Change::SessionsEnded(person, ended.value)])
                    .await;
                Ok(())
            })
            .await
    }

    /// Ends a session of a person. Returns its token if the session existed.
    pub(crate) async fn finish(
        &self,
        person: PersonId,
        session: SessionId,
    ) -> ServiceResult<Option<TokenHash>> {
        let this = self.clone();
        self.core
            .run_to_completion(async move {
                let possible_changes = this.possibly_ended(person).await?;
                let answer = this.core.store.end_session(person, session).await;
                let ended = this
                    .core
                    .invalidate_on_error(answer, [possible_changes])
                    .await?;
                let tokens = ended.value.into_iter().collect();
                this.core
                    .invalidate(ended.at, [Change::SessionsEnded(person, tokens)])
                    .await;
                Ok(ended.value)
            })
            .await
    }

    /// The cache invalidations for a write whose failure leaves it unknown which sessions of a person have ended. Call
    /// it before the write. Sessions that did not end are loaded again.
    pub(crate) async fn possibly_ended(&self, person: PersonId) -> ServiceResult<Change> {
        let all = self.core.store.sessions_of(person).await?;
        Ok(Change::SessionsEnded(
            person,
            all.into_iter().map(|session| session.token).collect(),
        ))
    }

    /// The session of a token, unless it has exceeded a limit.
    async fn open_session_of(&self, token: &TokenHash) -> ServiceResult<Option<Arc<SessionEntry>>> {
        let remembered = self.session_in_memory(token);
        if remembered.is_some() || self.is_unknown(token) {
            return Ok(remembered);
        }
        self.session_in_store(token).await
    }

    /// Also called when a session in memory seems expired, because another node may have recorded a later use.
    async fn session_in_store(
        &self,
        token: &TokenHash,
    ) -> ServiceResult<Option<Arc<SessionEntry>>> {
        let (cache, unknown) = (&self.core.caches.sessions, &self.core.caches.unknown_tokens);
        let (stamp, unknown_stamp) = (cache.stamp(token), unknown.stamp(token));
        let at_least = stamp.at_least().max(unknown_stamp.at_least());
        let Some(record) = self.shared_or_stored(token, at_least).await? else {
            let until = self.core.clock.monotonic() + UNKNOWN_FOR;
            unknown.insert_unless_stale(*token, until, unknown_stamp);
            return Ok(None);
        };
        if !self.is_open(&record, record.used_at, self.core.now()) {
            return Ok(None);
        }
        let session = Arc::new(SessionEntry {
            used_at: AtomicU64::new(record.used_at.as_millis()),
            record,
        });
        cache.insert_unless_stale(*token, Arc::clone(&session), stamp);
        Ok(Some(session))
    }

    /// The session of a token, from the cache that nodes share or from the store. One that seems expired is read from the
    /// store, because another node may have recorded a later use.
    async fn shared_or_stored(
        &self,
        token: &TokenHash,
        at_least: CommitPosition,
    ) -> ServiceResult<Option<SessionRecord>> {
        let key = SharedKey::Session(*token);
        let ticket = match self.core.look_up_shared(key).await {
            LookUp::Miss(ticket) => ticket,
            LookUp::Hit(copy) => {
                let session = session_copy::decode(token, &copy);
                let now = self.core.now();
                let open = |session: &SessionRecord| self.is_open(session, session.used_at, now);
                if let Some(session) = session.filter(open) {
                    return Ok(Some(session));
                }
                None
            }
        };
        let at_least = ticket.map_or(at_least, |_| CommitPosition::LATEST);
        let session = self.core.store.session(token, at_least).await?;
        if let (Some(ticket), Some(session)) = (ticket, &session) {
            let copy = session_copy::encode(session);
            self.core.fill_shared(ticket, &copy).await;
        }
        Ok(session)
    }

    fn session_in_memory(&self, token: &TokenHash) -> Option<Arc<SessionEntry>> {
        let now = self.core.now();
        let session = self.core.caches.sessions.get(token);
        session.filter(|session| self.is_open(&session.record, used_at(session), now))
    }

    /// Whether a recent look-up in the store did not find this token.
    fn is_unknown(&self, token: &TokenHash) -> bool {
        let until = self.core.caches.unknown_tokens.get(token);
        until.is_some_and(|until| self.core.clock.monotonic() < until)
    }

    fn is_open(&self, session: &SessionRecord, used_at: Timestamp, now: Timestamp) -> bool {
        let limits = &self.core.settings.sessions;
        now < session.expires_at
            && now.since(session.created_at) < limits.absolute
            && now.since(used_at) <= limits.idle
    }

    /// Records the use in the background, at most once per `sessions.touch`.
    fn note_use(&self, session: Arc<SessionEntry>) {
        let (now, noted) = (self.core.now(), used_at(&session));
        if now.since(noted) < self.core.settings.sessions.touch
            || !replace_used_at(&session, noted, now)
        {
            return;
        }
        let this = self.clone();
        self.core.spawn(async move {
            if let Err(error) = this
                .core
                .store
                .touch_session(&session.record.token, now)
                .await
            {
                // Safe to lose: the next use records it.
                replace_used_at(&session, now, noted);
                tracing::warn!(%error, "the last use of a session could not be recorded");
            }
            this.note_active(session.record.person).await;
        });
    }

    /// Counts a person as active. An estimate for operators, so an error has no other effect.
    async fn note_active(&self, person: PersonId) {
        let people = &self.core.engines.active_people;
        let noted = people.note(person, self.core.now()).await;
        let _uncounted = self.core.fabric_result("note_active", noted);
    }

    /// The numbers of people whose sessions were used. A use counts when it is recorded, at most every `sessions.touch`.
    /// `None` if the fabric fails.
    pub async fn active_people(&self) -> Option<ActiveCounts> {
        let people = &self.core.engines.active_people;
        let counted = people.count(self.core.now()).await;
        self.core.fabric_result("active_people", counted)
    }

    /// Opens a session. Ends the least recently used sessions beyond the limit.
    pub(crate) async fn open(
        &self,
        person: PersonId,
        client: &str,
    ) -> ServiceResult<(LoggedIn, SessionId)> {
        let entry = self
            .core
            .person(person)
            .await?
            .ok_or(ServiceError::WrongCredentials)?;
        let (token, hash) = Token::random()?;
        let id = SessionId::of_person(person, self.core.next_id().await?);
        let now = self.core.now();
        let session = SessionRecord {
            id,
            person,
            token: hash,
            created_at: now,
            used_at: now,
            expires_at: now.plus(self.core.settings.sessions.absolute),
            client: client.chars().take(CLIENT_CHARACTERS_MAX).collect(),
        };
        self.add(session).await?;
        self.note_active(person).await;
        Ok((
            LoggedIn {
                person: entry,
                token,
            },
            id,
        ))
    }

    /// Stores a session with a new token.
    pub(crate) async fn add(&self, session: SessionRecord) -> ServiceResult<()> {
        let this = self.clone();
        self.core
            .run_to_completion(async move {
                let (person, token) = (session.person, session.token);
                let limit = this.core.settings.sessions.per_person_max;
                let possible_changes = this.possibly_ended(person).await?;
                let answer = this.core.store.add_session(session, limit).await;
                // Also after a failed write, because the write may have committed.
                this.core
                    .caches
                    .unknown_tokens
                    .invalidate(&token, position_of(&answer));
                let ended = this
                    .core
                    .invalidate_on_error(answer, [possible_changes])
                    .await?;
                if !ended.is_empty() {
                    this.core
                        .invalidate(ended.at, [Change::SessionsEnded(person, ended.value)])
                        .await;
                }
                Ok(())
            })
            .await
    }
}

fn used_at(session: &SessionEntry) -> Timestamp {
    Timestamp::from_millis(session.used_at.load(Ordering::Relaxed))
}

/// Several requests may notice at once that a use must be recorded. Returns `true` for exactly one of them.
fn replace_used_at(session: &SessionEntry, known: Timestamp, new: Timestamp) -> bool {
    let (known, new) = (known.as_millis(), new.as_millis());
    session
        .used_at
        .compare_exchange(known, new, Ordering::Relaxed, Ordering::Relaxed)
        .is_ok()
}
