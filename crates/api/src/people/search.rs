//! Search for people.

use axum::extract::State;
use serde::Deserialize;
use sosik_feed::RuleBroken;
use sosik_feed::cursor::seal::{List, Scope};
use utoipa::IntoParams;

use crate::app::App;
use crate::extract::{Json, PageQuery, Query, Viewer};
use crate::limits::Searching;
use crate::problem::Problem;
use crate::schema::{Person, PersonPage};

/// The query of a search.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct SearchQuery {
    /// The beginning of a handle or of a word of a name; in Chinese characters, Hangul and Kana any part of a name.
    #[param(required = true)]
    q: Option<String>,
}

/// Search people
///
/// Best match first. There are no further pages: refine the query instead.
#[utoipa::path(get, path = "/v1/people", tag = "people", operation_id = "search_people",
    params(SearchQuery, ("limit" = Option<u32>, Query, description = "maximum number of people, 1 to 100; default 20")),
    responses(
        (status = 200, description = "the people found", body = PersonPage),
        (status = 422, description = "`search_query_invalid`, `page_limit_invalid`"),
    ))]
pub(crate) async fn search(
    State(app): State<App>,
    viewer: Viewer<Searching>,
    Query(search): Query<SearchQuery>,
    Query(page): Query<PageQuery>,
) -> Result<Json<PersonPage>, Problem> {
    let q = search.q.ok_or(RuleBroken::SearchQueryInvalid)?;
    let page = page.read(&app, Scope::own(List::Search, viewer.id))?;
    let found = app
        .service
        .people()
        .search(viewer.id, &q, page.limit())
        .await?;
    let items = found
        .iter()
        .map(|found| match found.person.record.id == viewer.id {
            true => Person::of(&found.person),
            false => Person::listed(found),
        });
    Ok(Json(PersonPage {
        items: items.collect(),
        before: None,
        after: None,
        end: true,
        hidden: None,
    }))
}
