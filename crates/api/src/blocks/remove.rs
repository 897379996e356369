//! Unblocks a person.

use axum::extract::State;
use axum::http::StatusCode;
use sosik_feed::PersonId;

use crate::app::App;
use crate::extract::{Id, Viewer};
use crate::limits::Relating;
use crate::problem::Problem;

/// Unblock a person
///
/// Repeating it changes nothing.
#[utoipa::path(delete, path = "/v1/blocks/{person}", tag = "relations", operation_id = "unblock",
    params(("person" = String, Path, description = "id of the person")),
    responses((status = 204, description = "you do not block them")))]
pub(crate) async fn remove(
    State(app): State<App>,
    viewer: Viewer<Relating>,
    Id(person): Id<PersonId>,
) -> Result<StatusCode, Problem> {
    app.service.relations().unblock(viewer.id, person).await?;
    Ok(StatusCode::NO_CONTENT)
}
