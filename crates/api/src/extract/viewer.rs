//! The person who sends a request.

use std::marker::PhantomData;
use std::ops::Deref;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderValue, header};

use sosik_service::sessions::CachedSession;

use super::{ClientAddress, RequestContext, expected, same_site, session_cookie};
use crate::app::App;
use crate::limits::{Kind, Reading};
use crate::problem::Problem;

/// A signed-in person whose rate limit for this kind of request is not exhausted. A handler with this argument is never
/// called for anybody else.
pub(crate) struct Viewer<K = Reading>(sosik_service::accounts::Viewer, PhantomData<K>);

impl<K> Deref for Viewer<K> {
    type Target = sosik_service::accounts::Viewer;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl<K: Kind> FromRequestParts<App> for Viewer<K> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let token = token_of(parts, app)?;
        let viewer = match app.service.sessions().cached(token) {
            CachedSession::Open(viewer) => viewer,
            CachedSession::Invalid => return Err(Problem::Unauthenticated),
            CachedSession::NotCached => look_up_token(parts, app, token).await?,
        };
        // Before anything is counted or done for the wrong person.
        if !expected::is_meant_for(&parts.headers, viewer.id) {
            return Err(Problem::OtherPerson);
        }
        let context = parts.extensions.get::<RequestContext>();
        if let Some(context) = context {
            context.set_person(viewer.id);
        }
        K::limiter(&app.limits)
            .take(viewer.id.as_u64(), context)
            .await?;
        Ok(Self(viewer, PhantomData))
    }
}

/// Looks a token up in the store, unless its address has sent too many unknown ones.
///
/// A token that is not in the memory of this node requires a read of the store. Only unknown tokens take from the
/// bucket of their address. While that bucket is empty, no token of the address is looked up, not even a valid one.
/// Requests with a token in memory never get here.
async fn look_up_token(
    parts: &Parts,
    app: &App,
    token: &str,
) -> Result<sosik_service::accounts::Viewer, Problem> {
    let address = ClientAddress::of_parts(&parts.extensions, &parts.headers, &app.settings);
    let network = address.networks().narrow;
    app.limits.unknown_tokens.check(network).await?;
    let viewer = app.service.sessions().viewer_in_store(token).await?;
    if viewer.is_none() {
        // This token was looked up already. An empty bucket stops the next one.
        let _looked_up = app.limits.unknown_tokens.take(network, None).await;
    }
    viewer.ok_or(Problem::Unauthenticated)
}

/// The bearer token, or else that of the cookie.
fn token_of<'a>(parts: &'a Parts, app: &App) -> Result<&'a str, Problem> {
    if let Some(authorization) = parts.headers.get(header::AUTHORIZATION) {
        return bearer(authorization).ok_or(Problem::Unauthenticated);
    }
    let token =
        session_cookie(&parts.headers, app.settings.is_https())?.ok_or(Problem::Unauthenticated)?;
    if same_site::is_ours(parts, &app.settings.public_url) {
        Ok(token)
    } else {
        Err(Problem::CrossSite)
    }
}

/// The token of an `Authorization` header with the scheme `Bearer`.
pub(crate) fn bearer(authorization: &HeaderValue) -> Option<&str> {
    const SCHEME: &str = "bearer ";
    let value = str::from_utf8(authorization.as_bytes()).ok()?;
    let (scheme, token) = value.split_at_checked(SCHEME.len())?;
    let is_bearer = scheme.eq_ignore_ascii_case(SCHEME);
    is_bearer.then(|| token.trim_ascii())
}

/// The client's name for itself, for the list of sessions.
pub(crate) struct ClientName(pub(crate) String);

impl FromRequestParts<App> for ClientName {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _app: &App) -> Result<Self, Problem> {
        let name = parts
            .headers
            .get(header::USER_AGENT)
            .map(|name| String::from_utf8_lossy(name.as_bytes()).into_owned());
        Ok(Self(name.unwrap_or_default()))
    }
}
