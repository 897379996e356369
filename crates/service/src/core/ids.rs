//! Ids of this process: the generator and the lease of its node number.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::{Mutex, MutexGuard};
use sosik_feed::bucket::BucketCycle;
use sosik_feed::generator::{IdError, IdGenerator, Lease, PER_SECOND, STEP_BACK_MAX};
use sosik_feed::id::EPOCH;
use sosik_feed::{PersonId, RawId, Timestamp, UnownedId};
use sosik_store::{LeaseRequest, NodeLease, Store, StoreError};
use tokio::time::timeout;

use super::Core;
use super::random::random_bytes;
use crate::clock::Clock;
use crate::settings::NodeSettings;
use crate::{ServiceError, ServiceResult};

/// Maximum number of lease renewals that one id waits for. One is enough, unless the process was suspended in between.
pub(crate) const RENEWALS_MAX: u32 = 3;

/// How long a request waits for a renewal that is in progress. A store that answers at all answers within this time.
const RENEWAL_WAIT_MAX: Duration = Duration::from_secs(5);

/// `Retry-After` while the clock is wrong. An operator has to set it.
const CLOCK_RETRY: Duration = Duration::from_secs(60);

/// The message in the log and in `/readyz`.
const CLOCK_BEFORE_2024: &str = "the clock of this machine shows a time before 2024, so nothing can be written: set it right \
     (`timedatectl set-ntp true`, or `date --set`); no restart is needed";

/// The message in the log and in `/readyz` if the clock of the store is wrong.
const STORE_CLOCK_BEFORE_2024: &str = "the clock of the database server shows a time before 2024, so nothing can be written: \
     set it right; no restart is needed";

/// Longest answer with a time of the store that replaces an earlier time. The time is wrong by at most half of what the
/// answer took.
const STORE_TIME_ANSWER_MAX: Duration = Duration::from_millis(100);

/// Interval at which the log repeats that nothing can be written.
const CLOCK_LOG_EVERY: Duration = Duration::from_secs(60);

/// The state of the clock as last logged.
#[derive(Default)]
struct ClockLogged {
    /// The monotonic time of the last log line about ids that cannot be made; `None` while they can be made.
    problem_at: Option<Duration>,
    ids_ahead: bool,
    differs: bool,
}

/// Generates ids and renews the lease of the node number.
pub(crate) struct Ids {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    region: u16,
    holder: String,
    span: Duration,
    held: Mutex<LeasedGenerator>,
    /// Draws the buckets of new people.
    buckets: BucketCycle,
    /// Only one renewal runs at a time.
    renewing: tokio::sync::Mutex<()>,
    renewals: Mutex<Renewals>,
}

/// The renewals that have ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Renewals {
    ended: u64,
    /// Whether the last one succeeded.
    renewed: bool,
}

struct LeasedGenerator {
    lease: NodeLease,
    generator: IdGenerator,
    store_time: Option<StoreTime>,
}

/// What the clock of the store showed at a time of the monotonic clock. A jump of the clock of this machine does not
/// change it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct StoreTime {
    time: Timestamp,
    at: Duration,
}

impl StoreTime {
    fn at(self, monotonic: Duration) -> Timestamp {
        self.time.plus(monotonic.saturating_sub(self.at))
    }
}

/// The time of the store after a lease was granted or renewed, between these monotonic times. An answer that took long keeps
/// the earlier time. The first one is used in any case: it is more exact than the clock of this machine may be.
fn store_time(
    earlier: Option<StoreTime>,
    lease: &NodeLease,
    asked_at: Duration,
    arrived_at: Duration,
) -> Option<StoreTime> {
    let took = arrived_at.saturating_sub(asked_at);
    let at = asked_at + took / 2;
    let now = lease.store_now.map(|time| StoreTime { time, at });
    now.filter(|_| earlier.is_none() || took <= STORE_TIME_ANSWER_MAX)
        .or(earlier)
}

impl LeasedGenerator {
    /// See [`Ids::last_before`].
    fn last_before(&mut self, moment: Timestamp) -> RawId {
        let moment = moment.min(self.lease.ids_until);
        self.generator
            .advance_past(moment.minus(Duration::from_millis(1)));
        RawId::from_u64(RawId::first_at(moment).as_u64().saturating_sub(1))
    }
}

