//! Engines that call a hook before and after every call.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use sosik_fabric::delivery_queue::{Batch, Permit, Receipt};
use sosik_fabric::peers::{Heard, Notice};
use sosik_fabric::timelines::{Arrived, Below, Delivery, Rebuild, Since, TimelineStats, View};
use sosik_fabric::wake_ups::Streams;
use sosik_fabric::{
    ActiveCounts, ActivePeople, Decision, DeliveryQueue, Engines, FabricError, FabricResult,
    LargeAuthorLog, LogTail, LookUp, PeerId, Peers, Rate, RateLimits, SharedCache, SharedKey,
    Signals, Ticket, Timelines, Told, WakeUps, Watch,
};
use sosik_feed::orders::Order;
use sosik_feed::pulled::{LogEntry, LogPosition};
use sosik_feed::timeline::MarkExpired;
use sosik_feed::{PersonId, StoryId, Timestamp};

/// The call does not happen, or its response is lost.
#[derive(Debug)]
pub struct Refused(pub String);

impl From<Refused> for FabricError {
    fn from(Refused(reason): Refused) -> Self {
        Self(reason.into())
    }
}

/// Called before and after every call of a wrapped engine or store. A call is identified by its contract and method, as
/// in [`CALLS`].
#[async_trait]
pub trait Hook: Send + Sync + 'static {
    /// Called before a call. It may wait, panic, or refuse the call, which then does not happen.
    async fn before(&self, call: &'static str) -> Result<(), Refused>;

    /// Called after a call that succeeded or failed. It may replace the response by an error; the effect of the call
    /// remains.
    async fn after(&self, _call: &'static str) -> Result<(), Refused> {
        Ok(())
    }
}

/// The calls of engines that a hook sees.
pub const CALLS: &[&str] = &[
    "Timelines::deliver",
    "Timelines::view",
    "Timelines::newer",
    "Timelines::begin_rebuild",
    "Timelines::finish_rebuild",
    "Timelines::discard",
    "Timelines::drop_timeline",
    "Timelines::drop_all_timelines",
    "LargeAuthorLog::append",
    "LargeAuthorLog::catch_up",
    "WakeUps::watch",
    "WakeUps::wake",
    "WakeUps::leave",
    "DeliveryQueue::offer",
    "DeliveryQueue::take",
    "DeliveryQueue::done",
    "DeliveryQueue::leave",
    "Peers::tell",
    "Peers::hear",
    "Peers::leave",
    "RateLimits::take",
    "RateLimits::peek",
    "ActivePeople::note",
    "ActivePeople::count",
    "SharedCache::look_up",
    "SharedCache::fill",
    "SharedCache::drop_entry",
    "SharedCache::drop_all_entries",
];

/// Wraps every engine. The hook does not see calls without I/O.
#[must_use]
pub fn hooked(engines: Engines, hook: &Arc<dyn Hook>) -> Engines {
    let hooked_cache = |cache| Arc::new(Hooked::new(cache, hook)) as Arc<dyn SharedCache>;
    Engines {
        timelines: Arc::new(Hooked::new(engines.timelines, hook)),
        log: Arc::new(Hooked::new(engines.log, hook)),
        wake_ups: Arc::new(Hooked::new(engines.wake_ups, hook)),
        queue: Arc::new(Hooked::new(engines.queue, hook)),
        peers: Arc::new(Hooked::new(engines.peers, hook)),
        rates: Arc::new(Hooked::new(engines.rates, hook)),
        shared_cache: engines.shared_cache.map(hooked_cache),
        active_people: Arc::new(Hooked::new(engines.active_people, hook)),
    }
}

/// An engine with a hook.
struct Hooked<E: ?Sized> {
    engine: Arc<E>,
    hook: Arc<dyn Hook>,
}

impl<E: ?Sized> Hooked<E> {
    fn new(engine: Arc<E>, hook: &Arc<dyn Hook>) -> Self {
        let hook = Arc::clone(hook);
        Self { engine, hook }
    }

    async fn around<T>(
        &self,
        call: &'static str,
        work: impl Future<Output = FabricResult<T>>,
    ) -> FabricResult<T> {
        self.hook.before(call).await?;
        let answer = work.await;
        self.hook.after(call).await?;
        answer
    }
}

#[async_trait]
impl Timelines for Hooked<dyn Timelines> {
    async fn deliver(&self, deliveries: &[Delivery]) -> FabricResult<usize> {
        let work = self.engine.deliver(deliveries);
        self.around("Timelines::deliver", work).await
    }

    async fn view(&self, reader: PersonId, below: Below) -> FabricResult<Option<View>> {
        let work = self.engine.view(reader, below);
        self.around("Timelines::view", work).await
    }

    async fn newer(
        &self,
        reader: PersonId,
        since: Since<'_>,
    ) -> FabricResult<Option<Result<Arrived, MarkExpired>>> {
        let work = self.engine.newer(reader, since);
        self.around("Timelines::newer", work).await
    }

    async fn begin_rebuild(
        &self,
        rebuild: Rebuild,
        log_from: LogPosition,
        hold: Duration,
    ) -> FabricResult<bool> {
        let work = self.engine.begin_rebuild(rebuild, log_from, hold);
        self.around("Timelines::begin_rebuild", work).await
    }

    async fn finish_rebuild(
        &self,
        rebuild: Rebuild,
        ids: Vec<StoryId>,
        floor: StoryId,
    ) -> FabricResult<bool> {
        let work = self.engine.finish_rebuild(rebuild, ids, floor);
        self.around("Timelines::finish_rebuild", work).await
    }

