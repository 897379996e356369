//! Makes a running service from a configuration. This is the only place where engines are chosen.

use std::hash::{BuildHasher, RandomState};
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::Path;
use std::sync::Arc;

use anyhow::Context;
use sosik_api::AdminToken;
use sosik_fabric::memory::{MemoryFabric, MemoryOptions};
use sosik_fabric::rates::Rate;
use sosik_service::settings::{
    CacheSettings, DeliverySettings, FeedSettings, NodeSettings, PasswordSettings, SessionSettings,
    SupervisionSettings, TextSettings,
};
use sosik_service::{Clock, Sabotage, Service, Settings, SystemClock};
use sosik_store::{LargeAuthorLimits, PersonLimits, RelationLimits};
use sosik_store_sqlite::{SqliteOptions, SqliteStore};

use crate::breached::RangeClient;
use crate::config::{self, Config, Loaded, Rates};

/// An author stops being large below this share of the limit, in percent. Without this gap, one follower who comes and
/// goes would switch the author back and forth.
const LARGE_BELOW_PERCENT: u64 = 80;

/// Opens the store and starts a service on it.
///
/// # Errors
/// The store cannot be opened, for example because another process uses it.
pub async fn open(loaded: &Loaded) -> anyhow::Result<Service> {
    let config = &loaded.config;
    let clock = clock();
    let store = SqliteStore::open(&store_options(config, &*clock)).context("open the store")?;
    let seed = RandomState::new().hash_one("incarnations");
    let fabric = Arc::new(MemoryFabric::new(fabric_options(config, seed)));
    let service = Service::start(sosik_service::Parts {
        store,
        fabric: Arc::<MemoryFabric>::clone(&fabric),
        clock,
        settings: settings(config),
        sabotage: sabotage()?,
    })
    .await
    .context("start the service")?;
    fabric.set_interest(service.interest());
    let passwords = &config.passwords;
    if !passwords.breached_url.is_empty() {
        service.accounts().set_breached_passwords(RangeClient::new(
            &passwords.breached_url,
            passwords.breached_timeout(),
        )?);
    }
    Ok(service)
}

/// A clock with an adjustable offset, in test builds.
#[cfg(feature = "sabotage")]
fn clock() -> Arc<dyn Clock> {
    match std::env::var_os(sosik_load::faults::CLOCK_VARIABLE) {
        Some(file) => Arc::new(crate::offset_clock::OffsetClock::new(file.into())),
        None => Arc::new(SystemClock::default()),
    }
}

/// The clock of the machine. A release build ignores the environment here.
#[cfg(not(feature = "sabotage"))]
fn clock() -> Arc<dyn Clock> {
    Arc::new(SystemClock::default())
}

/// The promise to break, in test builds: `SOSIK_SABOTAGE` names it.
#[cfg(feature = "sabotage")]
fn sabotage() -> anyhow::Result<Option<Sabotage>> {
    let named = |name: String| {
        Sabotage::named(&name).with_context(|| format!("no promise is called {name}"))
    };
    std::env::var("SOSIK_SABOTAGE").ok().map(named).transpose()
}

/// A release build breaks no promise and ignores the environment here.
#[cfg(not(feature = "sabotage"))]
#[expect(clippy::unnecessary_wraps, reason = "the other build may fail here")]
const fn sabotage() -> anyhow::Result<Option<Sabotage>> {
    Ok(None)
}

fn fabric_options(config: &Config, seed: u64) -> MemoryOptions {
    MemoryOptions {
        timeline_stories: config.feed.timeline_stories,
        timelines_bytes: config.fabric.timelines_bytes(),
        pull_log_entries: config.fabric.pull_log_entries,
        seed,
    }
}

fn store_options(config: &Config, clock: &dyn Clock) -> SqliteOptions {
    let store = &config.store;
    SqliteOptions {
        readers: store.readers,
        reads_waiting_max: store.reads_waiting_max,
        write_batch_max: store.write_batch_max,
        writes_waiting_max: store.writes_waiting_max,
        cache_mib: store.cache_mib,
        mmap_mib: store.mmap_mib,
        person_limits: person_limits(&config.limits),
        wal_mib_max: store.wal_mib_max,
        ..SqliteOptions::at(Path::new(store.url.rest()), clock.now())
    }
}

