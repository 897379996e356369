//! Numbered messages from every node to all others, with answers.
//!
//! Each node numbers its messages, and sends a heartbeat with the next number when it has nothing else to send. So the
//! others detect a lost message, and a node without heartbeats is no longer a member. After a reconnection the node
//! first makes sure that its subscriptions are active again, and then reports that it may have missed anything.
//!
//! Nothing is sent again. The user of the bus recovers: it clears caches, or sends its state again.

mod frame;
mod roster;
mod run;

use std::sync::Arc;
use std::time::Duration;

use async_nats::Subject;
use bytes::Bytes;
use foldhash::{HashMap, HashSet};
use parking_lot::Mutex;
use sosik_fabric::{FabricResult, PeerId, Told};
use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio::time::{Instant, sleep_until, timeout_at};
use tokio_util::task::AbortOnDropHandle;

use crate::error::NatsError;
use crate::link::Link;
use crate::options::NatsOptions;
use frame::{Answer, Frame, Kind};
use roster::Roster;
use run::Runner;

/// Messages that wait for the user of the bus. Further ones are dropped and reported as missed.
const EVENTS_MAX: usize = 1_024;

/// Messages that wait in the library for the task of the bus, which only sorts them. Further ones are dropped, which is
/// detected by their numbers.
pub(crate) const MESSAGES_MAX: usize = 4_096;

/// Messages of this node whose answers are awaited at the same time. Further senders wait.
const AWAITED_MAX: usize = 1_024;

/// Answers to one message that wait for its sender: one for each node, and ids have 8 bits for the node.
const ANSWERS_MAX: usize = 256;

/// Time that a new node gives the others to introduce themselves before it serves.
const JOIN_WAIT: Duration = Duration::from_millis(200);

/// What happened on the bus.
#[derive(Debug)]
pub(crate) enum BusEvent {
    /// A message of another node. A value sent through `confirm` answers its sender; dropping it refuses.
    Message {
        from: PeerId,
        payload: Bytes,
        confirm: oneshot::Sender<()>,
    },
    /// A node is new.
    Joined(PeerId),
    /// A node reconnected. Messages of other topics from it may have been lost.
    Reconnected(PeerId),
    /// Messages of a node were lost.
    Missed(PeerId),
    /// Messages of any node may have been lost.
    MissedAll,
    /// A node left, or sends no heartbeats.
    Left(PeerId),
}

/// The events of a bus.
pub(crate) type Events = mpsc::Receiver<BusEvent>;

/// One topic to which all nodes subscribe.
pub(crate) struct Bus {
    shared: Arc<Shared>,
    task: AbortOnDropHandle<()>,
}

/// What the task and the senders share.
struct Shared {
    me: PeerId,
    link: Link,
    /// The subject of the topic.
    all: Subject,
    /// Prefix of the subjects for answers, before the id of a node.
    answers: String,
    confirm_within: Duration,
    /// The number of the last message. Locked while a message is handed to the library, so that numbers ascend on the
    /// wire.
    last: tokio::sync::Mutex<u64>,
    roster: Mutex<Roster>,
    awaited: Mutex<HashMap<u64, mpsc::Sender<Answer>>>,
    room: Semaphore,
}

impl Bus {
    /// Joins the topic. Returns after the other nodes had time to introduce themselves.
    ///
    /// # Errors
    /// The subscriptions cannot be made.
    pub(crate) async fn join(
        link: Link,
        options: &NatsOptions,
        topic: &str,
        me: PeerId,
    ) -> FabricResult<(Self, Events)> {
        let shared = Arc::new(Shared::new(link, options, topic, me));
        let (sender, events) = mpsc::channel(EVENTS_MAX);
        let mut runner = Runner::new(Arc::clone(&shared), options, sender).await?;
        let introduced = runner.begin().await;
        let task = tokio::spawn(async move { runner.run().await });
        if introduced {
            sleep_until(Instant::now() + JOIN_WAIT).await;
        }
        let bus = Self {
            shared,
            task: AbortOnDropHandle::new(task),
        };
        Ok((bus, events))
    }

    /// The id of this node.
    pub(crate) fn me(&self) -> PeerId {
        self.shared.me
    }

    /// The connection.
    pub(crate) fn link(&self) -> &Link {
        &self.shared.link
    }

    /// The other nodes that send heartbeats.
    pub(crate) fn members(&self) -> Vec<PeerId> {
        self.shared.roster.lock().members()
    }

    /// Sends a message without waiting for answers.
    pub(crate) async fn send(&self, payload: &[u8]) -> FabricResult<()> {
        self.shared.publish(Kind::Message, payload).await
    }

