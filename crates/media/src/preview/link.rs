//! Which links are fetched at all.

use std::net::IpAddr;

use url::{Host, Url};

/// Bytes of a link. Browsers and proxies cut longer ones.
const LINK_BYTES_MAX: usize = 2048;

/// Why a link is not fetched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadLink {
    /// It is no absolute URL, or a very long one.
    #[error("it is no valid link")]
    Invalid,
    /// The scheme is neither `http` nor `https`.
    #[error("only http and https links have previews")]
    Scheme,
    /// It has a name or password before the host.
    #[error("a link with a name or password has no preview")]
    Credentials,
    /// A page with `https` redirects to one with `http`.
    #[error("the link leads from https to http")]
    Downgrade,
    /// The port is neither 80 nor 443.
    #[error("only links to the ports 80 and 443 have previews")]
    Port,
}

/// The URL that is fetched for a link: parsed as browsers do, without its fragment. Links with equal URLs have the same
/// preview.
///
/// # Errors
/// The link is malformed, or its scheme, credentials or port are not allowed.
pub fn normalized(link: &str) -> Result<Url, BadLink> {
    Link::parse(link).map(|link| link.url)
}

/// The host of a link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Authority {
    Name(String),
    Address(IpAddr),
}

/// A link that may be fetched once its address is checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Link {
    pub(super) url: Url,
    pub(super) authority: Authority,
    pub(super) port: u16,
}

impl Link {
    pub(super) fn parse(text: &str) -> Result<Self, BadLink> {
        if text.len() > LINK_BYTES_MAX {
            return Err(BadLink::Invalid);
        }
        Self::new(Url::parse(text).map_err(|_parsed| BadLink::Invalid)?)
    }

    /// The parser of URLs turns each spelling of an address of version 4 (octal, hexadecimal, one number, full-width
    /// digits) into the address itself, so what looks like a name here is one.
    fn new(mut url: Url) -> Result<Self, BadLink> {
        if !matches!(url.scheme(), "http" | "https") {
            return Err(BadLink::Scheme);
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(BadLink::Credentials);
        }
        let port = url.port_or_known_default().ok_or(BadLink::Port)?;
        if !matches!(port, 80 | 443) {
            return Err(BadLink::Port);
        }
        let authority = match url.host().ok_or(BadLink::Invalid)? {
            Host::Domain(name) => Authority::Name(name.to_owned()),
            Host::Ipv4(ip) => Authority::Address(ip.into()),
            Host::Ipv6(ip) => Authority::Address(ip.into()),
        };
        url.set_fragment(None);
        Ok(Self {
            url,
            authority,
            port,
        })
    }

    /// The target of a redirect.
    pub(super) fn join(&self, location: &str) -> Result<Self, BadLink> {
        if location.len() > LINK_BYTES_MAX {
            return Err(BadLink::Invalid);
        }
        let target = self.url.join(location);
        let target = Self::new(target.map_err(|_joined| BadLink::Invalid)?)?;
        if self.is_tls() && !target.is_tls() {
            return Err(BadLink::Downgrade);
        }
        Ok(target)
    }

    pub(super) fn is_tls(&self) -> bool {
        self.url.scheme() == "https"
    }
}
