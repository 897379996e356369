//! The people whom the viewer muted.

use axum::extract::State;
use sosik_store::PeopleList;

use crate::app::App;
use crate::extract::{Json, PageQuery, Query, Viewer};
use crate::problem::Problem;
use crate::relations;
use crate::schema::PersonPage;

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
