//! The proxy: accepts connections, passes requests to nodes, and checks the nodes.
//!
//! The library does the protocols: it parses requests, keeps connections to nodes and streams bodies in both
//! directions. What it does not do is here: whom to accept and for how long (`listen`, `front`), which node gets a
//! request and when it is repeated (`relay`), and the state of the nodes (`checks`, `sources`).
//!
//! A restart need not close the listener (`handover`). A stop has steps. `/readyz` fails; clients are asked to open new
//! connections elsewhere; the listener closes; requests in flight complete.

mod abandoned;
mod admin;
mod checks;
mod cluster;
mod deadline;
mod exchange;
mod faults;
mod front;
mod handover;
mod heads;
mod in_flight;
mod listen;
mod notify;
mod places;
mod problem;
mod redirect;
mod relay;
mod request_ids;
mod resolver;
mod sources;
mod tls;
mod workers;

use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use thiserror::Error;
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::timeout;
use tokio_util::sync::{CancellationToken, DropGuard};

use self::admin::Administration;
use self::checks::Checker;
use self::front::Front;
use self::handover::Sockets;
use self::listen::Listener;
use self::relay::Relay;
use self::sources::Sources;
use self::tls::Tls;
use self::workers::Workers;
use crate::{Pool, Settings};

/// How long a stop waits for requests that clients sent before they could know of it: a long way there and back.
const UNDER_WAY: Duration = Duration::from_secs(1);

/// Renders the metrics of the process.
pub type RenderMetrics = Arc<dyn Fn() -> String + Send + Sync>;

