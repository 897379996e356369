//! A small store on disk for measurements. The service is closed between the steps, so that the bytes that each step
//! adds to the file can be measured.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use sosik_api::{Api, Rates, Welcome};
use sosik_fabric::Engines;
use sosik_fabric::memory::MemoryOptions;
use sosik_feed::people::{DisplayName, Handle, Language};
use sosik_feed::{Audience, PersonId, StoryId};
use sosik_populate::Target;
use sosik_populate::import::new_person;
use sosik_service::stories::PostRequest;
use sosik_service::{Clock, Parts, Service, Settings, SystemClock};
use sosik_store_sqlite::{SqliteOptions, SqliteStore};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::clock::number;

/// The password of all its people. The store is deleted after the measurement.
pub(crate) const PASSWORD: &str = "magpies over the gate";

/// A folder with a store.
pub(crate) struct Fixture {
    folder: tempfile::TempDir,
    /// The people, after [`Fixture::sign_up_people`].
    pub(crate) people: Vec<PersonId>,
}

impl Fixture {
    /// An empty fixture, in a temporary folder inside of this folder.
    pub(crate) fn generate(folder: &Path) -> anyhow::Result<Self> {
        let folder = tempfile::Builder::new()
            .prefix("sosik-plan-")
            .tempdir_in(folder)
            .with_context(|| format!("make a folder in {}", folder.display()))?;
        Ok(Self {
            folder,
            people: Vec::new(),
        })
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("sosik.db")
    }

    /// Starts a service on the store.
    pub(crate) async fn open(&self) -> anyhow::Result<Target> {
        let clock = Arc::new(SystemClock);
        let store = SqliteStore::open(&SqliteOptions::at(self.file(), clock.now()))?;
        let settings = Settings::default();
        let options = MemoryOptions {
            timeline_stories: settings.feed.timeline_stories,
            timelines_bytes: usize::MAX / 2,
            ..MemoryOptions::default()
        };
        let operations = Arc::<SqliteStore>::clone(&store);
        let service = Service::start(Parts {
            store,
            shared: None,
            engines: Engines::memory(options, 1),
            clock,
            settings,
        })
        .await?;
        Ok(Target {
            service,
            operations,
        })
    }

    /// Stops the service. Returns the size of the store on disk in bytes.
    pub(crate) async fn close(&self, target: Target) -> anyhow::Result<f64> {
        quiet(&target.service).await?;
        target.service.stop().await;
        drop(target);
        let bytes = std::fs::metadata(self.file())?.len();
        Ok(number(usize::try_from(bytes)?))
    }

    /// Creates the people.
    pub(crate) async fn sign_up_people(
        &mut self,
        target: &Target,
        count: usize,
    ) -> anyhow::Result<()> {
        let hash = target
            .service
            .accounts()
            .hash_new_password(PASSWORD, [String::new(), String::new()])
            .await?;
        let mut people = Vec::with_capacity(count);
        for number in 0..count {
            let id = target.service.next_person().await?;
            let handle = Handle::parse(&handle(number))?;
            let name = DisplayName::parse(&format!("이웃 {number}"))?;
            let (hash, now) = (hash.clone(), target.service.clock().now());
            people.push(new_person(id, &handle, name, Language::Ko, hash, now));
            self.people.push(id);
        }
        target.operations.sign_up_many(people).await?;
        Ok(())
    }

    /// Makes each person a friend of the next few in a ring. Returns the number of friendships.
    pub(crate) async fn befriend(&self, target: &Target, friends: usize) -> anyhow::Result<usize> {
        let (people, half) = (&self.people, friends / 2);
        let pairs: Vec<_> = (0..people.len())
            .flat_map(|one| (1..=half).map(move |step| (one, step)))
            .map(|(one, step)| (people[one], people[(one + step) % people.len()]))
            .collect();
        let count = pairs.len();
        target
            .operations
            .befriend_many(pairs, target.service.clock().now())
            .await?;
        Ok(count)
    }
}

/// The handle of a person.
pub(crate) fn handle(number: usize) -> String {
    format!("neighbour{number}")
}

/// Waits until all deliveries are complete.
pub(crate) async fn quiet(service: &Service) -> anyhow::Result<()> {
    let mut tick = tokio::time::interval(Duration::from_millis(2));
    while service.store().order_stats().await?.pending > 0 {
        tick.tick().await;
    }
    Ok(())
}

/// Posts a story.
pub(crate) async fn post(
    service: &Service,
    author: PersonId,
    text: &str,
) -> anyhow::Result<StoryId> {
    let request = PostRequest {
        text: text.to_owned(),
        attachments: Vec::new(),
        audience: Audience::Friends,
        idempotency_key: None,
    };
    let posted = service.stories().post(author, request).await?;
    Ok(posted.story.record.id)
}

/// Serves the public API on a free local port until the token is cancelled.
pub(crate) async fn serve(
    service: &Service,
    ends: CancellationToken,
) -> anyhow::Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let api = Api::new(sosik_api::Parts {
        service: service.clone(),
        settings: sosik_api::Settings {
            rates: Rates::all(u32::MAX, u32::MAX),
            ..sosik_api::Settings::default()
        },
        metrics: None,
        welcome: Welcome::default(),
        site: None,
        seed: 1,
    });
    tokio::spawn(sosik_api::serve(
        listener,
        api.public(),
        api.connections(),
        ends,
        Duration::ZERO,
    ));
    Ok(address)
}
