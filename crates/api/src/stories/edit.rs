//! Edits a story.

use axum::extract::State;
use axum::response::Response;
use sosik_feed::StoryId;
use sosik_service::stories::EditRequest;

use crate::app::App;
use crate::extract::{Id, Json, Viewer, json_bytes};
use crate::limits::Posting;
use crate::problem::Problem;
use crate::render;
use crate::schema::{EditStory, Story};
use crate::stories::post::attached;

/// Edit your story
///
/// Omitted fields stay unchanged. People who may no longer see the story do not see it on their next read.
#[utoipa::path(patch, path = "/v1/stories/{story}", tag = "stories", operation_id = "edit_story",
    params(("story" = String, Path, description = "id of your story")),
    request_body = EditStory,
    responses(
        (status = 200, description = "the edited story", body = Story),
        (status = 404, description = "`media_not_yours`"),
        (status = 409, description = "`text_quota`, `media_used`, `media_unfinished`"),
        (status = 422, description = "`story_text_…`, `attachments_too_many`, `alt_text_…`"),
    ))]
pub(crate) async fn edit(
    State(app): State<App>,
    viewer: Viewer<Posting>,
    Id(story): Id<StoryId>,
    Json(body): Json<EditStory>,
) -> Result<Response, Problem> {
    let EditStory {
        text,
        audience,
        attachments,
    } = body;
    let request = EditRequest {
        text,
        audience,
        attachments: attachments.map(attached),
    };
    let item = app
        .service
        .stories()
        .edit(viewer.id, story, request)
        .await?;
    Ok(json_bytes(render::story(&item)))
}
