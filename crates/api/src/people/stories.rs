//! What somebody posted.

use axum::extract::State;
use axum::response::Response;
use sosik_feed::StoryId;

use crate::app::App;
use crate::extract::{Name, PageQuery, Query, Viewer, json_bytes};
use crate::problem::Problem;
use crate::render;
use crate::shapes::StoryPage;

/// List a person's stories
///
/// Newest first; those for friends only when you are one. A short page is not the end.
#[utoipa::path(get, path = "/v1/people/{handle}/stories", tag = "people", operation_id = "list_stories_of_person",
    params(("handle" = String, Path, description = "the handle, with or without `@`"), PageQuery),
    responses((status = 200, description = "a page of stories", body = StoryPage)))]
pub(crate) async fn stories(
    State(app): State<App>,
    viewer: Viewer,
    Name(handle): Name,
    Query(page): Query<PageQuery>,
) -> Result<Response, Problem> {
    let page = page.read(&app)?;
    let before = page.below()?.map(StoryId::new);
    let stories = app
        .service
        .stories_of(viewer.id, &handle, before, page.limit())
        .await?;
    Ok(json_bytes(render::story_page(&stories)))
}
