//! Keys that seal cursors.

use async_trait::async_trait;

use crate::{CursorKey, StoreResult};

/// The keys with which every node seals and opens cursors. They are durable: a cursor never expires, so keys are added
/// and never changed or removed.
#[async_trait]
pub trait CursorKeys {
    /// All keys, ascending by number. At most 256.
    async fn cursor_keys(&self) -> StoreResult<Vec<CursorKey>>;

    /// Adds a key. An existing key with this number stays: if two nodes add one at the same time, the first one wins.
    async fn add_cursor_key(&self, key: CursorKey) -> StoreResult<()>;
}
