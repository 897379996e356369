//! Timelines that break promises.

use std::sync::Arc;

use async_trait::async_trait;
use sosik_fabric::timelines::{Arrived, Below, Delivery, Since, View};
use sosik_fabric::{FabricResult, Timelines};
use sosik_feed::PersonId;
use sosik_feed::timeline::MarkExpired;

use super::{Authors, Sabotage};
use crate::timelines_layer::TimelinesLayer;

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
impl TimelinesLayer for SabotagedTimelines {
    fn inner(&self) -> &dyn Timelines {
        &*self.timelines
    }

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
}