/// The settings of the HTTP side, with the secrets that are kept outside the configuration.
///
/// # Errors
/// The file of the administration token cannot be read or contains no token.
pub fn api_settings_with_secrets(
    loaded: &Loaded,
    public: SocketAddr,
) -> anyhow::Result<sosik_api::Settings> {
    let token = loaded.config.server.admin_token_in_effect()?;
    Ok(sosik_api::Settings {
        admin_token: token.as_deref().map(AdminToken::new),
        ..api_settings(loaded, public)
    })
}

fn person_limits(limits: &config::Limits) -> PersonLimits {
    PersonLimits {
        stories_max: limits.stories_per_person,
        comments_max: limits.comments_per_person,
        text_bytes_max: u64::from(limits.text_mib_per_person) << 20,
        stranger_mentions_per_day_max: limits.stranger_mentions_per_day,
        ..PersonLimits::default()
    }
}

/// The settings of the HTTP side, as configured. `public` is the address of the public listener. It is the public URL
/// if none is configured.
fn api_settings(loaded: &Loaded, public: SocketAddr) -> sosik_api::Settings {
    let Config {
        server,
        feed,
        accounts,
        ..
    } = &loaded.config;
    let public_url = match loaded.is_default("server.public_url") {
        true => format!("http://{public}"),
        false => server.public_url.trim_end_matches('/').to_owned(),
    };
    sosik_api::Settings {
        public_url,
        cors_origins: server.cors_origins.clone(),
        trusted_proxies: server.trusted_proxies.iter().map(|one| one.0).collect(),
        forwarded_header: server.forwarded_header.0,
        admin_token: None,
        connections: connections(server),
        requests_at_once_max: server.requests_at_once_max,
        requests_waiting_max: server.requests_waiting_max,
        request_wait: server.request_wait(),
        request_body_bytes_max: server.request_body_bytes_max(),
        request_timeout: server.request_timeout(),
        body_timeout: server.body_timeout(),
        bodies_bytes_max: server.bodies_bytes_max(),
        streams_max: server.streams_max,
        streams_per_person_max: server.streams_per_person_max,
        stream_check: server.stream_check(),
        page_items_default: feed.page_default,
        page_items_max: feed.page_max,
        registration: match accounts.registration {
            config::Registration::Open => sosik_api::Registration::Open,
            config::Registration::Closed => sosik_api::Registration::Closed,
        },
        rates: rates(&loaded.config.rates),
    }
}

fn connections(server: &config::Server) -> sosik_api::Connections {
    sosik_api::Connections {
        open_max: server.connections_max,
        per_network_max: server.connections_per_address_max,
        first_request: server.first_request(),
        idle: server.idle_connection(),
        answer_bytes_max: server.answer_bytes_max(),
        answer_bytes_per_connection_max: server.answer_bytes_per_connection_max(),
        answer_stall: server.answer_stall(),
        trusted_proxies: server.trusted_proxies.iter().map(|one| one.0).collect(),
        ..sosik_api::Connections::default()
    }
}

fn rates(rates: &Rates) -> sosik_api::Rates {
    // Every configured number is at least 1, so this changes nothing.
    let number = |number| NonZeroU32::new(number).unwrap_or(NonZeroU32::MIN);
    let rate = |rate: config::Rate| Rate {
        per_minute: number(rate.per_minute),
        burst: number(rate.burst),
    };
    sosik_api::Rates {
        sign_ups_per_address: rate(rates.sign_ups_per_address()),
        sign_ups_per_network: rate(rates.sign_ups_per_network()),
        log_ins_per_address: rate(rates.log_ins_per_address()),
        log_ins_per_handle: rate(rates.log_ins_per_handle()),
        log_ins_per_known_device: rate(rates.log_ins_per_known_device()),
        unknown_tokens_per_address: rate(rates.unknown_tokens_per_address()),
        stories_per_person: rate(rates.stories_per_person()),
        comments_per_person: rate(rates.comments_per_person()),
        likes_per_person: rate(rates.likes_per_person()),
        friend_requests_per_person: rate(rates.friend_requests_per_person()),
        relation_writes_per_person: rate(rates.relation_writes_per_person()),
        profile_writes_per_person: rate(rates.profile_writes_per_person()),
        read_marks_per_person: rate(rates.read_marks_per_person()),
        searches_per_person: rate(rates.searches_per_person()),
        reads_per_person: rate(rates.reads_per_person()),
    }
}

