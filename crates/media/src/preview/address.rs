//! Which addresses the server may connect to on behalf of a stranger.
//!
//! Only global unicast addresses. The ranges are those of the IANA registries of special-purpose addresses, and addresses
//! that a cloud provider serves to its machines although they look global.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

/// An address that was checked. Only [`AddressPolicy::check`] makes one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PublicAddress(SocketAddr);

impl PublicAddress {
    /// The address to connect to.
    pub fn get(self) -> SocketAddr {
        self.0
    }
}

/// The address is not global, or the operator has refused it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the address is not public")]
pub struct NotPublic;

/// Decides which addresses are public.
#[derive(Clone, Debug, Default)]
pub struct AddressPolicy {
    refused: Vec<IpNet>,
}

const fn v4(a: u8, b: u8, c: u8, d: u8, length: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), length)
}

const fn v6(a: u16, b: u16, c: u16, length: u8) -> Ipv6Net {
    Ipv6Net::new_assert(Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0), length)
}

const REFUSED_V4: [Ipv4Net; 18] = [
    v4(0, 0, 0, 0, 8),        // this network
    v4(10, 0, 0, 0, 8),       // private
    v4(100, 64, 0, 0, 10),    // shared by providers; metadata of Alibaba Cloud
    v4(127, 0, 0, 0, 8),      // loopback
    v4(168, 63, 129, 16, 32), // Azure serves secrets of a machine here
    v4(169, 254, 0, 0, 16),   // link-local; metadata of most clouds
    v4(172, 16, 0, 0, 12),    // private
    v4(192, 0, 0, 0, 24),     // protocol assignments; metadata of Oracle Cloud
    v4(192, 0, 2, 0, 24),     // documentation
    v4(192, 31, 196, 0, 24),  // AS112
    v4(192, 52, 193, 0, 24),  // relays of multicast
    v4(192, 88, 99, 0, 24),   // relays of 6to4
    v4(192, 168, 0, 0, 16),   // private
    v4(192, 175, 48, 0, 24),  // AS112
    v4(198, 18, 0, 0, 15),    // benchmarks
    v4(198, 51, 100, 0, 24),  // documentation
    v4(203, 0, 113, 0, 24),   // documentation
    v4(224, 0, 0, 0, 3),      // multicast, reserved, broadcast
];

/// Global unicast. Everything outside is refused: loopback, private (`fc00::/7`), link-local, multicast, addresses that
/// hold one of version 4 (mapped, compatible, NAT64), and what is not assigned yet.
const GLOBAL_V6: Ipv6Net = v6(0x2000, 0, 0, 3);

/// Refused parts of [`GLOBAL_V6`].
const REFUSED_V6: [Ipv6Net; 6] = [
    v6(0x2001, 0, 0, 23),         // protocol assignments, Teredo, benchmarks, ORCHID
    v6(0x2001, 0xdb8, 0, 32),     // documentation
    v6(0x2002, 0, 0, 16),         // 6to4: holds an address of version 4
    v6(0x2620, 0x4f, 0x8000, 48), // AS112
    v6(0x3ffe, 0, 0, 16),         // the former test network
    v6(0x3fff, 0, 0, 20),         // documentation
];

impl AddressPolicy {
    /// Refuses also the networks of the operator: public addresses that serve private things.
    pub fn refusing(refused: Vec<IpNet>) -> Self {
        Self { refused }
    }

    /// Checks an address.
    ///
    /// # Errors
    ///
    /// [`NotPublic`] for each address that is not global unicast.
    pub fn check(&self, address: SocketAddr) -> Result<PublicAddress, NotPublic> {
        let ip = address.ip();
        let global = match ip {
            IpAddr::V4(ip) => !REFUSED_V4.iter().any(|net| net.contains(&ip)),
            IpAddr::V6(ip) => is_global_v6(ip),
        };
        let refused = self.refused.iter().any(|net| net.contains(&ip));
        if global && !refused {
            Ok(PublicAddress(address))
        } else {
            Err(NotPublic)
        }
    }
}

fn is_global_v6(ip: Ipv6Addr) -> bool {
    let refused = REFUSED_V6.iter().any(|net| net.contains(&ip));
    GLOBAL_V6.contains(&ip) && !refused && !is_isatap(ip)
}

/// ISATAP tunnels to the address of version 4 in the last four bytes, under any prefix.
fn is_isatap(ip: Ipv6Addr) -> bool {
    let [.., marker, protocol, _, _] = ip.segments();
    matches!(marker, 0 | 0x0200) && protocol == 0x5efe
}
