//! People whom the viewer may know.

use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use sosik_feed::PersonId;
use sosik_feed::rules::page_items;
use sosik_service::suggestions::Suggestion as Found;
use utoipa::IntoParams;

use crate::app::App;
use crate::extract::{Id, Json, Query, Viewer};
use crate::limits::{Relating, Searching};
use crate::problem::Problem;
use crate::schema::{Person, Suggestion, SuggestionPage};

/// The query of suggestions.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct SuggestionsQuery {
    /// Maximum number of people, 1 to 100; default 20. There are at most 40.
    limit: Option<usize>,
}

/// List people whom you may know
///
/// People with friends in common come first, then people who write under tags of your feed, then people whom many
/// follow. There are no further pages.
#[utoipa::path(get, path = "/v1/suggestions", tag = "relations", operation_id = "list_suggestions",
    params(SuggestionsQuery),
    responses((status = 200, description = "people whom you may know", body = SuggestionPage)))]
pub(crate) async fn list(
    State(app): State<App>,
    viewer: Viewer<Searching>,
    Query(query): Query<SuggestionsQuery>,
) -> Result<Json<SuggestionPage>, Problem> {
    let limit = page_items(query.limit)?;
    let found = app.service.suggestions().list(viewer.id, limit).await?;
    Ok(Json(SuggestionPage {
        items: found.iter().map(to_schema).collect(),
        before: None,
        after: None,
        end: true,
    }))
}

fn to_schema(found: &Found) -> Suggestion {
    Suggestion {
        person: Person::listed(&found.person),
        common_friends: found.common_friends,
        tags: found.tags.iter().map(ToString::to_string).collect(),
    }
}

/// Dismiss a suggestion
///
/// The person is not suggested to you any more. They are not notified. Repeating it changes nothing.
#[utoipa::path(delete, path = "/v1/suggestions/{person}", tag = "relations", operation_id = "dismiss_suggestion",
    params(("person" = String, Path, description = "id of the person")),
    responses((status = 204, description = "they are not suggested to you")))]
pub(crate) async fn dismiss(
    State(app): State<App>,
    viewer: Viewer<Relating>,
    Id(person): Id<PersonId>,
) -> Result<StatusCode, Problem> {
    app.service
        .suggestions()
        .put_aside(viewer.id, person)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Take a dismissal back
///
/// Repeating it changes nothing.
#[utoipa::path(put, path = "/v1/suggestions/{person}", tag = "relations", operation_id = "restore_suggestion",
    params(("person" = String, Path, description = "id of the person")),
    responses((status = 204, description = "they may be suggested to you again")))]
pub(crate) async fn restore(
    State(app): State<App>,
    viewer: Viewer<Relating>,
    Id(person): Id<PersonId>,
) -> Result<StatusCode, Problem> {
    app.service
        .suggestions()
        .take_up_again(viewer.id, person)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
