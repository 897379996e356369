//! The contract of wake-ups, and the live streams of one node.
//!
//! A wake-up carries no story. The stream reads its reader's feed with its own cursor, so a repeated or early wake-up is
//! harmless and no story is lost between two of them.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};

use async_trait::async_trait;
use foldhash::HashMap;
use parking_lot::RwLock;
use sosik_feed::PersonId;
use tokio::sync::Notify;

use crate::error::FabricResult;

/// The reasons to wake a live stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Signals {
    /// There may be a new story.
    pub story: bool,
    /// There may be a new notification, or notifications were read on another device.
    pub notification: bool,
    /// The session may have ended. The stream must check it.
    pub session: bool,
}

impl Signals {
    /// A new story.
    pub const STORY: Self = Self {
        story: true,
        notification: false,
        session: false,
    };
    /// A new notification.
    pub const NOTIFICATION: Self = Self {
        story: false,
        notification: true,
        session: false,
    };
    /// A session ended.
    pub const SESSION: Self = Self {
        story: false,
        notification: false,
        session: true,
    };
    /// All signals.
    pub const ALL: Self = Self {
        story: true,
        notification: true,
        session: true,
    };

    /// The union of both.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self {
            story: self.story || other.story,
            notification: self.notification || other.notification,
            session: self.session || other.session,
        }
    }
}

/// Wakes the live streams of people on all nodes.
#[async_trait]
pub trait WakeUps: Send + Sync + 'static {
    /// Registers a stream of a reader at this node. From now on the wake-ups of all nodes reach it.
    async fn watch(&self, reader: PersonId) -> FabricResult<Watch>;

    /// Wakes the streams of these people.
    async fn wake(&self, people: &[PersonId], signals: Signals) -> FabricResult<()>;

    /// Tells the other nodes that this one stops. The last call.
    ///
    /// # Errors
    /// The other nodes notice it later.
    async fn leave(&self) -> FabricResult<()> {
        Ok(())
    }

    /// The streams of this node. No I/O.
    fn streams(&self) -> &Streams;
}

/// The signal of one stream.
#[derive(Default)]
struct Bell {
    pending: AtomicU8,
    notify: Notify,
}

impl Bell {
    fn ring(&self, signals: u8) {
        self.pending.fetch_or(signals, Ordering::AcqRel);
        self.notify.notify_one();
    }
}

/// The live streams of one node: the connected readers, and a signal for each stream. Cheap to clone.
#[derive(Clone, Default)]
pub struct Streams(Arc<Registered>);

#[derive(Default)]
struct Registered {
    bells: RwLock<HashMap<PersonId, Vec<Arc<Bell>>>>,
    /// Readable without the lock: while nobody is connected, a delivery costs nothing here.
    count: AtomicUsize,
}

/// One live stream, registered until it is dropped.
pub struct Watch {
    reader: PersonId,
    bell: Arc<Bell>,
    streams: Streams,
}

impl Streams {
    /// Registers a stream of a reader.
    #[must_use]
    pub fn register(&self, reader: PersonId) -> Watch {
        let bell = Arc::new(Bell::default());
        let mut bells = self.0.bells.write();
        bells.entry(reader).or_default().push(Arc::clone(&bell));
        self.0.count.fetch_add(1, Ordering::AcqRel);
        Watch {
            reader,
            bell,
            streams: self.clone(),
        }
    }

    /// Wakes the streams of these people on this node.
    pub fn wake(&self, people: &[PersonId], signals: Signals) {
        if self.is_empty() {
            return;
        }
        let bells = self.0.bells.read();
        let woken = people.iter().filter_map(|person| bells.get(person));
        let signals = to_bits(signals);
        woken.flatten().for_each(|bell| bell.ring(signals));
    }

    /// Wakes the streams of the readers of this node that `wanted` selects.
    pub fn wake_matching(&self, wanted: impl Fn(PersonId) -> bool, signals: Signals) {
        if self.is_empty() {
            return;
        }
        let bells = self.0.bells.read();
        let woken = bells.iter().filter(|(reader, _)| wanted(**reader));
        let signals = to_bits(signals);
        woken
            .flat_map(|(_, bells)| bells)
            .for_each(|bell| bell.ring(signals));
    }

    /// The readers with a stream on this node, in no order. For engines.
    #[must_use]
    pub fn readers(&self) -> Vec<PersonId> {
        self.0.bells.read().keys().copied().collect()
    }

    /// Number of streams.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.count.load(Ordering::Acquire)
    }

    /// Whether there are no streams.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Watch {
    /// Waits for the next signals. Signals between two waits are merged, and none is lost. Cancel-safe.
    pub async fn signalled(&self) -> Signals {
        loop {
            let pending = self.bell.pending.swap(0, Ordering::AcqRel);
            if pending != 0 {
                return from_bits(pending);
            }
            self.bell.notify.notified().await;
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let registered = &self.streams.0;
        let mut bells = registered.bells.write();
        if let Some(of_reader) = bells.get_mut(&self.reader) {
            of_reader.retain(|bell| !Arc::ptr_eq(bell, &self.bell));
            if of_reader.is_empty() {
                bells.remove(&self.reader);
            }
        }
        registered.count.fetch_sub(1, Ordering::AcqRel);
    }
}

fn to_bits(signals: Signals) -> u8 {
    u8::from(signals.story) | u8::from(signals.notification) << 1 | u8::from(signals.session) << 2
}

fn from_bits(bits: u8) -> Signals {
    Signals {
        story: bits & 1 != 0,
        notification: bits & 2 != 0,
        session: bits & 4 != 0,
    }
}
