//! The serving process: its listeners, its chores, and its way of going away.
//!
//! Leaving goes step by step, so that nobody notices: not ready, time for balancers to see it, live streams end with a
//! hint, running requests end, deliveries pause where they are (the store has the orders), the node number goes back.

use std::hash::{BuildHasher, RandomState};
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
use crate::{descriptors, metrics, self_check, web, wiring};

/// How often rate limits nobody is near are forgotten.
const PRUNE_EVERY: Duration = Duration::from_secs(60);

/// How often histograms are folded, so that they do not grow between two visits of Prometheus.
const TEND_EVERY: Duration = Duration::from_secs(5);

/// Open listeners. Having them first makes a taken port known before anything else is done.
pub struct House {
    public: TcpListener,
    admin: TcpListener,
    metrics: PrometheusHandle,
    asked_to_stop: CancellationToken,
    /// The configured maximum, or less if the limit of open files requires it.
    connections_max: usize,
}

impl House {
    /// Opens both listeners. From now on, SIGTERM and SIGINT do not end the process but ask it to stop.
    ///
    /// # Errors
    /// When an address is taken or not ours, or when the process may open too few files.
    pub async fn open(loaded: &Loaded) -> anyhow::Result<Self> {
        let (server, readers) = (&loaded.config.server, loaded.config.store.readers);
        let wanted = match loaded.is_default("server.connections_max") {
            true => Wanted::ByDefault(server.connections_max),
            false => Wanted::Configured(server.connections_max),
        };
        let connections_max = descriptors::allow(wanted, readers)?;
        let bind = async |address: SocketAddr, key: &str| {
            let listener = TcpListener::bind(address).await;
            listener.with_context(|| format!("listen on {address}: set another {key}"))
        };
        let public = bind(server.listen, "server.listen").await?;
        let admin = bind(server.admin_listen, "server.admin_listen").await?;
        let asked_to_stop = heed_signals()?;
        Ok(Self {
            public,
            admin,
            metrics: metrics::install()?,
            asked_to_stop,
            connections_max,
        })
    }

    /// Where people reach it.
    ///
    /// # Errors
    /// When the system cannot tell.
    pub fn public_address(&self) -> anyhow::Result<SocketAddr> {
        self.public
            .local_addr()
            .context("ask for the address of the listener")
    }

    /// Cancelled when the process has been asked to stop: for what is done before serving.
    pub fn asked_to_stop(&self) -> CancellationToken {
        self.asked_to_stop.clone()
    }

    /// Serves until the process is asked to stop, then leaves step by step. The service is stopped afterwards.
    ///
    /// # Errors
    /// When the system cannot tell addresses or signals.
    pub async fn serve(
        self,
        loaded: &Loaded,
        service: Service,
        welcome: Welcome,
    ) -> anyhow::Result<()> {
        let server = &loaded.config.server;
        let mut settings = wiring::api_settings_with_secrets(loaded, self.public_address()?)?;
        settings.connections.open_max = self.connections_max;
        let (url, admin_url) = (settings.public_url.clone(), self.admin.local_addr()?);
        let api = Api::new(sosik_api::Parts {
            service: service.clone(),
            settings,
            metrics: Some(renderer(self.metrics.clone())),
            welcome,
            site: Some(web::site()),
            seed: RandomState::new().hash_one("requests"),
        });
        let (public_ends, admin_ends) = (CancellationToken::new(), CancellationToken::new());
        let public = tokio::spawn(sosik_api::serve(
            self.public,
            api.public(),
            api.connections(),
            public_ends.clone(),
            server.drain(),
        ));
        let admin = tokio::spawn(sosik_api::serve(
            self.admin,
            api.admin(),
            sosik_api::Connections::administration(),
            admin_ends.clone(),
            server.drain(),
        ));
        spawn_chores(&service, &api, &self.metrics);
        self_check::spawn(&service, &loaded.config.verify);
        tracing::info!(%url, admin = %admin_url, "serving");

        self.asked_to_stop.cancelled().await;
        tracing::info!("leaving: not ready any more");
        api.leave();
        wait_unless_asked_again(server.balancer_wait()).await?;
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

/// Starts what has to be done now and then, until the service stops.
fn spawn_chores(service: &Service, api: &Api, metrics: &PrometheusHandle) {
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

/// Listens for signals from now on, so that none is lost between two parts of the process that wait for it.
fn heed_signals() -> anyhow::Result<CancellationToken> {
    let (asked, signal) = (CancellationToken::new(), next_signal()?);
    let asks = asked.clone();
    tokio::spawn(async move {
        signal.await;
        asks.cancel();
    });
    Ok(asked)
}

/// Listens at once, and waits for the next SIGTERM or SIGINT.
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

/// Somebody who asks twice does not want to wait for balancers.
async fn wait_unless_asked_again(span: Duration) -> anyhow::Result<()> {
    let _asked_or_over = timeout(span, next_signal()?).await;
    Ok(())
}
