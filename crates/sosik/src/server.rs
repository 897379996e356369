//! The serving process: its listeners, periodic tasks, and orderly shutdown.
//!
//! The administration listener answers `/livez` before the store is open: a migration may take longer than a supervisor
//! waits.
//!
//! The shutdown has steps, so that clients notice nothing. /readyz fails; load balancers get time to see that; live
//! streams end with a hint to reconnect; requests in flight complete; deliveries pause (their orders are in the store);
//! the node number is released.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use metrics_exporter_prometheus::PrometheusHandle;
use sosik_api::{Administration, Api, Welcome};
use sosik_service::Service;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval, timeout};
use tokio_util::sync::CancellationToken;

use crate::config::Loaded;
use crate::descriptors::Wanted;
use crate::random::random_u64;
use crate::{descriptors, metrics, self_check, web, wiring};

/// How often rate limits without recent use are forgotten.
const PRUNE_EVERY: Duration = Duration::from_secs(60);

/// How often histograms are folded, so that they do not grow between two scrapes by Prometheus.
pub const TEND_EVERY: Duration = Duration::from_secs(5);

/// Open listeners. They are opened first, so that a port in use is reported before any other work.
pub struct Server {
    /// `None` for a node that only delivers.
    public: Option<Public>,
    admin: Admin,
    metrics: PrometheusHandle,
    stop_requested: CancellationToken,
}

/// The administration listener, which answers already. Its routes are opened when the service runs.
struct Admin {
    address: SocketAddr,
    routes: Administration,
    ends: CancellationToken,
    serving: JoinHandle<()>,
}

/// The listener of the API.
struct Public {
    listener: TcpListener,
    address: SocketAddr,
    /// The configured maximum, or less if the limit of open files requires it.
    connections_max: usize,
}

impl Server {
    /// Opens both listeners. From now on SIGTERM and SIGINT request a stop instead of ending the process.
    ///
    /// # Errors
    /// An address is in use or not of this machine, or the process may open too few files.
    pub async fn open(loaded: &Loaded) -> anyhow::Result<Self> {
        Ok(Self {
            public: Some(Public::open(loaded).await?),
            ..Self::open_administration(loaded).await?
        })
    }

    /// Like [`Self::open`], without the listener of the API.
    ///
    /// # Errors
    /// Like [`Self::open`].
    pub async fn open_administration(loaded: &Loaded) -> anyhow::Result<Self> {
        Ok(Self {
            public: None,
            stop_requested: listen_for_signals()?,
            metrics: metrics::install()?,
            admin: Admin::open(loaded).await?,
        })
    }

    /// The result of `opening`. `None` if a stop was requested before: nothing was served yet, so the process can end at
    /// once. Migrations in progress are rolled back.
    ///
    /// # Errors
    /// Those of `opening`.
    pub async fn unless_stopped<T>(
        &self,
        opening: impl Future<Output = anyhow::Result<T>>,
    ) -> anyhow::Result<Option<T>> {
        tokio::select! {
            biased;
            () = self.stop_requested.cancelled() => {
                tracing::info!("stopping: the store was not open yet");
                Ok(None)
            }
            opened = opening => opened.map(Some),
        }
    }

    /// The address of the public listener.
    ///
    /// # Errors
    /// It was not opened.
    pub fn public_address(&self) -> anyhow::Result<SocketAddr> {
        let public = self.public.as_ref().map(|public| public.address);
        public.context("this node has no public listener")
    }

    /// Cancelled when a stop was requested. For work before serving.
    pub fn stop_requested(&self) -> CancellationToken {
        self.stop_requested.clone()
    }

    /// Serves until a stop is requested, then shuts down in steps. At the end the service is stopped. Without a public
    /// listener it serves operators only.
    ///
    /// # Errors
    /// The administration token cannot be read, the system cannot return addresses or random numbers or handle signals,
    /// or a listener failed. The service is not stopped in these cases.
    pub async fn serve(
        self,
        loaded: &Loaded,
        service: Service,
        welcome: Welcome,
    ) -> anyhow::Result<()> {
        let server = &loaded.config.server;
        wiring::take_media(loaded, &service).await?;
        let settings = self.api_settings(loaded)?;
        let url = settings.public_url.clone();
        let api = Api::new(sosik_api::Parts {
            service: service.clone(),
            settings,
            metrics: Some(renderer(self.metrics.clone())),
            welcome,
            site: Some(web::site()),
            seed: random_u64()?,
        });
        let public_ends = CancellationToken::new();
        let public = match self.public {
            Some(public) => Some(tokio::spawn(sosik_api::serve(
                public.listener,
                wiring::sabotaged_pages(api.public())?,
                api.connections(),
                public_ends.clone(),
                server.drain,
            ))),
            None => None,
        };
        let admin = self.admin;
        admin.routes.open(&api);
        spawn_housekeeping(&service, &api, &self.metrics);
        if public.is_some() {
            self_check::spawn(&service, &loaded.config.verify);
            tracing::info!(%url, admin = %admin.address, "serving");
        } else {
            tracing::info!(admin = %admin.address, "delivering");
        }

        self.stop_requested.cancelled().await;
        tracing::info!("stopping: /readyz now fails");
        api.begin_drain();
        if let Some(public) = public {
            wait_unless_asked_again(server.balancer_wait).await?;
            api.end_streams();
            public_ends.cancel();
            public.await.context("end the public listener")?;
        }
        service.stop().await;
        admin.ends.cancel();
        let ended = admin.serving.await;
        ended.context("end the administration listener")?;
        tracing::info!("left");
        Ok(())
    }

