//! A service on a store in a folder that goes away, with people in it.

use std::path::Path;
use std::sync::Arc;

use sosik_fabric::Fabric;
use sosik_fabric::memory::{MemoryFabric, MemoryOptions};
use sosik_feed::people::Language;
use sosik_feed::{Audience, PersonId};
use sosik_service::stories::post::PostAsk;
use sosik_service::{Clock, Parts, Service, Settings, SystemClock};
use sosik_store::{Accounts, NewPerson, Orders, Relations, SqliteOptions, SqliteStore, Store};

/// See the module.
pub(crate) struct World {
    pub(crate) service: Service,
    pub(crate) store: Arc<SqliteStore>,
    _folder: tempfile::TempDir,
}

impl World {
    pub(crate) async fn new(folder: &Path) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir_in(folder)?;
        let clock = Arc::new(SystemClock::default());
        let store = SqliteStore::open(&SqliteOptions::at(
            folder.path().join("sosik.db"),
            clock.now(),
        ))?;
        let settings = Settings::default();
        let fabric = Arc::new(MemoryFabric::new(MemoryOptions {
            timeline_stories: settings.feed.timeline_stories,
            timelines_bytes: 1 << 30,
            pull_log_entries: 65_536,
            seed: 1,
        }));
        let parts = Parts {
            store: Arc::clone(&store) as Arc<dyn Store>,
            fabric: Arc::clone(&fabric) as Arc<dyn Fabric>,
            clock,
            settings,
            sabotage: None,
        };
        let service = Service::start(parts).await?;
        fabric.set_interest(service.interest());
        Ok(Self {
            service,
            store,
            _folder: folder,
        })
    }

    /// People `name0`, `name1`, … who cannot log in.
    pub(crate) async fn crowd(&self, name: &str, count: usize) -> anyhow::Result<Vec<PersonId>> {
        let mut people = Vec::with_capacity(count);
        for number in 0..count {
            people.push(NewPerson {
                id: PersonId::new(self.service.next_id().await?),
                handle: format!("{name}{number}"),
                skeleton: format!("{name} {number}"),
                display_name: format!("{name} {number}"),
                language: Language::En,
                password_hash: String::new(),
                search_terms: Vec::new(),
            });
        }
        let ids = people.iter().map(|person| person.id).collect();
        self.store.sign_up_many(people).await?;
        Ok(ids)
    }

    pub(crate) async fn post(&self, author: PersonId, text: &str) -> anyhow::Result<()> {
        let ask = PostAsk {
            text: text.to_owned(),
            audience: Audience::Friends,
            idempotency_key: None,
        };
        self.service.post(author, ask).await?;
        Ok(())
    }

    /// Makes friendships behind the service's back; for before anybody reads.
    pub(crate) async fn befriend(&self, pairs: Vec<(PersonId, PersonId)>) -> anyhow::Result<()> {
        self.store
            .befriend_many(pairs, self.service.clock().now())
            .await?;
        Ok(())
    }

    /// Waits until every order is done.
    pub(crate) async fn quiet(&self) -> anyhow::Result<()> {
        let mut tick = tokio::time::interval(std::time::Duration::from_millis(5));
        while self.store.order_figures().await?.pending > 0 {
            tick.tick().await;
        }
        Ok(())
    }
}
