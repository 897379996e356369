//! Deleted accounts.

use async_trait::async_trait;
use rusqlite::{Row, params};
use sosik_feed::{CommentId, PersonId, Timestamp};
use sosik_store::{
    AccountClosing, ClosedAccount, Closures, Committed, PersonRemains, RowsLeft, StoreResult,
    TokenHash,
};

use super::db::Db;
use super::statement::{Sql, statements};
use super::{SqliteStore, people, sessions};

statements! {
    ACCOUNT_CLOSE = "UPDATE people SET closed_at = ?3, display_name = '', bio = '', password_hash = '',
            revision = revision + 1
        WHERE id = ?1 AND password_hash = ?2 AND closed_at IS NULL";
    CLOSED_ACCOUNTS = "SELECT id, closed_at FROM people
        WHERE closed_at IS NOT NULL AND erased_at IS NULL AND id > ?1 ORDER BY id LIMIT ?2";
    COMMENTS_LEFT = "SELECT c.id FROM comments c JOIN stories s ON s.id = c.story
        WHERE c.author = ?1 AND c.deleted = 0 AND s.deleted_at IS NULL LIMIT ?2";
    COMMENT_LIKES_LEFT = "SELECT l.comment FROM comment_likes l
            JOIN comments c ON c.id = l.comment JOIN stories s ON s.id = l.story
        WHERE l.person = ?1 AND c.deleted = 0 AND s.deleted_at IS NULL LIMIT ?2";
    ERASURE_FINISH = "UPDATE people SET erased_at = ?2 WHERE id = ?1 AND closed_at IS NOT NULL";
    NOTIFICATIONS_ERASE = "DELETE FROM notifications WHERE (person, id) IN
        (SELECT person, id FROM notifications WHERE person = ?1 LIMIT ?2)";
    SAVED_ERASE = "DELETE FROM saved WHERE (person, story) IN (SELECT person, story FROM saved WHERE person = ?1 LIMIT ?2)";
    PUT_ASIDE_ERASE = "DELETE FROM put_aside WHERE (person, other) IN
        (SELECT person, other FROM put_aside WHERE person = ?1 LIMIT ?2)";
    INVITATIONS_ERASE = "DELETE FROM invitations WHERE id IN (SELECT id FROM invitations WHERE inviter = ?1 LIMIT ?2)";
    DEVICES_ERASE = "DELETE FROM devices WHERE (person, device) IN
        (SELECT person, device FROM devices WHERE person = ?1 LIMIT ?2)";
    READ_MARKS_ERASE = "DELETE FROM read_marks WHERE person IN (SELECT ?1 WHERE ?2 > 0)";
    STRANGER_MENTIONS_ERASE = "DELETE FROM stranger_mentions WHERE person IN (SELECT ?1 WHERE ?2 > 0)";
    /// The sweep of unused media deletes them with their files.
    MEDIA_UNUSE = "UPDATE media SET created_at = 0 WHERE id IN
        (SELECT id FROM media WHERE owner = ?1 AND story IS NULL AND state < 4 AND avatar = 0 AND created_at > 0 LIMIT ?2)";
    /// The sweep of expired uploads deletes them with their parts.
    UPLOADS_END = "UPDATE uploads SET expires_at = 0 WHERE id IN
        (SELECT id FROM uploads WHERE owner = ?1 AND received < length AND expires_at > 0 LIMIT ?2)";
}

/// Each removes at most `?2` rows of the person `?1`.
const OWN_ROWS: [Sql; 9] = [
    NOTIFICATIONS_ERASE,
    SAVED_ERASE,
    PUT_ASIDE_ERASE,
    INVITATIONS_ERASE,
    DEVICES_ERASE,
    READ_MARKS_ERASE,
    STRANGER_MENTIONS_ERASE,
    MEDIA_UNUSE,
    UPLOADS_END,
];

#[async_trait]
impl Closures for SqliteStore {
    async fn close_account(
        &self,
        closing: AccountClosing,
    ) -> StoreResult<Committed<Option<Vec<TokenHash>>>> {
        self.commit("close an account", move |db| close(db, &closing))
            .await
    }

    async fn closed_accounts(
        &self,
        after: PersonId,
        limit: u32,
    ) -> StoreResult<Vec<ClosedAccount>> {
        self.read("list closed accounts", move |db| {
            db.rows(CLOSED_ACCOUNTS, params![after.as_i64(), limit], closed)
        })
        .await
    }

    async fn remains_of(&self, person: PersonId, limit: u32) -> StoreResult<PersonRemains> {
        self.read("list what a person left", move |db| {
            let of = params![person.as_i64(), limit];
            Ok(PersonRemains {
                comments: db.rows(COMMENTS_LEFT, of, comment)?,
                liked_comments: db.rows(COMMENT_LIKES_LEFT, of, comment)?,
            })
        })
        .await
    }

    async fn erase_own_rows(&self, person: PersonId, limit: u32) -> StoreResult<RowsLeft> {
        self.write("erase rows of a closed account", move |db| {
            people::remove_terms(db, person)?;
            let mut left = RowsLeft::None;
            for erase in OWN_ROWS {
                if db.execute(erase, params![person.as_i64(), limit])? >= limit as usize {
                    left = RowsLeft::Some;
                }
            }
            Ok(left)
        })
        .await
    }

    async fn finish_erasure(&self, person: PersonId, now: Timestamp) -> StoreResult<()> {
        self.write("finish an erasure", move |db| {
            db.execute(ERASURE_FINISH, [person.as_i64(), now.as_i64()])?;
            Ok(())
        })
        .await
    }
}

fn close(db: &Db<'_>, closing: &AccountClosing) -> StoreResult<Option<Vec<TokenHash>>> {
    let person = closing.person;
    let close = params![person.as_i64(), closing.checked, closing.now.as_i64()];
    if !db.changes(ACCOUNT_CLOSE, close)? {
        return Ok(None);
    }
    people::remove_terms(db, person)?;
    sessions::end_all(db, person).map(Some)
}

fn closed(row: &Row<'_>) -> rusqlite::Result<ClosedAccount> {
    Ok(ClosedAccount {
        person: PersonId::from_i64(row.get(0)?),
        closed_at: Timestamp::from_i64(row.get(1)?),
    })
}

fn comment(row: &Row<'_>) -> rusqlite::Result<CommentId> {
    Ok(CommentId::from_i64(row.get(0)?))
}
