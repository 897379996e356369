//! The maximum of password hashes at the same time, and the part of it that one network may have.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::extract::ClientNetworks;
use crate::serve::{NetworkShare, NetworkShares};

/// Requests that hash a password or wait to do so.
#[derive(Debug)]
pub(crate) struct Hashes {
    all: Arc<Semaphore>,
    networks: Arc<NetworkShares>,
}

/// The right to hash a password. Dropping it releases the right.
#[derive(Debug)]
pub(crate) struct HashPermit {
    _all: OwnedSemaphorePermit,
    _network: NetworkShare,
}

impl Hashes {
    /// At most `max` at the same time, by all networks together.
    pub(crate) fn of(max: usize) -> Self {
        Self {
            all: Arc::new(Semaphore::new(max)),
            networks: NetworkShares::of(max as u64),
        }
    }

    /// Takes one for a client, if there is one left for it.
    pub(crate) fn take(&self, client: ClientNetworks) -> Option<HashPermit> {
        Some(HashPermit {
            _network: self.networks.take(client, 1)?,
            _all: Arc::clone(&self.all).try_acquire_owned().ok()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(number: u8) -> ClientNetworks {
        ClientNetworks::of([10, number, 0, 1].into())
    }

    #[test]
    fn all_networks_together_take_no_more_than_the_maximum() {
        let hashes = Hashes::of(8);
        let taken: Vec<_> = (0..12).filter_map(|it| hashes.take(network(it))).collect();
        assert_eq!(taken.len(), 8);
        drop(taken);
        assert!(hashes.take(network(1)).is_some());
    }

    #[test]
    fn one_network_takes_half_of_them() {
        let hashes = Hashes::of(8);
        let taken: Vec<_> = (0..8).filter_map(|_| hashes.take(network(1))).collect();
        assert_eq!(taken.len(), 4);
        assert!(hashes.take(network(2)).is_some());
    }
}
