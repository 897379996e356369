//! The key with which a client identifies a repeated request. A rule of the domain checks it.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use sosik_feed::RuleBroken;

use crate::app::App;
use crate::problem::Problem;

/// The `Idempotency-Key` header, if any.
pub(crate) struct IdempotencyKey(pub(crate) Option<String>);

impl FromRequestParts<App> for IdempotencyKey {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _app: &App) -> Result<Self, Problem> {
        let Some(value) = parts.headers.get("idempotency-key") else {
            return Ok(Self(None));
        };
        match value.to_str() {
            Ok(key) => Ok(Self(Some(key.to_owned()))),
            Err(_not_visible_ascii) => Err(RuleBroken::IdempotencyKeyInvalid.into()),
        }
    }
}
