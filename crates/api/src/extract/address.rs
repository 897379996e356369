//! From where a request comes: what limits on sign-ups and log-ins go by.
//!
//! Behind a proxy the connection's address is the proxy's. What it writes into `X-Forwarded-For` is believed only of
//! proxies that the operator named, and only up to the first hop that is none of them; what stands before that was
//! written by the client.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use axum::extract::FromRequestParts;
use axum::http::HeaderMap;
use axum::http::request::Parts;
use xxhash_rust::xxh3::xxh3_64;

use crate::app::App;
use crate::problem::Problem;

/// Longest chain of proxies looked at.
const HOPS_MAX: usize = 16;

/// Address of the other end of the connection, set by [`serve`](crate::serve).
#[derive(Debug, Clone, Copy)]
pub(crate) struct Peer(pub(crate) SocketAddr);

/// From where a request comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ClientAddress(IpAddr);

impl ClientAddress {
    /// The key of its buckets. One household has a whole /64 of version 6, so that counts as one.
    pub(crate) fn key(self) -> u64 {
        match self.0 {
            IpAddr::V4(address) => xxh3_64(&address.octets()),
            IpAddr::V6(address) => xxh3_64(&address.octets()[..8]),
        }
    }
}

impl FromRequestParts<App> for ClientAddress {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        // Only a request that did not come through a socket has no peer; all of those count as one.
        let peer = parts
            .extensions
            .get::<Peer>()
            .map_or(IpAddr::V6(Ipv6Addr::UNSPECIFIED), |peer| peer.0.ip());
        Ok(Self(client(
            peer,
            &parts.headers,
            &app.settings.trusted_proxies,
        )))
    }
}

fn client(peer: IpAddr, headers: &HeaderMap, trusted: &[IpAddr]) -> IpAddr {
    let peer = peer.to_canonical();
    let forwarded: Vec<&str> = headers
        .get_all("x-forwarded-for")
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .collect();
    let mut client = peer;
    for hop in forwarded.into_iter().rev().take(HOPS_MAX) {
        if !trusted.contains(&client) {
            break;
        }
        // A hop that cannot be read was not written by a proxy of ours.
        let Ok(address) = hop.parse::<IpAddr>() else {
            break;
        };
        client = address.to_canonical();
    }
    client
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    const CLIENT: &str = "203.0.113.9";
    const PROXY: &str = "10.0.0.1";

    #[track_caller]
    fn check(peer: &str, forwarded: &'static str, expected: &str) {
        let headers = HeaderMap::from_iter([(
            "x-forwarded-for".parse().unwrap(),
            HeaderValue::from_static(forwarded),
        )]);
        let trusted = [PROXY.parse().unwrap(), "10.0.0.2".parse().unwrap()];
        assert_eq!(
            client(peer.parse().unwrap(), &headers, &trusted),
            expected.parse::<IpAddr>().unwrap(),
            "{forwarded}"
        );
    }

    #[test]
    fn only_a_named_proxy_is_believed() {
        check(CLIENT, "1.2.3.4", CLIENT);
        check(PROXY, CLIENT, CLIENT);
        check("::ffff:10.0.0.1", CLIENT, CLIENT);
    }

    #[test]
    fn what_stands_before_the_first_stranger_was_written_by_the_client() {
        check(PROXY, "9.9.9.9, 203.0.113.9, 10.0.0.2", CLIENT);
        check(PROXY, "9.9.9.9, rubbish", PROXY);
        check(PROXY, "", PROXY);
    }

    #[test]
    fn a_household_of_version_6_is_one() {
        let key = |text: &str| ClientAddress(text.parse().unwrap()).key();
        assert_eq!(key("2001:db8:1:2::1"), key("2001:db8:1:2:ffff::9"));
        assert_ne!(key("2001:db8:1:2::1"), key("2001:db8:1:3::1"));
    }
}
