//! Edits a comment.

use axum::extract::State;
use sosik_feed::CommentId;

use crate::app::App;
use crate::extract::{Id, Json, Viewer};
use crate::limits::Commenting;
use crate::problem::Problem;
use crate::schema::{Comment, EditComment};

/// Edit your comment
#[utoipa::path(patch, path = "/v1/comments/{comment}", tag = "comments", operation_id = "edit_comment",
    params(("comment" = String, Path, description = "id of your comment")),
    request_body = EditComment,
    responses(
        (status = 200, description = "the edited comment", body = Comment),
        (status = 409, description = "`text_quota`"),
        (status = 422, description = "`comment_text_…`"),
    ))]
pub(crate) async fn edit(
    State(app): State<App>,
    viewer: Viewer<Commenting>,
    Id(comment): Id<CommentId>,
    Json(body): Json<EditComment>,
) -> Result<Json<Comment>, Problem> {
    let item = app
        .service
        .comments()
        .edit(viewer.id, comment, &body.text)
        .await?;
    Ok(Json(Comment::of(&item)))
}
