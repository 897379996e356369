//! Posts a story.

use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use sosik_service::stories::PostRequest;

use crate::app::App;
use crate::extract::{IdempotencyKey, Json, Viewer, json_bytes};
use crate::limits::Posting;
use crate::problem::{FieldError, Problem};
use crate::render;
use crate::schema::{PostStory, Story};

/// Post a story
///
/// When you get the response, the story is durable and in your own feed. It reaches your friends and followers within
/// seconds. With an `Idempotency-Key` a repeat posts nothing and returns the first story again.
#[utoipa::path(post, path = "/v1/stories", tag = "stories", operation_id = "post_story",
    params(("Idempotency-Key" = Option<String>, Header, description = "1 to 64 visible ASCII characters, new for every story")),
    request_body = PostStory,
    responses(
        (status = 201, description = "the story", body = Story, headers(("Location" = String, description = "the story"))),
        (status = 409, description = "`story_quota`, `text_quota`"),
        (status = 422, description = "`story_text_…`, `idempotency_key_reused`, `idempotency_key_invalid`"),
    ))]
pub(crate) async fn post(
    State(app): State<App>,
    viewer: Viewer<Posting>,
    IdempotencyKey(idempotency_key): IdempotencyKey,
    Json(body): Json<PostStory>,
) -> Result<Response, Problem> {
    if !body.attachments.is_empty() {
        return Err(no_uploads());
    }
    let audience = body.audience.unwrap_or_default();
    let item = app
        .service
        .stories()
        .post(
            viewer.id,
            PostRequest {
                text: body.text,
                audience,
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

fn no_uploads() -> Problem {
    Problem::BodyInvalid(FieldError {
        field: "attachments".to_owned(),
        message: "this server does not support uploads: omit attachments".to_owned(),
    })
}
