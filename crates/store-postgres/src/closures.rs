//! Deleted accounts.

use async_trait::async_trait;
use sosik_feed::{Change, PersonId, Timestamp};
use sosik_store::{
    AccountClosing, ClosedAccount, Closures, Committed, PersonRemains, RowsLeft, StoreResult,
    TokenHash,
};

use super::pool::Class;
use super::sql::{Query, Sql, bind, statements};
use super::tx::Tx;
use super::{PostgresStore, accounts, changes, sessions};

statements! {
    ACCOUNT_CLOSE = "UPDATE people SET closed_at = $4, display_name = '', bio = '', password_hash = '',
            revision = revision + 1
        WHERE bucket = $1 AND id = $2 AND password_hash = $3 AND closed_at IS NULL RETURNING handle";
    HANDLE_CLOSE = "UPDATE handles SET closed = true WHERE handle = $1";
    CLOSED_ACCOUNTS = "SELECT id, closed_at FROM people
        WHERE closed_at IS NOT NULL AND erased_at IS NULL AND id > $1 ORDER BY id LIMIT $2";
    COMMENTS_LEFT = "SELECT c.id FROM comments c JOIN stories s ON s.bucket = c.bucket AND s.id = c.story
        WHERE c.author = $1 AND NOT c.deleted AND s.deleted_at IS NULL LIMIT $2";
    COMMENT_LIKES_LEFT = "SELECT l.comment FROM comment_likes l
            JOIN comments c ON c.bucket = l.bucket AND c.id = l.comment
            JOIN stories s ON s.bucket = l.bucket AND s.id = l.story
        WHERE l.person = $1 AND NOT c.deleted AND s.deleted_at IS NULL LIMIT $2";
    ERASURE_FINISH = "UPDATE people SET erased_at = $3 WHERE bucket = $1 AND id = $2 AND closed_at IS NOT NULL";
    NOTIFICATIONS_ERASE = "DELETE FROM notifications WHERE bucket = $1 AND person = $2 AND id IN
        (SELECT id FROM notifications WHERE bucket = $1 AND person = $2 LIMIT $3)";
    SAVED_ERASE = "DELETE FROM saved WHERE bucket = $1 AND person = $2 AND story IN
        (SELECT story FROM saved WHERE bucket = $1 AND person = $2 LIMIT $3)";
    PUT_ASIDE_ERASE = "DELETE FROM put_aside WHERE bucket = $1 AND person = $2 AND other IN
        (SELECT other FROM put_aside WHERE bucket = $1 AND person = $2 LIMIT $3)";
    INVITATIONS_ERASE = "DELETE FROM invitations WHERE bucket = $1 AND inviter = $2 AND id IN
        (SELECT id FROM invitations WHERE bucket = $1 AND inviter = $2 LIMIT $3)";
    DEVICES_ERASE = "DELETE FROM devices WHERE bucket = $1 AND person = $2 AND device IN
        (SELECT device FROM devices WHERE bucket = $1 AND person = $2 LIMIT $3)";
    READ_MARKS_ERASE = "DELETE FROM read_marks WHERE bucket = $1 AND person = $2 AND $3 > 0";
    STRANGER_MENTIONS_ERASE = "DELETE FROM stranger_mentions WHERE bucket = $1 AND person = $2 AND $3 > 0";
    /// The sweep of unused media deletes them with their files.
    MEDIA_UNUSE = "UPDATE media SET created_at = 0 WHERE bucket = $1 AND owner = $2 AND id IN
        (SELECT id FROM media WHERE bucket = $1 AND owner = $2 AND story IS NULL AND state < 4 AND avatar = 0
            AND created_at > 0 LIMIT $3)";
    /// The sweep of expired uploads deletes them with their parts.
    UPLOADS_END = "UPDATE uploads SET expires_at = 0 WHERE bucket = $1 AND owner = $2 AND id IN
        (SELECT id FROM uploads WHERE bucket = $1 AND owner = $2 AND received < length AND expires_at > 0 LIMIT $3)";
}

/// Each removes at most `$3` rows of the person `$2` in the bucket `$1`.
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
impl Closures for PostgresStore {
    async fn close_account(
        &self,
        closing: AccountClosing,
    ) -> StoreResult<Committed<Option<Vec<TokenHash>>>> {
        let closing = &closing;
        self.db
            .commit(Class::Post, "close an account", |tx| async move {
                close(&tx, closing).await
            })
            .await
    }

    async fn closed_accounts(
        &self,
        after: PersonId,
        limit: u32,
    ) -> StoreResult<Vec<ClosedAccount>> {
        let closed = bind!(CLOSED_ACCOUNTS, after, limit);
        let closed = self
            .db
            .read(Class::Background, "list closed accounts", closed);
        closed.await?.rows(|row| {
            Ok(ClosedAccount {
                person: row.get(0)?,
                closed_at: row.get(1)?,
            })
        })
    }

    async fn remains_of(&self, person: PersonId, limit: u32) -> StoreResult<PersonRemains> {
        let (class, context) = (Class::Background, "list what a person left");
        let comments = bind!(COMMENTS_LEFT, person, limit);
        let liked = bind!(COMMENT_LIKES_LEFT, person, limit);
        Ok(PersonRemains {
            comments: self.db.read(class, context, comments).await?.column()?,
            liked_comments: self.db.read(class, context, liked).await?.column()?,
        })
    }

    async fn erase_own_rows(&self, person: PersonId, limit: u32) -> StoreResult<RowsLeft> {
        self.db
            .write(
                Class::Background,
                "erase rows of a closed account",
                |tx| async move { erase(&tx, person, limit).await },
            )
            .await
    }

    async fn finish_erasure(&self, person: PersonId, now: Timestamp) -> StoreResult<()> {
        let finish = bind!(ERASURE_FINISH, person.bucket(), person, now);
        let context = "finish an erasure";
        self.db.execute(Class::Background, context, finish).await?;
        Ok(())
    }
}

async fn close(tx: &Tx, closing: &AccountClosing) -> StoreResult<Option<Vec<TokenHash>>> {
    let person = closing.person;
    let close = bind!(
        ACCOUNT_CLOSE,
        person.bucket(),
        person,
        closing.checked.as_str(),
        closing.now
    );
    // The row is also the lock of the sessions.
    let Some(handle) = tx.first::<String>(close).await? else {
        return Ok(None);
    };
    tx.batch([
        bind!(HANDLE_CLOSE, handle),
        accounts::remove_terms(person),
        changes::log(&[Change::Person(person)]),
    ])
    .await?;
    sessions::end_all(tx, person).await.map(Some)
}

async fn erase(tx: &Tx, person: PersonId, limit: u32) -> StoreResult<RowsLeft> {
    // Nodes take turns: a deletion that waited for another would remove fewer rows than are left.
    tx.batch([sessions::lock(person), accounts::remove_terms(person)])
        .await?;
    let mut left = RowsLeft::None;
    for erase in OWN_ROWS {
        if tx.execute(own_rows(erase, person, limit)).await? >= u64::from(limit) {
            left = RowsLeft::Some;
        }
    }
    Ok(left)
}

fn own_rows(erase: Sql, person: PersonId, limit: u32) -> Query {
    bind!(erase, person.bucket(), person, limit)
}
