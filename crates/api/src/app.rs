//! The state that all handlers share, and the handle of the server.

use std::sync::Arc;

use sosik_service::Service;
use tokio_util::sync::CancellationToken;

use crate::extract::{ClientAddress, RequestIds};
use crate::feed::Streams;
use crate::hashes::{HashPermit, Hashes};
use crate::limits::{Buckets, Limits};
use crate::middleware::{Admission, Bodies, RouteMetrics, shed};
use crate::problem::Problem;
use crate::router;
use crate::serve::Handle;
use crate::settings::{Connections, Settings};
use crate::site::Site;
use crate::welcome::Welcome;

/// Maximum number of requests that hash a password or wait to do so. Each network gets a part of them. A hash takes
/// tens of milliseconds and two run at once by default, so the last request gets its turn before its wait ends.
const HASHES: usize = 128;

/// State of the routers.
pub(crate) type App = Arc<Inner>;

/// Renders all metrics of the process in Prometheus's text format.
pub type RenderMetrics = Arc<dyn Fn() -> String + Send + Sync>;

/// The parts of the HTTP server.
pub struct Parts {
    /// The service behind the API.
    pub service: Service,
    /// Limits and addresses.
    pub settings: Settings,
    /// For `/metrics`. Without it that page is empty.
    pub metrics: Option<RenderMetrics>,
    /// People for trying the API, listed on the first page.
    pub welcome: Welcome,
    /// The web client, if this server serves it.
    pub site: Option<Site>,
    /// A random number that makes request ids differ from those of other processes.
    pub seed: u64,
}

/// The state that handlers share.
pub(crate) struct Inner {
    pub(crate) service: Service,
    pub(crate) settings: Settings,
    pub(crate) limits: Limits,
    pub(crate) admission: Admission,
    pub(crate) bodies: Bodies,
    pub(crate) upload_admission: Admission,
    pub(crate) upload_bodies: Bodies,
    pub(crate) file_admission: Admission,
    hashes: Hashes,
    pub(crate) streams: Streams,
    pub(crate) request_ids: RequestIds,
    pub(crate) route_metrics: RouteMetrics,
    pub(crate) metrics: Option<RenderMetrics>,
    pub(crate) welcome: Welcome,
    pub(crate) site: Option<Site>,
    /// The node is no longer ready.
    pub(crate) draining: CancellationToken,
    /// Live streams end, and no new ones are opened.
    pub(crate) streams_end: CancellationToken,
}

impl Inner {
    /// The right to hash a password.
    ///
    /// # Errors
    /// `Busy` if all networks have the maximum of the hashes, or those of the client have their part of it.
    pub(crate) fn may_hash(&self, client: ClientAddress) -> Result<HashPermit, Problem> {
        self.hashes.take(client.networks()).ok_or_else(shed)
    }
}

/// Sosik over HTTP.
#[derive(Clone)]
pub struct Api(pub(crate) App);

impl Api {
    /// Builds the API. It does not listen yet.
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
        let buckets = Buckets {
            engine: Arc::clone(&service.engines().rates),
            clock: Arc::clone(service.clock()),
        };
        Self(Arc::new(Inner {
            limits: Limits::new(&settings.rates, buckets),
            admission: Admission::new(&settings),
            bodies: Bodies::new(&settings),
            upload_admission: Admission::apart(settings.uploads_at_once_max, &settings),
            upload_bodies: Bodies::of_uploads(&settings),
            file_admission: Admission::apart(settings.files_at_once_max, &settings),
            hashes: Hashes::of(HASHES),
            streams: Streams::new(settings.streams_max, settings.streams_per_person_max),
            request_ids: RequestIds::new(seed),
            route_metrics: RouteMetrics::default(),
            draining: CancellationToken::new(),
            streams_end: CancellationToken::new(),
            service,
            settings,
            metrics,
            welcome,
            site,
        }))
    }

    /// The routes for people.
    pub fn public(&self) -> impl Handle + use<> {
        router::public(&self.0)
    }

    /// Limits of the connections of the public listener.
    pub fn connections(&self) -> Connections {
        self.0.settings.connections.clone()
    }

    /// The routes for operators: health, metrics, orders. They have no admission, so they respond while the public
    /// listener is overloaded.
    pub fn admin(&self) -> impl Handle + use<> {
        router::admin(&self.0)
    }

    /// Makes `/readyz` report that this node is stopping. All requests are still served.
    pub fn begin_drain(&self) {
        self.0.draining.cancel();
    }

    /// Ends all live streams with a hint to reconnect, and refuses new ones: another node takes them.
    pub fn end_streams(&self) {
        self.0.streams_end.cancel();
    }

    /// Removes rate limits that are not in use. Call it about every minute.
    pub fn prune(&self) {
        self.0.limits.prune();
    }
}
