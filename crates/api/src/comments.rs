//! Comments.

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use sosik_feed::cursor::seal::{List, Scope};
use sosik_feed::{CommentId, StoryId};
use sosik_service::comments::CommentPage as Comments;

use crate::app::App;
use crate::extract::{Id, IdempotencyKey, Json, PageQuery, Query, Viewer, of_comment, of_story};
use crate::limits::{Commenting, Deleting, Liking};
use crate::problem::Problem;
use crate::relations;
use crate::schema::{Comment, CommentPage, CommentReaction, EditComment, PersonPage, WriteComment};

/// Comment on a story
///
/// With an `Idempotency-Key` a repeat writes nothing and returns the first comment again. With `reply_to` it answers
/// another comment.
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
    let comments = app.service.comments();
    let (text, key) = (&body.text, key.as_deref());
    let item = match body.reply_to {
        None => comments.add(viewer.id, story, text, key).await?,
        Some(to) => comments.reply(viewer.id, (story, to), text, key).await?,
    };
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
/// You can delete your own comments, and all comments on your stories. Replies stay.
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
/// Oldest first, without replies. Read the next page with `after`. Comments of people you blocked, or who blocked you, are
/// omitted. `hidden` is their number.
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
    Ok(Json(to_schema(&comments, &app, scope)))
}

/// List the replies to a comment
///
/// Oldest first. Read the next page with `after`. Replies of people you blocked, or who blocked you, are omitted. `hidden`
/// is their number.
#[utoipa::path(get, path = "/v1/comments/{comment}/replies", tag = "comments", operation_id = "list_replies",
    params(("comment" = String, Path, description = "id of the comment"), PageQuery),
    responses((status = 200, description = "a page of comments", body = CommentPage)))]
pub(crate) async fn replies(
    State(app): State<App>,
    viewer: Viewer,
    Id(comment): Id<CommentId>,
    Query(page): Query<PageQuery>,
) -> Result<Json<CommentPage>, Problem> {
    let scope = of_comment(List::Replies, comment, viewer.id);
    let page = page.read(&app, scope)?;
    let after = page.above()?.map(CommentId::new);
    let replies = app
        .service
        .comments()
        .replies(viewer.id, comment, after, page.limit())
        .await?;
    Ok(Json(to_schema(&replies, &app, scope)))
}

/// Like a comment
///
/// Repeating it changes nothing.
#[utoipa::path(put, path = "/v1/comments/{comment}/like", tag = "comments", operation_id = "like_comment",
    params(("comment" = String, Path, description = "id of the comment")),
    responses((status = 200, description = "the likes of the comment now", body = CommentReaction)))]
pub(crate) async fn like(
    State(app): State<App>,
    viewer: Viewer<Liking>,
    Id(comment): Id<CommentId>,
) -> Result<Json<CommentReaction>, Problem> {
    let likes = app.service.comments().like(viewer.id, comment).await?;
    Ok(Json(CommentReaction { likes, liked: true }))
}

/// Take a like of a comment back
///
/// Repeating it changes nothing. You can take a like back even if you may no longer see the comment. The response is the
/// same if there is no such comment or no such like.
#[utoipa::path(delete, path = "/v1/comments/{comment}/like", tag = "comments", operation_id = "unlike_comment",
    params(("comment" = String, Path, description = "id of the comment")),
    responses((status = 204, description = "you do not like it")))]
pub(crate) async fn unlike(
    State(app): State<App>,
    viewer: Viewer<Liking>,
    Id(comment): Id<CommentId>,
) -> Result<StatusCode, Problem> {
    app.service.comments().unlike(viewer.id, comment).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// List the likes of a comment
///
/// Newest like first. Likes of people you blocked, or who blocked you, are omitted. `hidden` is their number.
#[utoipa::path(get, path = "/v1/comments/{comment}/likes", tag = "comments", operation_id = "list_comment_likes",
    params(("comment" = String, Path, description = "id of the comment"), PageQuery),
    responses((status = 200, description = "a page of people", body = PersonPage)))]
pub(crate) async fn likes(
    State(app): State<App>,
    viewer: Viewer,
    Id(comment): Id<CommentId>,
    Query(page): Query<PageQuery>,
) -> Result<Json<PersonPage>, Problem> {
    let scope = of_comment(List::CommentLikes, comment, viewer.id);
    let page = page.read(&app, scope)?;
    let likers = app
        .service
        .comments()
        .likers(viewer.id, comment, page.behind()?, page.limit())
        .await?;
    Ok(Json(PersonPage {
        hidden: Some(likers.hidden),
        ..relations::to_schema(&likers.page, &app, scope)
    }))
}

fn to_schema(page: &Comments, app: &App, scope: Scope) -> CommentPage {
    CommentPage {
        items: page.items.iter().map(Comment::of).collect(),
        before: None,
        after: (page.after.as_ref()).map(|after| app.service.seals().seal(after, scope)),
        end: page.end,
        hidden: page.hidden,
    }
}