    async fn discard(&self, rebuild: Rebuild) -> FabricResult<()> {
        let work = self.engine.discard(rebuild);
        self.around("Timelines::discard", work).await
    }

    async fn drop_timeline(&self, reader: PersonId) -> FabricResult<()> {
        let work = self.engine.drop_timeline(reader);
        self.around("Timelines::drop_timeline", work).await
    }

    async fn drop_all_timelines(&self) -> FabricResult<()> {
        let work = self.engine.drop_all_timelines();
        self.around("Timelines::drop_all_timelines", work).await
    }

    fn stats(&self) -> TimelineStats {
        self.engine.stats()
    }
}

#[async_trait]
impl LargeAuthorLog for Hooked<dyn LargeAuthorLog> {
    async fn append(&self, entry: LogEntry) -> FabricResult<()> {
        let work = self.engine.append(entry);
        self.around("LargeAuthorLog::append", work).await
    }

    async fn catch_up(&self) -> FabricResult<()> {
        let work = self.engine.catch_up();
        self.around("LargeAuthorLog::catch_up", work).await
    }

    fn tail(&self) -> &Arc<LogTail> {
        self.engine.tail()
    }
}

#[async_trait]
impl WakeUps for Hooked<dyn WakeUps> {
    async fn watch(&self, reader: PersonId) -> FabricResult<Watch> {
        let work = self.engine.watch(reader);
        self.around("WakeUps::watch", work).await
    }

    async fn wake(&self, people: &[PersonId], signals: Signals) -> FabricResult<()> {
        let work = self.engine.wake(people, signals);
        self.around("WakeUps::wake", work).await
    }

    fn streams(&self) -> &Streams {
        self.engine.streams()
    }

    async fn leave(&self) -> FabricResult<()> {
        self.around("WakeUps::leave", self.engine.leave()).await
    }
}

#[async_trait]
impl DeliveryQueue for Hooked<dyn DeliveryQueue> {
    fn reserve(&self) -> Option<Permit> {
        self.engine.reserve()
    }

    async fn offer(&self, permit: Permit, order: Order) -> FabricResult<()> {
        let work = self.engine.offer(permit, order);
        self.around("DeliveryQueue::offer", work).await
    }

    async fn take(&self, orders_max: usize) -> FabricResult<Batch> {
        let work = self.engine.take(orders_max);
        self.around("DeliveryQueue::take", work).await
    }

    async fn done(&self, receipt: Receipt) -> FabricResult<()> {
        let work = self.engine.done(receipt);
        self.around("DeliveryQueue::done", work).await
    }

    fn dead_letters(&self) -> u64 {
        self.engine.dead_letters()
    }

    fn waits_since(&self) -> Option<Timestamp> {
        self.engine.waits_since()
    }

    async fn leave(&self) -> FabricResult<()> {
        self.around("DeliveryQueue::leave", self.engine.leave())
            .await
    }
}

#[async_trait]
impl Peers for Hooked<dyn Peers> {
    fn me(&self) -> PeerId {
        self.engine.me()
    }

    async fn tell(&self, notice: &Notice) -> FabricResult<Told> {
        let work = self.engine.tell(notice);
        self.around("Peers::tell", work).await
    }

    async fn hear(&self) -> FabricResult<Heard> {
        let work = self.engine.hear();
        self.around("Peers::hear", work).await
    }

    async fn leave(&self) -> FabricResult<()> {
        self.around("Peers::leave", self.engine.leave()).await
    }
}

#[async_trait]
impl RateLimits for Hooked<dyn RateLimits> {
    async fn take(&self, key: u64, rate: Rate, now: Duration) -> FabricResult<Decision> {
        let work = self.engine.take(key, rate, now);
        self.around("RateLimits::take", work).await
    }

    async fn peek(&self, key: u64, rate: Rate, now: Duration) -> FabricResult<Decision> {
        let work = self.engine.peek(key, rate, now);
        self.around("RateLimits::peek", work).await
    }

    fn prune(&self, now: Duration) {
        self.engine.prune(now);
    }
}

#[async_trait]
impl ActivePeople for Hooked<dyn ActivePeople> {
    async fn note(&self, person: PersonId, at: Timestamp) -> FabricResult<()> {
        let work = self.engine.note(person, at);
        self.around("ActivePeople::note", work).await
    }

    async fn count(&self, at: Timestamp) -> FabricResult<ActiveCounts> {
        self.around("ActivePeople::count", self.engine.count(at))
            .await
    }
}

#[async_trait]
impl SharedCache for Hooked<dyn SharedCache> {
    async fn look_up(&self, key: SharedKey) -> FabricResult<LookUp> {
        let work = self.engine.look_up(key);
        self.around("SharedCache::look_up", work).await
    }

    async fn fill(&self, ticket: Ticket, value: &[u8]) -> FabricResult<bool> {
        let work = self.engine.fill(ticket, value);
        self.around("SharedCache::fill", work).await
    }

    async fn drop_entry(&self, key: SharedKey) -> FabricResult<()> {
        let work = self.engine.drop_entry(key);
        self.around("SharedCache::drop_entry", work).await
    }

    async fn drop_all_entries(&self) -> FabricResult<()> {
        let work = self.engine.drop_all_entries();
        self.around("SharedCache::drop_all_entries", work).await
    }
}
