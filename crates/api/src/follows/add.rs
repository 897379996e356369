//! Follows a person.

use axum::extract::State;
use axum::http::StatusCode;
use sosik_feed::PersonId;

use crate::app::App;
use crate::extract::{Id, Viewer};
use crate::limits::Relating;
use crate::problem::Problem;

/// Follow a person
///
/// Their public stories, including earlier ones, appear in your feed. Repeating it changes nothing.
#[utoipa::path(put, path = "/v1/follows/{person}", tag = "relations", operation_id = "follow",
    params(("person" = String, Path, description = "id of the person")),
    responses(
        (status = 204, description = "you follow them"),
        (status = 409, description = "`follow_limit`"),
        (status = 422, description = "`yourself`"),
    ))]
pub(crate) async fn add(
    State(app): State<App>,
    viewer: Viewer<Relating>,
    Id(person): Id<PersonId>,
) -> Result<StatusCode, Problem> {
    app.service.relations().follow(viewer.id, person).await?;
    Ok(StatusCode::NO_CONTENT)
}
