//! Blocks.

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

/// List the people you blocked
///
/// Newest block first.
#[utoipa::path(get, path = "/v1/blocks", tag = "relations", operation_id = "list_blocks",
    params(PageQuery),
    responses((status = 200, description = "a page of people", body = PersonPage)))]
pub(crate) async fn list(
    State(app): State<App>,
    viewer: Viewer,
    Query(page): Query<PageQuery>,
) -> Result<Json<PersonPage>, Problem> {
    relations::list(&app, viewer.id, PeopleList::Blocks, page).await
}
