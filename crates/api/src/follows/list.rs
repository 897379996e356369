//! The people whom the viewer follows.

use axum::extract::State;
use sosik_store::PeopleList;

use crate::app::App;
use crate::extract::{Json, PageQuery, Query, Viewer};
use crate::problem::Problem;
use crate::relations;
use crate::schema::PersonPage;

/// List the people you follow
///
/// Newest follow first.
#[utoipa::path(get, path = "/v1/follows", tag = "relations", operation_id = "list_follows",
    params(PageQuery),
    responses((status = 200, description = "a page of people", body = PersonPage)))]
pub(crate) async fn list(
    State(app): State<App>,
    viewer: Viewer,
    Query(page): Query<PageQuery>,
) -> Result<Json<PersonPage>, Problem> {
    relations::list(&app, viewer.id, PeopleList::Follows, page).await
}
