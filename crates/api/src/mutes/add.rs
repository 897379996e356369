//! Mutes a person.

use axum::extract::State;
use axum::http::StatusCode;
use sosik_feed::PersonId;

use crate::app::App;
use crate::extract::{Id, Viewer};
use crate::limits::Relating;
use crate::problem::Problem;

/// Mute a person
///
/// Their stories do not appear in your feed any more. They are not notified. Repeating it changes nothing.
#[utoipa::path(put, path = "/v1/mutes/{person}", tag = "relations", operation_id = "mute",
    params(("person" = String, Path, description = "id of the person")),
    responses(
        (status = 204, description = "they are muted"),
        (status = 409, description = "`mute_limit`"),
        (status = 422, description = "`yourself`"),
    ))]
pub(crate) async fn add(
    State(app): State<App>,
    viewer: Viewer<Relating>,
    Id(person): Id<PersonId>,
) -> Result<StatusCode, Problem> {
    app.service.relations().mute(viewer.id, person).await?;
    Ok(StatusCode::NO_CONTENT)
}
