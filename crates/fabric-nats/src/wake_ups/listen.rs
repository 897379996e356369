//! The task that hears wake-ups for this node and announcements of the others. It never waits for another node.

use std::sync::Arc;

use async_nats::Subscriber;
use bytes::Bytes;
use futures::StreamExt;
use sosik_fabric::PeerId;
use tokio::sync::oneshot;

use super::Shared;
use super::message::{Announcement, read_wake_up};
use crate::bus::{BusEvent, Events};

pub(super) struct Listener {
    shared: Arc<Shared>,
    wake_ups: Subscriber,
    events: Events,
}

impl Listener {
    pub(super) fn new(shared: Arc<Shared>, wake_ups: Subscriber, events: Events) -> Self {
        Self {
            shared,
            wake_ups,
            events,
        }
    }

    /// Runs until the client is closed.
    pub(super) async fn run(mut self) {
        loop {
            tokio::select! {
                Some(message) = self.wake_ups.next() => self.wake(&message.payload),
                Some(event) = self.events.recv() => self.note(event),
                else => return,
            }
        }
    }

    fn wake(&self, message: &[u8]) {
        match read_wake_up(message) {
            Some((people, signals)) => self.shared.streams.wake(&people, signals),
            None => self.shared.due.lock().missed = true,
        }
    }

    fn note(&self, event: BusEvent) {
        match event {
            BusEvent::Message {
                from,
                payload,
                confirm,
            } => self.note_announcement(from, &payload, confirm),
            BusEvent::Joined(node) => {
                self.shared.directory.write().add(node);
                self.shared.due.lock().full = true;
            }
            BusEvent::Reconnected(node) => {
                self.shared.directory.write().add(node);
                self.shared.due.lock().missed = true;
            }
            BusEvent::Missed(node) => self.doubt(node),
            BusEvent::MissedAll => {
                self.shared.directory.write().doubt_all();
                let members = self.shared.bus.members();
                let mut due = self.shared.due.lock();
                due.missed = true;
                due.wanted.extend(members);
            }
            BusEvent::Left(node) => {
                self.shared.directory.write().remove(node);
                self.shared.due.lock().wanted.remove(&node);
            }
        }
    }

    fn note_announcement(&self, from: PeerId, payload: &Bytes, confirm: oneshot::Sender<()>) {
        let mut directory = self.shared.directory.write();
        match Announcement::read(payload) {
            Some(Announcement::Full(readers)) => {
                directory.replace(from, &readers);
                self.shared.due.lock().wanted.remove(&from);
            }
            Some(Announcement::Everybody) => {
                directory.doubt(from);
                self.shared.due.lock().wanted.remove(&from);
            }
            Some(Announcement::Joined(readers)) => directory.join(from, &readers),
            Some(Announcement::Left(readers)) => directory.leave(from, &readers),
            Some(Announcement::Wanted(node)) => {
                self.shared.due.lock().full |= node == self.shared.bus.me();
            }
            None => {
                drop(directory);
                self.doubt(from);
            }
        }
        let _nobody_waits = confirm.send(());
    }

    /// Something of this node was lost: an announcement, and maybe wake-ups.
    fn doubt(&self, node: PeerId) {
        self.shared.directory.write().doubt(node);
        let mut due = self.shared.due.lock();
        due.missed = true;
        due.wanted.insert(node);
    }
}
