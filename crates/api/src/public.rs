//! The page of public stories.

use axum::extract::State;
use axum::response::Response;
use sosik_feed::StoryId;
use sosik_feed::cursor::seal::{List, Scope};

use crate::app::App;
use crate::extract::{PageQuery, Query, Visitor, json_bytes};
use crate::problem::Problem;
use crate::render::{self, Sealing};
use crate::schema::StoryPage;
use crate::settings::PublicPage;

/// List public stories
///
/// Public stories of everybody, newest first. Needs no session. With a session, stories of people you muted are omitted.
/// A new story appears after some seconds. The operator of a service decides whether it has this list: see `public_page`
/// in `GET /v1/start`.
#[utoipa::path(get, path = "/v1/public", tag = "stories", operation_id = "list_public_stories",
    security((), ("bearer" = []), ("cookie" = [])),
    params(PageQuery),
    responses(
        (status = 200, description = "a page of stories", body = StoryPage),
        (status = 404, description = "`not_found`: this service has no such list"),
    ))]
pub(crate) async fn stories(
    State(app): State<App>,
    visitor: Visitor,
    Query(page): Query<PageQuery>,
) -> Result<Response, Problem> {
    if app.settings.public_page == PublicPage::Off {
        return Err(Problem::NotFound("page"));
    }
    let scope = Scope::own(List::Public, visitor.reader());
    let page = page.read(&app, scope)?;
    let before = page.below()?.map(StoryId::new);
    let strangers = app.service.strangers();
    let stories = strangers
        .public_page(visitor.person(), before, page.limit())
        .await?;
    let seals = app.service.seals();
    let page = render::story_page(&stories, Sealing { seals, scope });
    Ok(visitor.respond(json_bytes(page)))
}
