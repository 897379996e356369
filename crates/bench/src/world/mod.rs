//! A world in a store in a temporary folder, and a service on it.

mod fill;
mod shape;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use sosik_fabric::Engines;
use sosik_fabric::memory::MemoryOptions;
use sosik_feed::{Audience, PersonId, Timestamp};
use sosik_service::stories::PostRequest;
use sosik_service::{Clock, Parts, Service, Settings, SystemClock};
use sosik_store::{LargeAuthorLimits, Orders, Store};
use sosik_store_sqlite::{SqliteOptions, SqliteStore};

pub(crate) use shape::Shape;
use shape::person;

/// A filled store without an open connection.
pub(crate) struct Filled {
    pub(crate) shape: Shape,
    /// When it was made. The times in its ids are relative to this.
    pub(crate) made: Timestamp,
    folder: tempfile::TempDir,
}

/// A service on a filled store.
pub(crate) struct World {
    pub(crate) service: Service,
    pub(crate) store: Arc<SqliteStore>,
    made: Timestamp,
}

impl Filled {
    /// Makes a world in a new folder within `folder`.
    pub(crate) async fn new(folder: &Path, shape: Shape) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir_in(folder).with_context(|| no_room_in(folder))?;
        let made = SystemClock.now();
        fill::fill(&folder.path().join(FILE), &shape, made).await?;
        Ok(Self {
            shape,
            made,
            folder,
        })
    }

    /// The same world in a store of its own. This one must be closed.
    pub(crate) fn copy(&self) -> anyhow::Result<Self> {
        let beside = self.folder.path().parent().context("no folder")?;
        let folder = tempfile::tempdir_in(beside).with_context(|| no_room_in(beside))?;
        std::fs::copy(self.file(), folder.path().join(FILE))?;
        Ok(Self {
            shape: self.shape,
            made: self.made,
            folder,
        })
    }

    /// The database.
    pub(crate) fn file(&self) -> PathBuf {
        self.folder.path().join(FILE)
    }

    /// Starts a service with empty caches on it.
    pub(crate) async fn open(&self) -> anyhow::Result<World> {
        World::open(&self.file(), &self.shape, self.made).await
    }

    /// The same, with engines that replace some of those in memory.
    pub(crate) async fn open_with(
        &self,
        engines: impl FnOnce(Engines) -> Engines,
    ) -> anyhow::Result<World> {
        World::open_with(&self.file(), &self.shape, self.made, engines).await
    }

    /// The id of a person, by number.
    pub(crate) fn person(&self, number: u64) -> PersonId {
        person(number, self.made)
    }
}

const FILE: &str = "sosik.db";

/// The error for a folder in which the stores to measure cannot be created.
pub(crate) fn no_room_in(folder: &Path) -> String {
    let folder = folder.display();
    format!("make a store to measure in {folder}: name another folder with --folder")
}

impl World {
    /// Opens an existing world.
    pub(crate) async fn open(file: &Path, shape: &Shape, made: Timestamp) -> anyhow::Result<Self> {
        Self::open_with(file, shape, made, |engines| engines).await
    }

    async fn open_with(
        file: &Path,
        shape: &Shape,
        made: Timestamp,
        engines: impl FnOnce(Engines) -> Engines,
    ) -> anyhow::Result<Self> {
        let clock = Arc::new(SystemClock);
        let store = SqliteStore::open(&SqliteOptions::at(file, clock.now()))?;
        let mut settings = Settings::default();
        settings.feed.timeline_stories = shape.timeline_stories;
        // The measurement needs posts that are not shed.
        settings.delivery.backlog_wait_max = std::time::Duration::from_secs(3_600);
        settings.delivery.large_author = LargeAuthorLimits {
            above: shape.large_above,
            below: shape.large_above / 2,
        };
        let options = MemoryOptions {
            timeline_stories: settings.feed.timeline_stories,
            timelines_bytes: 1 << 30,
            ..MemoryOptions::default()
        };
        let parts = Parts {
            store: Arc::clone(&store) as Arc<dyn Store>,
            shared: None,
            engines: engines(Engines::memory(options, 1)),
            clock,
            settings,
        };
        let service = Service::start(parts).await?;
        Ok(Self {
            service,
            store,
            made,
        })
    }

    /// The id of a person, by number.
    pub(crate) fn person(&self, number: u64) -> PersonId {
        person(number, self.made)
    }

    /// Posts as the API does.
    pub(crate) async fn post(
        &self,
        author: PersonId,
        text: &str,
        audience: Audience,
    ) -> anyhow::Result<sosik_feed::StoryId> {
        let request = PostRequest {
            text: text.to_owned(),
            attachments: Vec::new(),
            audience,
            idempotency_key: None,
        };
        Ok(self
            .service
            .stories()
            .post(author, request)
            .await?
            .story
            .record
            .id)
    }

    /// Waits until all orders are done.
    pub(crate) async fn quiet(&self) -> anyhow::Result<()> {
        let mut tick = tokio::time::interval(std::time::Duration::from_millis(5));
        while self.store.order_stats().await?.pending > 0 {
            tick.tick().await;
        }
        Ok(())
    }
}

/// The bytes of the session token of a person, by number. They need not be secret: the store holds no real data.
fn token_bytes(number: u64) -> [u8; 32] {
    Sha256::digest(number.to_le_bytes()).into()
}

/// The session token of a person, by number.
pub(crate) fn token(number: u64) -> String {
    URL_SAFE_NO_PAD.encode(token_bytes(number))
}
