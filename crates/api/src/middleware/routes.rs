//! The routes that the middleware calls, with their paths.
//!
//! The middleware needs the route of a request before it handles the request, because admission depends on it. The
//! router looks the path up again, which costs less than a layer around every route: each such layer boxes the service
//! and its future once more, and copies the request and the response.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::handler::Handler;
use axum::response::Response;
use axum::routing::MethodRouter;
use tower::util::MapResponse;
use tower::{Layer, Service};
use utoipa_axum::router::OpenApiRouter;

use super::compression::{Compressing, accepts_compression, compression};
use super::response_bytes::note_length;
use crate::app::App;

/// Routes with their paths as written in the code.
#[derive(Default)]
pub(crate) struct Routes {
    router: Router<App>,
    names: matchit::Router<Arc<str>>,
}

impl Routes {
    /// Adds routes that have documentation.
    pub(crate) fn documented(mut self, routes: OpenApiRouter<App>) -> Self {
        let (router, document) = routes.split_for_parts();
        for path in document.paths.paths.keys() {
            self.name(path);
        }
        Self {
            router: self.router.merge(router),
            ..self
        }
    }

    /// Adds a route.
    pub(crate) fn route(mut self, path: &str, methods: MethodRouter<App>) -> Self {
        self.name(path);
        Self {
            router: self.router.route(path, methods),
            ..self
        }
    }

    /// Responds to requests that match no route.
    pub(crate) fn fallback<T: 'static>(self, handler: impl Handler<T, App>) -> Self {
        Self {
            router: self.router.fallback(handler),
            ..self
        }
    }

    /// Responds to requests whose route has other methods only.
    pub(crate) fn method_not_allowed_fallback<T: 'static>(
        self,
        handler: impl Handler<T, App>,
    ) -> Self {
        Self {
            router: self.router.method_not_allowed_fallback(handler),
            ..self
        }
    }

    fn name(&mut self, path: &str) {
        let named = self.names.insert(path, path.into());
        // The router of the library panics for a path that it cannot add, so no path gets lost here.
        debug_assert!(named.is_ok(), "{path}: {named:?}");
    }
}

/// Records the length of each response before it is compressed.
type LengthsNoted = MapResponse<Router, fn(Response) -> Response>;

/// The routes with the state of their handlers.
pub(crate) struct Front {
    pub(super) app: App,
    names: matchit::Router<Arc<str>>,
    router: Router,
    compressing: Compressing<LengthsNoted>,
}

impl Front {
    pub(crate) fn new(routes: Routes, app: &App) -> Self {
        let router = routes.router.with_state(Arc::clone(app));
        Self {
            app: Arc::clone(app),
            names: routes.names,
            compressing: compression().layer(MapResponse::new(router.clone(), note_length)),
            router,
        }
    }

    /// The route of a request, as it is written in the code.
    pub(super) fn route_of(&self, request: &Request) -> Option<&str> {
        let found = self.names.at(request.uri().path());
        found.ok().map(|found| &**found.value)
    }

    /// Calls a route.
    pub(super) async fn call(&self, request: Request) -> Response {
        let Ok(response) = self.router.clone().call(request).await;
        response
    }

    /// Calls a route, and compresses the response if the client accepts that.
    ///
    /// A request that accepts no encoding bypasses the compression layer: even if it compresses nothing, its body type
    /// has 6 KiB and would be moved six times. The response then has no `Vary`. Only caches read that header, and no
    /// cache may store a response of the API.
    pub(super) async fn call_compressing(&self, request: Request) -> Response {
        if !accepts_compression(request.headers()) {
            return self.call(request).await;
        }
        let Ok(response) = self.compressing.clone().call(request).await;
        response.map(Body::new)
    }
}
