//! All routes.
//!
//! The routes of the API are registered together with their documentation, so none can be missing there. To add a
//! route, add its line in [`api`], in the group of its noun.

use std::sync::Arc;

use axum::Router;
use axum::http::{HeaderMap, header};
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use tower::util::MapResponseLayer;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::front::{compression, cors, note_length, operators, watch};
use crate::problem::Problem;
use crate::{
    admin, blocks, comments, feed, follows, friend_requests, friends, health, likes, me, mutes,
    notifications, openapi, people, sessions, site, stories, tags, welcome,
};

/// What people reach.
pub(crate) fn public(app: App) -> Router {
    let (api, _) = api().split_for_parts();
    let (probes, _) = probes().split_for_parts();
    let pages = Router::new()
        .route("/", get(site::front_page))
        .route("/docs", get(site::reference))
        .route("/docs/", get(site::reference))
        .route("/welcome.css", get(welcome::style))
        .route("/openapi.json", get(document));
    let api = api.layer((compression(), MapResponseLayer::new(note_length)));
    let all = api.merge(probes).merge(pages);
    let all = in_front(all.fallback(site::other), &app);
    let origins = &app.settings.cors_origins;
    let all = if origins.is_empty() {
        all
    } else {
        all.layer(cors(origins))
    };
    all.with_state(app)
}

/// What operators reach.
pub(crate) fn admin(app: App) -> Router {
    let (probes, _) = probes().split_for_parts();
    let routes = Router::new()
        .route("/healthz", get(health::probes::healthz))
        .route("/metrics", get(health::metrics))
        .route("/admin/orders/dead", get(admin::orders::dead))
        .route("/admin/orders/retry", post(admin::orders::retry))
        .route_layer(from_fn_with_state(Arc::clone(&app), operators));
    in_front(probes.merge(routes).fallback(nothing_here), &app).with_state(app)
}

/// What every request goes through, and what is answered where there is nothing.
pub(crate) fn in_front(router: Router<App>, app: &App) -> Router<App> {
    router
        .method_not_allowed_fallback(not_this_method)
        .layer(from_fn_with_state(Arc::clone(app), watch))
}

/// The routes of the API with their documentation.
pub(crate) fn api() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(people::sign_up::sign_up, people::search::search))
        .routes(routes!(people::profile::profile))
        .routes(routes!(people::stories::stories))
        .routes(routes!(me::show::show, me::change::change))
        .routes(routes!(me::password::password))
        .routes(routes!(
            sessions::log_in::log_in,
            sessions::list::list,
            sessions::end::others
        ))
        .routes(routes!(sessions::log_out::log_out))
        .routes(routes!(sessions::end::one))
        .routes(routes!(feed::read::read))
        .routes(routes!(feed::stream::stream))
        .routes(routes!(
            feed::read_position::show,
            feed::read_position::mark
        ))
        .routes(routes!(stories::post::post))
        .routes(routes!(
            stories::open::open,
            stories::edit::edit,
            stories::delete::delete
        ))
        .routes(routes!(likes::give::give, likes::give::take_back))
        .routes(routes!(likes::list::list))
        .routes(routes!(comments::list::list, comments::write::write))
        .routes(routes!(comments::edit::edit, comments::delete::delete))
        .routes(routes!(tags::stories::stories))
        .merge(relations())
        .routes(routes!(notifications::list::list))
        .routes(routes!(notifications::mark_read::mark_read))
}

fn relations() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(friends::list::list))
        .routes(routes!(friends::end::end))
        .routes(routes!(friend_requests::list::list))
        .routes(routes!(
            friend_requests::show::show,
            friend_requests::ask::ask,
            friend_requests::drop::drop
        ))
        .routes(routes!(friend_requests::accept::accept))
        .routes(routes!(follows::list::list))
        .routes(routes!(follows::followers::followers))
        .routes(routes!(follows::add::add, follows::remove::remove))
        .routes(routes!(blocks::list::list))
        .routes(routes!(blocks::add::add, blocks::remove::remove))
        .routes(routes!(mutes::list::list))
        .routes(routes!(mutes::add::add, mutes::remove::remove))
}

/// The probes, which need no permit.
pub(crate) fn probes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(health::probes::livez))
        .routes(routes!(health::probes::readyz))
}

async fn document(headers: HeaderMap) -> Response {
    let kind = [
        (header::CONTENT_TYPE, "application/json"),
        (header::CACHE_CONTROL, "public, max-age=300"),
    ];
    (kind, openapi::encoded().answer(&headers)).into_response()
}

async fn nothing_here() -> Problem {
    Problem::NotFound("page")
}

async fn not_this_method() -> Problem {
    Problem::MethodNotAllowed
}
