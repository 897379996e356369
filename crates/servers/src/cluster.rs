//! PostgreSQL, Redis, NATS and the nodes that share them.
//!
//! A cluster can be left running and found again by another process: its state is a file. Tests use the same cluster
//! and never leave it.

use std::fs::{self, DirBuilder};
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;

use anyhow::Context;
use serde::{Deserialize, Serialize};

use crate::folder::Folder;
use crate::launch::Launch;
use crate::nats::Nats;
use crate::node::{Node, Role};
use crate::postgres::Postgres;
use crate::process::State;
use crate::redis::Redis;
use crate::server::Server;

/// Nodes that fit into the connections of PostgreSQL, those that only deliver among them.
pub const NODES_MAX: u8 = 15;

/// Connections of PostgreSQL: 26 for each node, and some for terminals.
const POSTGRES: &str = "max_connections=400";

/// Memory for timelines. Those that nobody reads are evicted first.
const REDIS: [&str; 4] = ["--maxmemory", "64mb", "--maxmemory-policy", "volatile-ttl"];

/// The name of the balancer.
const BALANCER: &str = "balancer";

/// The file with the state of a cluster, in its folder.
const STATE: &str = "cluster.json";

/// The servers and the nodes. Dropping it stops them in this order, unless they were left.
#[derive(Debug, Serialize, Deserialize)]
pub struct Cluster {
    /// What stands in front of the nodes.
    pub balancer: Option<Node>,
    /// The nodes.
    pub nodes: Vec<Node>,
    /// The queue.
    pub nats: Nats,
    /// The fabric.
    pub redis: Redis,
    /// The store.
    pub postgres: Postgres,
}

/// A part of a cluster, as an operator sees it.
#[derive(Debug, Clone, Copy)]
pub struct Part<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its process.
    pub server: &'a Server,
    /// Its node, unless it is one of the shared servers.
    pub node: Option<&'a Node>,
}

impl Cluster {
    /// Starts PostgreSQL with these additional settings, Redis and NATS, all empty and on free ports. Add nodes to it.
    ///
    /// # Errors
    /// A server is not installed or does not start.
    pub fn start(postgres: &[&str]) -> anyhow::Result<Self> {
        let settings: Vec<&str> = postgres.iter().copied().chain([POSTGRES]).collect();
        Ok(Self {
            postgres: Postgres::start(&settings).context("start PostgreSQL")?,
            redis: Redis::start(&REDIS).context("start Redis")?,
            nats: Nats::start().context("start NATS")?,
            nodes: Vec::new(),
            balancer: None,
        })
    }

    /// The settings (`section.key=value`) of a node of this cluster.
    #[must_use]
    pub fn settings(&self, name: &str) -> Vec<String> {
        vec![
            format!("store.url={}", self.postgres.url("postgres")),
            format!("fabric.url={}", self.redis.url()),
            format!("queue.url={}", self.nats.url()),
            format!("node.name={name}"),
        ]
    }

    /// The variable of the store, which has a password that other accounts of the machine must not see in the list of
    /// processes, and the other settings of a node of this cluster.
    #[must_use]
    pub fn settings_of(&self, name: &str) -> ((String, String), Vec<String>) {
        let store = ("SOSIK_STORE__URL".to_owned(), self.postgres.url("postgres"));
        let others = self.settings(name).into_iter();
        (
            store,
            others.filter(|it| !it.starts_with("store.url=")).collect(),
        )
    }

    /// Starts a node with additional settings and a folder of its own. Add it to [`Self::nodes`] to keep it with the
    /// cluster.
    ///
    /// # Errors
    /// It does not start.
    pub fn start_node(
        &self,
        executable: &Path,
        role: Role,
        name: &str,
        folder: &Path,
        further: &[String],
    ) -> anyhow::Result<Node> {
        let (store, settings) = self.settings_of(name);
        let settings = [&settings, further].concat();
        let mut launch = Launch::node(executable, role, folder, &settings)?;
        launch.environment.push(store);
        Node::start(name, role, launch).with_context(|| format!("start {name}"))
    }

    /// Starts a balancer in front of the nodes. It finds them through those that run now.
    ///
    /// # Errors
    /// It does not start, for example because the executable has no balancer.
    pub fn start_balancer(
        &mut self,
        executable: &Path,
        folder: &Path,
        further: &[String],
    ) -> anyhow::Result<()> {
        let listeners = self.nodes.iter().map(|node| node.admin_url.as_str());
        let listeners: Vec<&str> = listeners
            .map(|url| url.trim_start_matches("http://"))
            .collect();
        let own = [
            format!("balance.cluster={}", listeners.join(",")),
            "balance.resolve_seconds=1".to_owned(),
        ];
        let settings = [&own, further].concat();
        let launch = Launch::node(executable, Role::Balance, folder, &settings)?;
        let balancer = Node::start(BALANCER, Role::Balance, launch);
        self.balancer = Some(balancer.context("start the balancer")?);
        Ok(())
    }

