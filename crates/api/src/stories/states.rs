//! The states of several stories.

use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;
use sosik_service::feeds::stream::WATCHED_MAX;
use utoipa::IntoParams;
use xxhash_rust::xxh3::xxh3_64;

use crate::app::App;
use crate::extract::{IfNoneMatch, Query, Viewer, story_ids};
use crate::problem::Problem;
use crate::render;
use crate::schema::StoryStates;

/// The stories to show.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct StoriesQuery {
    /// Ids of stories, separated by commas, at most 50.
    ids: String,
}

/// Show several stories
///
/// The state of each story now, in the order of the ids; a repeated id counts once. A story that you may not see has the
/// same state as one that does not exist. Use it to check the stories that you show, after you opened the live stream
/// with them.
#[utoipa::path(get, path = "/v1/stories", tag = "stories", operation_id = "show_stories",
    params(
        ("If-None-Match" = Option<String>, Header, description = "the `ETag` of your copy"),
        StoriesQuery,
    ),
    responses(
        (status = 200, description = "the states", body = StoryStates, headers(("ETag" = String, description = "the version of this response"))),
        (status = 304, description = "not modified"),
        (status = 400, description = "`query_invalid`"),
    ))]
pub(crate) async fn states(
    State(app): State<App>,
    viewer: Viewer,
    Query(query): Query<StoriesQuery>,
    known: IfNoneMatch,
) -> Result<Response, Problem> {
    let ids = story_ids("ids", &query.ids, WATCHED_MAX)?;
    let states = app.service.stories().states(viewer.id, &ids).await?;
    let json = render::story_states(&states);
    Ok(known.respond(render::Tagged {
        tag: xxh3_64(&json),
        json,
    }))
}
