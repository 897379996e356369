//! Whether one of our own pages sent a request that has the cookie and changes something.
//!
//! A bearer token is sufficient, because no other site has it. A browser sends the cookie with the requests of every
//! site. So the browser must identify the site: with `Sec-Fetch-Site`, or with `Origin` if it does not send the former
//! (over plain HTTP no browser does). A request with neither is rejected: scripts use the bearer token.

use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, header};

/// Whether this request may act for the cookie's owner.
pub(crate) fn is_ours(parts: &Parts, public_url: &str) -> bool {
    is_safe(&parts.method) || is_same_origin(&parts.headers, public_url)
}

fn is_safe(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

fn is_same_origin(headers: &HeaderMap, public_url: &str) -> bool {
    if let Some(site) = headers.get("sec-fetch-site") {
        return site == "same-origin";
    }
    headers
        .get(header::ORIGIN)
        .is_some_and(|origin| origin == public_url)
}

#[cfg(test)]
mod tests {
    use super::*;

    const US: &str = "https://sosik.example";

    fn comes(headers: &[(&'static str, &'static str)]) -> bool {
        let headers = headers
            .iter()
            .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()));
        is_same_origin(&headers.collect(), US)
    }

    #[test]
    fn only_the_browsers_word_counts() {
        assert!(comes(&[("sec-fetch-site", "same-origin")]));
        assert!(comes(&[("origin", US)]));
        assert!(!comes(&[]));
        assert!(!comes(&[("origin", "null")]));
        assert!(!comes(&[("origin", "https://sosik.example.evil.example")]));
        for site in ["cross-site", "same-site", "none"] {
            assert!(
                !comes(&[("sec-fetch-site", site), ("origin", US)]),
                "{site}"
            );
        }
    }
}
