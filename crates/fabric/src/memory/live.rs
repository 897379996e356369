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

type Bells = RwLock<FxHashMap<PersonId, Vec<Arc<Bell>>>>;

#[derive(Default)]
pub(super) struct Live {
    bells: Arc<Bells>,
    /// Readable without the lock: while nobody is connected, a delivery costs nothing here.
    streams: Arc<AtomicUsize>,
}

struct Stream {
    reader: PersonId,
    bell: Arc<Bell>,
    bells: Weak<Bells>,
    streams: Arc<AtomicUsize>,
}

impl Live {
    pub(super) fn streams(&self) -> usize {
        self.streams.load(Ordering::Relaxed)
    }

    pub(super) fn watch(&self, reader: PersonId) -> Arc<dyn Watch> {
        let bell = Arc::new(Bell::default());
        self.bells
            .write()
            .entry(reader)
            .or_default()
            .push(Arc::clone(&bell));
        self.streams.fetch_add(1, Ordering::AcqRel);
        Arc::new(Stream {
            reader,
            bell,
            bells: Arc::downgrade(&self.bells),
            streams: Arc::clone(&self.streams),
        })
    }

    pub(super) fn wake(&self, people: &[PersonId], signals: Signals) {
        if self.streams.load(Ordering::Acquire) == 0 {
            return;
        }
        let bells = self.bells.read();
        let signals = to_bits(signals);
        for bell in people
            .iter()
            .filter_map(|person| bells.get(person))
            .flatten()
        {
            bell.ring(signals);
        }
    }

    pub(super) fn wake_those(&self, wanted: impl Fn(PersonId) -> bool, signals: Signals) {
        if self.streams.load(Ordering::Acquire) == 0 {
            return;
        }
        let signals = to_bits(signals);
        for (_, bells) in self
            .bells
            .read()
            .iter()
            .filter(|(reader, _)| wanted(**reader))
        {
            bells.iter().for_each(|bell| bell.ring(signals));
        }
    }
}

#[async_trait]
impl Watch for Stream {
    async fn woken(&self) -> Signals {
        loop {
            let pending = self.bell.pending.swap(0, Ordering::AcqRel);
            if pending != 0 {
                return from_bits(pending);
            }
            self.bell.notify.notified().await;
        }
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.streams.fetch_sub(1, Ordering::AcqRel);
        let Some(bells) = self.bells.upgrade() else {
            return;
        };
        let mut bells = bells.write();
        if let Some(of_reader) = bells.get_mut(&self.reader) {
            of_reader.retain(|bell| !Arc::ptr_eq(bell, &self.bell));
            if of_reader.is_empty() {
                bells.remove(&self.reader);
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
