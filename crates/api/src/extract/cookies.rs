//! The session cookie.
//!
//! Over TLS its name has the prefix `__Host-`. Browsers then guarantee that this host set it, for the whole site, and
//! that it is never sent unencrypted. They reject that prefix without `Secure`, so the cookie has a plain name over
//! plain HTTP (a laptop).
//!
//! With the plain name another site can plant a second cookie: on another port or a neighbour host of the same domain,
//! with a longer path so that it comes first. Using either of them would let the attacker choose the account, so a
//! request with two different values is rejected. An attacker who can plant a cookie can also remove it; nothing
//! protects plain HTTP from that.

use std::time::Duration;

use axum::http::{HeaderMap, HeaderValue, header};
use sosik_service::accounts::Token;

use crate::app::App;
use crate::problem::Problem;

/// One of our cookies.
pub(super) struct Cookie {
    /// Its name over TLS.
    pub(super) over_tls: &'static str,
    /// Its name without TLS.
    pub(super) in_the_clear: &'static str,
    /// The `SameSite` attribute.
    pub(super) same_site: &'static str,
}

const SESSION: Cookie = Cookie {
    over_tls: "__Host-sosik",
    in_the_clear: "sosik",
    same_site: "Lax",
};

impl Cookie {
    const fn name(&self, is_https: bool) -> &'static str {
        if is_https {
            self.over_tls
        } else {
            self.in_the_clear
        }
    }

    /// The values of this cookie in a request, in their order.
    pub(super) fn values<'a>(
        &self,
        headers: &'a HeaderMap,
        is_https: bool,
    ) -> impl Iterator<Item = &'a str> {
        let name = self.name(is_https);
        // Compared as bytes, because a neighbour's cookie that is not ASCII must not hide ours in the same line.
        let pairs = headers
            .get_all(header::COOKIE)
            .iter()
            .flat_map(|line| line.as_bytes().split(|byte| *byte == b';'));
        pairs.filter_map(move |pair| {
            let value = pair.trim_ascii().strip_prefix(name.as_bytes())?;
            std::str::from_utf8(value.strip_prefix(b"=")?).ok()
        })
    }

    /// A `Set-Cookie` header with this `Max-Age`. An `age` of zero deletes the cookie.
    pub(super) fn set(&self, is_https: bool, value: &str, age: Duration) -> Option<HeaderValue> {
        let secure = if is_https { "; Secure" } else { "" };
        let (name, same_site, age) = (self.name(is_https), self.same_site, age.as_secs());
        let cookie = format!(
            "{name}={value}; Path=/; Max-Age={age}; HttpOnly; SameSite={same_site}{secure}"
        );
        let mut cookie = HeaderValue::try_from(cookie).ok()?;
        cookie.set_sensitive(true);
        Some(cookie)
    }
}

/// The token in the cookie, if there is one.
///
/// # Errors
/// `CookieAmbiguous` if there are two such cookies with different values.
pub(crate) fn session_cookie(headers: &HeaderMap, is_https: bool) -> Result<Option<&str>, Problem> {
    let mut values = SESSION.values(headers, is_https);
    let first = values.next();
    if values.all(|value| Some(value) == first) {
        Ok(first)
    } else {
        Err(Problem::CookieAmbiguous)
    }
}

/// The `Set-Cookie` header that stores the token.
pub(crate) fn keep_session(app: &App, token: &Token) -> Option<HeaderValue> {
    SESSION.set(
        app.settings.is_https(),
        token.as_str(),
        app.service.settings().sessions.absolute,
    )
}

/// The `Set-Cookie` header that deletes the token.
pub(crate) fn forget_session(app: &App) -> Option<HeaderValue> {
    SESSION.set(app.settings.is_https(), "", Duration::ZERO)
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
        assert_eq!(session_cookie(&headers, false).unwrap(), Some("abc"));
        assert_eq!(session_cookie(&headers, true).unwrap(), Some("def"));
        assert_eq!(session_cookie(&HeaderMap::new(), true).unwrap(), None);
    }

    #[test]
    fn a_cookie_that_is_no_ascii_hides_no_other() {
        let line = HeaderValue::from_bytes(b"x=\xc3\xa9; y=\xff; sosik=abc").unwrap();
        let headers = HeaderMap::from_iter([(header::COOKIE, line)]);
        assert_eq!(session_cookie(&headers, false).unwrap(), Some("abc"));
    }

    #[test]
    fn a_second_value_is_rejected_wherever_it_stands() {
        let of = |lines: &[&'static str]| {
            let mut headers = HeaderMap::new();
            for line in lines {
                headers.append(header::COOKIE, HeaderValue::from_static(line));
            }
            session_cookie(&headers, false)
                .map(|found| found.unwrap_or_default().to_owned())
                .map_err(|problem| problem.status_and_code().1)
        };
        assert_eq!(of(&["sosik=abc; a=1; sosik=abc"]), Ok("abc".to_owned()));
        for planted in [
            &["sosik=planted; sosik=abc"][..],
            &["sosik=abc; a=1; sosik=planted"],
            &["sosik=planted", "sosik=abc"],
            &["sosik=; sosik=abc"],
        ] {
            assert_eq!(of(planted), Err("cookie_ambiguous"), "{planted:?}");
        }
    }

    #[test]
    fn over_tls_the_cookie_is_secure_and_bound_to_the_host() {
        let cookie = SESSION.set(true, "t", Duration::from_secs(60)).unwrap();
        assert_eq!(
            cookie,
            "__Host-sosik=t; Path=/; Max-Age=60; HttpOnly; SameSite=Lax; Secure"
        );
        assert_eq!(
            SESSION.set(false, "", Duration::ZERO).unwrap(),
            "sosik=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax"
        );
    }
}
