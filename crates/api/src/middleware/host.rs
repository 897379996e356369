//! Every request names one host.
//!
//! If a request names two hosts, a proxy and its server may choose different ones, which enables request smuggling and
//! cache poisoning. RFC 9112 (section 3.2) and RFC 9113 (section 8.3.1) therefore require a 400.

use axum::extract::Request;
use axum::http::{HeaderValue, Version, header};

use crate::problem::Problem;

/// Rejects a request that names no host, several hosts, or an invalid one.
///
/// HTTP/2 names it in `:authority`, which browsers send, or in `Host`, which a gateway from HTTP/1.1 may send instead.
/// HTTP/1.0 has no `Host`: the probes of some balancers send none.
///
/// # Errors
/// `HostInvalid`.
pub(super) fn check<B>(request: &Request<B>) -> Result<(), Problem> {
    let mut hosts = request.headers().get_all(header::HOST).iter();
    let (host, another) = (hosts.next(), hosts.next());
    let authority = request
        .uri()
        .authority()
        .map(|authority| authority.as_str());
    let is_named = match (request.version(), host) {
        (_, Some(host)) => is_host(host),
        (Version::HTTP_09 | Version::HTTP_10, None) => true,
        (Version::HTTP_11, None) => false,
        (_, None) => authority.is_some(),
    };
    let agrees = match (host, authority) {
        (Some(host), Some(authority)) => host.as_bytes().eq_ignore_ascii_case(authority.as_bytes()),
        _ => true,
    };
    if is_named && agrees && another.is_none() {
        Ok(())
    } else {
        Err(Problem::HostInvalid)
    }
}

/// Whether this is a name or an address with an optional port. Only the characters are checked, because nothing here
/// uses the value.
fn is_host(value: &HeaderValue) -> bool {
    !value.is_empty() && value.as_bytes().iter().all(is_of_host)
}

const fn is_of_host(byte: &u8) -> bool {
    matches!(
        byte,
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9'
        | b'-' | b'.' | b'_' | b'~' | b'%' | b'!' | b'$' | b'&' | b'\'' | b'(' | b')' | b'*' | b'+' | b',' | b';' | b'='
        | b':' | b'[' | b']'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_request(version: Version, uri: &str, hosts: &[&'static str], accepted: bool) {
        let mut request = Request::new(());
        *request.version_mut() = version;
        *request.uri_mut() = uri.parse().unwrap();
        for host in hosts {
            request
                .headers_mut()
                .append(header::HOST, HeaderValue::from_static(host));
        }
        assert_eq!(
            check(&request).is_ok(),
            accepted,
            "{version:?} {uri} {hosts:?}"
        );
    }

    #[test]
    fn a_request_names_its_host_once() {
        for (hosts, accepted) in [
            (&["sosik.example"][..], true),
            (&["sosik.example:8420"], true),
            (&["[2001:db8::1]:8420"], true),
            (&[], false),
            (&[""], false),
            (&["sosik.example", "sosik.example"], false),
            (&["sosik.example", "other.example"], false),
            (&["user@sosik.example"], false),
            (&["sosik.example/path"], false),
            (&["sosik example"], false),
        ] {
            check_request(Version::HTTP_11, "/v1/me", hosts, accepted);
        }
    }

    #[test]
    fn an_address_and_a_host_header_must_agree() {
        let absolute = "http://sosik.example/v1/me";
        for version in [Version::HTTP_11, Version::HTTP_2] {
            check_request(version, absolute, &["sosik.example"], true);
            check_request(version, absolute, &["Sosik.Example"], true);
            check_request(version, absolute, &["other.example"], false);
        }
    }

    #[test]
    fn each_version_names_it_in_its_own_way() {
        check_request(Version::HTTP_2, "http://sosik.example/v1/me", &[], true);
        check_request(Version::HTTP_2, "/v1/me", &["sosik.example"], true);
        check_request(Version::HTTP_2, "/v1/me", &[], false);
        check_request(Version::HTTP_10, "/livez", &[], true);
        check_request(
            Version::HTTP_10,
            "/livez",
            &["a.example", "b.example"],
            false,
        );
    }
}
