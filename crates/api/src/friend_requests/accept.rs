//! Accepts a friend request.

use axum::extract::State;
use axum::http::StatusCode;
use sosik_feed::PersonId;

use crate::app::App;
use crate::extract::{Id, Viewer};
use crate::limits::Relating;
use crate::problem::Problem;

/// Accept a friend request
#[utoipa::path(post, path = "/v1/friend-requests/{person}/accept", tag = "relations", operation_id = "accept_friend",
    params(("person" = String, Path, description = "id of the person who asked")),
    responses(
        (status = 204, description = "you are friends now"),
        (status = 409, description = "`friend_limit`, `their_friend_limit`"),
        (status = 422, description = "`yourself`"),
    ))]
pub(crate) async fn accept(
    State(app): State<App>,
    viewer: Viewer<Relating>,
    Id(person): Id<PersonId>,
) -> Result<StatusCode, Problem> {
    app.service
        .relations()
        .accept_friend_request(viewer.id, person)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
