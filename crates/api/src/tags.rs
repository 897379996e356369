//! Hashtags.

use axum::extract::State;
use axum::response::Response;
use sosik_feed::StoryId;
use sosik_feed::cursor::seal::List;
use sosik_feed::text::hashtag;

use crate::app::App;
use crate::extract::{Name, PageQuery, Query, Viewer, json_bytes, of_name};
use crate::problem::Problem;
use crate::render::{self, Sealing};
use crate::schema::StoryPage;

/// List stories with a hashtag
///
/// Newest first, only stories that you may see.
#[utoipa::path(get, path = "/v1/tags/{tag}/stories", tag = "stories", operation_id = "list_stories_with_tag",
    params(("tag" = String, Path, description = "the tag, with or without `#`, in upper or lower case"), PageQuery),
    responses((status = 200, description = "a page of stories", body = StoryPage)))]
pub(crate) async fn stories(
    State(app): State<App>,
    viewer: Viewer,
    Name(tag): Name,
    Query(page): Query<PageQuery>,
) -> Result<Response, Problem> {
    let scope = of_name(List::Tag, &hashtag(&tag).unwrap_or_default(), viewer.id);
    let page = page.read(&app, scope)?;
    let before = page.below()?.map(StoryId::new);
    let stories = app
        .service
        .stories()
        .with_tag(viewer.id, &tag, before, page.limit())
        .await?;
    let seals = app.service.seals();
    Ok(json_bytes(render::story_page(
        &stories,
        Sealing { seals, scope },
    )))
}
