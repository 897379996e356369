//! The contract of the log of large authors.

use std::sync::Arc;

use async_trait::async_trait;
use sosik_feed::pulled::LogEntry;

use crate::error::FabricResult;
use crate::log_tail::LogTail;

/// One log for all nodes: the stories of large authors, in the order in which they became visible. Each node copies it
/// into its own [`LogTail`]. The log may be lost. The next log has another number, and timelines that were built from
/// the lost one are rebuilt.
#[async_trait]
pub trait LargeAuthorLog: Send + Sync + 'static {
    /// Appends an entry. Call it after the commit of the story. An error leaves it unknown whether the entry was
    /// appended; appending it again is harmless.
    async fn append(&self, entry: LogEntry) -> FabricResult<()>;

    /// Returns when the tail of this node has every entry whose `append` returned before this call.
    async fn catch_up(&self) -> FabricResult<()>;

    /// The newest entries, in the memory of this node. No I/O.
    fn tail(&self) -> &Arc<LogTail>;
}
