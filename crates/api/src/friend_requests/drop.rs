//! Withdraws or declines a friend request.

use axum::extract::State;
use axum::http::StatusCode;
use sosik_feed::PersonId;

use crate::app::App;
use crate::extract::{Id, Viewer};
use crate::limits::Relating;
use crate::problem::Problem;

/// Cancel or decline a friend request
///
/// Withdraws your request or declines theirs, whichever exists. Repeating it changes nothing.
#[utoipa::path(delete, path = "/v1/friend-requests/{person}", tag = "relations", operation_id = "drop_friend_request",
    params(("person" = String, Path, description = "id of the other person")),
    responses((status = 204, description = "there is no request between you")))]
pub(crate) async fn drop(
    State(app): State<App>,
    viewer: Viewer<Relating>,
    Id(person): Id<PersonId>,
) -> Result<StatusCode, Problem> {
    app.service
        .relations()
        .remove_friend_request(viewer.id, person)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
