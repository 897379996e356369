//! The sender of a request that does not need an account.

use axum::extract::FromRequestParts;
use axum::http::header;
use axum::http::request::Parts;
use axum::response::Response;
use sosik_feed::PersonId;

use super::{ClientAddress, RequestContext, SOSIK_PERSON, Viewer};
use crate::app::App;
use crate::middleware::Uncompressed;
use crate::problem::Problem;

/// A signed-in person, or a stranger: somebody without an account. Each has a rate limit, which is not exhausted:
/// strangers by address. Where [strangers read nothing](crate::Settings::admits_strangers) they get 401.
///
/// An expired session in a cookie counts as none, because a browser keeps sending it. A client that names the person it
/// acts for, or sends a bearer token, gets 401 instead: it must learn that the session has ended.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Visitor {
    /// A person with a session.
    SignedIn(PersonId),
    /// Nobody.
    Stranger,
}

impl Visitor {
    /// The person, if any.
    pub(crate) const fn person(self) -> Option<PersonId> {
        match self {
            Self::SignedIn(person) => Some(person),
            Self::Stranger => None,
        }
    }

    /// The reader of cursors. All strangers share theirs.
    pub(crate) fn reader(self) -> PersonId {
        self.person().unwrap_or_default()
    }

    /// Marks a response to a stranger, so that no work is done for its size.
    pub(crate) fn respond(self, mut response: Response) -> Response {
        if matches!(self, Self::Stranger) {
            response.extensions_mut().insert(Uncompressed);
        }
        response
    }
}

impl FromRequestParts<App> for Visitor {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let AnyVisitor(visitor) = AnyVisitor::from_request_parts(parts, app).await?;
        if matches!(visitor, Self::Stranger) {
            if !app.settings.admits_strangers() {
                return Err(Problem::Unauthenticated);
            }
            let address = ClientAddress::from_request_parts(parts, app).await?;
            let context = parts.extensions.get::<RequestContext>();
            limit_stranger(app, address, context).await?;
        }
        Ok(visitor)
    }
}

/// A visitor to a route that reads nothing for strangers, so that it takes nothing from their rate limit.
#[derive(Debug, Clone, Copy)]
pub(crate) struct AnyVisitor(pub Visitor);

impl FromRequestParts<App> for AnyVisitor {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        match Viewer::from_request_parts(parts, app).await {
            Ok::<Viewer, _>(viewer) => Ok(Self(Visitor::SignedIn(viewer.id))),
            Err(Problem::Unauthenticated) if !claims_session(parts) => Ok(Self(Visitor::Stranger)),
            Err(problem) => Err(problem),
        }
    }
}

/// Takes a request of a stranger from the rate limit of the address.
///
/// # Errors
/// `TooManyRequests` if the bucket is empty.
pub(crate) async fn limit_stranger(
    app: &App,
    address: ClientAddress,
    context: Option<&RequestContext>,
) -> Result<(), Problem> {
    let limiter = &app.limits.strangers;
    limiter.take(address.networks().narrow, context).await
}

/// Whether the client counts on a session.
fn claims_session(parts: &Parts) -> bool {
    let has = |name| parts.headers.contains_key(name);
    has(header::AUTHORIZATION) || has(SOSIK_PERSON)
}
