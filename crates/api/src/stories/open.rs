//! One story.

use axum::extract::State;
use axum::response::Response;
use sosik_feed::StoryId;
use xxhash_rust::xxh3::xxh3_64;

use crate::app::App;
use crate::extract::{Id, IfNoneMatch, Visitor};
use crate::problem::Problem;
use crate::render;
use crate::schema::Story;

/// Show a story
///
/// A story that you may not see is not found, as if it did not exist. A public story needs no session.
#[utoipa::path(get, path = "/v1/stories/{story}", tag = "stories", operation_id = "show_story",
    security((), ("bearer" = []), ("cookie" = [])),
    params(
        ("story" = String, Path, description = "id of the story"),
        ("If-None-Match" = Option<String>, Header, description = "the `ETag` of your copy"),
    ),
    responses(
        (status = 200, description = "the story", body = Story, headers(("ETag" = String, description = "the version of this response"))),
        (status = 304, description = "not modified"),
    ))]
pub(crate) async fn open(
    State(app): State<App>,
    visitor: Visitor,
    Id(story): Id<StoryId>,
    known: IfNoneMatch,
) -> Result<Response, Problem> {
    let service = &app.service;
    let json = match visitor {
        Visitor::SignedIn(viewer) => {
            render::opened_story(&service.stories().show(viewer, story).await?)
        }
        Visitor::Stranger => render::story(&service.strangers().story(story).await?),
    };
    Ok(visitor.respond(known.respond(render::Tagged {
        tag: xxh3_64(&json),
        json,
    })))
}
