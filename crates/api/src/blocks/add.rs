//! Blocks a person.

use axum::extract::State;
use axum::http::StatusCode;
use sosik_feed::PersonId;

use crate::app::App;
use crate::extract::{Id, Viewer};
use crate::limits::Relating;
use crate::problem::Problem;

/// Block a person
///
/// Neither sees the other from now on; friendship and follows between you end. They are not notified. Repeating it
/// changes nothing.
#[utoipa::path(put, path = "/v1/blocks/{person}", tag = "relations", operation_id = "block",
    params(("person" = String, Path, description = "id of the person")),
    responses(
        (status = 204, description = "they are blocked"),
        (status = 409, description = "`block_limit`"),
        (status = 422, description = "`yourself`"),
    ))]
pub(crate) async fn add(
    State(app): State<App>,
    viewer: Viewer<Relating>,
    Id(person): Id<PersonId>,
) -> Result<StatusCode, Problem> {
    app.service.relations().block(viewer.id, person).await?;
    Ok(StatusCode::NO_CONTENT)
}
