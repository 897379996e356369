//! Names of nodes, addresses of clients, and paths that are not passed on.

use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

#[cfg(feature = "proxy")]
use ipnet::IpNet;

use crate::choice::WEIGHT_MAX;

/// Most addresses that are kept from proxies in front, the last ones. Nobody has more proxies: what stands before them is
/// forged.
const HOPS_MAX: usize = 16;

/// First segments of paths that only operators use, on the administration listener of a node.
const HIDDEN: [&str; 3] = ["metrics", "admin", "healthz"];

/// A node as the configuration names it: `host:port`, or `host:port weight=3`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeName {
    /// Host and port. The host is an address or a name.
    pub host_port: String,
    /// The share of the node, relative to others.
    pub weight: u32,
}

impl FromStr for NodeName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || {
            format!("\"{text}\" is not host:port, optionally followed by weight=1 to {WEIGHT_MAX}")
        };
        let mut words = text.split_whitespace();
        let host_port = words.next().ok_or_else(wrong)?;
        let (host, port) = host_port.rsplit_once(':').ok_or_else(wrong)?;
        let port: u16 = port.parse().or(Err(wrong()))?;
        let weight = match words.next() {
            None => 1,
            Some(word) => weight_of(word).ok_or_else(wrong)?,
        };
        let plain = |c: char| c.is_ascii_alphanumeric() || "-._:[]".contains(c);
        if words.next().is_some() || port == 0 || host.is_empty() || !host.chars().all(plain) {
            return Err(wrong());
        }
        Ok(Self {
            host_port: host_port.to_owned(),
            weight,
        })
    }
}

fn weight_of(word: &str) -> Option<u32> {
    let weight = word.strip_prefix("weight=")?.parse().ok()?;
    (1..=WEIGHT_MAX).contains(&weight).then_some(weight)
}

/// The headers about the client that a node gets.
#[derive(Debug, PartialEq, Eq)]
pub struct Forwarded {
    /// `X-Forwarded-For`.
    pub x_forwarded_for: String,
    /// `Forwarded` (RFC 7239).
    pub forwarded: String,
}

impl Forwarded {
    /// The chain of addresses: `before` from a trusted proxy in front, and the address of the connection.
    pub fn new(peer: IpAddr, tls: bool, before: Option<&str>) -> Self {
        let peer = peer.to_canonical();
        let hops: Vec<IpAddr> = before.map(readable).unwrap_or_default();
        let hops: Vec<IpAddr> = hops.into_iter().chain([peer]).collect();
        let scheme = if tls { "https" } else { "http" };
        let last = hops.len() - 1;
        let element = |(at, hop): (usize, &IpAddr)| match at == last {
            true => format!("{};proto={scheme}", node_of(*hop)),
            false => node_of(*hop),
        };
        let plain: Vec<String> = hops.iter().map(IpAddr::to_string).collect();
        let elements: Vec<String> = hops.iter().enumerate().map(element).collect();
        Self {
            x_forwarded_for: plain.join(", "),
            forwarded: elements.join(", "),
        }
    }
}

/// The addresses of a chain from the last one that cannot be read on. What stands before that is worth nothing.
fn readable(chain: &str) -> Vec<IpAddr> {
    let from_last = chain.rsplit(',').take(HOPS_MAX).map_while(address_of);
    let mut hops: Vec<IpAddr> = from_last.collect();
    hops.reverse();
    hops
}

fn address_of(hop: &str) -> Option<IpAddr> {
    let hop = hop.trim();
    let with_port = || hop.parse::<SocketAddr>().map(|address| address.ip());
    let bare = hop.trim_start_matches('[').trim_end_matches(']');
    bare.parse().or_else(|_| with_port()).ok()
}

fn node_of(hop: IpAddr) -> String {
    match hop {
        IpAddr::V4(hop) => format!("for={hop}"),
        IpAddr::V6(hop) => format!("for=\"[{hop}]\""),
    }
}

/// Whether an address belongs to one of the networks.
#[cfg(feature = "proxy")]
pub(crate) fn is_in(networks: &[IpNet], address: IpAddr) -> bool {
    let address = address.to_canonical();
    networks.iter().any(|network| network.contains(&address))
}

