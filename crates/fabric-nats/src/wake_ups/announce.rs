//! The task that announces the readers of this node to the others.

use std::mem::take;
use std::sync::Arc;
use std::time::Duration;

use foldhash::HashSet;
use sosik_fabric::{FabricResult, Signals};
use sosik_feed::PersonId;
use tokio::sync::mpsc;
use tokio::time::{Interval, MissedTickBehavior, interval};

use super::message::Announcement;
use super::{Due, NewReader, Shared, WATCHES_MAX};

/// Readers of one node in an announcement: 800 kB, below the limit of 1 MiB that a server has for messages. A node with
/// more gets every wake-up.
const READERS_MAX: usize = 100_000;

/// Interval in which readers who left, losses and requests are handled. It bounds how often a node announces all its
/// readers, and how often it wakes all its streams.
const TICK: Duration = Duration::from_secs(1);

pub(super) struct Announcer {
    shared: Arc<Shared>,
    new_readers: mpsc::Receiver<NewReader>,
    /// The readers that the other nodes know.
    announced: HashSet<PersonId>,
    tick: Interval,
}

impl Announcer {
    pub(super) fn new(shared: Arc<Shared>, new_readers: mpsc::Receiver<NewReader>) -> Self {
        let mut tick = interval(TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self {
            shared,
            new_readers,
            announced: HashSet::default(),
            tick,
        }
    }

    /// Runs until the engine is dropped.
    pub(super) async fn run(mut self) {
        let mut batch = Vec::new();
        loop {
            tokio::select! {
                _ = self.tick.tick() => self.catch_up().await,
                count = self.new_readers.recv_many(&mut batch, WATCHES_MAX) => {
                    if count == 0 {
                        return;
                    }
                    self.announce(take(&mut batch)).await;
                }
            }
        }
    }

    /// Announces new readers, all that wait at once, and then lets their streams open.
    async fn announce(&mut self, batch: Vec<NewReader>) {
        let readers: HashSet<_> = batch.iter().map(|(reader, _)| *reader).collect();
        let new: Vec<_> = readers.difference(&self.announced).copied().collect();
        if !new.is_empty() {
            self.announced.extend(&new);
            self.ask(&Announcement::Joined(new)).await;
        }
        for (_, opened) in batch {
            let _stream_is_gone = opened.send(());
        }
    }

    /// Sends an announcement. Returns whether every node confirmed it. Otherwise all readers are announced at the next
    /// tick.
    async fn ask(&self, announcement: &Announcement) -> bool {
        let told = self.shared.bus.ask(&announcement.write()).await;
        let confirmed = told.is_ok_and(|told| told.is_complete());
        if !confirmed {
            self.shared.due.lock().unconfirmed = true;
        }
        confirmed
    }

    async fn catch_up(&mut self) {
        let mut due = take(&mut *self.shared.due.lock());
        let members = self.shared.bus.members();
        due.wanted.retain(|node| members.contains(node));
        let lost = self.send_changes(&due).await.is_err();
        let wake = due.missed | self.announce_all(&due, lost).await;
        if wake {
            let streams = &self.shared.streams;
            streams.wake_matching(|_everybody| true, Signals::ALL);
        }
    }

    /// Announces the readers who left, and asks for the lists that are unknown, again until they arrive.
    async fn send_changes(&mut self, due: &Due) -> FabricResult<()> {
        self.shared.due.lock().wanted.extend(&due.wanted);
        for node in &due.wanted {
            self.send(&Announcement::Wanted(*node)).await?;
        }
        let present: HashSet<_> = self.shared.streams.readers().into_iter().collect();
        let left: Vec<_> = self.announced.difference(&present).copied().collect();
        if left.is_empty() {
            return Ok(());
        }
        self.announced.retain(|reader| present.contains(reader));
        self.send(&Announcement::Left(left)).await
    }

    async fn send(&self, announcement: &Announcement) -> FabricResult<()> {
        self.shared.bus.send(&announcement.write()).await
    }

    /// Announces all readers if that is due. Returns whether streams may have missed wake-ups while their reader was not
    /// confirmed.
    async fn announce_all(&mut self, due: &Due, lost: bool) -> bool {
        if !(due.full || due.unconfirmed || lost) {
            return false;
        }
        let readers = self.shared.streams.readers();
        self.announced = readers.iter().copied().collect();
        let announcement = match readers.len() <= READERS_MAX {
            true => Announcement::Full(readers),
            false => Announcement::Everybody,
        };
        self.ask(&announcement).await && due.unconfirmed
    }
}
