//! The stories of a person.

use axum::extract::State;
use axum::response::Response;
use sosik_feed::StoryId;
use sosik_feed::cursor::seal::List;
use sosik_feed::people::Handle;

use crate::app::App;
use crate::extract::{Name, PageQuery, Query, Visitor, json_bytes, of_name};
use crate::problem::Problem;
use crate::render::{self, Sealing};
use crate::schema::StoryPage;

/// List a person's stories
///
/// Newest first. Stories for friends are included if you are their friend. Needs no session: without one, a new story
/// appears after some seconds.
#[utoipa::path(get, path = "/v1/people/{handle}/stories", tag = "people", operation_id = "list_stories_of_person",
    security((), ("bearer" = []), ("cookie" = [])),
    params(("handle" = String, Path, description = "the handle, with or without `@`"), PageQuery),
    responses((status = 200, description = "a page of stories", body = StoryPage)))]
pub(crate) async fn stories(
    State(app): State<App>,
    visitor: Visitor,
    Name(handle): Name,
    Query(page): Query<PageQuery>,
) -> Result<Response, Problem> {
    let scope = of_name(List::Profile, &normal_form(&handle), visitor.reader());
    let page = page.read(&app, scope)?;
    let before = page.below()?.map(StoryId::new);
    let (service, limit) = (&app.service, page.limit());
    let stories = match visitor {
        Visitor::SignedIn(viewer) => {
            let stories = service.stories();
            stories.of_author(viewer, &handle, before, limit).await?
        }
        Visitor::Stranger => {
            let strangers = service.strangers();
            strangers.stories_of(&handle, before, limit).await?
        }
    };
    let seals = service.seals();
    let page = render::story_page(&stories, Sealing { seals, scope });
    Ok(visitor.respond(json_bytes(page)))
}

/// The normal form of a handle. An invalid handle belongs to nobody, and no cursor is valid for it.
fn normal_form(handle: &str) -> String {
    Handle::lookup(handle).map_or_else(String::new, |handle| handle.as_str().to_owned())
}
