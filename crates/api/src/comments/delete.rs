//! Deletes a comment.

use axum::extract::State;
use axum::http::StatusCode;
use sosik_feed::CommentId;

use crate::app::App;
use crate::extract::{Id, Viewer};
use crate::problem::Problem;

/// Delete a comment
///
/// You can delete your own comments, and all comments on your stories.
#[utoipa::path(delete, path = "/v1/comments/{comment}", tag = "comments", operation_id = "delete_comment",
    params(("comment" = String, Path, description = "id of the comment")),
    responses((status = 204, description = "the comment is deleted")))]
pub(crate) async fn delete(
    State(app): State<App>,
    viewer: Viewer,
    Id(comment): Id<CommentId>,
) -> Result<StatusCode, Problem> {
    app.service.comments().delete(viewer.id, comment).await?;
    Ok(StatusCode::NO_CONTENT)
}
