//! The administration listener of a process that may still open its store.
//!
//! A migration can take minutes. A supervisor that gets no answer from `/livez` would kill the process in the middle of
//! it, and the next process would begin again. So this listener answers before the API exists.

use std::convert::Infallible;
use std::sync::{Arc, OnceLock};

use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use tower::ServiceExt;
use tower::util::{BoxCloneSyncService, service_fn};

use crate::app::Api;
use crate::health::probes::livez;
use crate::serve::Handle;

/// The routes for operators, once the API exists. Until then `/livez` answers, and everything else gets 503.
#[derive(Clone, Debug, Default)]
pub struct Administration(Arc<OnceLock<BoxCloneSyncService<Request, Response, Infallible>>>);

impl Administration {
    /// Handles the requests of the listener.
    pub fn handler(&self) -> impl Handle + use<> {
        let routes = self.clone();
        service_fn(move |request| routes.clone().respond(request))
    }

    /// Opens all routes. The first API wins.
    pub fn open(&self, api: &Api) {
        let _kept = self.0.set(BoxCloneSyncService::new(api.admin()));
    }

    async fn respond(self, request: Request) -> Result<Response, Infallible> {
        match self.0.get() {
            Some(routes) => routes.clone().oneshot(request).await,
            None if request.uri().path() == "/livez" => Ok(livez().await.into_response()),
            None => Ok((StatusCode::SERVICE_UNAVAILABLE, "starting\n").into_response()),
        }
    }
}
