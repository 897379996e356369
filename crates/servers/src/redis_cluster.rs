//! Redis Cluster.

use std::time::Duration;

use crate::find::free_port;
use crate::ready::poll;
use crate::redis::Redis;

/// Slots of a cluster.
const SLOTS: usize = 16_384;

/// Time until all nodes agree on the slots.
const AGREED_MAX: Duration = Duration::from_secs(60);

/// A cluster without replicas. Dropping it stops the nodes.
#[derive(Debug)]
pub struct RedisCluster {
    /// Each has the same number of slots.
    pub nodes: Vec<Redis>,
}

impl RedisCluster {
    /// Starts a cluster of this many nodes with these additional arguments, and waits until it serves.
    ///
    /// # Errors
    /// The server is not installed, does not start, or the nodes do not find each other.
    pub fn start(nodes: usize, settings: &[&str]) -> anyhow::Result<Self> {
        let mut started: Vec<Redis> = Vec::new();
        for number in 0..nodes {
            let bus = free_port()?.to_string();
            let cluster = ["--cluster-enabled", "yes", "--cluster-port", &bus];
            let node = Redis::start(&[settings, &cluster].concat())?;
            let slot = |number: usize| number * SLOTS / nodes;
            let [first, last] = [slot(number), slot(number + 1) - 1].map(|slot| slot.to_string());
            node.ask(&["CLUSTER", "ADDSLOTSRANGE", &first, &last])?;
            let other = started.first().unwrap_or(&node);
            let port = node.port().to_string();
            other.ask(&["CLUSTER", "MEET", "127.0.0.1", &port, &bus])?;
            started.push(node);
        }
        let size = format!("cluster_size:{nodes}\r");
        poll(AGREED_MAX, || {
            started.iter().all(|node| {
                let info = node.ask(&["CLUSTER", "INFO"]);
                info.is_ok_and(|info| info.contains("cluster_state:ok") && info.contains(&size))
            })
        })?;
        Ok(Self { nodes: started })
    }

    /// Its address, with one of its nodes.
    #[must_use]
    pub fn url(&self) -> String {
        let port = self.nodes.first().map_or(0, Redis::port);
        format!("redis-cluster://127.0.0.1:{port}")
    }
}
