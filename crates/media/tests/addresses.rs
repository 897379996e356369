//! Which addresses a preview may connect to.

#![allow(
    clippy::unwrap_used,
    reason = "an unexpected result must fail the test"
)]

use std::net::{IpAddr, SocketAddr};

use proptest::prelude::*;
use sosik_media::preview::{AddressPolicy, NotPublic};

fn is_public(ip: IpAddr) -> bool {
    AddressPolicy::default()
        .check(SocketAddr::new(ip, 443))
        .is_ok()
}

fn parsed(text: &str) -> IpAddr {
    text.parse().unwrap_or_else(|_| panic!("{text}"))
}

/// Addresses that are not global unicast, one for each reason and both ends of each range.
const PRIVATE: [&str; 88] = [
    // this network, private, shared, loopback, link-local
    "0.0.0.0",
    "0.255.255.255",
    "10.0.0.0",
    "10.255.255.255",
    "100.64.0.0",
    "100.127.255.255",
    "127.0.0.1",
    "127.255.255.255",
    "169.254.0.0",
    "169.254.255.255",
    "172.16.0.0",
    "172.31.255.255",
    "192.168.0.0",
    "192.168.255.255",
    // protocols, documentation, benchmarks
    "192.0.0.0",
    "192.0.0.255",
    "192.0.2.0",
    "192.0.2.255",
    "192.31.196.1",
    "192.52.193.1",
    "192.88.99.1",
    "192.175.48.1",
    "198.18.0.0",
    "198.19.255.255",
    "198.51.100.0",
    "198.51.100.255",
    "203.0.113.0",
    "203.0.113.255",
    // multicast, reserved, broadcast
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.254",
    "255.255.255.255",
    // metadata of clouds
    "169.254.169.254",
    "169.254.170.2",
    "169.254.0.23",
    "100.100.100.200",
    "168.63.129.16",
    "192.0.0.192",
    "fd00:ec2::254",
    "fd20:ce::254",
    // version 6: unspecified, loopback, private, link-local, site-local, multicast
    "::",
    "::1",
    "fc00::1",
    "fdff:ffff::1",
    "fe80::1",
    "febf:ffff::1",
    "fec0::1",
    "ff02::1",
    "ff0e::1",
    // version 4 inside of version 6: mapped, translated, compatible
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:169.254.169.254",
    "::ffff:8.8.8.8",
    "::ffff:0:127.0.0.1",
    "::127.0.0.1",
    "::10.0.0.1",
    "::8.8.8.8",
    // NAT64, well known and local
    "64:ff9b::127.0.0.1",
    "64:ff9b::10.0.0.1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b::8.8.8.8",
    "64:ff9b:1::1",
    "64:ff9b:1:ffff::10.0.0.1",
    // 6to4, Teredo, ISATAP
    "2002:7f00:1::",
    "2002:a00:1::1",
    "2002:a9fe:a9fe::",
    "2002:808:808::1",
    "2001::1",
    "2001:0:53aa:64c:0:5efe:7f00:1",
    "2001:4860:4860::5efe:127.0.0.1",
    "2a00:1450::200:5efe:10.0.0.1",
    // protocols, benchmarks, ORCHID, documentation, segments, discard, the former test network
    "2001:1::1",
    "2001:2::1",
    "2001:3::1",
    "2001:4:112::1",
    "2001:10::1",
    "2001:20::1",
    "2001:1ff:ffff::1",
    "2001:db8::1",
    "2001:db8:ffff::1",
    "2620:4f:8000::1",
    "3fff::1",
    "3ffe::1",
    "5f00::1",
    "100::1",
    // not assigned
    "4000::1",
    "9999::1",
];

#[test]
fn addresses_that_are_not_global_are_refused() {
    for text in PRIVATE {
        assert!(!is_public(parsed(text)), "{text}");
    }
}

#[test]
fn global_addresses_are_accepted() {
    let global = [
        "1.1.1.1",
        "8.8.8.8",
        "9.255.255.255",
        "11.0.0.0",
        "100.63.255.255",
        "100.128.0.0",
        "126.255.255.255",
        "128.0.0.1",
        "168.63.129.15",
        "169.253.255.255",
        "172.15.255.255",
        "172.32.0.0",
        "192.0.1.0",
        "192.167.255.255",
        "192.169.0.0",
        "198.17.255.255",
        "198.20.0.0",
        "211.231.99.17",
        "223.255.255.255",
        "2001:200::1",
        "2001:4860:4860::8888",
        "2001:db7:ffff::1",
        "2001:dc00::1",
        "2003::1",
        "2404:6800:4004::1",
        "2606:4700:4700::1111",
        "2a00:1450:4001::1",
    ];
    for text in global {
        assert!(is_public(parsed(text)), "{text}");
    }
}

#[test]
fn networks_of_the_operator_are_refused() {
    let policy = AddressPolicy::refusing(vec!["8.8.8.0/24".parse().unwrap()]);
    let check = |text: &str| policy.check(SocketAddr::new(parsed(text), 80));
    assert_eq!(check("8.8.8.8"), Err(NotPublic));
    assert_eq!(check("10.0.0.1"), Err(NotPublic));
    assert!(check("8.8.4.4").is_ok());
}

proptest! {
    #[test]
    fn no_address_that_holds_one_of_version_4_is_public(ip in any::<std::net::Ipv4Addr>(), rest in any::<[u8; 6]>()) {
        let [a, b, c, d] = ip.octets();
        let mapped = IpAddr::V6(ip.to_ipv6_mapped());
        let compatible = IpAddr::V6(ip.to_ipv6_compatible());
        let mut six_to_four = [0x20, 2, a, b, c, d, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        six_to_four[8..14].copy_from_slice(&rest);
        let nat64 = [0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0, a, b, c, d];
        prop_assert!(!is_public(mapped));
        prop_assert!(!is_public(compatible));
        prop_assert!(!is_public(IpAddr::from(six_to_four)));
        prop_assert!(!is_public(IpAddr::from(nat64)));
    }

    #[test]
    fn what_the_standard_library_calls_special_is_never_public(ip in any::<std::net::Ipv4Addr>()) {
        let special = ip.is_private() || ip.is_loopback() || ip.is_link_local() || ip.is_broadcast()
            || ip.is_documentation() || ip.is_multicast() || ip.is_unspecified();
        prop_assert!(!special || !is_public(ip.into()));
    }
}
