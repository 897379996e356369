//! A fabric that fails on demand, for tests of its callers.
//!
//! [`FailingFabric`] wraps an engine and asks [`Faults`] before each call. A test chooses a [`Call`], a [`Fault`] and
//! the number of times. The engine behind it is the real one, so all other calls work as in a running node.

use std::sync::Arc;

use async_trait::async_trait;
use parking_lot::Mutex;
use rustc_hash::FxHashMap;
use sosik_feed::timeline::{MarkExpired, Newer};
use sosik_feed::{PersonId, StoryId};
use tokio::sync::Notify;

use crate::contract::{
    Below, Fabric, FabricError, FabricResult, Reader, Rebuild, Signals, Since, Stats, View, Watch,
};

/// A method of [`Fabric`] that can fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "each is the method of its name")]
pub enum Call {
    Deliver,
    Announce,
    View,
    Newer,
    Above,
    BeginRebuild,
    FinishRebuild,
    AbandonRebuild,
    DropTimeline,
    DropAllTimelines,
    Wake,
}

impl Call {
    /// Every method that can fail.
    pub const ALL: [Self; 11] = [
        Self::Deliver,
        Self::Announce,
        Self::View,
        Self::Newer,
        Self::Above,
        Self::BeginRebuild,
        Self::FinishRebuild,
        Self::AbandonRebuild,
        Self::DropTimeline,
        Self::DropAllTimelines,
        Self::Wake,
    ];
}

/// A fault to inject into a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The call returns an error and has no effect.
    Error,
    /// The call takes effect and returns an error, as if the response had been lost.
    LostAnswer,
    /// The call panics.
    Panic,
    /// The call waits until the fault is lifted or replaced.
    Wait,
}

/// The faults of a [`FailingFabric`], changed while it is in use.
#[derive(Default)]
pub struct Faults {
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Default)]
struct State {
    planned: FxHashMap<Call, Planned>,
    begun: FxHashMap<Call, u64>,
}

struct Planned {
    fault: Fault,
    /// The number of remaining faults. `None`: until it is lifted.
    left: Option<u32>,
}

impl Faults {
    /// Every such call fails until [`Faults::lift`].
    pub fn always(&self, call: Call, fault: Fault) {
        self.plan(call, Planned { fault, left: None });
    }

    /// The next `times` such calls fail.
    pub fn next(&self, call: Call, fault: Fault, times: u32) {
        let left = Some(times);
        self.plan(call, Planned { fault, left });
    }

    /// Every call of every kind fails until the fault is lifted.
    pub fn all(&self, fault: Fault) {
        Call::ALL
            .into_iter()
            .for_each(|call| self.always(call, fault));
    }

    /// Lifts the fault of a call. Waiting calls continue.
    pub fn lift(&self, call: Call) {
        self.state.lock().planned.remove(&call);
        self.changed.notify_waiters();
    }

    /// Lifts all faults.
    pub fn lift_all(&self) {
        self.state.lock().planned.clear();
        self.changed.notify_waiters();
    }

    /// The number of such calls since the start, failed ones included.
    pub fn begun(&self, call: Call) -> u64 {
        self.state.lock().begun.get(&call).copied().unwrap_or(0)
    }

    fn plan(&self, call: Call, planned: Planned) {
        self.state.lock().planned.insert(call, planned);
        self.changed.notify_waiters();
    }

    /// The fault of a call that begins now.
    fn take(&self, call: Call) -> Option<Fault> {
        let mut state = self.state.lock();
        let planned = state.planned.get_mut(&call)?;
        match &mut planned.left {
            None => {}
            Some(0) => return None,
            Some(left) => *left -= 1,
        }
        Some(planned.fault)
    }

    /// Runs a call with the fault that is planned for it.
    #[expect(clippy::panic, reason = "the fault that a test asked for")]
    async fn run<T>(
        &self,
        call: Call,
        work: impl Future<Output = FabricResult<T>>,
    ) -> FabricResult<T> {
        *self.state.lock().begun.entry(call).or_default() += 1;
        loop {
            let changed = self.changed.notified();
            match self.take(call) {
                None => return work.await,
                Some(Fault::Error) => return Err(failed(call)),
                Some(Fault::LostAnswer) => return work.await.and(Err(failed(call))),
                Some(Fault::Panic) => panic!("{call:?} panics on purpose"),
                Some(Fault::Wait) => changed.await,
            }
        }
    }
}

fn failed(call: Call) -> FabricError {
    FabricError(format!("{call:?} fails on purpose").into())
}

/// An engine whose calls fail according to [`Faults`].
pub struct FailingFabric {
    engine: Arc<dyn Fabric>,
    faults: Arc<Faults>,
}

impl FailingFabric {
    /// Works like `engine` until a fault is planned.
    pub fn new(engine: Arc<dyn Fabric>, faults: Arc<Faults>) -> Self {
        Self { engine, faults }
    }
}

#[async_trait]
impl Fabric for FailingFabric {
    async fn deliver(&self, story: StoryId, readers: &[PersonId]) -> FabricResult<usize> {
        let work = self.engine.deliver(story, readers);
        self.faults.run(Call::Deliver, work).await
    }

    async fn announce(&self, story: StoryId, author: PersonId) -> FabricResult<()> {
        let work = self.engine.announce(story, author);
        self.faults.run(Call::Announce, work).await
    }

    async fn view(
        &self,
        reader: PersonId,
        who: &dyn Reader,
        below: Below,
    ) -> FabricResult<Option<View>> {
        let work = self.engine.view(reader, who, below);
        self.faults.run(Call::View, work).await
    }

    async fn newer(
        &self,
        reader: PersonId,
        who: &dyn Reader,
        since: Since,
    ) -> FabricResult<Option<Result<Newer, MarkExpired>>> {
        let work = self.engine.newer(reader, who, since);
        self.faults.run(Call::Newer, work).await
    }

    async fn above(
        &self,
        reader: PersonId,
        id: StoryId,
        count: usize,
    ) -> FabricResult<Option<Vec<StoryId>>> {
        let work = self.engine.above(reader, id, count);
        self.faults.run(Call::Above, work).await
    }

    async fn begin_rebuild(&self, reader: PersonId) -> FabricResult<Option<Rebuild>> {
        let work = self.engine.begin_rebuild(reader);
        self.faults.run(Call::BeginRebuild, work).await
    }

    async fn finish_rebuild(
        &self,
        rebuild: Rebuild,
        ids: Vec<StoryId>,
        floor: StoryId,
    ) -> FabricResult<bool> {
        let work = self.engine.finish_rebuild(rebuild, ids, floor);
        self.faults.run(Call::FinishRebuild, work).await
    }

    async fn abandon_rebuild(&self, rebuild: Rebuild) -> FabricResult<()> {
        let work = self.engine.abandon_rebuild(rebuild);
        self.faults.run(Call::AbandonRebuild, work).await
    }

    async fn drop_timeline(&self, reader: PersonId) -> FabricResult<()> {
        let work = self.engine.drop_timeline(reader);
        self.faults.run(Call::DropTimeline, work).await
    }

    async fn drop_all_timelines(&self) -> FabricResult<()> {
        let work = self.engine.drop_all_timelines();
        self.faults.run(Call::DropAllTimelines, work).await
    }

    fn watch(&self, reader: PersonId) -> Arc<dyn Watch> {
        self.engine.watch(reader)
    }

    async fn wake(&self, people: &[PersonId], signals: Signals) -> FabricResult<()> {
        let work = self.engine.wake(people, signals);
        self.faults.run(Call::Wake, work).await
    }

    fn stats(&self) -> Stats {
        self.engine.stats()
    }
}
