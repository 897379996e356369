//! Peers of a single node, and of several nodes in one process.

use std::sync::Arc;

use async_trait::async_trait;
use parking_lot::Mutex;
use tokio::sync::{mpsc, oneshot};

use crate::error::FabricResult;
use crate::peers::{Heard, Notice, PeerId, Peers, Told};

/// Maximum number of notices that wait at one node. A sender of a change waits for a free place. An update without one
/// is dropped, because nothing depends on it.
const INBOX_MAX: usize = 1_024;

/// A node without peers. Its id is random where several processes use one store.
#[derive(Debug, Clone, Copy, Default)]
pub struct Alone(pub PeerId);

#[async_trait]
impl Peers for Alone {
    fn me(&self) -> PeerId {
        self.0
    }

    async fn tell(&self, _notice: &Notice) -> FabricResult<Told> {
        Ok(Told::default())
    }

    async fn hear(&self) -> FabricResult<Heard> {
        std::future::pending().await
    }
}

/// Connects nodes in one process, for tests. Dropping the handle that [`join`](Self::join) returned leaves the hub.
#[derive(Debug, Default)]
pub struct Hub {
    inboxes: Mutex<Vec<mpsc::Sender<Heard>>>,
}

struct Member {
    hub: Arc<Hub>,
    /// The index of its inbox in the hub.
    number: usize,
    inbox: tokio::sync::Mutex<mpsc::Receiver<Heard>>,
}

impl Hub {
    /// Adds a node.
    #[must_use]
    pub fn join(self: &Arc<Self>) -> Arc<dyn Peers> {
        let (sender, inbox) = mpsc::channel(INBOX_MAX);
        let mut inboxes = self.inboxes.lock();
        inboxes.push(sender);
        Arc::new(Member {
            hub: Arc::clone(self),
            number: inboxes.len() - 1,
            inbox: tokio::sync::Mutex::new(inbox),
        })
    }

    fn others(&self, than: usize) -> Vec<(PeerId, mpsc::Sender<Heard>)> {
        let inboxes = self.inboxes.lock();
        let others = inboxes.iter().enumerate();
        others
            .filter(|(number, _)| *number != than)
            .map(|(number, inbox)| (id_of(number), inbox.clone()))
            .collect()
    }
}

fn id_of(number: usize) -> PeerId {
    PeerId::from_u64(number as u64 + 1)
}

#[async_trait]
impl Peers for Member {
    fn me(&self) -> PeerId {
        id_of(self.number)
    }

    async fn tell(&self, notice: &Notice) -> FabricResult<Told> {
        let mut confirmations = Vec::new();
        for (peer, inbox) in self.hub.others(self.number) {
            let (confirm, confirmed) = oneshot::channel();
            let heard = Heard::new(notice.clone(), confirm);
            if notice.changes.is_empty() {
                let _dropped = inbox.try_send(heard);
            } else if inbox.send(heard).await.is_ok() {
                confirmations.push((peer, confirmed));
            } // a member without an inbox has left the hub and serves nothing
        }
        let mut told = Told::default();
        for (peer, confirmed) in confirmations {
            match confirmed.await {
                Ok(()) => told.confirmed.push(peer),
                Err(_dropped) => told.silent.push(peer),
            }
        }
        Ok(told)
    }

    async fn hear(&self) -> FabricResult<Heard> {
        match self.inbox.lock().await.recv().await {
            Some(heard) => Ok(heard),
            // The hub keeps the sender, so this does not happen.
            None => std::future::pending().await,
        }
    }
}
