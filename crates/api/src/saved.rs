//! Stories that the viewer saved.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use sosik_feed::StoryId;
use sosik_feed::cursor::seal::{List, Scope};

use crate::app::App;
use crate::extract::{Id, PageQuery, Query, Viewer, json_bytes};
use crate::limits::Saving;
use crate::problem::Problem;
use crate::render::{self, Sealing};
use crate::schema::StoryPage;

/// Save a story
///
/// Adds it to your saved stories, which nobody else sees. Repeating it changes nothing.
#[utoipa::path(put, path = "/v1/stories/{story}/save", tag = "stories", operation_id = "save_story",
    params(("story" = String, Path, description = "id of the story")),
    responses(
        (status = 204, description = "the story is saved"),
        (status = 409, description = "`saved_limit`"),
    ))]
pub(crate) async fn save(
    State(app): State<App>,
    viewer: Viewer<Saving>,
    Id(story): Id<StoryId>,
) -> Result<StatusCode, Problem> {
    app.service.saves().add(viewer.id, story).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Remove a story from your saved stories
///
/// Repeating it changes nothing. The response is the same if there is no such story.
#[utoipa::path(delete, path = "/v1/stories/{story}/save", tag = "stories", operation_id = "unsave_story",
    params(("story" = String, Path, description = "id of the story")),
    responses((status = 204, description = "the story is not saved")))]
pub(crate) async fn unsave(
    State(app): State<App>,
    viewer: Viewer<Saving>,
    Id(story): Id<StoryId>,
) -> Result<StatusCode, Problem> {
    app.service.saves().remove(viewer.id, story).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// List your saved stories
///
/// The latest saved story first. Stories that you may no longer see are omitted.
#[utoipa::path(get, path = "/v1/saved", tag = "stories", operation_id = "list_saved_stories",
    params(PageQuery),
    responses((status = 200, description = "a page of stories", body = StoryPage)))]
pub(crate) async fn list(
    State(app): State<App>,
    viewer: Viewer,
    Query(page): Query<PageQuery>,
) -> Result<Response, Problem> {
    let scope = Scope::own(List::Saved, viewer.id);
    let page = page.read(&app, scope)?;
    let stories = app
        .service
        .saves()
        .list(viewer.id, page.behind()?, page.limit())
        .await?;
    let seals = app.service.seals();
    Ok(json_bytes(render::story_page(
        &stories,
        Sealing { seals, scope },
    )))
}
