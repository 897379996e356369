//! Sessions and their tokens.
//!
//! A session is found by its token, which is the key of its table. The list of a person's sessions is another table, in
//! the bucket of the person. Writes lock the row of the person first, several of them in ascending order. So those of
//! one person take turns, and no two of them wait for each other's sessions.

use std::collections::BTreeSet;

use async_trait::async_trait;
use sosik_feed::{Change, PersonId, SessionId, Timestamp};
use sosik_store::{CommitPosition, Committed, SessionRecord, Sessions, StoreResult, TokenHash};

use super::pool::Class;
use super::row::{Row, bytes};
use super::sql::{Query, Value, bind, statements};
use super::tx::Tx;
use super::{PostgresStore, changes, counts};

statements! {
    SESSION_INSERT = "INSERT INTO sessions (token, id, person, created_at, used_at, expires_at, client)
        VALUES ($1, $2, $3, $4, $5, $6, $7)";
    SESSION_LIST = "INSERT INTO person_sessions (bucket, person, id, token) VALUES ($1, $2, $3, $4)";
    SESSIONS_LOCK = "SELECT 1 FROM people WHERE bucket = $1 AND id = $2 FOR UPDATE";
    SESSION_LISTED = "SELECT 1 FROM person_sessions WHERE bucket = $1 AND person = $2 AND id = $3";
    TOKENS_OF = "SELECT token FROM person_sessions WHERE bucket = $1 AND person = $2";
    SESSIONS_BEYOND = "SELECT token, id FROM sessions WHERE token = ANY($1) ORDER BY used_at DESC, id DESC OFFSET $2";
    SESSION_BY_TOKEN = "SELECT id, person, token, created_at, used_at, expires_at, client FROM sessions WHERE token = $1";
    SESSIONS_BY_TOKEN = "SELECT id, person, token, created_at, used_at, expires_at, client FROM sessions
        WHERE token = ANY($1) ORDER BY used_at DESC, id DESC";
    SESSION_TOUCH = "UPDATE sessions SET used_at = $2 WHERE token = $1 AND used_at < $2";
    SESSION_END = "DELETE FROM person_sessions WHERE bucket = $1 AND person = $2 AND id = $3 RETURNING token";
    SESSIONS_END = "DELETE FROM person_sessions WHERE bucket = $1 AND person = $2 AND id = ANY($3)";
    SESSIONS_END_OTHERS = "DELETE FROM person_sessions WHERE bucket = $1 AND person = $2 AND id <> $3 RETURNING token";
    SESSIONS_END_ALL = "DELETE FROM person_sessions WHERE bucket = $1 AND person = $2 RETURNING token";
    TOKENS_END = "DELETE FROM sessions WHERE token = ANY($1)";
    TOKENS_EXPIRED = "SELECT token, person FROM sessions WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2";
    TOKENS_IDLE = "SELECT token, person FROM sessions WHERE used_at < $1 ORDER BY used_at LIMIT $2";
    /// Checks again: a session may have been used since.
    STALE_END = "DELETE FROM sessions WHERE token = ANY($1) AND (expires_at <= $2 OR used_at < $3) RETURNING person, id, token";
    STALE_UNLIST = "DELETE FROM person_sessions p
        USING unnest($1::smallint[], $2::bigint[], $3::bigint[]) AS gone (bucket, person, id)
        WHERE p.bucket = gone.bucket AND p.person = gone.person AND p.id = gone.id";
}

#[async_trait]
impl Sessions for PostgresStore {
    async fn add_session(
        &self,
        session: SessionRecord,
        sessions_max: u32,
    ) -> StoreResult<Committed<Vec<TokenHash>>> {
        let session = &session;
        self.db
            .commit(Class::Post, "add a session", |tx| async move {
                add(&tx, session, sessions_max).await
            })
            .await
    }

    async fn session(
        &self,
        token: &TokenHash,
        _at_least: CommitPosition,
    ) -> StoreResult<Option<SessionRecord>> {
        let by_token = bind!(SESSION_BY_TOKEN, token);
        let found = self.db.read(Class::Read, "look up a session", by_token);
        found.await?.row(session)
    }

    async fn touch_session(&self, token: &TokenHash, used_at: Timestamp) -> StoreResult<()> {
        let touch = bind!(SESSION_TOUCH, token, used_at);
        self.db
            .execute(Class::Post, "touch a session", touch)
            .await?;
        Ok(())
    }

    async fn sessions_of(&self, person: PersonId) -> StoreResult<Vec<SessionRecord>> {
        self.db
            .snapshot(Class::Read, "list sessions", |tx| async move {
                let tokens = Value::ManyBytes(tx.column(tokens_of(person)).await?);
                tx.rows(bind!(SESSIONS_BY_TOKEN, tokens), session).await
            })
            .await
    }

    async fn end_session(
        &self,
        person: PersonId,
        session: SessionId,
    ) -> StoreResult<Committed<Option<TokenHash>>> {
        self.db
            .commit(Class::Post, "end a session", |tx| async move {
                let end = bind!(SESSION_END, person.bucket(), person, session);
                let [_, ended] = tx.batch([lock(person), end]).await?;
                let token = ended.row(|row| bytes(row, 0))?;
                if let Some(token) = token {
                    tx.last([end_tokens(&[token]), changes::log_ended(person, &[token])])
                        .await?;
                }
                Ok(token)
            })
            .await
    }

    async fn end_other_sessions(
        &self,
        person: PersonId,
        keep: SessionId,
    ) -> StoreResult<Committed<Vec<TokenHash>>> {
        self.db
            .commit(Class::Post, "end other sessions", |tx| async move {
                tx.run(lock(person)).await?;
                end_others(&tx, person, keep).await
            })
            .await
    }

