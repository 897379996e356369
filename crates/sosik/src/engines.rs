//! The engines that the three URLs of the configuration select.
//!
//! To add an engine, add its scheme to the key in the configuration and an arm here.

use std::sync::Arc;

use anyhow::Context;
use sosik_fabric::memory::MemoryOptions;
use sosik_fabric::{DeliveryQueue, Engines, LargeAuthorLog, Peers, WakeUps};
use sosik_fabric_nats::{NatsLog, NatsOptions, NatsPeers, NatsQueue, NatsWakeUps};
use sosik_fabric_redis::{RedisFabric, RedisOptions};
use sosik_feed::{PeerId, Timestamp};
use sosik_service::SharedStore;
use sosik_store::{ID_AGE_MAX, Operations, Store};
use sosik_store_postgres::{DatabaseUrl, PostgresOptions, PostgresStore};
use sosik_store_sqlite::{SqliteFile, SqliteOptions, SqliteStore};

use crate::config::{Config, EngineUrl};
use crate::random::random_u64;

/// The scheme of engines in the memory of this process.
pub const MEMORY: &str = "memory";

/// The scheme of the store that only one process can use.
pub const SQLITE: &str = "sqlite";

/// The problem when nodes share a store and nothing else, and its remedy.
const MEMORY_IS_ALONE: &str = "another node uses this store, and this one has `fabric.url = \"memory:\"`: nodes that share a store share Redis \
     and NATS too. Set `fabric.url` to redis://… and `queue.url` to nats://… on every node";

/// Whether a store is on another machine.
pub fn is_remote(store: &EngineUrl) -> bool {
    store.scheme() != SQLITE && DatabaseUrl::new(store.expose().to_owned()).is_remote()
}

/// An open store.
pub struct OpenedStore {
    /// For requests.
    pub store: Arc<dyn Store>,
    /// For operators and imports.
    pub operations: Arc<dyn Operations>,
    /// The nodes that share it.
    pub shared: Option<SharedStore>,
}

/// Opens the store. `node` is the name of this node.
///
/// # Errors
/// The store cannot be opened. The error says why.
pub async fn open_store(
    config: &Config,
    node: &str,
    now: Timestamp,
) -> anyhow::Result<OpenedStore> {
    match config.urls.store.scheme() {
        SQLITE => open_sqlite(config, now),
        _ => open_postgres(config, node, now).await,
    }
}

fn open_sqlite(config: &Config, now: Timestamp) -> anyhow::Result<OpenedStore> {
    let store = SqliteStore::open(&SqliteOptions {
        file: SqliteFile::At(config.urls.store.rest().into()),
        now,
        ..config.store.clone()
    })?;
    Ok(OpenedStore {
        operations: Arc::<SqliteStore>::clone(&store),
        store,
        shared: None,
    })
}

async fn open_postgres(config: &Config, node: &str, now: Timestamp) -> anyhow::Result<OpenedStore> {
    let url = DatabaseUrl::new(config.urls.store.expose().to_owned());
    if url.is_remote() && !url.has_tls() {
        tracing::warn!(
            "connections to PostgreSQL have no TLS: unless the network is private, add sslmode=require to store.url"
        );
    }
    let store = PostgresStore::open(&PostgresOptions {
        person_limits: config.store.person_limits,
        pools: config.pools,
        pooler: config.pooler,
        id_age_max: Some(ID_AGE_MAX),
        authorities: authorities_of(&url, config)?,
        ..PostgresOptions::at(url, node, now)
    })
    .await?;
    let shared = SharedStore {
        leases: Arc::<PostgresStore>::clone(&store),
        alone: (config.urls.fabric.scheme() == MEMORY).then_some(MEMORY_IS_ALONE),
    };
    Ok(OpenedStore {
        operations: Arc::<PostgresStore>::clone(&store),
        store,
        shared: Some(shared),
    })
}

