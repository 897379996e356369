//! Makes a running service from a configuration. The module `engines` chooses the engines.

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::Context;
use sosik_api::AdminToken;
use sosik_populate::{Target, demo};
use sosik_service::media::{MediaEngine, Videos};
use sosik_service::{Clock, Service, Settings, SharedStore, SystemClock};
use sosik_store::Operations;

use crate::breached::RangeClient;
use crate::config::{Config, Loaded};
use crate::engines::{MEMORY, is_remote, open_engines, open_store};
use crate::media::open_media;

/// A service that runs, and what only operators and imports need of its store.
pub struct Opened {
    /// The service.
    pub service: Service,
    /// The operations of its store.
    pub operations: Arc<dyn Operations>,
}

impl Opened {
    /// The store to fill, for imports, worlds and the demo.
    pub fn target(&self) -> Target {
        Target {
            service: self.service.clone(),
            operations: Arc::clone(&self.operations),
        }
    }
}

/// The problem when a command that must be alone finds a node, and its remedy.
const NODE_RUNS: &str = "a node uses this store: stop every `sosik serve` on it, run this command, and start the nodes again. A node that was \
     killed counts until its lease expires, some seconds later";

/// The warning of a node without an address, and its remedy.
const UNLISTED: &str = "balance.cluster does not find this node: server.listen is on all addresses, so set node.address to the one \
     at which balancers reach it, such as 10.0.0.1:8420, or name this node in balance.nodes";

/// The warning of a node that only its own machine reaches, and its remedy.
const LOOPBACK: &str = "no other machine reaches this node: server.listen is on the loopback interface and the store is on another \
     machine, so set server.listen to an address of the private network, such as 10.0.0.1:8420";

/// Opens the store and starts a service on it.
///
/// # Errors
/// The store cannot be opened, for example because another process uses it.
pub async fn open(loaded: &Loaded) -> anyhow::Result<Opened> {
    open_shared(loaded, service_settings(&loaded.config), None).await
}

/// [`open`] for a node that serves people. `public` is the address of its public listener.
///
/// # Errors
/// Like [`open`].
pub async fn open_node(loaded: &Loaded, public: SocketAddr) -> anyhow::Result<Opened> {
    let mut settings = service_settings(&loaded.config);
    settings.node.address = listed_address(loaded.config.server.node_address, public);
    if let Some(why) = unreachable(&loaded.config, settings.node.address) {
        tracing::warn!("{why}");
    }
    open_shared(loaded, settings, None).await
}

/// Begins to take and process photos and videos, where it is configured. Later calls change nothing.
///
/// # Errors
/// A folder cannot be created, the bucket of the files rejects the key, or the configured `ffmpeg` does not exist.
pub async fn take_media(loaded: &Loaded, service: &Service) -> anyhow::Result<()> {
    if let Some(engine) = open_media(&loaded.config).await? {
        take(engine, service);
    }
    Ok(())
}

/// As [`take_media`], with previews of the web sites of the demo town.
///
/// # Errors
/// As [`take_media`].
pub async fn take_media_of_town(loaded: &Loaded, service: &Service) -> anyhow::Result<()> {
    if let Some(mut engine) = open_media(&loaded.config).await? {
        engine.fetcher = engine.fetcher.map(|_system| Arc::new(demo::fetcher()));
        take(engine, service);
    }
    Ok(())
}

fn take(engine: MediaEngine, service: &Service) {
    let workers = Arc::clone(&engine.workers);
    let videos = engine.video.videos.clone();
    tokio::spawn(async move {
        log_ffmpeg(&videos).await;
        match workers.check().await {
            Ok(protection) => {
                tracing::info!(?protection, "processes that decode photos are protected");
            }
            Err(error) => {
                tracing::warn!(%error, "processes that decode photos cannot be started");
            }
        }
    });
    service.media().open(engine);
}

