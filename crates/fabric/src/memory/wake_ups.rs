//! Wake-ups of a single process.

use async_trait::async_trait;
use sosik_feed::PersonId;

use crate::error::FabricResult;
use crate::wake_ups::{Signals, Streams, WakeUps, Watch};

/// All streams are in this process.
#[derive(Default)]
pub struct MemoryWakeUps {
    streams: Streams,
}

#[async_trait]
impl WakeUps for MemoryWakeUps {
    async fn watch(&self, reader: PersonId) -> FabricResult<Watch> {
        Ok(self.streams.register(reader))
    }

    async fn wake(&self, people: &[PersonId], signals: Signals) -> FabricResult<()> {
        self.streams.wake(people, signals);
        Ok(())
    }

    fn streams(&self) -> &Streams {
        &self.streams
    }
}
