//! Access control of the administration listener.
//!
//! This listener belongs on a private address. A browser on that machine or network still reaches it, and so does every
//! page shown in that browser. No page uses this listener, so a change sent by a page is rejected. Where a private
//! address is not enough, the operator sets a token.

use std::fmt;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use sha2::{Digest, Sha256};

use crate::app::App;
use crate::extract::bearer;
use crate::problem::Problem;

/// The bearer token of operators. Only its SHA-256 is kept and compared, so that the time of a comparison does not
/// reveal how much of a guess is right.
#[derive(Clone, PartialEq, Eq)]
pub struct AdminToken([u8; 32]);

impl AdminToken {
    /// Keeps the hash of the token.
    #[must_use]
    pub fn new(token: &str) -> Self {
        Self(Sha256::digest(token.as_bytes()).into())
    }
}

impl fmt::Debug for AdminToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AdminToken(…)")
    }
}

/// Admits operators.
pub(crate) async fn operators(State(app): State<App>, request: Request, next: Next) -> Response {
    let token = app.settings.admin_token.as_ref();
    match check(request.method(), request.headers(), token) {
        Ok(()) => next.run(request).await,
        Err(problem) => problem.into_response(),
    }
}

fn check(method: &Method, headers: &HeaderMap, token: Option<&AdminToken>) -> Result<(), Problem> {
    if !method.is_safe() && comes_from_a_page(headers) {
        return Err(Problem::SentByBrowser);
    }
    let given = headers.get(header::AUTHORIZATION).and_then(bearer);
    match token {
        Some(token) if given.map(AdminToken::new).as_ref() != Some(token) => {
            Err(Problem::AdminTokenMissing)
        }
        Some(_) | None => Ok(()),
    }
}

/// Browsers send `Origin` with every request of a page that is not a plain read. `Sec-Fetch-Site: none` means that a
/// person typed the address.
fn comes_from_a_page(headers: &HeaderMap) -> bool {
    let fetched = headers.get("sec-fetch-site");
    headers.contains_key(header::ORIGIN) || fetched.is_some_and(|site| site != "none")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(
        method: &Method,
        headers: &[(&'static str, &'static str)],
        token: Option<&str>,
    ) -> &'static str {
        let headers = headers
            .iter()
            .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()));
        let token = token.map(AdminToken::new);
        match check(method, &headers.collect(), token.as_ref()) {
            Ok(()) => "accepted",
            Err(problem) => problem.status_and_code().1,
        }
    }

    #[test]
    fn a_change_sent_by_a_page_is_rejected() {
        assert_eq!(code(&Method::POST, &[], None), "accepted");
        for header in [
            ("origin", "http://127.0.0.1:8421"),
            ("origin", "null"),
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-site", "same-origin"),
        ] {
            assert_eq!(
                code(&Method::POST, &[header], None),
                "cross_site",
                "{header:?}"
            );
            assert_eq!(
                code(&Method::GET, &[header], None),
                "accepted",
                "{header:?}"
            );
        }
    }

    #[test]
    fn with_a_token_only_that_token_opens() {
        let token = Some("a-token-of-operators");
        let sent = |value| code(&Method::GET, &[("authorization", value)], token);
        assert_eq!(sent("Bearer a-token-of-operators"), "accepted");
        for wrong in [
            "Bearer a-token-of-operator",
            "Bearer ",
            "Basic a-token-of-operators",
        ] {
            assert_eq!(sent(wrong), "admin_token_required", "{wrong}");
        }
        assert_eq!(code(&Method::GET, &[], token), "admin_token_required");
        assert_eq!(format!("{:?}", AdminToken::new("secret")), "AdminToken(…)");
    }
}
