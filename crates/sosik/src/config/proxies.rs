//! The trusted proxies, and the header that they write.

use std::net::IpAddr;

use ipnet::IpNet;
use sosik_api::ForwardedHeader;
use toml::Value;

use super::layers::Raw;
use super::setting::{Setting, list, one_of, texts, word_of};

/// Networks of proxies. An address is a network of one.
impl Setting for Vec<IpNet> {
    fn from_raw(raw: &Raw) -> Result<Self, String> {
        texts(raw)?.iter().map(|text| network(text)).collect()
    }

    fn shown(&self) -> Value {
        let written: Vec<String> = self.iter().map(written).collect();
        list(&written)
    }
}

fn written(network: &IpNet) -> String {
    match network.prefix_len() == network.max_prefix_len() {
        true => network.addr().to_string(),
        false => network.to_string(),
    }
}

fn network(text: &str) -> Result<IpNet, String> {
    let address = text.parse::<IpAddr>().map(IpNet::from);
    let Ok(network) = address.or_else(|_| text.parse::<IpNet>()) else {
        return Err(format!(
            "\"{text}\" is neither an IP address nor a network such as 10.0.0.0/8"
        ));
    };
    if network.trunc() != network {
        let meant = network.trunc();
        return Err(format!(
            "\"{text}\" is an address inside a network: write {meant} for the network"
        ));
    }
    match network {
        // Addresses are compared as version 4, so this network would match nothing.
        IpNet::V6(mapped) if mapped.addr().to_ipv4_mapped().is_some() => Err(format!(
            "\"{text}\" is a version 4 address inside version 6: write it as version 4"
        )),
        IpNet::V4(_) | IpNet::V6(_) => Ok(network),
    }
}

const WORDS: [(&str, ForwardedHeader); 2] = [
    ("x-forwarded-for", ForwardedHeader::XForwardedFor),
    ("forwarded", ForwardedHeader::Forwarded),
];

impl Setting for ForwardedHeader {
    fn from_raw(raw: &Raw) -> Result<Self, String> {
        one_of(raw, &WORDS)
    }

    fn shown(&self) -> Value {
        word_of(self, &WORDS)
    }
}
