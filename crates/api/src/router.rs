//! All routes.
//!
//! The routes of the API are registered together with their documentation, so none can be missing there. To add a
//! route, add its line in [`api`], in the group of its noun.

use std::sync::Arc;

use axum::extract::Request;
use axum::http::{HeaderMap, Method, header};
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get, post};
use tower::util::{option_layer, service_fn};
use tower::{Layer, ServiceExt, layer::layer_fn};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::middleware::{Front, Routes, cors, operators, watch};
use crate::problem::Problem;
use crate::serve::Handle;
use crate::{
    admin, blocks, comments, feed, follows, friend_requests, friends, health, invitations, likes,
    me, media, mutes, notifications, openapi, people, problem, public, saved, sessions, site,
    start, stories, suggestions, tags, welcome,
};

/// The handler of the public listener.
pub(crate) fn public(app: &App) -> impl Handle + use<> {
    let origins = &app.settings.cors_origins;
    let cors = (!origins.is_empty()).then(|| {
        let cors = cors(origins);
        layer_fn(move |inner| unless_options(cors.layer(Clone::clone(&inner)), inner))
    });
    option_layer(cors).layer(with_middleware(for_people(), app))
}

/// Passes only preflight requests to the CORS layer, which would answer every `OPTIONS` request. Other `OPTIONS`
/// requests reach their handler.
fn unless_options(layered: impl Handle, plain: impl Handle) -> impl Handle {
    service_fn(move |request: Request| {
        let is_preflight = request
            .headers()
            .contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
        let is_plain = request.method() == Method::OPTIONS && !is_preflight;
        let (layered, plain) = (layered.clone(), plain.clone());
        Box::pin(async move {
            match is_plain {
                true => plain.oneshot(request).await,
                false => layered.oneshot(request).await,
            }
        })
    })
}

/// The routes for people.
pub(crate) fn for_people() -> Routes {
    Routes::default()
        .documented(api())
        .documented(files())
        .documented(probes())
        .route("/", get(site::front_page))
        .route(site::PERSON, get(site::person))
        .route(site::STORY, get(site::story))
        .route("/favicon.ico", get(site::favicon))
        .route("/robots.txt", get(site::robots))
        .route("/problems/{code}", get(problem::page))
        .route("/docs", get(site::reference))
        .route("/docs/", get(site::reference))
        .route("/welcome.css", get(welcome::style))
        .route("/openapi.json", get(document))
        .fallback(site::other)
}

/// The handler of the administration listener.
pub(crate) fn admin(app: &App) -> impl Handle + use<> {
    let operators = from_fn_with_state(Arc::clone(app), operators);
    let for_operators = |methods: MethodRouter<App>| methods.layer(operators.clone());
    let routes = Routes::default()
        .documented(probes())
        .route("/healthz", for_operators(get(health::probes::healthz)))
        .route("/metrics", for_operators(get(health::metrics)))
        .route(
            "/admin/orders/dead",
            for_operators(get(admin::orders::dead)),
        )
        .route(
            "/admin/orders/retry",
            for_operators(post(admin::orders::retry)),
        )
        .route("/admin/nodes", for_operators(get(admin::nodes::list)))
        .fallback(no_such_route);
    with_middleware(routes, app)
}

/// Adds the layers of every request, and the responses of unknown routes and methods.
pub(crate) fn with_middleware(routes: Routes, app: &App) -> impl Handle + use<> {
    let routes = routes.method_not_allowed_fallback(method_not_allowed);
    let front = Arc::new(Front::new(routes, app));
    // Boxed, because the future has 3 KiB and the protocol library moves it three times.
    service_fn(move |request| Box::pin(watch(Arc::clone(&front), request)))
}

/// The routes of the API with their documentation.
pub(crate) fn api() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(people::sign_up::sign_up, people::search::search))
        .routes(routes!(people::handles::check))
        .routes(routes!(people::profile::profile))
        .routes(routes!(people::stories::stories))
        .routes(routes!(start::start))
        .routes(routes!(me::show, me::change))
        .routes(routes!(me::password))
        .routes(routes!(me::delete))
        .routes(routes!(media::avatar::change, media::avatar::remove))
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
        .routes(routes!(stories::post::post, stories::states::states))
        .routes(routes!(
            stories::open::open,
            stories::edit::edit,
            stories::delete::delete
        ))
        .routes(routes!(media::upload::upload))
        .routes(routes!(media::show::show, media::delete::delete))
        .merge(uploads())
        .routes(routes!(likes::like, likes::unlike))
        .routes(routes!(likes::list))
        .routes(routes!(saved::save, saved::unsave))
        .routes(routes!(saved::list))
        .routes(routes!(comments::list, comments::write))
        .routes(routes!(comments::edit, comments::delete))
        .routes(routes!(comments::replies))
        .routes(routes!(comments::like, comments::unlike))
        .routes(routes!(comments::likes))
        .routes(routes!(tags::stories))
        .routes(routes!(public::stories))
        .merge(relations())
        .routes(routes!(invitations::list, invitations::make))
        .routes(routes!(invitations::revoke))
        .routes(routes!(invitations::open))
        .routes(routes!(invitations::registration))
        .routes(routes!(notifications::list))
        .routes(routes!(notifications::mark_read))
}

fn uploads() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(
            media::uploads::begin::begin,
            media::uploads::options::options
        ))
        .routes(routes!(
            media::uploads::append::append,
            media::uploads::show::show,
            media::uploads::delete::delete
        ))
}

fn relations() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(friends::list))
        .routes(routes!(friends::end))
        .routes(routes!(friend_requests::list))
        .routes(routes!(
            friend_requests::show,
            friend_requests::ask,
            friend_requests::drop
        ))
        .routes(routes!(friend_requests::accept))
        .routes(routes!(follows::list))
        .routes(routes!(follows::followers))
        .routes(routes!(follows::add, follows::remove))
        .routes(routes!(blocks::list))
        .routes(routes!(blocks::add, blocks::remove))
        .routes(routes!(mutes::list))
        .routes(routes!(mutes::add, mutes::remove))
        .routes(routes!(suggestions::list))
        .routes(routes!(suggestions::dismiss, suggestions::restore))
}

/// The files of stories and avatars.
pub(crate) fn files() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(media::file::file))
        .routes(routes!(media::avatar::file))
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
    (kind, openapi::encoded().respond(&headers)).into_response()
}

async fn no_such_route() -> Problem {
    Problem::NotFound("page")
}

async fn method_not_allowed() -> Problem {
    Problem::MethodNotAllowed
}