    async fn remove_stale_sessions(
        &self,
        now: Timestamp,
        idle_since: Timestamp,
        limit: u32,
    ) -> StoreResult<u64> {
        self.db
            .write(
                Class::Background,
                "remove stale sessions",
                |tx| async move { remove_stale(&tx, now, idle_since, limit).await },
            )
            .await
    }
}

async fn add(tx: &Tx, session: &SessionRecord, sessions_max: u32) -> StoreResult<Vec<TokenHash>> {
    let person = session.person;
    let [_, tokens] = tx.batch([lock(person), tokens_of(person)]).await?;
    let tokens: Vec<Vec<u8>> = tokens.column()?;
    // Old sessions are removed first, so that the new session stays even if its last use is not the latest.
    let kept_before = sessions_max.saturating_sub(1);
    let (mut ended, mut ids) = (Vec::new(), Vec::new());
    if tokens.len() > kept_before as usize {
        let beyond = bind!(SESSIONS_BEYOND, Value::ManyBytes(tokens), kept_before);
        for (token, id) in tx
            .rows(beyond, |row| Ok((bytes(row, 0)?, row.get(1)?)))
            .await?
        {
            ended.push(token);
            ids.push(id);
        }
    }
    tx.last([
        bind!(SESSIONS_END, person.bucket(), person, Value::Ints(ids)),
        end_tokens(&ended),
        insert(session),
        list(session),
        changes::log_ended(person, &ended),
    ])
    .await?;
    Ok(ended)
}

fn tokens_of(person: PersonId) -> Query {
    bind!(TOKENS_OF, person.bucket(), person)
}

fn insert(session: &SessionRecord) -> Query {
    bind!(
        SESSION_INSERT,
        &session.token,
        session.id,
        session.person,
        session.created_at,
        session.used_at,
        session.expires_at,
        &session.client
    )
}

fn list(session: &SessionRecord) -> Query {
    let person = session.person;
    bind!(
        SESSION_LIST,
        person.bucket(),
        person,
        session.id,
        &session.token
    )
}

/// Locks the sessions of a person.
pub(crate) fn lock(person: PersonId) -> Query {
    bind!(SESSIONS_LOCK, person.bucket(), person)
}

/// Whether a person has a session: then the answer has a row.
pub(crate) fn listed(person: PersonId, session: SessionId) -> Query {
    bind!(SESSION_LISTED, person.bucket(), person, session)
}

/// Ends all sessions of a person except one, after [`lock`]. Returns their tokens.
pub(crate) async fn end_others(
    tx: &Tx,
    person: PersonId,
    keep: SessionId,
) -> StoreResult<Vec<TokenHash>> {
    end(
        tx,
        person,
        bind!(SESSIONS_END_OTHERS, person.bucket(), person, keep),
    )
    .await
}

/// Ends all sessions of a person, after [`lock`]. Returns their tokens.
pub(crate) async fn end_all(tx: &Tx, person: PersonId) -> StoreResult<Vec<TokenHash>> {
    end(tx, person, bind!(SESSIONS_END_ALL, person.bucket(), person)).await
}

async fn end(tx: &Tx, person: PersonId, end: Query) -> StoreResult<Vec<TokenHash>> {
    let ended: Vec<TokenHash> = tx.rows(end, |row| bytes(row, 0)).await?;
    tx.last([end_tokens(&ended), changes::log_ended(person, &ended)])
        .await?;
    Ok(ended)
}

fn end_tokens(tokens: &[TokenHash]) -> Query {
    let tokens = tokens.iter().map(|token| token.to_vec()).collect();
    bind!(TOKENS_END, Value::ManyBytes(tokens))
}

async fn remove_stale(
    tx: &Tx,
    now: Timestamp,
    idle_since: Timestamp,
    limit: u32,
) -> StoreResult<u64> {
    let [expired, idle] = tx
        .batch([
            bind!(TOKENS_EXPIRED, now, limit),
            bind!(TOKENS_IDLE, idle_since, limit),
        ])
        .await?;
    let stale = |row: &Row| Ok((row.get(0)?, row.get(1)?));
    let mut stale_tokens: Vec<(Vec<u8>, PersonId)> = expired.rows(stale)?;
    stale_tokens.extend(idle.rows(stale)?);
    stale_tokens.sort_unstable();
    stale_tokens.dedup();
    stale_tokens.truncate(limit as usize);
    let of_people: BTreeSet<_> = stale_tokens.iter().map(|(_, person)| *person).collect();
    tx.each(of_people.into_iter().map(lock).collect()).await?;
    let tokens = stale_tokens.into_iter().map(|(token, _)| token).collect();
    let end = bind!(STALE_END, Value::ManyBytes(tokens), now, idle_since);
    let (mut people, mut ids, mut ended) = (Vec::new(), Vec::new(), Vec::new());
    tx.rows(end, |row| {
        let person = row.get(0)?;
        people.push(person);
        ids.push(row.get::<i64>(1)?);
        ended.push(Change::SessionsEnded(person, vec![bytes(row, 2)?]));
        Ok(())
    })
    .await?;
    let unlist = bind!(STALE_UNLIST, counts::buckets(&people), people, ids);
    tx.last([unlist, changes::log(&ended)]).await?;
    Ok(ended.len() as u64)
}

fn session(row: &Row) -> StoreResult<SessionRecord> {
    Ok(SessionRecord {
        id: row.get(0)?,
        person: row.get(1)?,
        token: bytes(row, 2)?,
        created_at: row.get(3)?,
        used_at: row.get(4)?,
        expires_at: row.get(5)?,
        client: row.get(6)?,
    })
}
