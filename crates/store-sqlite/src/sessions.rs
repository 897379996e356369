//! Sessions and their tokens.

use async_trait::async_trait;
use rusqlite::{Row, params};
use sosik_feed::{PersonId, SessionId, Timestamp};

use super::SqliteStore;
use super::db::Db;
use super::statement::statements;
use sosik_store::{CommitPosition, Committed, SessionRecord, Sessions, StoreResult, TokenHash};

statements! {
    SESSION_INSERT = "INSERT INTO sessions (id, person, token, created_at, used_at, expires_at, client)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
    SESSIONS_BEYOND = "DELETE FROM sessions WHERE id IN
        (SELECT id FROM sessions WHERE person = ?1 ORDER BY used_at DESC, id DESC LIMIT -1 OFFSET ?2) RETURNING token";
    SESSION_BY_TOKEN = "SELECT id, person, token, created_at, used_at, expires_at, client FROM sessions WHERE token = ?1";
    SESSION_TOUCH = "UPDATE sessions SET used_at = ?2 WHERE token = ?1 AND used_at < ?2";
    SESSIONS_OF = "SELECT id, person, token, created_at, used_at, expires_at, client FROM sessions
        WHERE person = ?1 ORDER BY used_at DESC, id DESC";
    SESSION_END = "DELETE FROM sessions WHERE id = ?2 AND person = ?1 RETURNING token";
    SESSIONS_END_OTHERS = "DELETE FROM sessions WHERE person = ?1 AND id <> ?2 RETURNING token";
    SESSIONS_END_ALL = "DELETE FROM sessions WHERE person = ?1 RETURNING token";
    SESSIONS_EXPIRED = "DELETE FROM sessions WHERE id IN
        (SELECT id FROM sessions WHERE expires_at <= ?1 ORDER BY expires_at LIMIT ?2)";
    SESSIONS_IDLE = "DELETE FROM sessions WHERE id IN
        (SELECT id FROM sessions WHERE used_at < ?1 ORDER BY used_at LIMIT ?2)";
}

#[async_trait]
impl Sessions for SqliteStore {
    async fn add_session(
        &self,
        session: SessionRecord,
        sessions_max: u32,
    ) -> StoreResult<Committed<Vec<TokenHash>>> {
        self.commit("add a session", move |db| {
            // Old sessions are removed first, so that the new session stays even if its last use is not the latest.
            let kept_before = sessions_max.saturating_sub(1);
            let ended = db.rows(
                SESSIONS_BEYOND,
                params![session.person.as_i64(), kept_before],
                |row| row.get(0),
            )?;
            let times =
                [session.created_at, session.used_at, session.expires_at].map(Timestamp::as_i64);
            let row = params![
                session.id.as_i64(),
                session.person.as_i64(),
                session.token,
                times[0],
                times[1],
                times[2],
                session.client
            ];
            db.execute(SESSION_INSERT, row)?;
            Ok(ended)
        })
        .await
    }

    async fn session(
        &self,
        token: &TokenHash,
        _at_least: CommitPosition,
    ) -> StoreResult<Option<SessionRecord>> {
        let token = *token;
        self.read("look up a session", move |db| {
            db.row(SESSION_BY_TOKEN, [token], session)
        })
        .await
    }

    async fn touch_session(&self, token: &TokenHash, used_at: Timestamp) -> StoreResult<()> {
        let token = *token;
        self.write("touch a session", move |db| {
            db.execute(SESSION_TOUCH, params![token, used_at.as_i64()])?;
            Ok(())
        })
        .await
    }

    async fn sessions_of(&self, person: PersonId) -> StoreResult<Vec<SessionRecord>> {
        self.read("list sessions", move |db| {
            db.rows(SESSIONS_OF, [person.as_i64()], session)
        })
        .await
    }

    async fn end_session(
        &self,
        person: PersonId,
        session: SessionId,
    ) -> StoreResult<Committed<Option<TokenHash>>> {
        self.commit("end a session", move |db| {
            db.row(
                SESSION_END,
                params![person.as_i64(), session.as_i64()],
                |row| row.get(0),
            )
        })
        .await
    }

    async fn end_other_sessions(
        &self,
        person: PersonId,
        keep: SessionId,
    ) -> StoreResult<Committed<Vec<TokenHash>>> {
        self.commit("end other sessions", move |db| end_others(db, person, keep))
            .await
    }

    async fn remove_stale_sessions(
        &self,
        now: Timestamp,
        idle_since: Timestamp,
        limit: u32,
    ) -> StoreResult<u64> {
        self.write("remove stale sessions", move |db| {
            let limit = limit as usize;
            let expired = db.execute(SESSIONS_EXPIRED, params![now.as_i64(), limit as i64])?;
            let idle = db.execute(
                SESSIONS_IDLE,
                params![idle_since.as_i64(), (limit - expired) as i64],
            )?;
            Ok((expired + idle) as u64)
        })
        .await
    }
}

/// Ends all sessions of a person except one.
pub(super) fn end_others(
    db: &Db<'_>,
    person: PersonId,
    keep: SessionId,
) -> StoreResult<Vec<TokenHash>> {
    db.rows(
        SESSIONS_END_OTHERS,
        params![person.as_i64(), keep.as_i64()],
        |row| row.get(0),
    )
}

/// Ends all sessions of a person.
pub(super) fn end_all(db: &Db<'_>, person: PersonId) -> StoreResult<Vec<TokenHash>> {
    db.rows(SESSIONS_END_ALL, [person.as_i64()], |row| row.get(0))
}

fn session(row: &Row<'_>) -> rusqlite::Result<SessionRecord> {
    Ok(SessionRecord {
        id: SessionId::from_i64(row.get(0)?),
        person: PersonId::from_i64(row.get(1)?),
        token: row.get(2)?,
        created_at: Timestamp::from_i64(row.get(3)?),
        used_at: Timestamp::from_i64(row.get(4)?),
        expires_at: Timestamp::from_i64(row.get(5)?),
        client: row.get(6)?,
    })
}
