//! Comments.

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use sosik_feed::cursor::seal::List;
use sosik_feed::{CommentId, StoryId};

use crate::app::App;
use crate::extract::{Id, IdempotencyKey, Json, PageQuery, Query, Viewer, of_story};
use crate::limits::{Commenting, Deleting};
use crate::problem::Problem;
use crate::schema::{Comment, CommentPage, EditComment, WriteComment};

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
        (status = 403, description = "`comments_limited`"),
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

/// Delete a comment
///
/// You can delete your own comments, and all comments on your stories.
#[utoipa::path(delete, path = "/v1/comments/{comment}", tag = "comments", operation_id = "delete_comment",
    params(("comment" = String, Path, description = "id of the comment")),
    responses((status = 204, description = "the comment is deleted")))]
pub(crate) async fn delete(
    State(app): State<App>,
    viewer: Viewer<Deleting>,
    Id(comment): Id<CommentId>,
) -> Result<StatusCode, Problem> {
    app.service.comments().delete(viewer.id, comment).await?;
    Ok(StatusCode::NO_CONTENT)
}

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
