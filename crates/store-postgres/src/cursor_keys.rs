//! Keys that seal cursors.

use async_trait::async_trait;
use sosik_store::{CursorKey, CursorKeys, StoreResult};

use super::PostgresStore;
use super::pool::Class;
use super::row::{Row, bytes};
use super::sql::{bind, statements};

statements! {
    CURSOR_KEYS = "SELECT number, secret, created_at FROM cursor_keys ORDER BY number";
    CURSOR_KEY_INSERT = "INSERT INTO cursor_keys (number, secret, created_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
}

#[async_trait]
impl CursorKeys for PostgresStore {
    async fn cursor_keys(&self) -> StoreResult<Vec<CursorKey>> {
        let keys = self
            .db
            .read(Class::Read, "read the cursor keys", bind!(CURSOR_KEYS));
        keys.await?.rows(key)
    }

    async fn add_cursor_key(&self, key: CursorKey) -> StoreResult<()> {
        let secret = key.secret.as_slice();
        let insert = bind!(CURSOR_KEY_INSERT, key.number, secret, key.created_at);
        self.db
            .execute(Class::Post, "add a cursor key", insert)
            .await?;
        Ok(())
    }
}

fn key(row: &Row) -> StoreResult<CursorKey> {
    Ok(CursorKey {
        number: row.get(0)?,
        secret: bytes(row, 1)?,
        created_at: row.get(2)?,
    })
}
