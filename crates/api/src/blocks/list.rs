//! The people whom the viewer blocked.

use axum::extract::State;
use sosik_store::PeopleList;

use crate::app::App;
use crate::extract::{Json, PageQuery, Query, Viewer};
use crate::problem::Problem;
use crate::relations;
use crate::schema::PersonPage;

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
