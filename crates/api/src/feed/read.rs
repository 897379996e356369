//! Reads the home feed.

use axum::extract::State;
use axum::response::Response;
use sosik_feed::Cursor;
use sosik_feed::cursor::seal::{List, Scope};
use sosik_service::feeds::{FeedQuery, FeedStart};

use crate::app::App;
use crate::extract::{CursorParam, IfNoneMatch, Page, PageQuery, Query, Viewer};
use crate::problem::Problem;
use crate::render::{self, Sealing};
use crate::schema::FeedPage;

/// Read your home feed
///
/// Your own stories, those of your friends, and public stories of people you follow, newest first. Page down with
/// `before`. Read new stories with `after`, which includes late arrivals, whatever their position. A short page is not
/// the end; `end` marks the end.
#[utoipa::path(get, path = "/v1/feed", tag = "feed", operation_id = "read_feed",
    params(("If-None-Match" = Option<String>, Header, description = "the `ETag` of your copy"), PageQuery),
    responses(
        (status = 200, description = "a page", body = FeedPage, headers(("ETag" = String, description = "the version of this response"))),
        (status = 304, description = "not modified"),
    ))]
pub(crate) async fn read(
    State(app): State<App>,
    viewer: Viewer,
    Query(page): Query<PageQuery>,
    known: IfNoneMatch,
) -> Result<Response, Problem> {
    let scope = Scope::own(List::Feed, viewer.id);
    let page = page.read(&app, scope)?;
    let request = FeedQuery {
        limit: page.limit,
        from: from(page)?,
    };
    let page = app.service.feeds().read(viewer.id, request).await?;
    let seals = app.service.seals();
    Ok(known.respond(render::feed_page(&page, Sealing { seals, scope })))
}

fn from(page: Page) -> Result<FeedStart, Problem> {
    match page.from {
        None => Ok(FeedStart::Top),
        Some(CursorParam::Before(Cursor::Older(older))) => Ok(FeedStart::Older(older)),
        Some(CursorParam::After(Cursor::Newer(seen))) => Ok(FeedStart::Newer(seen)),
        Some(cursor_param) => Err(cursor_param.wrong_cursor()),
    }
}
