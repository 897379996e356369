//! Timelines whose deliveries to chosen readers wait at a gate, so that a test can control the schedule.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use parking_lot::Mutex;
use sosik_decorators::TimelinesLayer;
use sosik_fabric::memory::MemoryTimelines;
use sosik_fabric::timelines::Delivery;
use sosik_fabric::{FabricError, FabricResult, Timelines};
use sosik_feed::{PersonId, StoryId};
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

/// A delivery that does not arrive within this time counts as never arriving.
pub const TIMEOUT: Duration = Duration::from_secs(60);

/// Timelines in memory with a gate before their deliveries.
pub struct GateTimelines {
    inner: MemoryTimelines,
    guarded: Mutex<BTreeSet<PersonId>>,
    failing: Mutex<BTreeSet<PersonId>>,
    delivered: Mutex<Vec<(StoryId, Vec<PersonId>)>>,
    pushes: Mutex<Vec<Push>>,
    stopped: mpsc::UnboundedSender<Stopped>,
    arrivals: tokio::sync::Mutex<mpsc::UnboundedReceiver<Stopped>>,
}

/// The stories of one call, each with the number of its readers.
pub type Push = Vec<(StoryId, usize)>;

/// A delivery that waits at the gate.
pub struct Stopped {
    pub story: StoryId,
    go_on: oneshot::Sender<Verdict>,
}

/// The outcome of a delivery.
enum Verdict {
    Pass,
    Fail,
}

impl GateTimelines {
    pub fn new(inner: MemoryTimelines) -> Arc<Self> {
        let (stopped, arrivals) = mpsc::unbounded_channel();
        Arc::new(Self {
            inner,
            guarded: Mutex::default(),
            failing: Mutex::default(),
            delivered: Mutex::default(),
            pushes: Mutex::default(),
            stopped,
            arrivals: tokio::sync::Mutex::new(arrivals),
        })
    }

    /// Makes deliveries to the reader wait.
    pub fn guard(&self, reader: PersonId) {
        self.guarded.lock().insert(reader);
    }

    /// Makes deliveries to the reader fail.
    pub fn fail(&self, reader: PersonId) {
        self.failing.lock().insert(reader);
    }

    /// Lets all deliveries pass again.
    pub fn open(&self) {
        self.guarded.lock().clear();
        self.failing.lock().clear();
    }

    /// The next delivery at the gate.
    pub async fn next(&self) -> Stopped {
        let mut arrivals = self.arrivals.lock().await;
        let next = timeout(TIMEOUT, arrivals.recv()).await;
        next.expect("no delivery came to the gate")
            .expect("the gate is there")
    }

    /// The deliveries, in their order.
    pub fn pushes(&self) -> Vec<Push> {
        self.pushes.lock().clone()
    }

    /// The number of attempts to deliver the story to the reader.
    pub fn tries(&self, story: StoryId, reader: PersonId) -> usize {
        let delivered = self.delivered.lock();
        let to_reader =
            |(id, readers): &&(StoryId, Vec<PersonId>)| *id == story && readers.contains(&reader);
        delivered.iter().filter(to_reader).count()
    }
}

impl Stopped {
    pub fn pass(self) {
        let _worker_is_gone = self.go_on.send(Verdict::Pass);
    }

    pub fn fail(self) {
        let _worker_is_gone = self.go_on.send(Verdict::Fail);
    }
}

impl GateTimelines {
    async fn deliver_one(&self, delivery: &Delivery) -> FabricResult<usize> {
        let Delivery { story, readers } = delivery;
        self.delivered.lock().push((*story, readers.clone()));
        let among = |people: &Mutex<BTreeSet<PersonId>>| {
            let people = people.lock();
            readers.iter().any(|reader| people.contains(reader))
        };
        if among(&self.failing) {
            return Err(FabricError("failed on purpose".into()));
        }
        if among(&self.guarded) {
            let (go_on, verdict) = oneshot::channel();
            let story = *story;
            self.stopped
                .send(Stopped { story, go_on })
                .expect("the test listens");
            if let Ok(Verdict::Fail) = verdict.await {
                return Err(FabricError("failed on purpose".into()));
            }
        }
        self.inner.deliver(std::slice::from_ref(delivery)).await
    }
}

#[async_trait]
impl TimelinesLayer for GateTimelines {
    fn inner(&self) -> &dyn Timelines {
        &self.inner
    }

    async fn deliver(&self, deliveries: &[Delivery]) -> FabricResult<usize> {
        let push = deliveries.iter().map(|one| (one.story, one.readers.len()));
        self.pushes.lock().push(push.collect());
        let mut taken = 0;
        for delivery in deliveries {
            taken += self.deliver_one(delivery).await?;
        }
        Ok(taken)
    }
}
