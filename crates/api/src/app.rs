//! What all handlers share, and the handle that whoever serves it holds.

use std::sync::Arc;

use axum::Router;
use sosik_service::Service;
use tokio_util::sync::CancellationToken;

use crate::extract::RequestIds;
use crate::feed::Streams;
use crate::front::{Admission, Bodies, RouteMetrics};
use crate::limits::Limits;
use crate::router;
use crate::settings::{Connections, Settings};
use crate::site::Site;
use crate::unknown_tokens::UnknownTokens;
use crate::welcome::Welcome;

/// State of the routers.
pub(crate) type App = Arc<Inner>;

/// Renders all metrics of the process in Prometheus's text format.
pub type RenderMetrics = Arc<dyn Fn() -> String + Send + Sync>;

/// What the HTTP side is made of.
pub struct Parts {
    /// What is done.
    pub service: Service,
    /// Limits and addresses.
    pub settings: Settings,
    /// For `/metrics`; without it that page is empty.
    pub metrics: Option<RenderMetrics>,
    /// People to try the API with, shown on the first page.
    pub welcome: Welcome,
    /// The web client, when it is served from here.
    pub site: Option<Site>,
    /// Makes request ids differ from those of other processes: a random number.
    pub seed: u64,
}

/// What handlers share.
pub(crate) struct Inner {
    pub(crate) service: Service,
    pub(crate) settings: Settings,
    pub(crate) limits: Limits,
    pub(crate) unknown_tokens: UnknownTokens,
    pub(crate) admission: Admission,
    pub(crate) bodies: Bodies,
    pub(crate) streams: Streams,
    pub(crate) request_ids: RequestIds,
    pub(crate) route_metrics: RouteMetrics,
    pub(crate) metrics: Option<RenderMetrics>,
    pub(crate) welcome: Welcome,
    pub(crate) site: Option<Site>,
    /// Not ready any more.
    pub(crate) leaving: CancellationToken,
    /// Live streams end, and no new ones begin.
    pub(crate) streams_end: CancellationToken,
}

/// Sosik over HTTP.
#[derive(Clone)]
pub struct Api(pub(crate) App);

impl Api {
    /// Puts it together; nothing listens yet.
    #[must_use]
    pub fn new(parts: Parts) -> Self {
        let Parts {
            service,
            settings,
            metrics,
            welcome,
            site,
            seed,
        } = parts;
        Self(Arc::new(Inner {
            limits: Limits::new(&settings.rates),
            unknown_tokens: UnknownTokens::new(settings.rates.unknown_tokens_per_address),
            admission: Admission::new(&settings),
            bodies: Bodies::new(&settings),
            streams: Streams::new(settings.streams_max, settings.streams_per_person_max),
            request_ids: RequestIds::new(seed),
            route_metrics: RouteMetrics::default(),
            leaving: CancellationToken::new(),
            streams_end: CancellationToken::new(),
            service,
            settings,
            metrics,
            welcome,
            site,
        }))
    }

    /// What people reach.
    pub fn public(&self) -> Router {
        router::public(Arc::clone(&self.0))
    }

    /// Limits of the connections of the public listener.
    pub fn connections(&self) -> Connections {
        self.0.settings.connections.clone()
    }

    /// What operators reach: health, metrics, orders. It has no admission, so it answers when the other one drowns.
    pub fn admin(&self) -> Router {
        router::admin(Arc::clone(&self.0))
    }

    /// Says on `/readyz` that this node is going away. Everything goes on as before.
    pub fn leave(&self) {
        self.0.leaving.cancel();
    }

    /// Ends all live streams with a hint to come back, and refuses new ones: another node takes them.
    pub fn end_streams(&self) {
        self.0.streams_end.cancel();
    }

    /// Forgets rate limits that nobody is near. To be called about every minute.
    pub fn prune(&self) {
        self.0.limits.prune();
        let now = self.0.service.clock().monotonic();
        self.0.unknown_tokens.prune(now);
    }
}
