//! The log of large authors of a single process: it consists of its tail.

use std::sync::Arc;

use async_trait::async_trait;
use sosik_feed::pulled::LogEntry;

use crate::error::FabricResult;
use crate::large_author_log::LargeAuthorLog;
use crate::log_tail::LogTail;

/// Numbers of logs: 24 bits, without 0.
const LOGS: u64 = (1 << 24) - 1;

/// A log in this process.
pub struct MemoryLog {
    tail: Arc<LogTail>,
}

impl MemoryLog {
    /// An empty log for at most `entries_max` entries. `random` distinguishes it from the log of the previous process.
    #[must_use]
    pub fn new(entries_max: usize, random: u64) -> Self {
        let log = u32::try_from(random % LOGS).unwrap_or_default() + 1;
        Self {
            tail: Arc::new(LogTail::new(entries_max, log)),
        }
    }
}

#[async_trait]
impl LargeAuthorLog for MemoryLog {
    async fn append(&self, entry: LogEntry) -> FabricResult<()> {
        self.tail.push(entry);
        Ok(())
    }

    async fn catch_up(&self) -> FabricResult<()> {
        Ok(())
    }

    fn tail(&self) -> &Arc<LogTail> {
        &self.tail
    }
}
