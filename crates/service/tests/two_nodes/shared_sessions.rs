//! Sessions in the cache that nodes share: a node that did not cache a session finds it there, and never finds one that
//! ended.

use std::sync::Arc;
use std::time::Duration;

use sosik_decorators::{Fault, Faults, Hook, hooked, hooked_store};
use sosik_fabric::memory::{Hub, MemoryOptions, MemorySharedCache};
use sosik_fabric::{Engines, Peers, SharedCache};
use sosik_service::accounts::{SignUpRequest, Viewer};
use sosik_service::{Parts, Service, SharedStore, SystemClock};
use sosik_store::Store;

use crate::leases::CountingLeases;
use crate::{eventually, open, settings};

const LOOK_UP: &str = "SharedCache::look_up";
const FILL: &str = "SharedCache::fill";
const DROP: &str = "SharedCache::drop_entry";
const READ: &str = "Sessions::session";

/// Long enough for a busy machine, and renewed ten times a second.
const LEASE: Duration = Duration::from_millis(600);

/// A node, and the faults of its store and its engines.
struct Node {
    service: Service,
    faults: Arc<Faults>,
}

/// Nodes with one store and one shared cache. Each has its own connection to both.
struct Site {
    store: Arc<dyn Store>,
    cache: Arc<dyn SharedCache>,
    hub: Arc<Hub>,
    _folder: tempfile::TempDir,
}

impl Site {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self {
            store: open(&folder, "shared.db"),
            cache: Arc::new(MemorySharedCache::default()),
            hub: Arc::default(),
            _folder: folder,
        }
    }

    async fn node(&self, name: &str) -> Node {
        let faults = Arc::new(Faults::default());
        let hook: Arc<dyn Hook> = Arc::<Faults>::clone(&faults);
        let peers: Arc<dyn Peers> = self.hub.join();
        let engines = Engines {
            peers,
            shared_cache: Some(Arc::clone(&self.cache)),
            ..Engines::memory(MemoryOptions::default(), 1)
        };
        let leases = Arc::new(CountingLeases::default());
        let mut settings = settings(name);
        settings.node.cache_lease = LEASE;
        let parts = Parts {
            store: hooked_store(Arc::clone(&self.store), &hook),
            shared: Some(SharedStore {
                leases: Arc::<CountingLeases>::clone(&leases),
                alone: None,
            }),
            engines: hooked(engines, &hook),
            clock: Arc::new(SystemClock),
            settings,
        };
        let service = Service::start(parts).await.unwrap();
        leases.in_use().await;
        Node { service, faults }
    }

    async fn nodes(&self) -> [Node; 3] {
        let [one, other] = [self.node("one").await, self.node("other").await];
        [one, other, self.node("third").await]
    }
}

impl Node {
    async fn signs_up(&self) -> String {
        let request = SignUpRequest {
            handle: "mina".to_owned(),
            display_name: "Mina".to_owned(),
            password: "river-7-lantern".to_owned(),
            language: None,
            client: "a phone".to_owned(),
        };
        let signed_up = self.service.accounts().sign_up(request).await.unwrap();
        signed_up.token.as_str().to_owned()
    }

    async fn viewer(&self, token: &str) -> Option<Viewer> {
        self.service.sessions().viewer(token).await.unwrap()
    }

    async fn ends(&self, viewer: &Viewer) {
        self.service.sessions().log_out(viewer).await.unwrap();
    }
}

async fn stop(nodes: [Node; 3]) {
    for node in nodes {
        node.faults.lift_all();
        node.service.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_that_one_node_used_is_found_by_another_one_without_the_store() {
    let site = Site::new();
    let nodes = site.nodes().await;
    let [one, other, third] = &nodes;
    let token = one.signs_up().await;
    let viewer = one.viewer(&token).await;
    assert!(viewer.is_some());
    for node in [other, third] {
        assert_eq!(node.viewer(&token).await, viewer);
    }
    assert_eq!(
        [one, other, third].map(|node| node.faults.begun(READ)),
        [1, 0, 0]
    );
    stop(nodes).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_that_ended_is_not_found_in_a_cache_that_did_not_drop_it() {
    let site = Site::new();
    let nodes = site.nodes().await;
    let [one, other, third] = &nodes;
    let token = one.signs_up().await;
    let viewer = one.viewer(&token).await.unwrap();
    for node in &nodes {
        node.faults.always(DROP, Fault::Error);
    }
    other.ends(&viewer).await;
    for node in &nodes {
        assert_eq!(node.viewer(&token).await, None);
        assert!(node.service.unconfirmed_invalidations() > 0);
    }
    // One of them drops the entry. The others distrust it until they have dropped it, too.
    third.faults.lift(DROP);
    eventually(async || third.service.unconfirmed_invalidations() == 0).await;
    for node in &nodes {
        assert_eq!(node.viewer(&token).await, None);
        node.faults.lift(DROP);
        eventually(async || node.service.unconfirmed_invalidations() == 0).await;
    }
    stop(nodes).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_that_ends_while_a_node_reads_it_is_not_filled_into_the_cache() {
    let site = Site::new();
    let nodes = site.nodes().await;
    let [one, other, third] = &nodes;
    let token = one.signs_up().await;
    one.faults.always(LOOK_UP, Fault::Error);
    let viewer = one.viewer(&token).await.unwrap();
    // The session that the other node read is on its way into the cache.
    other.faults.always(FILL, Fault::Wait);
    let reading = {
        let (sessions, token) = (other.service.sessions().clone(), token.clone());
        tokio::spawn(async move { sessions.viewer(&token).await.unwrap() })
    };
    eventually(async || other.faults.begun(FILL) == 1).await;
    one.ends(&viewer).await;
    other.faults.lift(FILL);
    assert_eq!(
        reading.await.unwrap(),
        Some(viewer),
        "it began before the end"
    );
    for node in [other, third, one] {
        assert_eq!(node.viewer(&token).await, None);
    }
    stop(nodes).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_shared_cache_that_fails_logs_nobody_out() {
    let site = Site::new();
    let nodes = site.nodes().await;
    let [one, other, _] = &nodes;
    for node in &nodes {
        node.faults.all("SharedCache", Fault::Error);
    }
    let token = one.signs_up().await;
    for node in &nodes {
        assert!(node.viewer(&token).await.is_some());
        assert_eq!(node.faults.begun(READ), 1);
    }
    let viewer = other.viewer(&token).await.unwrap();
    other.ends(&viewer).await;
    for node in &nodes {
        assert_eq!(node.viewer(&token).await, None);
    }
    stop(nodes).await;
}
