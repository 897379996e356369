//! Sends a friend request.

use axum::extract::State;
use axum::http::StatusCode;
use sosik_feed::PersonId;

use crate::app::App;
use crate::extract::{Id, Viewer};
use crate::limits::AskingFriends;
use crate::problem::Problem;

/// Send a friend request
///
/// If they have sent you one, this accepts it. Repeating it changes nothing.
#[utoipa::path(put, path = "/v1/friend-requests/{person}", tag = "relations", operation_id = "ask_friend",
    params(("person" = String, Path, description = "id of the person")),
    responses(
        (status = 204, description = "the request is sent, or you are friends now"),
        (status = 409, description = "`friend_limit`, `their_friend_limit`, `request_limit`"),
        (status = 422, description = "`yourself`"),
    ))]
pub(crate) async fn ask(
    State(app): State<App>,
    viewer: Viewer<AskingFriends>,
    Id(person): Id<PersonId>,
) -> Result<StatusCode, Problem> {
    app.service
        .relations()
        .send_friend_request(viewer.id, person)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
