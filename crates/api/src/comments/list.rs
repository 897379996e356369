//! The comments of a story.

use axum::extract::State;
use sosik_feed::cursor::seal::List;
use sosik_feed::{CommentId, StoryId};

use crate::app::App;
use crate::extract::{Id, Json, PageQuery, Query, Viewer, of_story};
use crate::problem::Problem;
use crate::schema::{Comment, CommentPage};

/// List the comments of a story
///
/// Oldest first. Read the next page with `after`. Comments of people you blocked, or who blocked you, are omitted.
/// `hidden` is their number.
#[utoipa::path(get, path = "/v1/stories/{story}/comments", tag = "comments", operation_id = "list_comments",
    params(("story" = String, Path, description = "id of the story"), PageQuery),
    responses((status = 200, description = "a page of comments", body = CommentPage)))]
pub(crate) async fn list(
    State(app): State<App>,
    viewer: Viewer,
    Id(story): Id<StoryId>,
    Query(page): Query<PageQuery>,
) -> Result<Json<CommentPage>, Problem> {
    let scope = of_story(List::Comments, story, viewer.id);
    let page = page.read(&app, scope)?;
    let after = page.above()?.map(CommentId::new);
    let comments = app
        .service
        .comments()
        .list(viewer.id, story, after, page.limit())
        .await?;
    Ok(Json(CommentPage {
        items: comments.items.iter().map(Comment::of).collect(),
        before: None,
        after: comments
            .after
            .map(|after| app.service.seals().seal(&after, scope)),
        end: comments.end,
        hidden: comments.hidden,
    }))
}
