//! Live streams of this process: the connected readers, and how to wake them.
//!
//! A wake-up carries no story. The stream reads its reader's timeline with its own cursor, so a repeated or early
//! wake-up is harmless and no story is lost between two of them.

use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};
use std::sync::{Arc, Weak};

use async_trait::async_trait;
use parking_lot::RwLock;
use rustc_hash::FxHashMap;
use sosik_feed::PersonId;
use tokio::sync::Notify;

use crate::contract::{Signals, Watch};

#[derive(Default)]
struct StreamNotifier {
    pending: AtomicU8,
    notify: Notify,
}

impl StreamNotifier {
    fn signal(&self, signals: u8) {
        self.pending.fetch_or(signals, Ordering::AcqRel);
        self.notify.notify_one();
    }
}

type Notifiers = RwLock<FxHashMap<PersonId, Vec<Arc<StreamNotifier>>>>;

#[derive(Default)]
pub(super) struct LiveStreams {
    notifiers: Arc<Notifiers>,
    /// Readable without the lock: while nobody is connected, a delivery costs nothing here.
    streams: Arc<AtomicUsize>,
}

struct Stream {
    reader: PersonId,
    notifier: Arc<StreamNotifier>,
    notifiers: Weak<Notifiers>,
    streams: Arc<AtomicUsize>,
}

impl LiveStreams {
    pub(super) fn streams(&self) -> usize {
        self.streams.load(Ordering::Relaxed)
    }

    pub(super) fn watch(&self, reader: PersonId) -> Arc<dyn Watch> {
        let notifier = Arc::new(StreamNotifier::default());
        self.notifiers
            .write()
            .entry(reader)
            .or_default()
            .push(Arc::clone(&notifier));
        self.streams.fetch_add(1, Ordering::AcqRel);
        Arc::new(Stream {
            reader,
            notifier,
            notifiers: Arc::downgrade(&self.notifiers),
            streams: Arc::clone(&self.streams),
        })
    }

    pub(super) fn wake(&self, people: &[PersonId], signals: Signals) {
        if self.streams.load(Ordering::Acquire) == 0 {
            return;
        }
        let notifiers = self.notifiers.read();
        let signals = to_bits(signals);
        for notifier in people
            .iter()
            .filter_map(|person| notifiers.get(person))
            .flatten()
        {
            notifier.signal(signals);
        }
    }

    pub(super) fn wake_matching(&self, wanted: impl Fn(PersonId) -> bool, signals: Signals) {
        if self.streams.load(Ordering::Acquire) == 0 {
            return;
        }
        let signals = to_bits(signals);
        for (_, notifiers) in self
            .notifiers
            .read()
            .iter()
            .filter(|(reader, _)| wanted(**reader))
        {
            notifiers
                .iter()
                .for_each(|notifier| notifier.signal(signals));
        }
    }
}

#[async_trait]
impl Watch for Stream {
    async fn signalled(&self) -> Signals {
        loop {
            let pending = self.notifier.pending.swap(0, Ordering::AcqRel);
            if pending != 0 {
                return from_bits(pending);
            }
            self.notifier.notify.notified().await;
        }
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.streams.fetch_sub(1, Ordering::AcqRel);
        let Some(notifiers) = self.notifiers.upgrade() else {
            return;
        };
        let mut notifiers = notifiers.write();
        if let Some(of_reader) = notifiers.get_mut(&self.reader) {
            of_reader.retain(|notifier| !Arc::ptr_eq(notifier, &self.notifier));
            if of_reader.is_empty() {
                notifiers.remove(&self.reader);
            }
        }
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
