//! Peers that break the promise that a change is answered after every node has applied it.

use std::sync::Arc;

use async_trait::async_trait;
use sosik_fabric::peers::{Heard, Notice};
use sosik_fabric::{FabricResult, PeerId, Peers, Told};

/// Sends notices in the background.
pub(super) struct UnawaitedPeers(pub(super) Arc<dyn Peers>);

#[async_trait]
impl Peers for UnawaitedPeers {
    fn me(&self) -> PeerId {
        self.0.me()
    }

    async fn tell(&self, notice: &Notice) -> FabricResult<Told> {
        let (peers, notice) = (Arc::clone(&self.0), notice.clone());
        tokio::spawn(async move {
            // Nobody waits for the answer.
            let _told_or_not = peers.tell(&notice).await;
        });
        Ok(Told::default())
    }

    async fn hear(&self) -> FabricResult<Heard> {
        self.0.hear().await
    }

    async fn leave(&self) -> FabricResult<()> {
        self.0.leave().await
    }
}