/// Opens the engines of what nodes share while they run.
///
/// # Errors
/// An address is malformed. A server that does not answer is no error: the node serves from the store until it does.
pub async fn open_engines(config: &Config, node: &str) -> anyhow::Result<Engines> {
    let mut engines = Engines::memory(memory_options(config), random_u64()?);
    if config.urls.fabric.scheme() != MEMORY {
        let redis = RedisFabric::open(RedisOptions {
            timeline_stories: config.service.feed.timeline_stories,
            authorities: authorities("fabric.ca_file", &config.fabric_ca_file)?,
            ..RedisOptions::at(config.urls.fabric.expose())
        })
        .context("fabric.url")?;
        engines.timelines = Arc::new(redis.timelines());
        engines.rates = Arc::new(redis.rate_limits());
        engines.active_people = Arc::new(redis.active_people());
        engines.shared_cache = Some(Arc::new(redis.shared_cache()));
    }
    if config.urls.queue.scheme() != MEMORY {
        // The futures of four connections are large.
        Box::pin(open_nats(config, node, &mut engines))
            .await
            .context("queue.url")?;
    }
    Ok(engines)
}

/// The authorities for connections to PostgreSQL.
///
/// # Errors
/// The file cannot be read, or connections have no TLS although a file is named.
pub(crate) fn authorities_of(
    url: &DatabaseUrl,
    config: &Config,
) -> anyhow::Result<Option<Vec<u8>>> {
    anyhow::ensure!(
        url.has_tls() || config.store_ca_file.is_empty(),
        "store.ca_file is set, and connections to PostgreSQL have no TLS: add sslmode=require to the address, or remove \
         store.ca_file"
    );
    authorities("store.ca_file", &config.store_ca_file)
}

/// The certificates in the file that a key names. `None` if it names none.
fn authorities(key: &str, file: &str) -> anyhow::Result<Option<Vec<u8>>> {
    if file.is_empty() {
        return Ok(None);
    }
    let read = std::fs::read(file).with_context(|| format!("read {key} {file}"));
    read.map(Some)
}

async fn open_nats(config: &Config, node: &str, engines: &mut Engines) -> anyhow::Result<()> {
    let options = nats_options(config, node);
    let (me, log_number) = (PeerId::from_u64(random_u64()?), random_u64()?);
    let (peers, wake_ups, log, queue) = tokio::try_join!(
        NatsPeers::open(&options, me),
        NatsWakeUps::open(&options, me),
        NatsLog::open(&options, log_number),
        NatsQueue::open(&options),
    )?;
    engines.peers = Arc::new(peers) as Arc<dyn Peers>;
    engines.wake_ups = Arc::new(wake_ups) as Arc<dyn WakeUps>;
    engines.log = Arc::new(log) as Arc<dyn LargeAuthorLog>;
    engines.queue = Arc::new(queue) as Arc<dyn DeliveryQueue>;
    Ok(())
}

fn nats_options(config: &Config, node: &str) -> NatsOptions {
    NatsOptions {
        prefix: config.queue.prefix.clone(),
        replicas: config.queue.replicas,
        queued_max: config.fabric.queued_max,
        acknowledge_within: config.service.delivery.claim,
        log_entries: config.fabric.pull_log_entries,
        ..NatsOptions::new(config.urls.queue.expose(), node)
    }
}

fn memory_options(config: &Config) -> MemoryOptions {
    MemoryOptions {
        timeline_stories: config.service.feed.timeline_stories,
        ..config.fabric
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Inputs, load};

    #[test]
    fn the_prefix_and_the_copies_of_an_installation_reach_its_queue() {
        let flags = ["queue.prefix=staging", "queue.replicas=3"];
        let inputs = Inputs {
            file: None,
            environment: Vec::new(),
            flags: flags.map(str::to_owned).to_vec(),
        };
        let options = nats_options(&load(inputs).unwrap().config, "one");
        assert_eq!((options.prefix.as_str(), options.replicas), ("staging", 3));
    }

    #[test]
    fn a_configured_length_of_timelines_holds_for_the_service_and_the_fabric() {
        let inputs = Inputs {
            file: None,
            environment: Vec::new(),
            flags: vec!["feed.timeline_stories=900".to_owned()],
        };
        let config = load(inputs).unwrap().config;
        let fabric = memory_options(&config).timeline_stories;
        assert_eq!((fabric, config.service.feed.timeline_stories), (900, 900));
    }
}