impl Ids {
    pub(crate) async fn lease(
        store: Arc<dyn Store>,
        clock: Arc<dyn Clock>,
        node: &NodeSettings,
    ) -> ServiceResult<Self> {
        let request = LeaseRequest {
            region: node.region,
            holder: node.name.clone(),
            now: clock.now(),
            span: node.lease,
        };
        let [first_bucket] = random_bytes("choose a bucket")?;
        let asked_at = clock.monotonic();
        let lease = store.lease_node(request).await?;
        let held = LeasedGenerator {
            lease,
            generator: IdGenerator::new(bounds(&lease, asked_at + node.lease)),
            store_time: store_time(None, &lease, asked_at, clock.monotonic()),
        };
        Ok(Self {
            store,
            clock,
            region: node.region,
            holder: node.name.clone(),
            span: node.lease,
            held: Mutex::new(held),
            buckets: BucketCycle::starting_at(first_bucket),
            renewing: tokio::sync::Mutex::new(()),
            renewals: Mutex::default(),
        })
    }

    /// Identifies this process as a worker: node number and epoch. Never repeats.
    pub(crate) fn worker(&self) -> u64 {
        let lease = self.held.lock().lease;
        lease.epoch << 16 | u64::from(lease.node)
    }

    /// The next id.
    pub(crate) async fn next(&self) -> ServiceResult<UnownedId> {
        for _ in 0..RENEWALS_MAX {
            match self.try_next() {
                Ok(id) => return Ok(id),
                Err(refused) => self.renew_after(refused).await?,
            }
        }
        Err(ServiceError::Busy(crate::error::RETRY_AFTER))
    }

    /// The next id, or the reason why none can be made immediately.
    pub(crate) fn try_next(&self) -> Result<UnownedId, IdError> {
        let mut held = self.held.lock();
        let now = self.time(held.store_time);
        held.generator.next(now, self.clock.monotonic())
    }

    /// The time by which ids are made: that of the store if its leases contain it, and otherwise that of this machine. The
    /// times of two nodes on one store differ by at most [`STORE_TIME_ANSWER_MAX`], or by half of what their first answers
    /// took until a faster one has arrived.
    pub(crate) fn now(&self) -> Timestamp {
        self.time(self.held.lock().store_time)
    }

    fn time(&self, store_time: Option<StoreTime>) -> Timestamp {
        let here = self.clock.now();
        match store_time {
            // With such a clock nothing is written: people would see wrong times.
            _ if here < EPOCH => here,
            Some(store_time) => store_time.at(self.clock.monotonic()),
            None => here,
        }
    }

    /// All later ids are larger. The result also increases while nobody posts.
    pub(crate) fn last(&self) -> RawId {
        self.advance_past(self.now().minus(STEP_BACK_MAX))
    }

    /// All later ids are larger than the result: in this process, and on this store after its next start, even if the
    /// clock is wrong then. No id generated before `moment` by the clock of any node is larger than the result.
    ///
    /// The result is bounded by the lease, because the next start continues above the leases of a clock that was ahead.
    pub(crate) fn advance_past(&self, moment: Timestamp) -> RawId {
        let mut held = self.held.lock();
        held.last_before(moment).max(held.generator.last())
    }

    /// The largest id that any node may have generated before `moment` by its clock. All later ids of this process are larger.
    pub(crate) fn last_before(&self, moment: Timestamp) -> RawId {
        self.held.lock().last_before(moment)
    }

    /// How far ids are ahead of the time by which they are made.
    fn ahead(&self) -> Duration {
        let held = self.held.lock();
        held.generator.ahead_of(self.time(held.store_time))
    }

    /// The difference of the clocks of this machine and the store.
    fn differs(&self) -> Duration {
        let (here, ids) = (self.clock.now(), self.now());
        here.since(ids).max(ids.since(here))
    }

    /// Renews an expired lease, so that another attempt can succeed. Other refusals are errors.
    pub(crate) async fn renew_after(&self, refused: IdError) -> ServiceResult<()> {
        match refused {
            IdError::LeaseExpired => self.renew_together().await,
            // The lease keeper logs it, and `/readyz` reports it.
            IdError::ClockBeforeEpoch => Err(ServiceError::Busy(CLOCK_RETRY)),
            IdError::Exhausted => Err(ServiceError::Failed("there is no id left")),
        }
    }

