//! The viewer's followers.

use axum::extract::State;
use sosik_store::PeopleList;

use crate::app::App;
use crate::extract::{Json, PageQuery, Query, Viewer};
use crate::problem::Problem;
use crate::relations;
use crate::schema::PersonPage;

/// List your followers
///
/// Newest follower first.
#[utoipa::path(get, path = "/v1/followers", tag = "relations", operation_id = "list_followers",
    params(PageQuery),
    responses((status = 200, description = "a page of people", body = PersonPage)))]
pub(crate) async fn followers(
    State(app): State<App>,
    viewer: Viewer,
    Query(page): Query<PageQuery>,
) -> Result<Json<PersonPage>, Problem> {
    relations::list(&app, viewer.id, PeopleList::Followers, page).await
}
