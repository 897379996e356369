//! Ends a friendship.

use axum::extract::State;
use axum::http::StatusCode;
use sosik_feed::PersonId;

use crate::app::App;
use crate::extract::{Id, Viewer};
use crate::limits::Relating;
use crate::problem::Problem;

/// End a friendship
///
/// Neither sees the other's stories for friends any more. Repeating it changes nothing.
#[utoipa::path(delete, path = "/v1/friends/{person}", tag = "relations", operation_id = "end_friendship",
    params(("person" = String, Path, description = "id of the friend")),
    responses((status = 204, description = "you are not friends")))]
pub(crate) async fn end(
    State(app): State<App>,
    viewer: Viewer<Relating>,
    Id(person): Id<PersonId>,
) -> Result<StatusCode, Problem> {
    app.service.relations().unfriend(viewer.id, person).await?;
    Ok(StatusCode::NO_CONTENT)
}