    fn api_settings(&self, loaded: &Loaded) -> anyhow::Result<sosik_api::Settings> {
        let public = self.public.as_ref();
        let mut settings = wiring::api_settings(loaded, public.map(|public| public.address))?;
        if let Some(public) = public {
            settings.connections.open_max = public.connections_max;
        }
        Ok(settings)
    }
}

impl Admin {
    async fn open(loaded: &Loaded) -> anyhow::Result<Self> {
        let server = &loaded.config.server;
        let listener = bind(server.admin_listen, "server.admin_listen").await?;
        let address = listener.local_addr()?;
        let (routes, ends) = (Administration::default(), CancellationToken::new());
        let serving = tokio::spawn(sosik_api::serve(
            listener,
            routes.handler(),
            sosik_api::Connections::administration(),
            ends.clone(),
            server.drain,
        ));
        Ok(Self {
            address,
            routes,
            ends,
            serving,
        })
    }
}

impl Public {
    async fn open(loaded: &Loaded) -> anyhow::Result<Self> {
        let configured = loaded.config.api.connections.open_max;
        let wanted = match loaded.is_default("server.connections_max") {
            true => Wanted::ByDefault(configured),
            false => Wanted::Configured(configured),
        };
        let connections_max = descriptors::allow(wanted, &loaded.config)?;
        let listener = bind(loaded.config.server.listen, "server.listen").await?;
        Ok(Self {
            address: listener.local_addr()?,
            listener,
            connections_max,
        })
    }
}

async fn bind(address: SocketAddr, key: &str) -> anyhow::Result<TcpListener> {
    let listener = TcpListener::bind(address).await;
    listener.with_context(|| format!("listen on {address}: set another {key}"))
}

fn renderer(metrics: PrometheusHandle) -> sosik_api::RenderMetrics {
    Arc::new(move || metrics.render())
}

/// Starts the periodic tasks, which run until the service stops.
fn spawn_housekeeping(service: &Service, api: &Api, metrics: &PrometheusHandle) {
    let (stopping, api, metrics) = (service.stopping().clone(), api.clone(), metrics.clone());
    service.supervise("chores", move || {
        do_chores(stopping.clone(), api.clone(), metrics.clone())
    });
}

async fn do_chores(stopping: CancellationToken, api: Api, metrics: PrometheusHandle) {
    let tick = |every| {
        let mut tick = interval(every);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        tick
    };
    let (mut prune, mut tend) = (tick(PRUNE_EVERY), tick(TEND_EVERY));
    loop {
        tokio::select! {
            () = stopping.cancelled() => return,
            _ = prune.tick() => api.prune(),
            _ = tend.tick() => metrics.run_upkeep(),
        }
    }
}

/// Handles signals from now on, so that none is lost between two parts of the process that wait for it.
pub fn listen_for_signals() -> anyhow::Result<CancellationToken> {
    let (asked, signal) = (CancellationToken::new(), next_signal()?);
    let asks = asked.clone();
    tokio::spawn(async move {
        signal.await;
        asks.cancel();
    });
    Ok(asked)
}

/// Cancelled by the first signal after `asked` was cancelled.
#[cfg(feature = "balance")]
pub fn listen_for_another_signal(asked: &CancellationToken) -> CancellationToken {
    let (again, asked) = (CancellationToken::new(), asked.clone());
    let asks = again.clone();
    tokio::spawn(async move {
        asked.cancelled().await;
        if let Ok(next) = next_signal() {
            next.await;
            asks.cancel();
        }
    });
    again
}

/// Notified at each SIGUSR2.
///
/// # Errors
/// The system cannot deliver signals.
#[cfg(feature = "balance")]
pub fn listen_for_replacement() -> anyhow::Result<Arc<tokio::sync::Notify>> {
    let (wanted, mut signal) = (
        Arc::<tokio::sync::Notify>::default(),
        signal(SignalKind::user_defined2()).context("listen for SIGUSR2")?,
    );
    let notified = Arc::clone(&wanted);
    tokio::spawn(async move {
        while signal.recv().await.is_some() {
            notified.notify_one();
        }
    });
    Ok(wanted)
}

/// Starts to listen now, and returns a future of the next SIGTERM or SIGINT.
fn next_signal() -> anyhow::Result<impl Future<Output = ()>> {
    let mut term = signal(SignalKind::terminate()).context("listen for SIGTERM")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("listen for SIGINT")?;
    Ok(async move {
        tokio::select! {
            _ = term.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

/// Waits for this time. A second signal ends the wait.
async fn wait_unless_asked_again(span: Duration) -> anyhow::Result<()> {
    let _asked_or_over = timeout(span, next_signal()?).await;
    Ok(())
}
