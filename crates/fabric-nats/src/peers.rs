//! Notices to all nodes, and their answers.

use async_trait::async_trait;
use sosik_fabric::peers::{Heard, Notice, PeerId, Peers, Told};
use sosik_fabric::{FabricError, FabricResult};
use tokio::sync::{Mutex, oneshot};

use crate::bus::{Bus, BusEvent, Events, MESSAGES_MAX};
use crate::error::NatsError;
use crate::link::Link;
use crate::options::NatsOptions;
use crate::wire;

/// The other nodes, over NATS.
///
/// A node that may have missed notices hears one with [`Change::Everything`](sosik_fabric::peers::Change::Everything).
pub struct NatsPeers {
    bus: Bus,
    inbox: Mutex<Inbox>,
}

struct Inbox {
    events: Events,
    /// An event that was read while losses were merged.
    next: Option<BusEvent>,
}

impl NatsPeers {
    /// Connects and joins the other nodes. `me` is the random id of this process. Without an answer of NATS it starts
    /// alone and joins later.
    ///
    /// # Errors
    /// The address or the prefix is malformed.
    pub async fn open(options: &NatsOptions, me: PeerId) -> FabricResult<Self> {
        let link = Link::open(options, "peers", MESSAGES_MAX).await?;
        let (bus, events) = Bus::join(link, options, "peers", me).await?;
        let inbox = Inbox { events, next: None };
        Ok(Self {
            bus,
            inbox: Mutex::new(inbox),
        })
    }

    /// The other nodes that send heartbeats.
    #[must_use]
    pub fn members(&self) -> Vec<PeerId> {
        self.bus.members()
    }
}

#[async_trait]
impl Peers for NatsPeers {
    fn me(&self) -> PeerId {
        self.bus.me()
    }

    async fn tell(&self, notice: &Notice) -> FabricResult<Told> {
        let payload = wire::write_notice(notice);
        if notice.changes.is_empty() {
            self.bus.send(&payload).await?;
            return Ok(Told::default());
        }
        self.bus.ask(&payload).await
    }

    async fn hear(&self) -> FabricResult<Heard> {
        let mut inbox = self.inbox.lock().await;
        loop {
            match inbox.next().await? {
                BusEvent::Message {
                    payload, confirm, ..
                } => {
                    // A newer version may send what this one does not know.
                    let notice = wire::read_notice(&payload);
                    let notice = notice.unwrap_or_else(|_unknown| wire::everything());
                    return Ok(Heard::new(notice, confirm));
                }
                BusEvent::Missed(_) | BusEvent::MissedAll => {
                    inbox.merge_losses();
                    let (nobody_waits, _) = oneshot::channel();
                    return Ok(Heard::new(wire::everything(), nobody_waits));
                }
                BusEvent::Joined(_) | BusEvent::Reconnected(_) | BusEvent::Left(_) => {}
            }
        }
    }

    async fn leave(&self) -> FabricResult<()> {
        self.bus.leave().await
    }
}

impl Inbox {
    /// Cancel-safe.
    async fn next(&mut self) -> FabricResult<BusEvent> {
        if let Some(event) = self.next.take() {
            return Ok(event);
        }
        let event = self.events.recv().await;
        event.ok_or_else(|| FabricError::from(NatsError::Disconnected))
    }

    /// Skips further losses that follow at once. One notice covers them.
    fn merge_losses(&mut self) {
        while let Ok(event) = self.events.try_recv() {
            if !matches!(event, BusEvent::Missed(_) | BusEvent::MissedAll) {
                self.next = Some(event);
                return;
            }
        }
    }
}
