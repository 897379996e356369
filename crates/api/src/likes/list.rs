//! The likes of a story.

use axum::extract::State;
use sosik_feed::StoryId;
use sosik_feed::cursor::seal::List;

use crate::app::App;
use crate::extract::{Id, Json, PageQuery, Query, Viewer, of_story};
use crate::problem::Problem;
use crate::relations;
use crate::schema::PersonPage;

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
