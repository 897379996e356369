//! Rebuilding a timeline that is not in memory.
//!
//! After a restart everybody comes back at once. Each reader's timeline is rebuilt once, a few at a time, and the rest wait
//! in line: serving somebody from the store meanwhile costs nearly as much as the rebuilding (both have to look at
//! each friend) and has to be done again at their next read, so it is for those only who would wait too long. These take
//! turns of their own, no more than rebuilding has: else there would be no end to it while people keep asking.

use sosik_fabric::{Below, Rebuild, View};
use sosik_feed::StoryId;
use tokio::time::timeout;

use crate::caches::KnownReader;
use crate::{Service, ServiceResult};

impl Service {
    /// The top of the reader's timeline, rebuilt if need be; `None` when it is not this request's turn.
    pub(super) async fn view_or_rebuild(
        &self,
        reader: &KnownReader,
        count: usize,
    ) -> ServiceResult<Option<View>> {
        let top = Below {
            before: None,
            count,
        };
        if let Some(view) = self.0.fabric.view(reader.id, reader, top).await? {
            return Ok(Some(view));
        }
        if !self.rebuild(reader).await? {
            return Ok(None);
        }
        Ok(self.0.fabric.view(reader.id, reader, top).await?)
    }

    /// Builds the timeline; answers whether it is there now. One at a time for each reader, a bounded number at
    /// once, and never longer waited for than `feed.rebuild_wait`.
    pub(super) async fn rebuild(&self, reader: &KnownReader) -> ServiceResult<bool> {
        let Some(rebuild) = self.0.fabric.begin_rebuild(reader.id).await? else {
            return Ok(false); // somebody else is at it
        };
        // In a task of its own: a client that goes away must not leave the timeline half built.
        let service = self.clone();
        let work = self
            .0
            .tasks
            .spawn(async move { service.rebuild_in_turn(rebuild).await });
        match work.await {
            Ok(result) => result,
            Err(_panicked) => {
                self.0.fabric.abandon_rebuild(rebuild).await?;
                Ok(false)
            }
        }
    }

    async fn rebuild_in_turn(&self, rebuild: Rebuild) -> ServiceResult<bool> {
        let turn = timeout(self.0.settings.feed.rebuild_wait, self.0.rebuilds.acquire()).await;
        let result = match turn {
            Ok(Ok(_permit)) => self.rebuild_now(rebuild).await,
            Ok(Err(_)) | Err(_) => {
                metrics::counter!("sosik_rebuilds_put_off_total").increment(1);
                Ok(false)
            }
        };
        if !matches!(result, Ok(true)) {
            self.0.fabric.abandon_rebuild(rebuild).await?;
        }
        result
    }

    /// Deliveries have been kept for this timeline since `begin_rebuild`; what the store has now is the rest. The
    /// circle must not be older than that moment: a friendship that came in between would be missing for good.
    async fn rebuild_now(&self, rebuild: Rebuild) -> ServiceResult<bool> {
        let circle = self.circle(rebuild.reader).await?;
        let stories = self.0.settings.feed.timeline_stories;
        let wanted = u32::try_from(stories).unwrap_or(u32::MAX);
        let ids = self
            .0
            .store
            .newest(rebuild.reader, &circle, None, wanted)
            .await?;
        let floor = ids
            .last()
            .copied()
            .filter(|_| ids.len() >= stories)
            .unwrap_or(StoryId::default());
        metrics::counter!("sosik_rebuilds_total").increment(1);
        Ok(self.0.fabric.finish_rebuild(rebuild, ids, floor).await?)
    }

    /// Builds a reader's timeline now, unless it is there: for warming up.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn warm_up(&self, reader: sosik_feed::PersonId) -> ServiceResult<bool> {
        let reader = self.reader(reader).await?;
        Ok(self.view_or_rebuild(&reader, 1).await?.is_some())
    }
}
