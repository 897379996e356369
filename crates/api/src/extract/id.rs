//! Ids and names in the path. A malformed one names nothing, so it is answered like one that does not exist.

use std::str::FromStr;

use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::request::Parts;
use sosik_feed::{CommentId, PersonId, SessionId, StoryId};

use crate::app::App;
use crate::problem::Problem;

/// The id in the path.
pub(crate) struct Id<T>(pub(crate) T);

/// The handle or tag in the path, as it was sent.
pub(crate) struct Name(pub(crate) String);

/// What an id names, for the answer when there is no such thing.
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

/// No path here has more than one parameter. `None` also when it is not UTF-8.
async fn only_parameter(parts: &mut Parts, app: &App) -> Option<String> {
    let parameters = RawPathParams::from_request_parts(parts, app).await.ok()?;
    parameters.iter().next().map(|(_, value)| value.to_owned())
}
