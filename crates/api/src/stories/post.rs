//! Posts a story.

use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use sosik_service::stories::{AttachRequest, PostRequest};

use crate::app::App;
use crate::extract::{IdempotencyKey, Json, Viewer, json_bytes};
use crate::limits::Posting;
use crate::problem::Problem;
use crate::render;
use crate::schema::{AttachMedia, PostStory, Story};

/// Post a story
///
/// When you get the response, the story is durable and in your own feed. It reaches your friends and followers within
/// seconds. With an `Idempotency-Key` a repeat posts nothing and returns the first story again.
#[utoipa::path(post, path = "/v1/stories", tag = "stories", operation_id = "post_story",
    params(("Idempotency-Key" = Option<String>, Header, description = "1 to 64 visible ASCII characters, new for every story")),
    request_body = PostStory,
    responses(
        (status = 201, description = "the story", body = Story, headers(("Location" = String, description = "the story"))),
        (status = 404, description = "`media_not_yours`"),
        (status = 409, description = "`story_quota`, `text_quota`, `media_used`, `media_unfinished`"),
        (status = 422, description = "`story_text_…`, `attachments_too_many`, `alt_text_…`, `idempotency_key_reused`, `idempotency_key_invalid`"),
    ))]
pub(crate) async fn post(
    State(app): State<App>,
    viewer: Viewer<Posting>,
    IdempotencyKey(idempotency_key): IdempotencyKey,
    Json(body): Json<PostStory>,
) -> Result<Response, Problem> {
    let audience = body.audience.unwrap_or_default();
    let item = app
        .service
        .stories()
        .post(
            viewer.id,
            PostRequest {
                text: body.text,
                audience,
                attachments: attached(body.attachments),
                idempotency_key,
            },
        )
        .await?;
    Ok(created(
        &format!("/v1/stories/{}", item.story.record.id),
        render::story(&item),
    ))
}

/// `201` with the location of the new resource.
pub(crate) fn created(location: &str, json: Vec<u8>) -> Response {
    let mut response = json_bytes(json);
    *response.status_mut() = StatusCode::CREATED;
    if let Ok(location) = HeaderValue::from_str(location) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    response
}

/// The photos of a request.
pub(super) fn attached(attachments: Vec<AttachMedia>) -> Vec<AttachRequest> {
    let attachments = attachments.into_iter();
    attachments
        .map(|AttachMedia { media, alt }| AttachRequest { media, alt })
        .collect()
}
