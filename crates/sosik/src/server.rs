//! The serving process: its listeners, periodic tasks, and orderly shutdown.
//!
//! The shutdown has steps, so that clients notice nothing. /readyz fails; load balancers get time to see that; live
//! streams end with a hint to reconnect; requests in flight complete; deliveries pause (their orders are in the store);
//! the node number is released.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use metrics_exporter_prometheus::PrometheusHandle;
use sosik_api::{Api, Welcome};
use sosik_service::Service;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
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
    public: TcpListener,
    admin: TcpListener,
    metrics: PrometheusHandle,
    stop_requested: CancellationToken,
    /// The configured maximum, or less if the limit of open files requires it.
    connections_max: usize,
}

impl Server {
    /// Opens both listeners. From now on SIGTERM and SIGINT request a stop instead of ending the process.
    ///
    /// # Errors
    /// An address is in use or not of this machine, or the process may open too few files.
    pub async fn open(loaded: &Loaded) -> anyhow::Result<Self> {
        let server = &loaded.config.server;
        let configured = loaded.config.api.connections.open_max;
        let wanted = match loaded.is_default("server.connections_max") {
            true => Wanted::ByDefault(configured),
            false => Wanted::Configured(configured),
        };
        let connections_max = descriptors::allow(wanted, &loaded.config)?;
        let bind = async |address: SocketAddr, key: &str| {
            let listener = TcpListener::bind(address).await;
            listener.with_context(|| format!("listen on {address}: set another {key}"))
        };
        let public = bind(server.listen, "server.listen").await?;
        let admin = bind(server.admin_listen, "server.admin_listen").await?;
        let stop_requested = listen_for_signals()?;
        Ok(Self {
            public,
            admin,
            metrics: metrics::install()?,
            stop_requested,
            connections_max,
        })
    }

    /// The address of the public listener.
    ///
    /// # Errors
    /// The system cannot return it.
    pub fn public_address(&self) -> anyhow::Result<SocketAddr> {
        self.public
            .local_addr()
            .context("ask for the address of the listener")
    }

    /// Cancelled when a stop was requested. For work before serving.
    pub fn stop_requested(&self) -> CancellationToken {
        self.stop_requested.clone()
    }

    /// Serves until a stop is requested, then shuts down in steps. At the end the service is stopped.
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
        let mut settings = wiring::api_settings(loaded, self.public_address()?)?;
        settings.connections.open_max = self.connections_max;
        let (url, admin_url) = (settings.public_url.clone(), self.admin.local_addr()?);
        let api = Api::new(sosik_api::Parts {
            service: service.clone(),
            settings,
            metrics: Some(renderer(self.metrics.clone())),
            welcome,
            site: Some(web::site()),
            seed: random_u64()?,
        });
        let pages = wiring::sabotaged_pages(api.public())?;
        let (public_ends, admin_ends) = (CancellationToken::new(), CancellationToken::new());
        let public = tokio::spawn(sosik_api::serve(
            self.public,
            pages,
            api.connections(),
            public_ends.clone(),
            server.drain,
        ));
        let admin = tokio::spawn(sosik_api::serve(
            self.admin,
            api.admin(),
            sosik_api::Connections::administration(),
            admin_ends.clone(),
            server.drain,
        ));
        spawn_housekeeping(&service, &api, &self.metrics);
        self_check::spawn(&service, &loaded.config.verify);
        tracing::info!(%url, admin = %admin_url, "serving");

        self.stop_requested.cancelled().await;
        tracing::info!("stopping: /readyz now fails");
        api.begin_drain();
        wait_unless_asked_again(server.balancer_wait).await?;
        api.end_streams();
        public_ends.cancel();
        public.await.context("end the public listener")?;
        service.stop().await;
        admin_ends.cancel();
        admin.await.context("end the administration listener")?;
        tracing::info!("left");
        Ok(())
    }
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