/// Whether a path belongs to the administration of a node, however it is written. Nodes do not serve these paths on
/// their public listener either.
pub fn is_hidden(path: &[u8]) -> bool {
    let path = path.split(|byte| matches!(byte, b'?' | b'#')).next();
    let decoded = decode(path.unwrap_or_default());
    let mut segments: Vec<&[u8]> = Vec::new();
    for segment in decoded.split(|byte| matches!(byte, b'/' | b'\\')) {
        match segment {
            b"" | b"." => {}
            b".." => drop(segments.pop()),
            segment => segments.push(segment),
        }
    }
    let first = segments.first().copied().unwrap_or_default();
    HIDDEN
        .iter()
        .any(|name| first.eq_ignore_ascii_case(name.as_bytes()))
}

fn decode(path: &[u8]) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(path.len());
    let mut rest = path;
    while let Some((byte, after)) = rest.split_first() {
        let escaped = (*byte == b'%')
            .then(|| after.get(..2))
            .flatten()
            .and_then(hex);
        decoded.push(escaped.unwrap_or(*byte));
        rest = if escaped.is_some() {
            &after[2..]
        } else {
            after
        };
    }
    decoded
}

fn hex(digits: &[u8]) -> Option<u8> {
    let digits = str::from_utf8(digits).ok()?;
    let plain = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    plain.then(|| u8::from_str_radix(digits, 16).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> Option<(String, u32)> {
        let name: Result<NodeName, _> = text.parse();
        name.ok().map(|name| (name.host_port, name.weight))
    }

    #[test]
    fn a_node_is_a_host_a_port_and_perhaps_a_weight() {
        assert_eq!(name("10.0.0.1:8420"), Some(("10.0.0.1:8420".to_owned(), 1)));
        assert_eq!(
            name("[::1]:8420 weight=3"),
            Some(("[::1]:8420".to_owned(), 3))
        );
        assert_eq!(
            name("feed.internal:80"),
            Some(("feed.internal:80".to_owned(), 1))
        );
        for wrong in [
            "",
            "10.0.0.1",
            ":80",
            "a:0",
            "a:65536",
            "http://a:80",
            "a:80 weight=0",
            "a:80 weight=101",
            "a:80 heavy",
            "a:80 weight=1 x",
            "a b:80",
        ] {
            assert_eq!(name(wrong), None, "{wrong}");
        }
    }

    fn forwarded(before: Option<&str>) -> (String, String) {
        let peer = "192.0.2.7".parse().unwrap();
        let forwarded = Forwarded::new(peer, true, before);
        (forwarded.x_forwarded_for, forwarded.forwarded)
    }

    #[test]
    fn a_client_without_a_proxy_in_front_is_the_whole_chain() {
        let own = (
            "192.0.2.7".to_owned(),
            "for=192.0.2.7;proto=https".to_owned(),
        );
        assert_eq!(forwarded(None), own);
    }

    #[test]
    fn of_a_long_chain_the_last_addresses_are_kept() {
        let (plain, _) = forwarded(Some(&format!("{}203.0.113.9", "1.1.1.1,".repeat(1_000))));
        assert!(
            plain.ends_with("1.1.1.1, 203.0.113.9, 192.0.2.7"),
            "{plain}"
        );
        assert_eq!(plain.matches("1.1.1.1").count(), HOPS_MAX - 1);
    }

    #[test]
    fn the_chain_of_a_trusted_proxy_is_kept_as_far_as_it_can_be_read() {
        let (plain, elements) = forwarded(Some("junk, 203.0.113.9:80, 2001:db8::1"));
        assert_eq!(plain, "203.0.113.9, 2001:db8::1, 192.0.2.7");
        assert_eq!(
            elements,
            "for=203.0.113.9, for=\"[2001:db8::1]\", for=192.0.2.7;proto=https"
        );
    }

    #[test]
    fn the_administration_is_hidden_however_its_path_is_written() {
        for path in [
            "/metrics",
            "/metrics?a",
            "//metrics",
            "/./metrics/",
            "/x/../metrics",
            "/%6detrics",
            "/METRICS",
            "/admin/orders",
            "/admin",
            "/healthz",
            "\\metrics",
            "/%2e/admin",
        ] {
            assert!(is_hidden(path.as_bytes()), "{path}");
        }
        for path in [
            "/",
            "/v1/feed",
            "/readyz",
            "/administrators",
            "/v1/metrics",
            "/%",
            "/%zz",
        ] {
            assert!(!is_hidden(path.as_bytes()), "{path}");
        }
    }
}