/// Why a balancer does not start.
#[derive(Debug, Error)]
pub enum StartError {
    /// A listener cannot be opened.
    #[error("listen on {address}: set another {key}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// The key that sets it.
        key: &'static str,
        /// The reason.
        source: io::Error,
    },
    /// No node is named.
    #[error(
        "balance.nodes is empty: write the nodes as host:port, name a file in balance.nodes_file, or write administration \
         listeners of nodes in balance.cluster"
    )]
    NoNodes,
    /// A node is written wrong.
    #[error("balance.nodes: {0}")]
    Node(String),
    /// The certificate cannot be used.
    #[error("balance.tls_certificate_file and balance.tls_key_file: {0}")]
    Tls(String),
    /// The listeners of the predecessor cannot be used.
    #[error("take over the listeners of the predecessor")]
    Inherited(#[source] io::Error),
    /// The client that asks nodes cannot be made.
    #[error("make the client that asks nodes")]
    Client(#[source] reqwest::Error),
    /// The token for the administration of nodes does not fit into a header.
    #[error("server.admin_token: write visible ASCII characters")]
    Token,
}

impl StartError {
    /// Whether the settings are wrong, rather than the world around.
    pub fn is_wrong_usage(&self) -> bool {
        matches!(
            self,
            Self::NoNodes | Self::Node(_) | Self::Tls(_) | Self::Token
        )
    }
}

/// A balancer whose listeners are open.
pub struct Balancer {
    settings: Arc<Settings>,
    sources: Sources,
    checker: Checker,
    sockets: Sockets,
    tls: Option<Tls>,
}

/// What the process is asked from outside.
#[derive(Debug, Clone, Default)]
pub struct Control {
    /// Asks to stop in steps.
    pub stop: CancellationToken,
    /// Asks to skip the first wait of a stop.
    pub hurry: CancellationToken,
    /// Asks to hand the listeners over to a new process, at each notification.
    pub replace: Arc<Notify>,
}

impl Balancer {
    /// Opens the listeners, or takes those of the predecessor. `token` opens the administration of nodes.
    ///
    /// # Errors
    /// The settings name no node, an address is in use, or the certificate cannot be used.
    pub async fn open(settings: Settings, token: Option<&str>) -> Result<Self, StartError> {
        let sources = Sources::new(&settings, token)?;
        let checker = Checker::new(settings.checks).map_err(StartError::Client)?;
        let tls = Tls::open(&settings).await?;
        let sockets = Sockets::open(&settings, tls.is_some()).await?;
        Ok(Self {
            settings: Arc::new(settings),
            sources,
            checker,
            sockets,
            tls,
        })
    }

    /// Serves until a stop is requested or a successor serves, then stops in steps.
    ///
    /// # Errors
    /// The system cannot return the addresses of the listeners. Or this process is a successor that knows less than its
    /// predecessor: a list of nodes cannot be read, or no node is usable.
    pub async fn serve(self, metrics: RenderMetrics, control: Control) -> io::Result<()> {
        let (running, sockets) = self.start(metrics).await?;
        sockets.log_addresses()?;
        notify::serving();
        handover::relieve_predecessor();
        let replaced = handover::replace_when_wanted(
            Arc::clone(&sockets),
            control.replace,
            running.leaving.clone(),
        );
        tokio::select! {
            () = control.stop.cancelled() => running.stop(&sockets, &control.hurry).await,
            () = replaced.cancelled() => running.give_way(&control.stop).await,
        }
        tracing::info!("left");
        Ok(())
    }

    /// Checks the nodes and begins to accept.
    async fn start(self, metrics: RenderMetrics) -> io::Result<(Running, Arc<Sockets>)> {
        let sockets = Arc::new(self.sockets);
        let pool = Arc::new(Pool::new(&self.settings));
        let (leaving, ended) = (CancellationToken::new(), CancellationToken::new());
        let ends_tasks = ended.clone().drop_guard();
        // The first checks come before the first request, so that a restart does not answer with 503.
        let complete = self.sources.start(&pool, &self.checker, &ended).await;
        if handover::is_successor() {
            may_replace(complete, &pool)?;
        }
        let relay = Relay::new(&self.settings, &pool, &leaving, sockets.secure_port()?);
        let shared = |threads| Front::shared(&self.settings, &pool, relay.clone(), threads);
        let listener = Listener::new(&self.settings, Workers::start(shared)?);
        let administration = Administration {
            pool,
            leaving: leaving.clone(),
            places: listener.places(),
            metrics,
        };
        let mut running = Running {
            admin: tokio::spawn(admin::serve(sockets.admin()?, administration)),
            settings: self.settings,
            listener,
            leaving,
            accepting: CancellationToken::new(),
            accepts: JoinSet::new(),
            _ends_tasks: ends_tasks,
        };
        running.accept(sockets.public()?, None);
        if let (Some(tls), Some(secure)) = (self.tls, sockets.secure()?) {
            tokio::spawn(tls.clone().watch(ended));
            running.accept(secure, Some(tls));
        }
        Ok((running, sockets))
    }
}

/// Whether a successor may replace its predecessor, which knows the nodes and serves.
fn may_replace(complete: Result<(), String>, pool: &Pool) -> io::Result<()> {
    complete.map_err(io::Error::other)?;
    match pool.has_usable() {
        true => Ok(()),
        false => Err(io::Error::other("no node is usable")),
    }
}

/// A balancer that accepts connections.
struct Running {
    settings: Arc<Settings>,
    listener: Listener,
    admin: JoinHandle<()>,
    leaving: CancellationToken,
    accepting: CancellationToken,
    accepts: JoinSet<()>,
    _ends_tasks: DropGuard,
}

impl Running {
    fn accept(&mut self, socket: TcpListener, tls: Option<Tls>) {
        let accept = self.listener.clone();
        self.accepts
            .spawn(accept.accept(socket, tls, self.accepting.clone()));
    }

    /// Stops without a successor: clients have the time of `leave` to go elsewhere.
    async fn stop(self, sockets: &Sockets, hurry: &CancellationToken) {
        tracing::info!("stopping: /readyz now fails");
        self.leaving.cancel();
        wait(self.settings.leave, hurry).await;
        self.accepting.cancel();
        self.accepts.join_all().await;
        sockets.close();
        let drain = self.settings.drain;
        self.listener.drain(UNDER_WAY, drain, hurry).await;
    }

    /// Stops beside a successor, which answers `/readyz` and accepts. Clients that are idle may send a request as long as
    /// they could otherwise, and learn from its answer that the connection ends.
    async fn give_way(self, hurry: &CancellationToken) {
        tracing::info!("stopping: the successor serves");
        self.leaving.cancel();
        self.admin.abort();
        self.accepting.cancel();
        self.accepts.join_all().await;
        let (idle, drain) = (self.settings.connections.idle, self.settings.drain);
        self.listener.drain(idle, drain, hurry).await;
    }
}

/// Waits for this time, or less if the token is cancelled. Returns whether it was.
async fn wait(span: Duration, token: &CancellationToken) -> bool {
    timeout(span, token.cancelled()).await.is_ok()
}

/// Reads a small file without blocking other tasks.
async fn read_file(path: &Path) -> Result<Vec<u8>, String> {
    let (path, name) = (path.to_owned(), path.display().to_string());
    let read = tokio::task::spawn_blocking(move || std::fs::read(path)).await;
    let read = read.map_err(io::Error::other).and_then(|read| read);
    read.map_err(|error| format!("read {name}: {error}"))
}