    /// Sends a message and waits until every member has answered, or until the deadline.
    ///
    /// # Errors
    /// The message was not sent.
    pub(crate) async fn ask(&self, payload: &[u8]) -> FabricResult<Told> {
        let shared = &self.shared;
        let deadline = Instant::now() + shared.confirm_within;
        let sent = timeout_at(deadline, async {
            // The semaphore is never closed.
            let room = shared.room.acquire().await.ok();
            (room, shared.question(payload).await)
        });
        let Ok((_room, sent)) = sent.await else {
            return Err(NatsError::TimedOut(shared.confirm_within).into());
        };
        let members = self.members();
        Ok(collect(&mut sent?, members, deadline).await)
    }

    /// Tells the other nodes that this one stops, so that they no longer wait for it. A later heartbeat would bring it
    /// back, so the task ends first.
    pub(crate) async fn leave(&self) -> FabricResult<()> {
        self.task.abort();
        self.shared.publish(Kind::Leave, &[]).await?;
        self.shared.link.round_trip().await
    }
}

/// Collects answers until every member has answered, or until the deadline.
async fn collect(awaiting: &mut Awaiting, members: Vec<PeerId>, deadline: Instant) -> Told {
    let mut missing: HashSet<_> = members.into_iter().collect();
    let mut told = Told::default();
    while !missing.is_empty() {
        let Ok(Some(answer)) = timeout_at(deadline, awaiting.answers.recv()).await else {
            break;
        };
        missing.remove(&answer.from);
        match answer.confirmed {
            true => told.confirmed.push(answer.from),
            false => told.silent.push(answer.from),
        }
    }
    told.silent.extend(missing);
    told
}

/// The answers to one message. Dropping it forgets the message.
struct Awaiting {
    number: u64,
    answers: mpsc::Receiver<Answer>,
    shared: Arc<Shared>,
}

impl Drop for Awaiting {
    fn drop(&mut self) {
        self.shared.awaited.lock().remove(&self.number);
    }
}

impl Shared {
    fn new(link: Link, options: &NatsOptions, topic: &str, me: PeerId) -> Self {
        let subject = format!("{}.{topic}", options.prefix);
        Self {
            me,
            link,
            all: Subject::from(format!("{subject}.all")),
            answers: format!("{subject}.answers."),
            confirm_within: options.confirm_within,
            last: tokio::sync::Mutex::default(),
            roster: Mutex::new(Roster::new(options.silent_after, Instant::now())),
            awaited: Mutex::default(),
            room: Semaphore::new(AWAITED_MAX),
        }
    }

    /// Sends the next message.
    async fn publish(&self, kind: Kind, payload: &[u8]) -> FabricResult<()> {
        self.publish_after(kind, payload, |_number| ()).await
    }

    /// Sends the next message, whose answers are awaited.
    async fn question(self: &Arc<Self>, payload: &[u8]) -> FabricResult<Awaiting> {
        let begin = |number| self.await_answers(number);
        self.publish_after(Kind::Question, payload, begin).await
    }

    /// Sends the next message after `begin` was called with its number. The number is used only if the message was
    /// handed to the library.
    async fn publish_after<T>(
        &self,
        kind: Kind,
        payload: &[u8],
        begin: impl FnOnce(u64) -> T,
    ) -> FabricResult<T> {
        let mut last = self.last.lock().await;
        let frame = Frame {
            kind,
            from: self.me,
            number: *last + 1,
        };
        let begun = begin(frame.number);
        let sent = self.link.publish(self.all.clone(), frame.write(payload));
        sent.await?;
        *last = frame.number;
        Ok(begun)
    }

    /// Registers a question before it is sent, so that no answer is missed.
    fn await_answers(self: &Arc<Self>, number: u64) -> Awaiting {
        let (sender, answers) = mpsc::channel(ANSWERS_MAX);
        self.awaited.lock().insert(number, sender);
        Awaiting {
            number,
            answers,
            shared: Arc::clone(self),
        }
    }

    fn answers_of(&self, peer: PeerId) -> Subject {
        Subject::from(format!("{}{:x}", self.answers, peer.as_u64()))
    }

    fn note_answer(&self, payload: &[u8]) {
        let Some(answer) = Answer::read(payload) else {
            return;
        };
        if let Some(sender) = self.awaited.lock().get(&answer.number) {
            // There is room for one answer of every node. A repeated one is dropped.
            let _full = sender.try_send(answer);
        }
    }
}
