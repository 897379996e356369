//! Keys that seal cursors.

use async_trait::async_trait;
use rusqlite::{Row, params};
use sosik_feed::Timestamp;

use super::SqliteStore;
use super::statement::statements;
use sosik_store::{CursorKey, CursorKeys, StoreResult};

statements! {
    CURSOR_KEYS = "SELECT number, secret, created_at FROM cursor_keys ORDER BY number";
    CURSOR_KEY_INSERT = "INSERT INTO cursor_keys (number, secret, created_at) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING";
}

#[async_trait]
impl CursorKeys for SqliteStore {
    async fn cursor_keys(&self) -> StoreResult<Vec<CursorKey>> {
        self.read("read the cursor keys", |db| db.rows(CURSOR_KEYS, [], key))
            .await
    }

    async fn add_cursor_key(&self, key: CursorKey) -> StoreResult<()> {
        self.write("add a cursor key", move |db| {
            let row = params![key.number, key.secret, key.created_at.as_i64()];
            db.execute(CURSOR_KEY_INSERT, row).map(|_count| ())
        })
        .await
    }
}

fn key(row: &Row<'_>) -> rusqlite::Result<CursorKey> {
    Ok(CursorKey {
        number: row.get(0)?,
        secret: row.get(1)?,
        created_at: Timestamp::from_i64(row.get(2)?),
    })
}
