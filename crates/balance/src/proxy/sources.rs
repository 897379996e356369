//! Where the nodes come from: a list of names, and a file with further ones. Each name stands for all its addresses. The
//! file is read and names are resolved again and again.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::lookup_host;
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use super::checks::Checker;
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
    resolve: Duration,
}

impl Sources {
    pub(super) fn new(settings: &Settings) -> Result<Self, StartError> {
        let names = settings.nodes.iter().map(|node| node.parse());
        let names: Vec<NodeName> = names.collect::<Result<_, _>>().map_err(StartError::Node)?;
        if names.is_empty() && settings.nodes_file.is_empty() {
            return Err(StartError::NoNodes);
        }
        Ok(Self {
            names,
            file: settings.nodes_file.clone(),
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
        let addresses = match self.addresses().await {
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

    /// The addresses of all names.
    async fn addresses(&self) -> Result<Vec<(SocketAddr, u32)>, String> {
        let mut all = Vec::new();
        let further = self.names_of_file().await?;
        for name in self.names.iter().chain(&further) {
            let found = lookup_host(&name.host_port).await;
            let found = found.map_err(|error| format!("resolve {}: {error}", name.host_port))?;
            all.extend(found.map(|address| (address, name.weight)));
        }
        Ok(all)
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