    /// Its parts: the balancer, the nodes, then the servers that they share.
    #[must_use]
    pub fn parts(&self) -> Vec<Part<'_>> {
        let nodes = self.balancer.iter().chain(&self.nodes);
        let nodes = nodes.map(|node| Part {
            name: &node.name,
            server: node,
            node: Some(node),
        });
        let shared = |name, server| Part {
            name,
            server,
            node: None,
        };
        let servers = [
            shared("postgres", &*self.postgres),
            shared("redis", &*self.redis),
            shared("nats", &*self.nats),
        ];
        nodes.chain(servers).collect()
    }

    /// The part of this name, to kill, pause or start it.
    pub fn part(&mut self, name: &str) -> Option<&mut Server> {
        match name {
            "postgres" => Some(&mut self.postgres),
            "redis" => Some(&mut self.redis),
            "nats" => Some(&mut self.nats),
            _ => {
                let mut nodes = self.nodes.iter_mut().chain(&mut self.balancer);
                nodes.find(|node| node.name == name).map(|node| &mut **node)
            }
        }
    }

    /// Whether any of its parts runs.
    #[must_use]
    pub fn runs(&self) -> bool {
        let mut parts = self.parts().into_iter();
        parts.any(|part| part.server.state() != State::Ended)
    }

    /// The cluster whose state is in this folder. It keeps running when the value is dropped.
    ///
    /// # Errors
    /// The state cannot be read.
    pub fn found(folder: &Path) -> anyhow::Result<Option<Self>> {
        let path = folder.join(STATE);
        if !path.exists() {
            return Ok(None);
        }
        let read = || -> anyhow::Result<Self> { Ok(serde_json::from_slice(&fs::read(&path)?)?) };
        read().map(Some).with_context(|| {
            let pids = pids_in(&path);
            format!(
                "read {}: another version wrote it; stop the processes {pids:?} and remove the folder",
                path.display()
            )
        })
    }

    /// Writes its state to this folder, so that it can be found.
    ///
    /// # Errors
    /// The state cannot be written.
    pub fn save(&self, folder: &Path) -> anyhow::Result<()> {
        let (path, new) = (folder.join(STATE), folder.join("cluster.json.new"));
        let write = || -> anyhow::Result<()> {
            DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(folder)?;
            fs::write(&new, serde_json::to_vec_pretty(self)?)?;
            // A reader finds the old or the new state, and never half of it.
            Ok(fs::rename(&new, &path)?)
        };
        write().with_context(|| format!("write {}", path.display()))
    }

    /// Writes its state to this folder and lets it run when this process ends.
    ///
    /// # Errors
    /// The state cannot be written. The parts that this process started are stopped.
    pub fn leave(mut self, folder: &Path) -> anyhow::Result<()> {
        self.save(folder)?;
        for node in self.nodes.iter_mut().chain(&mut self.balancer) {
            node.leave();
        }
        self.postgres.leave();
        self.redis.leave();
        self.nats.leave();
        for data in self.data() {
            data.leave();
        }
        Ok(())
    }

    /// Stops everything by process id, and removes the data and the folder of the state. Returns the process ids of
    /// what ran.
    ///
    /// # Errors
    /// A folder cannot be removed.
    pub fn remove(mut self, folder: &Path) -> anyhow::Result<Vec<u32>> {
        let parts = self.parts().into_iter();
        let ran = parts.map(|part| part.server.pid()).filter(|pid| *pid != 0);
        let ran = ran.collect();
        if let Some(balancer) = &mut self.balancer {
            balancer.stop();
        }
        // The nodes finish their requests at the same time.
        for node in &self.nodes {
            // A node that is stopped needs no request.
            let _stopped = node.request_stop();
        }
        for node in &mut self.nodes {
            node.stop();
        }
        self.nats.stop();
        self.redis.stop();
        self.postgres.stop();
        for data in self.data() {
            data.remove()?;
        }
        fs::remove_dir_all(folder).with_context(|| format!("remove {}", folder.display()))?;
        Ok(ran)
    }

    fn data(&mut self) -> [&mut Folder; 3] {
        [
            &mut self.postgres.folder,
            &mut self.redis.folder,
            &mut self.nats.folder,
        ]
    }
}

/// The process ids in the state of another version.
fn pids_in(state: &Path) -> Vec<u64> {
    let text = fs::read_to_string(state).unwrap_or_default();
    let fields = text.split("\"pid\":").skip(1);
    let number = |field: &str| field.split([',', '}', '\n']).next()?.trim().parse().ok();
    fields.filter_map(number).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_processes_of_a_cluster_of_another_version_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let state = r#"{"servers": [{"pid": 12, "started": 3}, {"pid":345}]}"#;
        fs::write(folder.path().join(STATE), state).unwrap();
        let error = Cluster::found(folder.path()).unwrap_err();
        assert!(format!("{error:#}").contains("[12, 345]"), "{error:#}");
    }
}
