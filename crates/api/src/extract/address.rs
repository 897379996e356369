//! The client address of a request: the key of every limit by address.
//!
//! Behind a proxy the peer of the connection is the proxy. Forwarding headers are trusted only from proxies in the
//! configuration. The client is the rightmost hop that is not such a proxy. Hops before it can be forged by the client.

use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{Extensions, HeaderMap};
use xxhash_rust::xxh3::xxh3_64;

use super::forwarded::hops;
use crate::app::App;
use crate::problem::Problem;
use crate::serve::InFlight;
use crate::settings::Settings;

/// Maximum number of proxies in a chain. Real chains have two or three; a longer one is forged by a client.
const HOPS_MAX: usize = 16;

/// Bytes of an IPv6 address that identify the narrow network: /64. A rented machine gets at least that, so a single
/// client has 2⁶⁴ addresses.
const V6_NARROW_BYTES: usize = 8;

/// Bytes of an IPv6 address that identify the wide network: /48. Providers assign each customer a prefix between /64
/// and /48.
const V6_WIDE_BYTES: usize = 6;

/// Bytes of an IPv4 address that identify the wide network: /24, the smallest that is routed on its own.
const V4_WIDE_BYTES: usize = 3;

/// The address a request comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ClientAddress(IpAddr);

/// Keys of the two networks of a client in limits by address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ClientNetworks {
    /// One IPv4 address, or an IPv6 /64.
    pub(crate) narrow: u64,
    /// The network around it, which may belong to the same customer: IPv4 /24, IPv6 /48.
    pub(crate) wide: u64,
}

impl ClientAddress {
    /// The client of a request with these headers, whose connection has this peer.
    pub(crate) fn of(peer: IpAddr, headers: &HeaderMap, settings: &Settings) -> Self {
        let peer = peer.to_canonical();
        if !settings.trusts(peer) {
            return Self(peer);
        }
        let mut client = peer;
        for hop in hops(settings.forwarded_header, headers)
            .into_iter()
            .take(HOPS_MAX)
        {
            // A hop without a readable address names nobody, so the proxy that wrote it counts.
            let Some(address) = hop else { break };
            client = address;
            if !settings.trusts(client) {
                break;
            }
        }
        Self(client)
    }

    /// The client of a request.
    pub(crate) fn of_parts(
        extensions: &Extensions,
        headers: &HeaderMap,
        settings: &Settings,
    ) -> Self {
        Self::of(peer_of(extensions), headers, settings)
    }

    /// The keys of limits by address.
    pub(crate) fn networks(self) -> ClientNetworks {
        ClientNetworks::of(self.0)
    }
}

/// The other end of the connection of a request. Only requests without a socket have none; all of them count as one
/// client.
pub(super) fn peer_of(extensions: &Extensions) -> IpAddr {
    extensions
        .get::<Arc<InFlight>>()
        .map_or(IpAddr::V6(Ipv6Addr::UNSPECIFIED), |request| {
            request.connection().peer().ip().to_canonical()
        })
}

impl ClientNetworks {
    /// The networks of an address.
    pub(crate) fn of(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(address) => {
                let bytes = address.octets();
                Self {
                    narrow: xxh3_64(&bytes),
                    wide: xxh3_64(&bytes[..V4_WIDE_BYTES]),
                }
            }
            IpAddr::V6(address) => {
                let bytes = address.octets();
                Self {
                    narrow: xxh3_64(&bytes[..V6_NARROW_BYTES]),
                    wide: xxh3_64(&bytes[..V6_WIDE_BYTES]),
                }
            }
        }
    }
}

