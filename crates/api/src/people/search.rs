//! Search for people.

use axum::extract::State;
use serde::Deserialize;
use sosik_feed::RuleBroken;
use sosik_feed::cursor::seal::List;
use utoipa::IntoParams;

use crate::app::App;
use crate::extract::{Json, PageQuery, Query, Viewer, of_name};
use crate::limits::Searching;
use crate::problem::Problem;
use crate::schema::{Person, PersonPage};

/// The query of a search.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct SearchQuery {
    /// The beginning of a handle or of a word of a name; in Chinese characters, Hangul and Kana any part of a name.
    /// Accents need not be typed. The last Hangul syllable may be unfinished, and a consonant stands for a syllable
    /// that begins with it. A leading `@` searches handles only.
    #[param(required = true)]
    q: Option<String>,
}

/// Search people
///
/// Friends first, then people whom you follow, then the person with exactly this handle, then all others in a stable
/// order. People whom you blocked or who blocked you are not found.
#[utoipa::path(get, path = "/v1/people", tag = "people", operation_id = "search_people",
    params(SearchQuery, PageQuery),
    responses(
        (status = 200, description = "a page of the people found", body = PersonPage),
        (status = 422, description = "`search_query_invalid`, `page_limit_invalid`"),
    ))]
pub(crate) async fn search(
    State(app): State<App>,
    viewer: Viewer<Searching>,
    Query(search): Query<SearchQuery>,
    Query(page): Query<PageQuery>,
) -> Result<Json<PersonPage>, Problem> {
    let q = search.q.ok_or(RuleBroken::SearchQueryInvalid)?;
    let scope = of_name(List::Search, q.trim(), viewer.id);
    let page = page.read(&app, scope)?;
    let people = app.service.people();
    let (from, limit) = (page.found()?, page.limit());
    let found = people.search(viewer.id, &q, from, limit).await?;
    let items = found
        .items
        .iter()
        .map(|found| match found.person.record.id == viewer.id {
            true => Person::of(&found.person),
            false => Person::listed(found),
        });
    Ok(Json(PersonPage {
        items: items.collect(),
        end: found.before.is_none(),
        before: (found.before).map(|before| app.service.seals().seal(&before, scope)),
        after: None,
        hidden: None,
    }))
}
