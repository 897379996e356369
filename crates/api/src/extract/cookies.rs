//! The session cookie.
//!
//! Over TLS its name has the prefix `__Host-`, by which browsers make sure that it is ours, for the whole site, and
//! never sent in the clear. They refuse that prefix without `Secure`, so plain HTTP (a laptop) has a plain name.

use std::time::Duration;

use axum::http::{HeaderMap, HeaderValue, header};
use sosik_service::accounts::Token;

use crate::app::App;

const OVER_TLS: &str = "__Host-sosik";
const IN_THE_CLEAR: &str = "sosik";

const fn name(is_https: bool) -> &'static str {
    if is_https { OVER_TLS } else { IN_THE_CLEAR }
}

/// The token in the cookie, if there is one.
pub(crate) fn session_cookie(headers: &HeaderMap, is_https: bool) -> Option<&str> {
    let pairs = headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok());
    pairs.flat_map(|pairs| pairs.split(';')).find_map(|pair| {
        let (key, value) = pair.trim().split_once('=')?;
        (key == name(is_https)).then_some(value)
    })
}

/// Tells the browser to keep the token.
pub(crate) fn keep_session(app: &App, token: &Token) -> Option<HeaderValue> {
    set(
        app.settings.is_https(),
        token.as_str(),
        app.service.settings().sessions.absolute,
    )
}

/// Tells the browser to forget it.
pub(crate) fn forget_session(app: &App) -> Option<HeaderValue> {
    set(app.settings.is_https(), "", Duration::ZERO)
}

fn set(is_https: bool, value: &str, age: Duration) -> Option<HeaderValue> {
    let secure = if is_https { "; Secure" } else { "" };
    let name = name(is_https);
    let cookie = format!(
        "{name}={value}; Path=/; Max-Age={}; HttpOnly; SameSite=Lax{secure}",
        age.as_secs()
    );
    let mut cookie = HeaderValue::try_from(cookie).ok()?;
    cookie.set_sensitive(true);
    Some(cookie)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cookie_is_found_among_others_and_under_its_own_name_only() {
        let headers = HeaderMap::from_iter([(
            header::COOKIE,
            HeaderValue::from_static("a=1; sosik=abc; __Host-sosik=def"),
        )]);
        assert_eq!(session_cookie(&headers, false), Some("abc"));
        assert_eq!(session_cookie(&headers, true), Some("def"));
        assert_eq!(session_cookie(&HeaderMap::new(), true), None);
    }

    #[test]
    fn over_tls_the_cookie_is_secure_and_bound_to_the_host() {
        let cookie = set(true, "t", Duration::from_secs(60)).unwrap();
        assert_eq!(
            cookie,
            "__Host-sosik=t; Path=/; Max-Age=60; HttpOnly; SameSite=Lax; Secure"
        );
        assert_eq!(
            set(false, "", Duration::ZERO).unwrap(),
            "sosik=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax"
        );
    }
}
