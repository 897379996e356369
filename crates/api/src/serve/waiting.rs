//! Requests that wait for a permit of their connection.
//!
//! Each holds its head and the received part of its body. A connection has few of them, because its streams are few
//! ([`protocol`](super::protocol)). This module bounds those of all connections.

use std::sync::Arc;

use tokio::sync::{Semaphore, SemaphorePermit};

use super::networks::{NetworkShare, NetworkShares};
use crate::extract::ClientNetworks;

/// Maximum number of waiting requests of a listener. Each holds at most 16 KiB of header fields in at most 30 KiB of
/// memory, so all hold 120 MiB at most. It is enough for 250 browsers that load the client at the same moment.
const WAITING_MAX: usize = 4_096;

/// The waiting requests of a listener.
#[derive(Debug)]
pub(super) struct WaitingRequests {
    all: Semaphore,
    networks: Arc<NetworkShares>,
}

/// A request that waits.
#[derive(Debug)]
pub(super) struct WaitingRequest<'a> {
    _one_of_all: SemaphorePermit<'a>,
    _network: NetworkShare,
}

impl WaitingRequests {
    pub(super) fn new() -> Self {
        Self {
            all: Semaphore::new(WAITING_MAX),
            networks: NetworkShares::of(WAITING_MAX as u64),
        }
    }

    /// Counts a request that is about to wait. Returns `None` if too many wait already.
    pub(super) fn join(&self, client: ClientNetworks) -> Option<WaitingRequest<'_>> {
        Some(WaitingRequest {
            _network: self.networks.take(client, 1)?,
            _one_of_all: self.all.try_acquire().ok()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_connections_together_have_at_most_the_maximum_of_waiting_requests() {
        let waiting = WaitingRequests::new();
        let client = |number: usize| ClientNetworks {
            narrow: number as u64,
            wide: number as u64,
        };
        let held: Vec<_> = (0..2 * WAITING_MAX)
            .map_while(|number| waiting.join(client(number)))
            .collect();
        assert_eq!(held.len(), WAITING_MAX);
        drop(held);
        let of_one_network: Vec<_> = (0..WAITING_MAX)
            .map_while(|_| waiting.join(client(1)))
            .collect();
        assert_eq!(of_one_network.len(), WAITING_MAX / 2);
        assert!(waiting.join(client(2)).is_some());
    }
}
