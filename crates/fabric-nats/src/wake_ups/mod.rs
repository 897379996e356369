//! Wakes live streams on the nodes that hold the reader.
//!
//! Each node announces its readers to all others, so a wake-up is one message for each node that holds at least one of
//! the people, with only those people. [`WakeUps::watch`] returns after the other nodes have confirmed the new reader.
//!
//! Announcements are numbered by the bus. A node that missed one sends everything to its sender until it has the complete
//! list again. Wake-ups are not numbered. After anything that may have lost one (a reconnection on either side, a full
//! buffer, a missing confirmation) the node wakes all its streams once; they read their feeds with their own cursors.

mod announce;
mod directory;
mod listen;
mod message;

use std::sync::Arc;
use std::time::Duration;

use async_nats::Subject;
use async_trait::async_trait;
use foldhash::HashSet;
use parking_lot::{Mutex, RwLock};
use sosik_fabric::wake_ups::Streams;
use sosik_fabric::{FabricResult, PeerId, Signals, WakeUps, Watch};
use sosik_feed::PersonId;
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;
use tokio_util::task::AbortOnDropHandle;

use crate::bus::{Bus, MESSAGES_MAX};
use crate::link::Link;
use crate::options::NatsOptions;
use announce::Announcer;
use directory::Directory;
use listen::Listener;
use message::write_wake_up;

/// People in one message: 64 KiB. A larger wake-up becomes several messages.
const PEOPLE_MAX: usize = 8_000;

/// New readers that wait to be announced, and the most that one announcement adds.
const WATCHES_MAX: usize = 4_096;

/// Time for a new stream to be announced. Afterwards it opens without confirmation, and is woken when it has one. The
/// announcement before it takes up to a second, and its own as long.
const ANNOUNCE_WITHIN: Duration = Duration::from_secs(3);

/// A new reader, and the channel on which its stream waits.
type NewReader = (PersonId, oneshot::Sender<()>);

/// Wake-ups over NATS.
pub struct NatsWakeUps {
    shared: Arc<Shared>,
    new_readers: mpsc::Sender<NewReader>,
    _tasks: [AbortOnDropHandle<()>; 2],
}

/// What the tasks and the callers share.
struct Shared {
    bus: Bus,
    streams: Streams,
    directory: RwLock<Directory>,
    due: Mutex<Due>,
    /// Prefix of the subjects for wake-ups, before the id of a node.
    subjects: String,
}

/// What the announcer does next.
#[derive(Debug, Default)]
struct Due {
    /// Announce all readers.
    full: bool,
    /// Wake all streams after all readers were confirmed.
    unconfirmed: bool,
    /// Wake all streams.
    missed: bool,
    /// Nodes whose readers are unknown.
    wanted: HashSet<PeerId>,
}

impl NatsWakeUps {
    /// Connects and joins the other nodes. `me` is the random id of this process. Without an answer of NATS it starts
    /// alone and joins later.
    ///
    /// # Errors
    /// The address or the prefix is malformed.
    pub async fn open(options: &NatsOptions, me: PeerId) -> FabricResult<Self> {
        let link = Link::open(options, "wake-ups", MESSAGES_MAX).await?;
        let subjects = format!("{}.wake.", options.prefix);
        let wake_ups = link.subscribe(subject_of(&subjects, me)).await?;
        let (bus, events) = Bus::join(link, options, "streams", me).await?;
        let shared = Arc::new(Shared {
            bus,
            streams: Streams::default(),
            directory: RwLock::default(),
            due: Mutex::new(Due {
                full: true,
                ..Due::default()
            }),
            subjects,
        });
        let (new_readers, added) = mpsc::channel(WATCHES_MAX);
        let listener = Listener::new(Arc::clone(&shared), wake_ups, events);
        let announcer = Announcer::new(Arc::clone(&shared), added);
        Ok(Self {
            shared,
            new_readers,
            _tasks: [
                AbortOnDropHandle::new(tokio::spawn(listener.run())),
                AbortOnDropHandle::new(tokio::spawn(announcer.run())),
            ],
        })
    }

    /// The other nodes that send heartbeats.
    #[must_use]
    pub fn members(&self) -> Vec<PeerId> {
        self.shared.bus.members()
    }

    /// Announces a reader and waits until the other nodes have confirmed it.
    async fn announce(&self, reader: PersonId) -> Option<()> {
        let (confirm, confirmed) = oneshot::channel();
        self.new_readers.send((reader, confirm)).await.ok()?;
        confirmed.await.ok()
    }
}

#[async_trait]
impl WakeUps for NatsWakeUps {
    async fn watch(&self, reader: PersonId) -> FabricResult<Watch> {
        let watch = self.shared.streams.register(reader);
        let announced = timeout(ANNOUNCE_WITHIN, self.announce(reader)).await;
        if !matches!(announced, Ok(Some(()))) {
            self.shared.due.lock().unconfirmed = true;
        }
        Ok(watch)
    }

    async fn wake(&self, people: &[PersonId], signals: Signals) -> FabricResult<()> {
        let shared = &self.shared;
        shared.streams.wake(people, signals);
        let routed = shared.directory.read().route(people);
        for (node, people) in routed {
            let subject = subject_of(&shared.subjects, node);
            for chunk in people.chunks(PEOPLE_MAX) {
                let message = write_wake_up(chunk, signals);
                shared.bus.link().publish(subject.clone(), message).await?;
            }
        }
        Ok(())
    }

    fn streams(&self) -> &Streams {
        &self.shared.streams
    }

    async fn leave(&self) -> FabricResult<()> {
        self.shared.bus.leave().await
    }
}

fn subject_of(prefix: &str, node: PeerId) -> Subject {
    Subject::from(format!("{prefix}{:x}", node.as_u64()))
}
