//! Friends.

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

/// List your friends
///
/// Newest friendship first.
#[utoipa::path(get, path = "/v1/friends", tag = "relations", operation_id = "list_friends",
    params(PageQuery),
    responses((status = 200, description = "a page of people", body = PersonPage)))]
pub(crate) async fn list(
    State(app): State<App>,
    viewer: Viewer,
    Query(page): Query<PageQuery>,
) -> Result<Json<PersonPage>, Problem> {
    relations::list(&app, viewer.id, PeopleList::Friends, page).await
}

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
