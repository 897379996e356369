//! The header `Sosik-Person`: the person a request is meant for.
//!
//! Two people who share a browser share its cookie. When the second person logs in, an open page of the first one keeps
//! sending requests, and the cookie attributes them to the second. So a client may name the person it acts for. The
//! server rejects the request if the session belongs to another person.

use axum::http::{HeaderMap, HeaderName};
use sosik_feed::PersonId;

/// The header that names the person.
pub(crate) const SOSIK_PERSON: HeaderName = HeaderName::from_static("sosik-person");

/// Whether a request with these headers is meant for this person. A request that names nobody is meant for the owner of
/// the session. A malformed name matches nobody.
pub(crate) fn is_meant_for(headers: &HeaderMap, person: PersonId) -> bool {
    let mut named = headers.get_all(SOSIK_PERSON).iter();
    named.all(|name| name.to_str().is_ok_and(|name| is(name, person)))
}

/// Whether this text is the id of the person.
pub(crate) fn is(name: &str, person: PersonId) -> bool {
    name.parse() == Ok(person)
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn meant(names: &[&'static str]) -> bool {
        let headers = names
            .iter()
            .map(|name| (SOSIK_PERSON, HeaderValue::from_static(name)));
        is_meant_for(&headers.collect(), PersonId::from_u64(41))
    }

    #[test]
    fn a_request_is_for_the_person_it_names_or_for_anybody() {
        assert!(meant(&[]));
        assert!(meant(&["41"]));
        for other in ["42", "", "mina", "041", "41 "] {
            assert!(!meant(&[other]), "{other:?}");
        }
        assert!(!meant(&["41", "42"]));
    }
}