impl FromRequestParts<App> for ClientAddress {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        Ok(Self::of_parts(
            &parts.extensions,
            &parts.headers,
            &app.settings,
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::extract::ForwardedHeader;
    use axum::http::HeaderValue;

    const CLIENT: &str = "203.0.113.9";
    const PROXY: &str = "10.0.0.1";

    fn settings(header: ForwardedHeader) -> Settings {
        let mut settings = Settings {
            forwarded_header: header,
            ..Settings::default()
        };
        settings.connections.trusted_proxies = vec![
            "10.0.0.0/30".parse().unwrap(),
            "2001:db8:9::/48".parse().unwrap(),
        ];
        settings
    }

    #[track_caller]
    fn check(peer: &str, forwarded: &'static str, expected: &str) {
        let headers = HeaderMap::from_iter([(
            "x-forwarded-for".parse().unwrap(),
            HeaderValue::from_static(forwarded),
        )]);
        let settings = settings(ForwardedHeader::XForwardedFor);
        assert_eq!(
            ClientAddress::of(peer.parse().unwrap(), &headers, &settings),
            ClientAddress(expected.parse().unwrap()),
            "{forwarded}"
        );
    }

    #[test]
    fn only_a_named_proxy_is_believed() {
        check(CLIENT, "1.2.3.4", CLIENT);
        check(PROXY, CLIENT, CLIENT);
        check("::ffff:10.0.0.1", CLIENT, CLIENT);
        check("2001:db8:9:1::1", CLIENT, CLIENT);
        check("10.0.0.4", CLIENT, "10.0.0.4");
    }

    #[test]
    fn a_port_or_brackets_change_nothing() {
        check(PROXY, "203.0.113.9:4711", CLIENT);
        check(PROXY, "203.0.113.9:4711, 10.0.0.2:80", CLIENT);
        check(PROXY, "[2001:db8::1]:4711", "2001:db8::1");
    }

    #[test]
    fn what_stands_before_the_rightmost_stranger_was_written_by_the_client() {
        check(PROXY, "9.9.9.9, 203.0.113.9, 10.0.0.2", CLIENT);
        check(PROXY, "9.9.9.9, rubbish", PROXY);
        check(PROXY, "9.9.9.9, rubbish, 10.0.0.2", "10.0.0.2");
        check(PROXY, "", PROXY);
        check(PROXY, "10.0.0.3, 10.0.0.2", "10.0.0.3");
    }

    #[test]
    fn a_longer_chain_than_the_maximum_ends_there() {
        let inside = vec!["10.0.0.2"; HOPS_MAX].join(", ");
        let line = HeaderValue::try_from(format!("{CLIENT}, {inside}")).unwrap();
        let headers = HeaderMap::from_iter([("x-forwarded-for".parse().unwrap(), line)]);
        let settings = settings(ForwardedHeader::XForwardedFor);
        let client = ClientAddress::of(PROXY.parse().unwrap(), &headers, &settings);
        assert_eq!(client, ClientAddress("10.0.0.2".parse().unwrap()));
    }

    #[test]
    fn only_the_header_that_the_proxies_write_is_read() {
        let headers = HeaderMap::from_iter([
            (
                "x-forwarded-for".parse().unwrap(),
                HeaderValue::from_static("192.0.2.1"),
            ),
            (
                "forwarded".parse().unwrap(),
                HeaderValue::from_static("for=192.0.2.2"),
            ),
        ]);
        for (header, expected) in [
            (ForwardedHeader::XForwardedFor, "192.0.2.1"),
            (ForwardedHeader::Forwarded, "192.0.2.2"),
        ] {
            let client = ClientAddress::of(PROXY.parse().unwrap(), &headers, &settings(header));
            assert_eq!(client, ClientAddress(expected.parse().unwrap()));
        }
    }

    fn networks(address: &str) -> ClientNetworks {
        ClientAddress(address.parse().unwrap()).networks()
    }

    #[test]
    fn neighbours_share_the_wide_network() {
        let wide = |address: &str| networks(address).wide;
        assert_eq!(wide("192.0.2.1"), wide("192.0.2.254"));
        assert_ne!(wide("192.0.2.1"), wide("192.0.3.1"));
        assert_eq!(wide("2001:db8:1:2::1"), wide("2001:db8:1:ffff::9"));
        assert_ne!(wide("2001:db8:1::1"), wide("2001:db8:2::1"));
    }

    #[test]
    fn the_addresses_of_one_machine_share_the_narrow_network() {
        let narrow = |address: &str| networks(address).narrow;
        assert_eq!(narrow("2001:db8:1:2::1"), narrow("2001:db8:1:2:ffff::9"));
        assert_ne!(narrow("2001:db8:1:2::1"), narrow("2001:db8:1:3::1"));
        assert_ne!(narrow("192.0.2.1"), narrow("192.0.2.2"));
        assert_eq!(narrow("192.0.2.1"), narrow("::ffff:192.0.2.1"));
    }
}
