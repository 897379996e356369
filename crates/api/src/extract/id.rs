//! Ids and names in the path. A malformed one gets the same response as one that does not exist.

use std::str::FromStr;

use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::request::Parts;
use sosik_feed::{CommentId, InvitationId, MediaId, PersonId, SessionId, StoryId};

use crate::app::App;
use crate::problem::Problem;

/// The id in the path.
pub(crate) struct Id<T>(pub(crate) T);

/// The handle or tag in the path, as the client sent it.
pub(crate) struct Name(pub(crate) String);

/// The kind of thing that an id identifies, for the response if it does not exist.
pub(crate) trait Names: FromStr {
    /// A noun.
    const NOUN: &'static str;
}

impl Names for PersonId {
    const NOUN: &'static str = "person";
}

impl Names for StoryId {
    const NOUN: &'static str = "story";
}

impl Names for CommentId {
    const NOUN: &'static str = "comment";
}

impl Names for InvitationId {
    const NOUN: &'static str = "invitation";
}

impl Names for MediaId {
    const NOUN: &'static str = "media";
}

impl Names for SessionId {
    const NOUN: &'static str = "session";
}

impl<T: Names + Send> FromRequestParts<App> for Id<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let text = only_parameter(parts, app).await;
        text.and_then(|text| text.parse().ok())
            .map(Self)
            .ok_or(Problem::NotFound(T::NOUN))
    }
}

impl FromRequestParts<App> for Name {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        only_parameter(parts, app)
            .await
            .map(Self)
            .ok_or(Problem::NotFound("page"))
    }
}

/// Only the path of a file has more than one parameter, and it has its own extractor. Also `None` if the parameter is not UTF-8.
async fn only_parameter(parts: &mut Parts, app: &App) -> Option<String> {
    let parameters = RawPathParams::from_request_parts(parts, app).await.ok()?;
    parameters.iter().next().map(|(_, value)| value.to_owned())
}
