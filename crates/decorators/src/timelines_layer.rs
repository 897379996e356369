//! Timelines in front of others that change some calls and pass on the rest.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use sosik_fabric::timelines::{Arrived, Below, Delivery, Rebuild, Since, TimelineStats, View};
use sosik_fabric::{FabricResult, Timelines};
use sosik_feed::pulled::LogPosition;
use sosik_feed::timeline::MarkExpired;
use sosik_feed::{PersonId, StoryId};

/// The calls of timelines that a layer may change. Each one that it does not change is passed on.
#[async_trait]
#[expect(missing_docs, reason = "see the contract")]
pub trait TimelinesLayer: Send + Sync + 'static {
    /// The timelines behind the layer.
    fn inner(&self) -> &dyn Timelines;

    async fn deliver(&self, deliveries: &[Delivery]) -> FabricResult<usize> {
        self.inner().deliver(deliveries).await
    }

    async fn view(&self, reader: PersonId, below: Below) -> FabricResult<Option<View>> {
        self.inner().view(reader, below).await
    }

    async fn newer(
        &self,
        reader: PersonId,
        since: Since<'_>,
    ) -> FabricResult<Option<Result<Arrived, MarkExpired>>> {
        self.inner().newer(reader, since).await
    }
}

/// Timelines made of a layer.
pub struct LayeredTimelines<L>(pub Arc<L>);

#[async_trait]
impl<L: TimelinesLayer> Timelines for LayeredTimelines<L> {
    async fn deliver(&self, deliveries: &[Delivery]) -> FabricResult<usize> {
        self.0.deliver(deliveries).await
    }

    async fn view(&self, reader: PersonId, below: Below) -> FabricResult<Option<View>> {
        self.0.view(reader, below).await
    }

    async fn newer(
        &self,
        reader: PersonId,
        since: Since<'_>,
    ) -> FabricResult<Option<Result<Arrived, MarkExpired>>> {
        self.0.newer(reader, since).await
    }

    async fn begin_rebuild(
        &self,
        rebuild: Rebuild,
        log_from: LogPosition,
        hold: Duration,
    ) -> FabricResult<bool> {
        let inner = self.0.inner();
        inner.begin_rebuild(rebuild, log_from, hold).await
    }

    async fn finish_rebuild(
        &self,
        rebuild: Rebuild,
        ids: Vec<StoryId>,
        floor: StoryId,
    ) -> FabricResult<bool> {
        self.0.inner().finish_rebuild(rebuild, ids, floor).await
    }

    async fn discard(&self, rebuild: Rebuild) -> FabricResult<()> {
        self.0.inner().discard(rebuild).await
    }

    async fn drop_timeline(&self, reader: PersonId) -> FabricResult<()> {
        self.0.inner().drop_timeline(reader).await
    }

    async fn drop_all_timelines(&self) -> FabricResult<()> {
        self.0.inner().drop_all_timelines().await
    }

    fn stats(&self) -> TimelineStats {
        self.0.inner().stats()
    }
}
