//! Where the nodes come from: a list of names, a file with further ones, and the list of a cluster. Each name stands for
//! all its addresses. All of them are read again and again, and each keeps its last answer while it fails.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use super::checks::Checker;
use super::cluster::Cluster;
use super::resolver::Resolver;
use super::{StartError, read_file, wait};
use crate::{NodeName, Pool, Settings};

/// How often ejections are looked at.
const TICK: Duration = Duration::from_millis(100);

/// The names of the nodes, and what each source answered last.
#[derive(Debug)]
pub(super) struct Sources {
    names: Vec<NodeName>,
    resolver: Resolver,
    /// The file with further names. Empty for none.
    file: String,
    /// The names in the file when it was last read without an error.
    further: Vec<NodeName>,
    cluster: Cluster,
    /// Nodes that the cluster has listed.
    listed: BTreeSet<SocketAddr>,
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
            resolver: Resolver::default(),
            file: settings.nodes_file.clone(),
            further: Vec::new(),
            cluster: Cluster::new(&settings.cluster, token)?,
            listed: BTreeSet::new(),
            resolve: settings.resolve,
        })
    }

    /// Fills the pool, checks each node once, and starts the tasks that keep both true.
    ///
    /// # Errors
    /// The file or the list of the cluster cannot be read, so nodes may be missing. The tasks run all the same.
    pub(super) async fn start(
        mut self,
        pool: &Arc<Pool>,
        checker: &Checker,
        ended: &CancellationToken,
    ) -> Result<(), String> {
        let complete = self.refresh(pool, checker, ended).await;
        tokio::spawn(tick(Arc::clone(pool), ended.clone()));
        let (pool, checker, ended) = (Arc::clone(pool), checker.clone(), ended.clone());
        tokio::spawn(async move {
            while !wait(self.resolve, &ended).await {
                // The failure is logged.
                let _incomplete = self.refresh(&pool, &checker, &ended).await;
            }
        });
        complete
    }

    /// Puts the nodes of this moment into the pool and starts to watch the new ones.
    async fn refresh(
        &mut self,
        pool: &Arc<Pool>,
        checker: &Checker,
        ended: &CancellationToken,
    ) -> Result<(), String> {
        let file = logged(self.read_names_file().await);
        let cluster = logged(self.ask_cluster(pool).await);
        let names: Vec<&NodeName> = self.names.iter().chain(&self.further).collect();
        let mut addresses = self.resolver.addresses(&names).await;
        addresses.extend(self.listed.iter().map(|address| (*address, 1)));
        let mut first_checks = JoinSet::new();
        for node in pool.replace(&addresses) {
            let (pool, checker, ended) = (Arc::clone(pool), checker.clone(), ended.clone());
            first_checks.spawn(async move {
                checker.check(&pool, &node).await;
                tokio::spawn(checker.watch(pool, node, ended));
            });
        }
        first_checks.join_all().await;
        file.and(cluster)
    }

    /// The nodes that the cluster lists, and those that it has listed and that are ready. A node loses its place on the
    /// list when it is slow to renew a lease, although it serves.
    async fn ask_cluster(&mut self, pool: &Pool) -> Result<(), String> {
        let now: BTreeSet<SocketAddr> = self.cluster.nodes().await?.into_iter().collect();
        let nodes = pool.nodes();
        let ready = nodes
            .iter()
            .filter(|node| node.is_up())
            .map(|node| node.address());
        let stay = ready.filter(|address| self.listed.contains(address));
        self.listed = now.into_iter().chain(stay).collect();
        Ok(())
    }

    async fn read_names_file(&mut self) -> Result<(), String> {
        if self.file.is_empty() {
            return Ok(());
        }
        let text = read_file(Path::new(&self.file)).await?;
        let text = str::from_utf8(&text).map_err(|error| format!("{}: {error}", self.file))?;
        let lines = text.lines().map(str::trim);
        let lines = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
        let names: Result<_, String> = lines.map(str::parse).collect();
        self.further = names.map_err(|why| format!("{}: {why}", self.file))?;
        Ok(())
    }
}

fn logged(outcome: Result<(), String>) -> Result<(), String> {
    outcome.inspect_err(|why| tracing::warn!("the known nodes stay: {why}"))
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