/// Logs which videos are accepted, and which protections confine `ffmpeg`.
async fn log_ffmpeg(videos: &Videos) {
    let Some(ffmpeg) = videos.ffmpeg() else {
        tracing::info!(
            "there is no ffmpeg: videos must be MP4 with H.264 and AAC, and have no poster. Install ffmpeg and start again to \
             accept MOV, WebM and other codecs, and to show posters"
        );
        return;
    };
    let path = ffmpeg.path().display().to_string();
    match ffmpeg.version().await {
        Ok(version) => tracing::info!(%path, %version, "videos are converted by ffmpeg"),
        Err(error) => tracing::warn!(%path, %error, "ffmpeg cannot be started: videos fail"),
    }
    match videos.protection().await {
        Ok(protection) if protection.landlock && protection.files_denied => {
            tracing::info!(?protection, "ffmpeg is confined to one video");
        }
        Ok(protection) => tracing::warn!(
            ?protection,
            "this kernel does not keep ffmpeg from the files of the server: enable Landlock, or write media.ffmpeg = \"none\""
        ),
        Err(error) => tracing::warn!(%error, "the processes that run ffmpeg cannot be started"),
    }
}

/// Where balancers reach this node. `None` if it listens on all addresses and none is configured.
fn listed_address(configured: SocketAddr, public: SocketAddr) -> Option<SocketAddr> {
    let address = if configured.port() == 0 {
        public
    } else {
        configured
    };
    (!address.ip().is_unspecified()).then_some(address)
}

/// Why balancers that ask for the nodes of the cluster cannot use this one, if its engines are those of several nodes.
fn unreachable(config: &Config, address: Option<SocketAddr>) -> Option<&'static str> {
    if config.urls.queue.scheme() == MEMORY {
        return None;
    }
    match address {
        None => Some(UNLISTED),
        Some(address) if address.ip().is_loopback() && is_remote(&config.urls.store) => {
            Some(LOOPBACK)
        }
        Some(_) => None,
    }
}

/// [`open`] for a command that writes to the store directly. No node may use the store at the same time: its caches would
/// be outdated, or its changes overwritten.
///
/// # Errors
/// Like [`open`], and if a node runs.
pub async fn open_alone(loaded: &Loaded) -> anyhow::Result<Opened> {
    open_shared(loaded, service_settings(&loaded.config), Some(NODE_RUNS)).await
}

async fn open_shared(
    loaded: &Loaded,
    settings: Settings,
    alone: Option<&'static str>,
) -> anyhow::Result<Opened> {
    let config = &loaded.config;
    let clock = clock();
    let node = settings.node.name.clone();
    let opened = open_store(config, &node, clock.now())
        .await
        .context("open the store")?;
    let engines = open_engines(config, &node).await?;
    let (store, engines) = sabotaged(opened.store, engines)?;
    let shared = opened.shared.map(sabotaged_leases).transpose()?;
    let service = Service::start(sosik_service::Parts {
        store,
        shared: shared.map(|shared| SharedStore {
            alone: alone.or(shared.alone),
            ..shared
        }),
        engines,
        clock,
        settings,
    })
    .await
    .context("start the service")?;
    let operations = opened.operations;
    let breached = &config.breached;
    if !breached.url.is_empty() {
        service
            .accounts()
            .set_breached_passwords(RangeClient::new(&breached.url, breached.timeout)?);
    }
    Ok(Opened {
        service,
        operations,
    })
}

/// A clock with an adjustable offset, in test builds.
#[cfg(feature = "sabotage")]
fn clock() -> Arc<dyn Clock> {
    match std::env::var_os(sosik_load::faults::CLOCK_VARIABLE) {
        Some(file) => Arc::new(crate::offset_clock::OffsetClock::new(file.into())),
        None => Arc::new(SystemClock),
    }
}

/// The clock of the machine. A release build ignores the environment here.
#[cfg(not(feature = "sabotage"))]
fn clock() -> Arc<dyn Clock> {
    Arc::new(SystemClock)
}

#[cfg(feature = "sabotage")]
pub use crate::sabotaged::{sabotaged, sabotaged_leases, sabotaged_pages};

/// A release build breaks no promise and ignores the environment here.
#[cfg(not(feature = "sabotage"))]
#[expect(clippy::unnecessary_wraps, reason = "the other build may fail here")]
fn sabotaged(
    store: Arc<dyn sosik_store::Store>,
    engines: sosik_fabric::Engines,
) -> anyhow::Result<(Arc<dyn sosik_store::Store>, sosik_fabric::Engines)> {
    Ok((store, engines))
}

/// A release build uses the leases of the store.
#[cfg(not(feature = "sabotage"))]
#[expect(clippy::unnecessary_wraps, reason = "the other build may fail here")]
fn sabotaged_leases(shared: SharedStore) -> anyhow::Result<SharedStore> {
    Ok(shared)
}

