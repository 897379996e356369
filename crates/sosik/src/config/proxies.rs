//! The trusted proxies, and the header that they write.

use std::{fmt, net::IpAddr, str::FromStr};

use ipnet::IpNet;
use sosik_api::ForwardedHeader;
use toml::Value;

use super::{
    layers::Raw,
    setting::{Setting, list, parsed, texts},
};

/// An address or a network of proxies. An address is a network of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Proxies(pub IpNet);

impl fmt::Display for Proxies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.prefix_len() == self.0.max_prefix_len() {
            true => self.0.addr().fmt(f),
            false => self.0.fmt(f),
        }
    }
}

impl FromStr for Proxies {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
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
            IpNet::V4(_) | IpNet::V6(_) => Ok(Self(network)),
        }
    }
}

impl Setting for Vec<Proxies> {
    fn from_raw(raw: &Raw) -> Result<Self, String> {
        texts(raw)?.iter().map(|text| text.parse()).collect()
    }

    fn shown(&self) -> Value {
        list(self)
    }
}

/// The configured header in which proxies name their client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProxyHeader(pub ForwardedHeader);

/// The name of an unknown header.
#[derive(Debug)]
pub struct NotAProxyHeader;

impl FromStr for ProxyHeader {
    type Err = NotAProxyHeader;

    fn from_str(text: &str) -> Result<Self, NotAProxyHeader> {
        match text.to_ascii_lowercase().as_str() {
            "x-forwarded-for" => Ok(Self(ForwardedHeader::XForwardedFor)),
            "forwarded" => Ok(Self(ForwardedHeader::Forwarded)),
            _ => Err(NotAProxyHeader),
        }
    }
}

impl Setting for ProxyHeader {
    fn from_raw(raw: &Raw) -> Result<Self, String> {
        parsed(raw, "x-forwarded-for or forwarded")
    }

    fn shown(&self) -> Value {
        let word = match self.0 {
            ForwardedHeader::XForwardedFor => "x-forwarded-for",
            ForwardedHeader::Forwarded => "forwarded",
        };
        Value::String(word.to_owned())
    }
}
