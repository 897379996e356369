//! Rebuilding a timeline that is not in memory.
//!
//! After a restart all readers return at once. The timeline of each reader is rebuilt once. Few rebuilds run at the
//! same time and the rest wait. A page from the store costs nearly as much as a rebuild (both read every friend) and
//! must be repeated at the next read, so only readers who would wait too long get one. These pages use their own pool
//! of the same size. Otherwise store reads would starve rebuilds.
//!
//! The right to rebuild has an owner. If the owner ends without building the timeline, for any reason, the right is
//! released. Otherwise the reader would have no timeline until the next start.

use std::time::Duration;

use sosik_fabric::timelines::{Below, Rebuild};
use sosik_feed::{CommitPosition, PersonId, StoryId};
use tokio::sync::SemaphorePermit;
use tokio::time::timeout;

use super::Feeds;
use super::reader::{KnownReader, Purpose};
use super::timeline::FeedView;
use crate::ServiceResult;
use crate::core::Core;

/// How long a builder may hold the right to build a timeline, after it waited for its permit. The read of the store must
/// end within this time: it takes some 10 ms, and the store fails reads that wait for seconds.
const BUILD_HOLD_MAX: Duration = Duration::from_secs(30);

impl Feeds {
    /// The top of the reader's timeline, rebuilt if necessary; `None` if the timeline is not usable or no permit to
    /// rebuild was free in time.
    pub(super) async fn view_or_rebuild(
        &self,
        reader: &KnownReader,
        count: usize,
    ) -> ServiceResult<Option<FeedView>> {
        let top = Below {
            before: None,
            count,
        };
        if let Some(view) = self.view(reader, top).await {
            return Ok(Some(view));
        }
        let may_rebuild = reader.purpose == Purpose::Serve && self.core.allows_timeline(reader.id);
        if !may_rebuild || !self.rebuild(reader.id).await? {
            return Ok(None);
        }
        Ok(self.view(reader, top).await)
    }

    /// Builds the timeline. Returns whether it is ready. Rebuilds run one at a time for each reader and with a bounded
    /// concurrency. A call waits at most `feed.rebuild_wait` for its permit.
    async fn rebuild(&self, reader: PersonId) -> ServiceResult<bool> {
        // In its own task: a client that disconnects must not leave the timeline half built.
        let this = self.clone();
        let work = self
            .core
            .tasks
            .spawn(async move { this.claim_and_rebuild(reader).await });
        // After a panic this request reads from the store.
        work.await.unwrap_or(Ok(false))
    }

    async fn claim_and_rebuild(&self, reader: PersonId) -> ServiceResult<bool> {
        let timelines = &self.core.engines.timelines;
        // The position precedes the claim, and the claim precedes the read of the store: an entry up to this position
        // was appended after the commit of its story, so the read returns it.
        let log_from = self.core.engines.log.tail().end();
        let Some(incarnation) = random_incarnation() else {
            return Ok(false);
        };
        let rebuild = Rebuild {
            reader,
            incarnation,
        };
        let mut guard = RebuildGuard::new(&self.core, reader);
        let hold = self.core.settings.feed.rebuild_wait + BUILD_HOLD_MAX;
        let begun = timelines.begin_rebuild(rebuild, log_from, hold).await;
        let Some(begun) = self.core.fabric_result("begin_rebuild", begun) else {
            return Ok(false);
        };
        if !begun {
            guard.release();
            return Ok(false); // there is a timeline, or another request is building it
        }
        let ready = self.rebuild_with_permit(rebuild, &mut guard).await;
        if guard.holds {
            let abandoned = timelines.discard(rebuild).await;
            if self
                .core
                .fabric_result("abandon_rebuild", abandoned)
                .is_some()
            {
                guard.release();
            }
        }
        ready
    }

    async fn rebuild_with_permit(
        &self,
        rebuild: Rebuild,
        guard: &mut RebuildGuard<'_>,
    ) -> ServiceResult<bool> {
        match self.rebuild_permit().await {
            Some(_permit) => self.rebuild_now(rebuild, guard).await,
            None => {
                metrics::counter!("sosik_rebuilds_put_off_total").increment(1);
                Ok(false)
            }
        }
    }

    /// The permit for reads of the store that cost as much as a rebuild. `None` if none is free within
    /// `feed.rebuild_wait`.
    pub(crate) async fn rebuild_permit(&self) -> Option<SemaphorePermit<'_>> {
        let wait = self.core.settings.feed.rebuild_wait;
        let permit = timeout(wait, self.permits.rebuilds.acquire()).await;
        permit.ok()?.ok()
    }

    /// The fabric has kept deliveries for this timeline since `begin_rebuild`; the store has the rest. The circle must
    /// not be older than that call: otherwise a friendship made in between would be missing permanently. So a drop of the
    /// timeline after the commit of a change suffices, whatever the caches of the builder contained.
    async fn rebuild_now(
        &self,
        rebuild: Rebuild,
        guard: &mut RebuildGuard<'_>,
    ) -> ServiceResult<bool> {
        let circle = self.core.circle_to_build(rebuild.reader).await?;
        let stories = self.core.settings.feed.timeline_stories;
        let wanted = u32::try_from(stories).unwrap_or(u32::MAX);
        let ids = self
            .core
            .store
            .newest(
                rebuild.reader,
                &circle,
                None,
                wanted,
                // A delivery before the build is not repeated, so its story must be in the copy.
                CommitPosition::LATEST,
            )
            .await?;
        let floor = ids
            .last()
            .copied()
            .filter(|_| ids.len() >= stories)
            .unwrap_or(StoryId::default());
        metrics::counter!("sosik_rebuilds_total").increment(1);
        let finished = self
            .core
            .engines
            .timelines
            .finish_rebuild(rebuild, ids, floor)
            .await;
        let finished = self.core.fabric_result("finish_rebuild", finished);
        if finished.is_some() {
            guard.release();
        }
        Ok(finished.unwrap_or(false))
    }

    /// Builds a reader's timeline now, unless it exists. For warming up.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn warm_up(&self, reader: PersonId) -> ServiceResult<bool> {
        let reader = self.reader(reader, Purpose::Serve).await?;
        Ok(self.view_or_rebuild(&reader, 1).await?.is_some())
    }
}

/// A number that no other timeline has. `None` without a source of random numbers; feeds are then read from the store.
fn random_incarnation() -> Option<u64> {
    let random = getrandom::u64().ok()?;
    Some(random | 1)
}

/// A guard of the right to build a timeline. If it still holds the right when it is dropped, after a panic or a failed
/// call, it drops the timeline, which releases the right.
struct RebuildGuard<'a> {
    core: &'a Core,
    reader: PersonId,
    holds: bool,
}

impl<'a> RebuildGuard<'a> {
    const fn new(core: &'a Core, reader: PersonId) -> Self {
        Self {
            core,
            reader,
            holds: true,
        }
    }

    /// The right was never acquired, was used, or was released.
    const fn release(&mut self) {
        self.holds = false;
    }
}

impl Drop for RebuildGuard<'_> {
    fn drop(&mut self) {
        if self.holds {
            metrics::counter!("sosik_rebuilds_broken_off_total").increment(1);
            self.core.invalidate_in_background(self.reader);
        }
    }
}
