//! The target of a link.

use url::{Host, Url};

use super::display::display;
use crate::limits::{HOST_CHARACTERS_MAX, LINK_URL_BYTES_MAX};

/// The target of a link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// The absolute address: `http` or `https`, only ASCII, at most [`LINK_URL_BYTES_MAX`] bytes.
    pub url: String,
    /// The text to draw: the host that the link really leads to, then its path, both readable and shortened.
    pub display: String,
}

impl Link {
    /// Parses an address as browsers do. `None` if it cannot lead to a public page.
    pub(super) fn parse(address: &str, host: &[char]) -> Option<Self> {
        let url = Url::parse(address).ok()?;
        let is_short = url.as_str().len() <= LINK_URL_BYTES_MAX;
        let leads_on = !host.is_empty() && is_reachable(&url.host()?, host);
        (is_short && leads_on).then(|| Self {
            display: display(&url),
            url: url.into(),
        })
    }
}

/// Whether a host is a name with a top-level domain, an IP address, or this machine.
fn is_reachable(host: &Host<&str>, written: &[char]) -> bool {
    match host {
        Host::Domain("localhost") | Host::Ipv6(_) => true,
        Host::Domain(name) => name.len() <= HOST_CHARACTERS_MAX && has_top_level_domain(name),
        // Browsers take `https://3.14` for 3.0.0.14.
        Host::Ipv4(address) => address.to_string().chars().eq(written.iter().copied()),
    }
}

fn has_top_level_domain(name: &str) -> bool {
    name.rsplit_once('.').is_some_and(|(_, domain)| {
        domain.starts_with("xn--")
            || (domain.len() >= 2 && domain.chars().all(|letter| letter.is_ascii_alphabetic()))
    })
}
