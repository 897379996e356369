//! Likes.

use axum::extract::State;
use axum::http::StatusCode;
use sosik_feed::StoryId;
use sosik_feed::cursor::seal::List;
use sosik_store::StoryCounts;

use crate::app::App;
use crate::extract::{Id, Json, PageQuery, Query, Viewer, of_story};
use crate::limits::Liking;
use crate::problem::Problem;
use crate::relations;
use crate::schema::{PersonPage, Reaction};

/// Like a story
///
/// Repeating it changes nothing.
#[utoipa::path(put, path = "/v1/stories/{story}/like", tag = "stories", operation_id = "like_story",
    params(("story" = String, Path, description = "id of the story")),
    responses((status = 200, description = "the counts of the story now", body = Reaction)))]
pub(crate) async fn like(
    State(app): State<App>,
    viewer: Viewer<Liking>,
    Id(story): Id<StoryId>,
) -> Result<Json<Reaction>, Problem> {
    let StoryCounts {
        likes,
        comments,
        revision,
    } = app.service.likes().add(viewer.id, story).await?;
    Ok(Json(Reaction {
        likes,
        comments,
        revision,
        liked: true,
    }))
}

/// Take a like back
///
/// Repeating it changes nothing. You can take a like back even if you may no longer see the story. The response is the
/// same if there is no such story or no such like.
#[utoipa::path(delete, path = "/v1/stories/{story}/like", tag = "stories", operation_id = "unlike_story",
    params(("story" = String, Path, description = "id of the story")),
    responses((status = 204, description = "you do not like it")))]
pub(crate) async fn unlike(
    State(app): State<App>,
    viewer: Viewer<Liking>,
    Id(story): Id<StoryId>,
) -> Result<StatusCode, Problem> {
    app.service.likes().remove(viewer.id, story).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// List the likes of a story
///
/// Newest like first. Likes of people you blocked, or who blocked you, are omitted. `hidden` is their number.
#[utoipa::path(get, path = "/v1/stories/{story}/likes", tag = "stories", operation_id = "list_likes",
    params(("story" = String, Path, description = "id of the story"), PageQuery),
    responses((status = 200, description = "a page of people", body = PersonPage)))]
pub(crate) async fn list(
    State(app): State<App>,
    viewer: Viewer,
    Id(story): Id<StoryId>,
    Query(page): Query<PageQuery>,
) -> Result<Json<PersonPage>, Problem> {
    let scope = of_story(List::Likes, story, viewer.id);
    let page = page.read(&app, scope)?;
    let likers = app
        .service
        .likes()
        .list(viewer.id, story, page.behind()?, page.limit())
        .await?;
    Ok(Json(PersonPage {
        hidden: Some(likers.hidden),
        ..relations::to_schema(&likers.page, &app, scope)
    }))
}
