//! The administration listener: health, metrics and the table of nodes.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Json, Router};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::RenderMetrics;
use super::places::Places;
use crate::{Pool, Status};

/// What the administration shows.
#[derive(Clone)]
pub(super) struct Administration {
    pub(super) pool: Arc<Pool>,
    pub(super) leaving: CancellationToken,
    pub(super) places: Arc<Places>,
    pub(super) metrics: RenderMetrics,
}

impl Administration {
    fn is_ready(&self) -> bool {
        !self.leaving.is_cancelled() && self.pool.has_usable()
    }

    fn status(&self) -> Status {
        Status {
            ready: self.is_ready(),
            connections: self.places.taken(),
            nodes: self.pool.status(),
        }
    }
}

/// Serves until the process ends.
pub(super) async fn serve(listener: TcpListener, administration: Administration) {
    let router = Router::new()
        .route("/livez", get(async || "alive\n"))
        .route("/readyz", get(readyz))
        .route("/accepting", get(accepting))
        .route(
            "/metrics",
            get(async |State(it): State<Administration>| (it.metrics)()),
        )
        .route(
            "/status",
            get(async |State(it): State<Administration>| Json(it.status())),
        )
        .with_state(administration);
    if let Err(error) = axum::serve(listener, router).await {
        tracing::error!(%error, "the administration listener failed");
    }
}

/// Whether this balancer keeps its shared address: it does not leave. A fault that all nodes have in common is no reason
/// to give the address up.
async fn accepting(State(administration): State<Administration>) -> (StatusCode, &'static str) {
    match administration.leaving.is_cancelled() {
        true => (StatusCode::SERVICE_UNAVAILABLE, "leaving\n"),
        false => (StatusCode::OK, "accepting\n"),
    }
}

/// Whether this balancer serves requests: some node is usable, and it does not leave.
async fn readyz(State(administration): State<Administration>) -> (StatusCode, &'static str) {
    match (
        administration.leaving.is_cancelled(),
        administration.pool.has_usable(),
    ) {
        (true, _) => (StatusCode::SERVICE_UNAVAILABLE, "leaving\n"),
        (false, false) => (StatusCode::SERVICE_UNAVAILABLE, "no node is usable\n"),
        (false, true) => (StatusCode::OK, "ready\n"),
    }
}