    /// Renews an expired lease, for one of many requests that need it. A request that finds a renewal in progress waits for
    /// it and shares its outcome, so that a store that fails gets one renewal at a time and not one for each request.
    async fn renew_together(&self) -> ServiceResult<()> {
        let busy = || ServiceError::Busy(crate::error::RETRY_AFTER);
        let before = *self.renewals.lock();
        let turn = timeout(RENEWAL_WAIT_MAX, self.renewing.lock()).await;
        let _one = turn.map_err(|_elapsed| busy())?;
        let last = *self.renewals.lock();
        match (last == before, last.renewed) {
            (true, _) => self.renew_in_turn().await,
            (false, true) => Ok(()),
            (false, false) => Err(busy()),
        }
    }

    /// Extends the lease. Leases another node number if this one is lost.
    pub(crate) async fn renew(&self) -> ServiceResult<()> {
        let _one = self.renewing.lock().await;
        self.renew_in_turn().await
    }

    async fn renew_in_turn(&self) -> ServiceResult<()> {
        let outcome = self.renew_now().await;
        let mut renewals = self.renewals.lock();
        renewals.ended += 1;
        renewals.renewed = outcome.is_ok();
        outcome
    }

    async fn renew_now(&self) -> ServiceResult<()> {
        let (lease, last_id_at) = self.lease_and_last();
        let asked_at = self.clock.monotonic();
        match self
            .store
            .renew_node(lease, last_id_at, self.now(), self.span)
            .await
        {
            Ok(renewed) => {
                let mut held = self.take(renewed, asked_at);
                held.generator
                    .renew(renewed.ids_until, asked_at + self.span);
                Ok(())
            }
            Err(StoreError::LeaseLost) => self.lease_another_node().await,
            Err(other) => Err(other.into()),
        }
    }

    async fn lease_another_node(&self) -> ServiceResult<()> {
        tracing::warn!("the lease of the node number was lost; taking another number");
        let request = LeaseRequest {
            region: self.region,
            holder: self.holder.clone(),
            now: self.now(),
            span: self.span,
        };
        let asked_at = self.clock.monotonic();
        let lease = self.store.lease_node(request).await?;
        let mut held = self.take(lease, asked_at);
        let bounds = bounds(&lease, asked_at + self.span);
        // The generator stays, so that the ids of this process keep increasing with another node number.
        held.generator.switch_lease(bounds);
        Ok(())
    }

    /// Takes a lease that was asked for at this monotonic time.
    fn take(&self, lease: NodeLease, asked_at: Duration) -> MutexGuard<'_, LeasedGenerator> {
        let arrived_at = self.clock.monotonic();
        let mut held = self.held.lock();
        held.lease = lease;
        held.store_time = store_time(held.store_time, &lease, asked_at, arrived_at);
        held
    }

    fn lease_and_last(&self) -> (NodeLease, Timestamp) {
        let held = self.held.lock();
        (held.lease, held.generator.last_id_at())
    }

    /// Releases the number, so that it is free immediately.
    pub(crate) async fn release(&self) {
        let (lease, last_id_at) = self.lease_and_last();
        // If this fails, the number is free when the lease expires.
        if let Err(error) = self.store.release_node(lease, last_id_at).await {
            tracing::warn!(%error, "the node number could not be released");
        }
    }
}

fn bounds(lease: &NodeLease, deadline: Duration) -> Lease {
    Lease {
        node: lease.node,
        ids_after: lease.ids_after,
        ids_until: lease.ids_until,
        deadline,
    }
}

impl Core {
    /// See [`Service::next_id`](crate::Service::next_id).
    pub(crate) async fn next_id(&self) -> ServiceResult<UnownedId> {
        self.ids.next().await
    }

    /// See [`Service::next_person`](crate::Service::next_person).
    pub(crate) async fn next_person(&self) -> ServiceResult<PersonId> {
        let id = self.next_id().await?;
        Ok(PersonId::in_bucket(self.ids.buckets.draw(), id))
    }

    /// See [`Service::newest_possible`](crate::Service::newest_possible).
    pub(crate) fn newest_possible(&self) -> RawId {
        self.ids.advance_past(self.ids.now())
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// See [`Service::clock_problem`](crate::Service::clock_problem).
    pub(crate) fn clock_problem(&self) -> Option<&'static str> {
        if self.now() < EPOCH {
            return Some(CLOCK_BEFORE_2024);
        }
        (self.ids.now() < EPOCH).then_some(STORE_CLOCK_BEFORE_2024)
    }