/// A release build serves the pages of the API.
#[cfg(not(feature = "sabotage"))]
pub fn sabotaged_pages(pages: impl sosik_api::Handle) -> anyhow::Result<impl sosik_api::Handle> {
    Ok(pages)
}

/// The settings of the service. A node without a name gets the name of its host.
fn service_settings(config: &Config) -> Settings {
    let mut settings = config.service.clone();
    if settings.node.name.is_empty() {
        settings.node.name = rustix::system::uname()
            .nodename()
            .to_string_lossy()
            .into_owned();
    }
    settings
}

/// The settings of the HTTP side. `public` is the address of the public listener, if there is one. It is the public URL
/// if none is configured.
///
/// # Errors
/// The file of the administration token cannot be read or contains no token.
pub fn api_settings(
    loaded: &Loaded,
    public: Option<SocketAddr>,
) -> anyhow::Result<sosik_api::Settings> {
    let mut settings = loaded.config.api.clone();
    if let Some(public) = public
        && loaded.is_default("server.public_url")
    {
        settings.public_url = format!("http://{public}");
    }
    let token = loaded.config.server.admin_token_in_effect()?;
    settings.admin_token = token.as_deref().map(AdminToken::new);
    Ok(settings)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Inputs, load};

    fn loaded_with(flags: &[&str]) -> Loaded {
        load(Inputs {
            file: None,
            environment: Vec::new(),
            flags: flags.iter().map(|flag| (*flag).to_owned()).collect(),
        })
        .unwrap()
    }

    #[test]
    fn without_a_public_address_the_one_that_listens_is_told_to_people() {
        let told = |flags: &[&str]| {
            let listens_at = SocketAddr::from(([127, 0, 0, 1], 9000));
            let settings = api_settings(&loaded_with(flags), Some(listens_at));
            settings.unwrap().public_url
        };
        assert_eq!(told(&[]), "http://127.0.0.1:9000");
        assert_eq!(
            told(&["server.public_url=https://sosik.example"]),
            "https://sosik.example"
        );
    }

    #[test]
    fn balancers_reach_a_node_where_it_listens_or_where_it_is_configured() {
        let listed = |configured: &str, public: &str| {
            let address = listed_address(configured.parse().unwrap(), public.parse().unwrap());
            address.map(|address| address.to_string())
        };
        let some = |text: &str| Some(text.to_owned());
        let unset = "0.0.0.0:0";
        assert_eq!(listed(unset, "10.0.0.1:8420"), some("10.0.0.1:8420"));
        assert_eq!(listed(unset, "0.0.0.0:8420"), None);
        assert_eq!(listed(unset, "[::]:8420"), None);
        assert_eq!(listed("10.0.0.9:80", "0.0.0.0:8420"), some("10.0.0.9:80"));
    }

    #[test]
    fn a_node_of_several_that_no_other_machine_reaches_warns_of_it() {
        let warned = |store: &str, queue: &str, address: Option<&str>| {
            let urls = [
                format!("store.url={store}"),
                format!("queue.url={queue}"),
                "fabric.url=redis://cache.internal".to_owned(),
            ];
            let flags: Vec<&str> = match queue {
                "memory:" => vec![&urls[0]],
                _ => urls.iter().map(String::as_str).collect(),
            };
            let address = address.map(|address| address.parse().unwrap());
            unreachable(&loaded_with(&flags).config, address)
        };
        let (db, local) = ("postgres://u@db.internal/sosik", "postgres://u@127.0.0.1/s");
        let nats = "nats://bus.internal:4222";
        assert_eq!(warned(db, nats, None), Some(UNLISTED));
        assert_eq!(warned(local, nats, None), Some(UNLISTED));
        assert_eq!(warned(db, nats, Some("127.0.0.1:8420")), Some(LOOPBACK));
        assert_eq!(warned(local, nats, Some("127.0.0.1:8420")), None);
        assert_eq!(warned(db, nats, Some("10.0.0.1:8420")), None);
        assert_eq!(warned(db, "memory:", None), None);
    }

    #[test]
    fn a_node_without_a_name_is_called_as_its_host() {
        let name = |flags: &[&str]| service_settings(&loaded_with(flags).config).node.name;
        assert!(!name(&[]).is_empty());
        assert_eq!(name(&["node.name=first"]), "first");
    }
}
