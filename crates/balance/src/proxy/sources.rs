//! Where the nodes come from: a list of names, a file with further ones, and the list of a cluster. Each name stands for
//! all its addresses. All of them are read again and again.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::net::lookup_host;
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use super::checks::Checker;
use super::cluster::Cluster;
use super::{StartError, read_file, wait};
use crate::{NodeName, Pool, Settings};

/// How often ejections are looked at.
const TICK: Duration = Duration::from_millis(100);

/// The names of the nodes.
#[derive(Debug, Clone)]
pub(super) struct Sources {
    names: Vec<NodeName>,
    /// Further names. Empty for none.
    file: String,
    cluster: Cluster,
    /// Nodes that the cluster has listed.
    listed: Arc<Mutex<BTreeSet<SocketAddr>>>,
    resolve: Duration,
}

impl Sources {
    pub(super) fn new(settings: &Settings, token: Option<&str>) -> Result<Self, StartError> {
        let names = settings.nodes.iter().map(|node| node.parse());
        let names: Vec<NodeName> = names.collect::<Result<_, _>>().map_err(StartError::Node)?;
        if names.is_empty() && settings.nodes_file.is_empty() && settings.cluster.is_empty() {
            return Err(StartError::NoNodes);
        }
        Ok(Self {
            names,
            file: settings.nodes_file.clone(),
            cluster: Cluster::new(&settings.cluster, token)?,
            listed: Arc::default(),
            resolve: settings.resolve,
        })
    }

    /// Fills the pool, checks each node once, and starts the tasks that keep both true.
    pub(super) async fn start(
        &self,
        pool: &Arc<Pool>,
        checker: &Checker,
        ended: &CancellationToken,
    ) {
        self.refresh(pool, checker, ended).await;
        tokio::spawn(tick(Arc::clone(pool), ended.clone()));
        let (sources, pool) = (self.clone(), Arc::clone(pool));
        let (checker, ended) = (checker.clone(), ended.clone());
        tokio::spawn(async move {
            while !wait(sources.resolve, &ended).await {
                sources.refresh(&pool, &checker, &ended).await;
            }
        });
    }

    /// Puts the nodes of this moment into the pool and starts to watch the new ones. If a source fails, the nodes that
    /// are known stay.
    async fn refresh(&self, pool: &Arc<Pool>, checker: &Checker, ended: &CancellationToken) {
        let addresses = match self.addresses(pool).await {
            Ok(addresses) => addresses,
            Err(why) => {
                tracing::warn!("the known nodes stay: {why}");
                return;
            }
        };
        let mut first_checks = JoinSet::new();
        for node in pool.replace(&addresses) {
            let (pool, checker, ended) = (Arc::clone(pool), checker.clone(), ended.clone());
            first_checks.spawn(async move {
                checker.check(&pool, &node).await;
                tokio::spawn(checker.watch(pool, node, ended));
            });
        }
        first_checks.join_all().await;
    }

    /// The addresses of all names, and the nodes of the cluster.
    async fn addresses(&self, pool: &Pool) -> Result<Vec<(SocketAddr, u32)>, String> {
        let mut all = Vec::new();
        let further = self.names_of_file().await?;
        for name in self.names.iter().chain(&further) {
            let found = lookup_host(&name.host_port).await;
            let found = found.map_err(|error| format!("resolve {}: {error}", name.host_port))?;
            all.extend(found.map(|address| (address, name.weight)));
        }
        let cluster = self.nodes_of_cluster(pool).await?;
        all.extend(cluster.into_iter().map(|address| (address, 1)));
        Ok(all)
    }

    /// The nodes that the cluster lists, and those that it has listed and that are ready. A node loses its place on the
    /// list when it is slow to renew a lease, although it serves.
    async fn nodes_of_cluster(&self, pool: &Pool) -> Result<BTreeSet<SocketAddr>, String> {
        let now: BTreeSet<SocketAddr> = self.cluster.nodes().await?.into_iter().collect();
        let nodes = pool.nodes();
        let ready = nodes
            .iter()
            .filter(|node| node.is_up())
            .map(|node| node.address());
        let mut listed = self.listed.lock();
        let stay = ready.filter(|address| listed.contains(address));
        let nodes: BTreeSet<SocketAddr> = now.into_iter().chain(stay).collect();
        *listed = nodes.clone();
        Ok(nodes)
    }

    async fn names_of_file(&self) -> Result<Vec<NodeName>, String> {
        if self.file.is_empty() {
            return Ok(Vec::new());
        }
        let text = read_file(Path::new(&self.file)).await?;
        let text = str::from_utf8(&text).map_err(|error| format!("{}: {error}", self.file))?;
        let lines = text.lines().map(str::trim);
        let lines = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
        let names: Result<_, String> = lines.map(str::parse).collect();
        names.map_err(|why| format!("{}: {why}", self.file))
    }
}

async fn tick(pool: Arc<Pool>, ended: CancellationToken) {
    let mut ticks = interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = ended.cancelled() => return,
            _ = ticks.tick() => pool.tick(Instant::now()),
        }
    }
}
