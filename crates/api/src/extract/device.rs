//! The device cookie: identifies a browser that logged in before.
//!
//! It grants no access. It outlives sessions and log-outs, and only selects the rate limit for log-in attempts. Clients
//! with bearer tokens may store and send it, too.

use std::time::Duration;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue};
use sosik_service::accounts::Token;

use super::cookies::Cookie;
use crate::app::App;
use crate::problem::Problem;

const DEVICE: Cookie = Cookie {
    over_tls: "__Host-sosik-device",
    in_the_clear: "sosik-device",
    same_site: "Strict",
};

/// Browsers limit the age of a cookie to 400 days.
const AGE: Duration = Duration::from_secs(400 * 86_400);

/// The token of the device, if the client sent one.
pub(crate) struct Device(pub(crate) Option<String>);

impl FromRequestParts<App> for Device {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        Ok(Self(sent(&parts.headers, app.settings.is_https())))
    }
}

/// The first cookie with that name.
///
/// Over TLS nobody can plant one, because of its prefix. Over plain HTTP a neighbour site on the same domain can: then the
/// person who logs in gets this token as that of a device, and the neighbour can use up its budget of attempts. It gains
/// no access by that.
fn sent(headers: &HeaderMap, is_https: bool) -> Option<String> {
    DEVICE.values(headers, is_https).next().map(str::to_owned)
}

/// The `Set-Cookie` header that stores the token.
pub(crate) fn keep_device(app: &App, token: &Token) -> Option<HeaderValue> {
    DEVICE.set(app.settings.is_https(), token.as_str(), AGE)
}

#[cfg(test)]
mod tests {
    use axum::http::header;

    use super::*;

    #[test]
    fn the_cookie_is_found_among_others_and_under_its_own_name_only() {
        let headers = HeaderMap::from_iter([(
            header::COOKIE,
            HeaderValue::from_static("a=1; sosik=abc; sosik-device=d; __Host-sosik-device=e"),
        )]);
        assert_eq!(sent(&headers, false).as_deref(), Some("d"));
        assert_eq!(sent(&headers, true).as_deref(), Some("e"));
        assert_eq!(sent(&HeaderMap::new(), true), None);
    }
}
