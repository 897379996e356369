//! Writes a comment.

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use sosik_feed::StoryId;

use crate::app::App;
use crate::extract::{Id, IdempotencyKey, Json, Viewer};
use crate::limits::Commenting;
use crate::problem::Problem;
use crate::schema::{Comment, WriteComment};

/// Comment on a story
///
/// With an `Idempotency-Key` a repeat writes nothing and returns the first comment again.
#[utoipa::path(post, path = "/v1/stories/{story}/comments", tag = "comments", operation_id = "write_comment",
    params(
        ("story" = String, Path, description = "id of the story"),
        ("Idempotency-Key" = Option<String>, Header, description = "1 to 64 visible ASCII characters, new for every comment"),
    ),
    request_body = WriteComment,
    responses(
        (status = 201, description = "the comment", body = Comment, headers(("Location" = String, description = "the comment"))),
        (status = 409, description = "`comment_quota`, `text_quota`"),
        (status = 422, description = "`comment_text_…`, `idempotency_key_reused`, `idempotency_key_invalid`"),
    ))]
pub(crate) async fn write(
    State(app): State<App>,
    viewer: Viewer<Commenting>,
    Id(story): Id<StoryId>,
    IdempotencyKey(key): IdempotencyKey,
    Json(body): Json<WriteComment>,
) -> Result<Response, Problem> {
    let item = app
        .service
        .comments()
        .add(viewer.id, story, &body.text, key.as_deref())
        .await?;
    let location = format!("/v1/comments/{}", item.comment.id);
    Ok((
        StatusCode::CREATED,
        [(header::LOCATION, location)],
        Json(Comment::of(&item)),
    )
        .into_response())
}