    /// Logs problems with the clock. A problem that stops writes is logged immediately and then once a minute. The
    /// moment from which ids are ahead of the clock is logged once.
    fn check_clock(&self, logged: &mut ClockLogged) {
        if let Some(problem) = self.clock_problem() {
            let uptime = self.clock.monotonic();
            if logged
                .problem_at
                .is_none_or(|at| uptime >= at + CLOCK_LOG_EVERY)
            {
                tracing::error!(now = %self.now(), "{problem}");
                logged.problem_at = Some(uptime);
            }
            return;
        }
        logged.problem_at = None;
        self.compare_clocks(logged);
        let ahead = self.ids.ahead();
        let was_ahead = std::mem::replace(&mut logged.ids_ahead, ahead > STEP_BACK_MAX);
        if logged.ids_ahead && !was_ahead {
            tracing::warn!(
                ahead_seconds = ahead.as_secs(),
                "the newest id is ahead of the clock by which ids are made (that of the database server if nodes share it, \
                 otherwise of this machine): the clock was ahead before, or is behind now, or more than {PER_SECOND} ids a \
                 second were made. New ids continue above it. Check the clock"
            );
        }
    }

    /// Logs once that the clock of this machine differs from that of the store.
    fn compare_clocks(&self, logged: &mut ClockLogged) {
        let differs = self.ids.differs();
        let did_differ = std::mem::replace(&mut logged.differs, differs > STEP_BACK_MAX);
        if logged.differs && !did_differ {
            tracing::warn!(
                seconds = differs.as_secs(),
                "the clock of this machine differs from that of the store. Ids follow the store, and times that people see \
                 are those of this machine: set its clock right"
            );
        }
    }

    /// Renews the lease three times per lease span, and checks the clock.
    pub(crate) fn spawn_lease_renewal(&self) {
        let core = self.clone();
        self.supervise("lease_keeper", move || {
            let core = core.clone();
            async move { core.renew_lease_until_stopped().await }
        });
    }

    async fn renew_lease_until_stopped(&self) {
        let mut tick = tokio::time::interval(self.ids.span / 3);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut logged = ClockLogged::default();
        loop {
            tokio::select! {
                () = self.stopping.cancelled() => return,
                _ = tick.tick() => {}
            }
            self.check_clock(&mut logged);
            if let Err(error) = self.ids.renew().await {
                tracing::error!(%error, "the node lease could not be renewed; posting stops when it runs out");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MILLISECOND: Duration = Duration::from_millis(1);

    fn lease(store_now: Option<u64>) -> NodeLease {
        NodeLease {
            node: 0,
            epoch: 1,
            ids_after: Timestamp::default(),
            ids_until: Timestamp::default(),
            store_now: store_now.map(Timestamp::from_millis),
        }
    }

    fn known(millis: u64, at: u32) -> StoreTime {
        StoreTime {
            time: Timestamp::from_millis(millis),
            at: MILLISECOND * at,
        }
    }

    #[test]
    fn a_time_of_the_store_belongs_to_the_middle_of_its_answer_and_goes_on() {
        let learned = store_time(
            None,
            &lease(Some(5_000)),
            MILLISECOND * 10,
            MILLISECOND * 30,
        );
        assert_eq!(learned, Some(known(5_000, 20)));
        let later = learned.unwrap().at(MILLISECOND * 120);
        assert_eq!(later, Timestamp::from_millis(5_100));
    }

    #[test]
    fn a_slow_answer_is_used_only_if_there_is_no_other_time() {
        let earlier = known(4_000, 1);
        let slow = (MILLISECOND * 10, MILLISECOND * 111);
        let of = |earlier| store_time(earlier, &lease(Some(5_000)), slow.0, slow.1);
        assert_eq!(of(Some(earlier)), Some(earlier));
        assert!(of(None).is_some_and(|first| first.time == Timestamp::from_millis(5_000)));
        let fast = store_time(
            Some(earlier),
            &lease(Some(5_000)),
            slow.0,
            slow.1 - MILLISECOND,
        );
        assert!(fast.is_some_and(|fast| fast != earlier));
    }

    #[test]
    fn a_store_without_a_time_leaves_it_to_this_machine() {
        assert_eq!(
            store_time(None, &lease(None), Duration::ZERO, MILLISECOND),
            None
        );
    }
}
