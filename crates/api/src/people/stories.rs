//! The stories of a person.

use axum::extract::State;
use axum::response::Response;
use sosik_feed::StoryId;
use sosik_feed::cursor::seal::List;
use sosik_feed::people::Handle;

use crate::app::App;
use crate::extract::{Name, PageQuery, Query, Viewer, json_bytes, of_name};
use crate::problem::Problem;
use crate::render::{self, Sealing};
use crate::schema::StoryPage;

/// List a person's stories
///
/// Newest first. Stories for friends are included if you are their friend.
#[utoipa::path(get, path = "/v1/people/{handle}/stories", tag = "people", operation_id = "list_stories_of_person",
    params(("handle" = String, Path, description = "the handle, with or without `@`"), PageQuery),
    responses((status = 200, description = "a page of stories", body = StoryPage)))]
pub(crate) async fn stories(
    State(app): State<App>,
    viewer: Viewer,
    Name(handle): Name,
    Query(page): Query<PageQuery>,
) -> Result<Response, Problem> {
    let scope = of_name(List::Profile, &one_form(&handle), viewer.id);
    let page = page.read(&app, scope)?;
    let before = page.below()?.map(StoryId::new);
    let stories = app
        .service
        .stories()
        .of_author(viewer.id, &handle, before, page.limit())
        .await?;
    let seals = app.service.seals();
    Ok(json_bytes(render::story_page(
        &stories,
        Sealing { seals, scope },
    )))
}

/// The normal form of a handle. An invalid handle belongs to nobody, and no cursor is valid for it.
fn one_form(handle: &str) -> String {
    Handle::lookup(handle).map_or_else(String::new, |handle| handle.as_str().to_owned())
}
