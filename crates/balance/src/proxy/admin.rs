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

/// Whether this balancer may get requests. Another one takes the shared address if not.
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