/// The settings of the service, as configured.
pub fn settings(config: &Config) -> Settings {
    let Config {
        delivery,
        feed,
        limits,
        sessions,
        passwords,
        fabric,
        node,
        ..
    } = config;
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
            backlog_wait_max: delivery.backlog_wait_max(),
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
        node: NodeSettings {
            region: node.region.into(),
            name: node.name_in_effect(),
            lease: node.lease(),
        },
        supervision: SupervisionSettings::default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Inputs, load};

    #[test]
    fn the_defaults_of_the_http_side_are_those_of_the_configuration() {
        let loaded = load(Inputs {
            file: None,
            environment: Vec::new(),
            flags: Vec::new(),
        })
        .unwrap();
        let listens_at = SocketAddr::from(([127, 0, 0, 1], 8420));
        assert_eq!(
            api_settings(&loaded, listens_at),
            sosik_api::Settings::default()
        );
    }

    /// Keys that are read elsewhere, when the server starts, stops, logs or checks itself.
    const READ_ELSEWHERE: [&str; 5] = [
        "server.balancer_wait_seconds",
        "server.drain_seconds",
        "passwords.breached_timeout_ms",
        "verify.pages",
        "verify.every_seconds",
    ];

    /// A value for each key that is not a number and is read here.
    const WORDS: [(&str, &str); 5] = [
        ("accounts.registration", "closed"),
        ("node.name", "another"),
        ("server.cors_origins", "https://app.example"),
        ("server.forwarded_header", "forwarded"),
        ("server.trusted_proxies", "10.0.0.0/8"),
    ];

    /// Everything that is built from the configuration with this flag; `None` when a value is out of range.
    fn built_with(flag: &str) -> Option<String> {
        let inputs = Inputs {
            file: None,
            environment: Vec::new(),
            flags: vec![flag.to_owned()],
        };
        let loaded = load(inputs).ok()?;
        let clock = SetClock;
        Some(format!(
            "{:?} {:?} {:?} {:?}",
            settings(&loaded.config),
            api_settings(&loaded, SocketAddr::from(([127, 0, 0, 1], 9000))),
            store_options(&loaded.config, &clock),
            fabric_options(&loaded.config, 1),
        ))
    }

    /// A clock that stands still, so that two results differ by their configuration only.
    struct SetClock;

    impl Clock for SetClock {
        fn now(&self) -> sosik_feed::Timestamp {
            sosik_feed::Timestamp::default()
        }

        fn monotonic(&self) -> std::time::Duration {
            std::time::Duration::ZERO
        }
    }

    #[test]
    fn every_key_changes_what_is_built_from_the_configuration() {
        let standard = built_with("log.filter=info").unwrap();
        let mut checked = 0;
        for section in config::described() {
            for entry in &section.entries {
                let key = section.key(entry);
                let Some(default) = entry.default.as_integer() else {
                    continue;
                };
                if READ_ELSEWHERE.contains(&key.as_str()) {
                    continue;
                }
                let changed = [default - 1, default + 1, default / 2]
                    .iter()
                    .find_map(|value| built_with(&format!("{key}={value}")));
                assert!(changed.is_some_and(|built| built != standard), "{key}");
                checked += 1;
            }
        }
        assert!(checked > 70, "{checked} keys");
        for (key, value) in WORDS {
            let built = built_with(&format!("{key}={value}")).unwrap();
            assert_ne!(built, standard, "{key}");
        }
        let proxies = built_with("server.trusted_proxies=10.0.0.0/8").unwrap();
        let uses = proxies.matches("10.0.0.0/8").count();
        assert_eq!(uses, 2, "for limits by address, and for connections");
    }

    #[test]
    fn without_a_public_address_the_one_that_listens_is_told_to_people() {
        let told = |flags: &[&str]| {
            let flags = flags.iter().map(|flag| (*flag).to_owned()).collect();
            let loaded = load(Inputs {
                file: None,
                environment: Vec::new(),
                flags,
            })
            .unwrap();
            api_settings(&loaded, SocketAddr::from(([127, 0, 0, 1], 9000))).public_url
        };
        assert_eq!(told(&[]), "http://127.0.0.1:9000");
        assert_eq!(
            told(&["server.public_url=https://sosik.example"]),
            "https://sosik.example"
        );
    }
}
