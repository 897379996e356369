//! A post that one node has begun and not committed, while the other node delivers newer stories.

use std::sync::Arc;

use sosik_decorators::{Fault, Faults, Hook, hooked_store};
use sosik_fabric::Engines;
use sosik_fabric::memory::MemoryOptions;
use sosik_feed::{Audience, PersonId, StoryId};
use sosik_service::accounts::SignUpRequest;
use sosik_service::stories::PostRequest;
use sosik_service::{Parts, Service, SharedStore, SystemClock};
use sosik_store::Store;

use crate::leases::CountingLeases;
use crate::{eventually, open, settings};

const POST: &str = "Stories::post";

async fn start(name: &str, store: Arc<dyn Store>, engines: Engines) -> Service {
    let parts = Parts {
        store,
        shared: Some(SharedStore {
            leases: Arc::new(CountingLeases::default()),
            alone: None,
        }),
        engines,
        clock: Arc::new(SystemClock),
        settings: settings(name),
    };
    Service::start(parts).await.unwrap()
}

async fn post(node: Service, author: PersonId) -> StoryId {
    let request = PostRequest {
        text: "hello".to_owned(),
        attachments: Vec::new(),
        audience: Audience::Friends,
        idempotency_key: None,
    };
    let posted = node.stories().post(author, request).await.unwrap();
    posted.story.record.id
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_watermark_stays_below_a_post_that_another_node_has_not_committed() {
    let folder = tempfile::tempdir().unwrap();
    let store: Arc<dyn Store> = open(&folder, "shared.db");
    let engines = Engines::memory(MemoryOptions::default(), 1);
    let faults = Arc::new(Faults::default());
    let hook: Arc<dyn Hook> = Arc::<Faults>::clone(&faults);
    let slow = hooked_store(Arc::clone(&store), &hook);
    let slow = start("slow", slow, engines.clone()).await;
    let fast = start("fast", Arc::clone(&store), engines).await;
    let request = SignUpRequest {
        handle: "mina".to_owned(),
        display_name: "Mina".to_owned(),
        password: "river-7-lantern".to_owned(),
        language: None,
        client: String::new(),
    };
    let mina = fast.accounts().sign_up(request).await.unwrap();
    let mina = mina.person.record.id;
    faults.always(POST, Fault::Wait);
    let posting = tokio::spawn(post(slow.clone(), mina));
    eventually(async || faults.begun(POST) == 1).await;
    let newer = post(fast.clone(), mina).await;
    eventually(async || store.order_stats().await.unwrap().pending == 0).await;
    fast.delivery().advance_watermark().await.unwrap();
    let watermark = fast.delivery().watermark();
    faults.lift(POST);
    let older = posting.await.unwrap();
    assert!(older < newer);
    assert!(watermark < older, "a cursor would count it as delivered");
    slow.stop().await;
    fast.stop().await;
}
