//! From a configuration to a running service: the one place where engines are chosen.

use std::hash::{BuildHasher, RandomState};
use std::path::Path;
use std::sync::Arc;

use anyhow::Context;
use sosik_fabric::memory::{MemoryFabric, MemoryOptions};
use sosik_service::settings::{
    CacheSettings, DeliverySettings, FeedSettings, NodeSettings, PasswordSettings, SessionSettings, TextSettings,
};
use sosik_service::{Clock, Service, Settings, SystemClock};
use sosik_store::{LargeAuthorLimits, RelationLimits, SqliteOptions, SqliteStore};

use crate::config::{Config, Loaded};

/// An author stops being large with this share of the limit, in percent: without a gap, one follower who comes and
/// goes would switch the author back and forth.
const LARGE_BELOW_PERCENT: u64 = 80;

/// Opens the store, and starts a service on it.
///
/// # Errors
/// When the store cannot be opened, as while another process has it.
pub async fn open(loaded: &Loaded) -> anyhow::Result<Service> {
    let config = &loaded.config;
    let clock = Arc::new(SystemClock::default());
    let store = SqliteStore::open(&store_options(config, &clock)).context("open the store")?;
    let fabric = Arc::new(MemoryFabric::new(MemoryOptions {
        timeline_stories: config.feed.timeline_stories,
        timelines_bytes: config.fabric.timelines_bytes(),
        pull_log_entries: config.fabric.pull_log_entries,
        seed: RandomState::new().hash_one("incarnations"),
    }));
    let service = Service::start(sosik_service::Parts {
        store,
        fabric: Arc::<MemoryFabric>::clone(&fabric),
        clock,
        settings: settings(config),
        sabotage: None,
    })
    .await
    .context("start the service")?;
    fabric.set_interest(service.interest());
    Ok(service)
}

fn store_options(config: &Config, clock: &SystemClock) -> SqliteOptions {
    let store = &config.store;
    SqliteOptions {
        readers: store.readers,
        write_batch_max: store.write_batch_max,
        writes_waiting_max: store.writes_waiting_max,
        cache_mib: store.cache_mib,
        mmap_mib: store.mmap_mib,
        ..SqliteOptions::at(Path::new(store.url.rest()), clock.now())
    }
}

/// The settings of the service, as configured.
pub fn settings(config: &Config) -> Settings {
    let Config { delivery, feed, limits, sessions, passwords, fabric, node, .. } = config;
    let above = delivery.push_followers_max;
    let below = u32::try_from(u64::from(above) * LARGE_BELOW_PERCENT / 100).unwrap_or(above);
    Settings {
        feed: FeedSettings {
            timeline_stories: feed.timeline_stories,
            rebuilds_at_once: feed.rebuilds_at_once,
            rebuild_wait: feed.rebuild_wait(),
            unread_max: u32::try_from(feed.unread_max).unwrap_or(u32::MAX),
        },
        delivery: DeliverySettings {
            large_author: LargeAuthorLimits { above, below },
            chunk: u32::try_from(delivery.chunk).unwrap_or(u32::MAX),
            workers: delivery.workers,
            claim: delivery.claim(),
            attempts_max: delivery.attempts_max,
            retry_first: delivery.retry_first(),
            retry_max: delivery.retry_max(),
            sweep_every: delivery.sweep(),
            queued_max: delivery.in_memory_max,
        },
        relations: RelationLimits {
            friends_max: limits.friends_max,
            follows_max: limits.follows_max,
            blocks_max: limits.blocks_max,
            mutes_max: limits.mutes_max,
            requests_max: limits.requests_pending_max,
        },
        texts: TextSettings {
            story_characters_max: limits.story_characters,
            comment_characters_max: limits.comment_characters,
            idempotency: limits.idempotency(),
        },
        sessions: SessionSettings {
            per_person_max: limits.sessions_per_person,
            idle: sessions.idle(),
            absolute: sessions.absolute(),
            touch: sessions.touch(),
        },
        passwords: PasswordSettings {
            memory_kib: passwords.memory_kib,
            passes: passwords.passes,
            lanes: passwords.lanes,
            hashes_at_once: passwords.hashes_at_once,
        },
        caches: CacheSettings {
            stories_bytes: fabric.stories_bytes() as u64,
            people_entries: fabric.people_entries,
            circles_bytes: fabric.circles_bytes() as u64,
            sessions_entries: fabric.sessions_entries,
        },
        node: NodeSettings { region: node.region.into(), name: node.name_in_effect(), lease: node.lease() },
    }
}
