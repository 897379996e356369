//! Follows.

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

/// Unfollow a person
///
/// Repeating it changes nothing.
#[utoipa::path(delete, path = "/v1/follows/{person}", tag = "relations", operation_id = "unfollow",
    params(("person" = String, Path, description = "id of the person")),
    responses((status = 204, description = "you do not follow them")))]
pub(crate) async fn remove(
    State(app): State<App>,
    viewer: Viewer<Relating>,
    Id(person): Id<PersonId>,
) -> Result<StatusCode, Problem> {
    app.service.relations().unfollow(viewer.id, person).await?;
    Ok(StatusCode::NO_CONTENT)
}

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
