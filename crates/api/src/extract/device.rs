//! The device cookie: says that this browser logged in before.
//!
//! It opens nothing. It outlives sessions and log-outs, and only chooses the budget that log-in attempts are taken from.
//! Clients that use bearer tokens may keep and send it as well.

use std::time::Duration;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, header};
use sosik_service::accounts::Token;

use crate::app::App;
use crate::problem::Problem;

const OVER_TLS: &str = "__Host-sosik-device";
const IN_THE_CLEAR: &str = "sosik-device";

/// Browsers keep no cookie longer than 400 days.
const AGE: Duration = Duration::from_secs(400 * 86_400);

const fn name(is_https: bool) -> &'static str {
    if is_https { OVER_TLS } else { IN_THE_CLEAR }
}

/// The token of the device, if the client sent one.
pub(crate) struct Device(pub(crate) Option<String>);

impl FromRequestParts<App> for Device {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        Ok(Self(sent(&parts.headers, app.settings.is_https())))
    }
}

/// The first cookie of that name. A planted one does no harm: at worst the device counts as unknown.
fn sent(headers: &HeaderMap, is_https: bool) -> Option<String> {
    let pairs = headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok());
    pairs.flat_map(|pairs| pairs.split(';')).find_map(|pair| {
        let (key, value) = pair.trim().split_once('=')?;
        (key == name(is_https)).then(|| value.to_owned())
    })
}

/// Makes the browser keep the token.
pub(crate) fn keep_device(app: &App, token: &Token) -> Option<HeaderValue> {
    let is_https = app.settings.is_https();
    let secure = if is_https { "; Secure" } else { "" };
    let (name, token, age) = (name(is_https), token.as_str(), AGE.as_secs());
    let cookie =
        format!("{name}={token}; Path=/; Max-Age={age}; HttpOnly; SameSite=Strict{secure}");
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
            HeaderValue::from_static("a=1; sosik=abc; sosik-device=d; __Host-sosik-device=e"),
        )]);
        assert_eq!(sent(&headers, false).as_deref(), Some("d"));
        assert_eq!(sent(&headers, true).as_deref(), Some("e"));
        assert_eq!(sent(&HeaderMap::new(), true), None);
    }
}
