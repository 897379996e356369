//! Keys that seal cursors.

use async_trait::async_trait;

use crate::{CursorKey, StoreResult};

/// The keys by which every node seals and opens cursors. They are part of the truth: a cursor never expires, so a key is
/// added and never changed or removed.
#[async_trait]
pub trait CursorKeys {
    /// All keys, ascending by number. At most 256.
    async fn cursor_keys(&self) -> StoreResult<Vec<CursorKey>>;

    /// Keeps a key. A number that is taken keeps the key it has: of two nodes that add a key at once, one does.
    async fn add_cursor_key(&self, key: CursorKey) -> StoreResult<()>;
}
