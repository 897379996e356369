//! Limits on open connections: in total, and for each client address.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use ipnet::IpNet;
use parking_lot::Mutex;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::address::is_in;
use crate::settings::Settings;

/// The part of an IPv6 address that identifies a client: /64, the least that a machine gets.
const V6_CLIENT_BITS: u32 = 64;

/// All places.
#[derive(Debug)]
pub(super) struct Places {
    taken: AtomicUsize,
    free: Arc<Semaphore>,
    per_address_max: u32,
    trusted: Vec<IpNet>,
    by_address: Mutex<HashMap<IpAddr, u32>>,
}

/// The place of a connection. Dropping it frees the place.
#[derive(Debug)]
pub(super) struct Place {
    places: Arc<Places>,
    counted: Option<IpAddr>,
    _permit: OwnedSemaphorePermit,
}

impl Places {
    pub(super) fn new(settings: &Settings) -> Self {
        let limits = settings.connections;
        Self {
            taken: AtomicUsize::new(0),
            free: Arc::new(Semaphore::new(limits.open_max)),
            per_address_max: limits.per_address_max,
            trusted: settings.trusted_proxies.clone(),
            by_address: Mutex::default(),
        }
    }

    /// Connections that are open.
    pub(super) fn taken(&self) -> usize {
        self.taken.load(Ordering::Relaxed)
    }

    /// Waits for a free place. Connections stay in the accept queue of the system meanwhile.
    pub(super) async fn free(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.free).acquire_owned().await.ok()
    }

    /// Gives the place to a client. `None` if its address has too many.
    pub(super) fn take(
        self: &Arc<Self>,
        permit: OwnedSemaphorePermit,
        peer: IpAddr,
    ) -> Option<Place> {
        let key = client_of(peer);
        let counted = (!is_in(&self.trusted, peer)).then_some(key);
        if counted.is_some() {
            let mut by_address = self.by_address.lock();
            let count = by_address.entry(key).or_default();
            if *count >= self.per_address_max {
                return None;
            }
            *count += 1;
        }
        self.taken.fetch_add(1, Ordering::Relaxed);
        Some(Place {
            places: Arc::clone(self),
            counted,
            _permit: permit,
        })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.places.taken.fetch_sub(1, Ordering::Relaxed);
        let Some(address) = self.counted else { return };
        let mut by_address = self.places.by_address.lock();
        if let Some(count) = by_address.get_mut(&address) {
            *count -= 1;
            if *count == 0 {
                by_address.remove(&address);
            }
        }
    }
}

fn client_of(peer: IpAddr) -> IpAddr {
    match peer.to_canonical() {
        IpAddr::V4(peer) => IpAddr::V4(peer),
        IpAddr::V6(peer) => {
            let bits = u128::from(peer) >> V6_CLIENT_BITS << V6_CLIENT_BITS;
            IpAddr::V6(Ipv6Addr::from(bits))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(per_address_max: u32) -> Arc<Places> {
        let mut settings = Settings {
            trusted_proxies: vec!["10.0.0.0/8".parse().unwrap()],
            ..Settings::default()
        };
        settings.connections.per_address_max = per_address_max;
        Arc::new(Places::new(&settings))
    }

    async fn take(places: &Arc<Places>, peer: &str) -> Option<Place> {
        let permit = places.free().await.unwrap();
        places.take(permit, peer.parse().unwrap())
    }

    #[tokio::test]
    async fn one_address_gets_so_many_places_and_a_trusted_proxy_all() {
        let places = places(2);
        let first = take(&places, "192.0.2.1").await;
        let second = take(&places, "::ffff:192.0.2.1").await;
        assert!(first.is_some() && second.is_some());
        assert!(take(&places, "192.0.2.1").await.is_none());
        assert!(take(&places, "192.0.2.2").await.is_some());
        let proxied: Vec<_> = [
            take(&places, "10.0.0.1").await,
            take(&places, "10.0.0.1").await,
        ]
        .into();
        assert!(proxied.iter().all(Option::is_some));
        assert_eq!(places.taken(), 4);
        drop(first);
        assert!(take(&places, "192.0.2.1").await.is_some());
        drop((second, proxied));
        assert_eq!(places.taken(), 0);
        assert!(places.by_address.lock().is_empty());
    }

    #[tokio::test]
    async fn a_network_of_version_6_is_one_client() {
        let places = places(1);
        let _first = take(&places, "2001:db8::1").await.unwrap();
        assert!(take(&places, "2001:db8::2").await.is_none());
        assert!(take(&places, "2001:db8:0:1::1").await.is_some());
    }
}
