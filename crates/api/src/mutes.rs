//! Mutes.

use axum::extract::State;
use axum::http::StatusCode;
use sosik_feed::PersonId;
use sosik_store::PeopleList;

use crate::app::App;
use crate::extract::{Id, Json, PageQuery, Query, Viewer};
use crate::limits::Relating;
use crate::problem::Problem;
use crate::relations;
use crate::schema::PersonPage;

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

/// Unmute a person
///
/// Repeating it changes nothing.
#[utoipa::path(delete, path = "/v1/mutes/{person}", tag = "relations", operation_id = "unmute",
    params(("person" = String, Path, description = "id of the person")),
    responses((status = 204, description = "you do not mute them")))]
pub(crate) async fn remove(
    State(app): State<App>,
    viewer: Viewer<Relating>,
    Id(person): Id<PersonId>,
) -> Result<StatusCode, Problem> {
    app.service.relations().unmute(viewer.id, person).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// List the people you muted
///
/// Newest mute first.
#[utoipa::path(get, path = "/v1/mutes", tag = "relations", operation_id = "list_mutes",
    params(PageQuery),
    responses((status = 200, description = "a page of people", body = PersonPage)))]
pub(crate) async fn list(
    State(app): State<App>,
    viewer: Viewer,
    Query(page): Query<PageQuery>,
) -> Result<Json<PersonPage>, Problem> {
    relations::list(&app, viewer.id, PeopleList::Mutes, page).await
}
