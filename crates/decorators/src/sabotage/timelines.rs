//! Timelines that break promises.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use sosik_fabric::timelines::{Arrived, Below, Delivery, Rebuild, Since, TimelineStats, View};
use sosik_fabric::{FabricResult, Timelines};
use sosik_feed::pulled::LogPosition;
use sosik_feed::timeline::MarkExpired;
use sosik_feed::{PersonId, StoryId};

use super::{Authors, Sabotage};

/// Timelines that break a promise.
pub(super) struct SabotagedTimelines {
    pub(super) promise: Sabotage,
    pub(super) timelines: Arc<dyn Timelines>,
    pub(super) authors: Authors,
}

impl SabotagedTimelines {
    /// The delivery without the author of the story.
    fn without_author(&self, delivery: &Delivery) -> Delivery {
        let author = self.authors.lock().get(&delivery.story).copied();
        let mut delivery = delivery.clone();
        delivery.readers.retain(|reader| Some(*reader) != author);
        delivery
    }
}

#[async_trait]
impl Timelines for SabotagedTimelines {
    async fn deliver(&self, deliveries: &[Delivery]) -> FabricResult<usize> {
        if self.promise != Sabotage::ForgetOwnStory {
            return self.timelines.deliver(deliveries).await;
        }
        let forgetful = deliveries
            .iter()
            .map(|delivery| self.without_author(delivery));
        let forgetful: Vec<_> = forgetful.collect();
        self.timelines.deliver(&forgetful).await
    }

    async fn view(&self, reader: PersonId, below: Below) -> FabricResult<Option<View>> {
        let mut view = self.timelines.view(reader, below).await?;
        if self.promise == Sabotage::SkipOneWhenPaging
            && below.before.is_some()
            && let Some(view) = &mut view
            && !view.slice.ids.is_empty()
        {
            view.slice.ids.remove(0);
        }
        Ok(view)
    }

    async fn newer(
        &self,
        reader: PersonId,
        since: Since<'_>,
    ) -> FabricResult<Option<Result<Arrived, MarkExpired>>> {
        let mut arrived = self.timelines.newer(reader, since).await?;
        if self.promise == Sabotage::NewerByIdAlone
            && let Some(Ok(arrived)) = &mut arrived
        {
            arrived.newer.ids.retain(|id| *id > since.mark.newest);
        }
        Ok(arrived)
    }

    async fn begin_rebuild(
        &self,
        rebuild: Rebuild,
        log_from: LogPosition,
        hold: Duration,
    ) -> FabricResult<bool> {
        self.timelines.begin_rebuild(rebuild, log_from, hold).await
    }

    async fn finish_rebuild(
        &self,
        rebuild: Rebuild,
        ids: Vec<StoryId>,
        floor: StoryId,
    ) -> FabricResult<bool> {
        self.timelines.finish_rebuild(rebuild, ids, floor).await
    }

    async fn discard(&self, rebuild: Rebuild) -> FabricResult<()> {
        self.timelines.discard(rebuild).await
    }

    async fn drop_timeline(&self, reader: PersonId) -> FabricResult<()> {
        self.timelines.drop_timeline(reader).await
    }

    async fn drop_all_timelines(&self) -> FabricResult<()> {
        self.timelines.drop_all_timelines().await
    }

    fn stats(&self) -> TimelineStats {
        self.timelines.stats()
    }
}
