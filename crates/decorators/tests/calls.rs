//! A hook sees every call of every contract.

#![expect(clippy::unwrap_used, reason = "in a test an unwrap is an assertion")]

use std::collections::BTreeSet;
use std::fs;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use sosik_decorators::{
    CALLS, Fault, Faults, Hook, LEASE_CALLS, STORE_CALLS, hooked, hooked_store,
};
use sosik_fabric::delivery_queue::Receipt;
use sosik_fabric::memory::{MemoryOptions, MemorySharedCache};
use sosik_fabric::peers::Notice;
use sosik_fabric::timelines::{Below, Rebuild, Since};
use sosik_fabric::{Engines, Rate, SharedKey, Signals, Ticket};
use sosik_feed::orders::{Claim, Order, OrderKind};
use sosik_feed::pulled::{LogEntry, LogPosition};
use sosik_feed::timeline::Mark;
use sosik_feed::{Audience, PersonId, StoryId, Timestamp};
use sosik_store::{Maintenance, Notifications, Relations, Sessions, Store};
use sosik_store_sqlite::{SqliteOptions, SqliteStore};

const RATE: Rate = Rate {
    per_minute: NonZeroU32::MIN,
    burst: NonZeroU32::MIN,
};

/// The calls with I/O that the contracts in a folder declare: the asynchronous methods of their traits.
fn declared(folder: &str) -> BTreeSet<String> {
    let folder = format!("{}/../{folder}", env!("CARGO_MANIFEST_DIR"));
    let files = fs::read_dir(folder)
        .unwrap()
        .map(|file| file.unwrap().path());
    let sources = files.filter(|file| file.is_file());
    sources
        .flat_map(|file| calls_in(&fs::read_to_string(file).unwrap()))
        .collect()
}

fn calls_in(source: &str) -> Vec<String> {
    let mut calls = Vec::new();
    let mut contract = None;
    for line in source.lines() {
        let name_in = |line: &str| {
            let end = line.find(|c: char| !c.is_alphanumeric() && c != '_');
            line[..end.unwrap_or(line.len())].to_owned()
        };
        if let Some(line) = line.strip_prefix("pub trait ") {
            contract = Some(name_in(line));
        } else if line == "}" {
            contract = None;
        } else if let Some(line) = line.strip_prefix("    async fn ")
            && let Some(contract) = &contract
        {
            calls.push(format!("{contract}::{}", name_in(line)));
        }
    }
    calls
}

fn seen(calls: &[&str]) -> BTreeSet<String> {
    calls.iter().map(|call| (*call).to_owned()).collect()
}

#[test]
fn a_hook_sees_every_call_of_the_engines() {
    assert_eq!(seen(CALLS), declared("fabric/src"));
}

#[test]
fn a_hook_sees_every_call_of_the_store_but_its_end() {
    let mut declared = declared("store/src/contract");
    assert!(declared.remove("Store::close"), "it cannot fail");
    // A contract of its own, which not every engine has.
    assert_eq!(seen(&[STORE_CALLS, LEASE_CALLS].concat()), declared);
}

/// Makes a call of the engines. Returns whether it was refused.
async fn is_refused(engines: &Engines, call: &str) -> bool {
    let Engines {
        timelines,
        log,
        wake_ups,
        queue,
        peers,
        rates,
        shared_cache,
        active_people,
    } = engines;
    let at = Timestamp::default();
    let shared_cache = shared_cache.as_ref().unwrap();
    let key = SharedKey::Session([7; 32]);
    let (reader, story) = (PersonId::from_u64(1), StoryId::from_u64(2));
    let incarnation = 3;
    let rebuild = Rebuild {
        reader,
        incarnation,
    };
    let below = Below {
        before: None,
        count: 1,
    };
    let since = Since {
        incarnation,
        mark: Mark::default(),
        count: 1,
        others: &[],
    };
    let entry = LogEntry {
        story,
        author: reader,
        audience: Audience::Public,
    };
    let (rate, now) = (RATE, Duration::ZERO);
    match call {
        "Timelines::deliver" => timelines.deliver(&[]).await.is_err(),
        "Timelines::view" => timelines.view(reader, below).await.is_err(),
        "Timelines::newer" => timelines.newer(reader, since).await.is_err(),
        "Timelines::begin_rebuild" => {
            let begun = timelines.begin_rebuild(rebuild, LogPosition::NONE, now);
            begun.await.is_err()
        }
        "Timelines::finish_rebuild" => timelines
            .finish_rebuild(rebuild, Vec::new(), story)
            .await
            .is_err(),
        "Timelines::discard" => timelines.discard(rebuild).await.is_err(),
        "Timelines::drop_timeline" => timelines.drop_timeline(reader).await.is_err(),
        "Timelines::drop_all_timelines" => timelines.drop_all_timelines().await.is_err(),
        "LargeAuthorLog::append" => log.append(entry).await.is_err(),
        "LargeAuthorLog::catch_up" => log.catch_up().await.is_err(),
        "WakeUps::watch" => wake_ups.watch(reader).await.is_err(),
        "WakeUps::wake" => wake_ups.wake(&[], Signals::ALL).await.is_err(),
        "DeliveryQueue::offer" => {
            let permit = queue.reserve().unwrap();
            let order = Order {
                story,
                kind: OrderKind::Deliver,
                author: reader,
                done_to: reader,
                attempts: 0,
                created_at: Timestamp::default(),
                claim: Claim::default(),
            };
            queue.offer(permit, order).await.is_err()
        }
        "DeliveryQueue::take" => queue.take(1).await.is_err(),
        "DeliveryQueue::done" => queue.done(Receipt::default()).await.is_err(),
        "DeliveryQueue::leave" => queue.leave().await.is_err(),
        "WakeUps::leave" => wake_ups.leave().await.is_err(),
        "Peers::leave" => peers.leave().await.is_err(),
        "Peers::tell" => peers.tell(&Notice::default()).await.is_err(),
        "Peers::hear" => peers.hear().await.is_err(),
        "RateLimits::take" => rates.take(1, rate, now).await.is_err(),
        "RateLimits::peek" => rates.peek(1, rate, now).await.is_err(),
        "ActivePeople::note" => active_people.note(reader, at).await.is_err(),
        "ActivePeople::count" => active_people.count(at).await.is_err(),
        "SharedCache::look_up" => shared_cache.look_up(key).await.is_err(),
        "SharedCache::fill" => {
            let ticket = Ticket { key, number: 1 };
            shared_cache.fill(ticket, b"").await.is_err()
        }
        "SharedCache::drop_entry" => shared_cache.drop_entry(key).await.is_err(),
        "SharedCache::drop_all_entries" => shared_cache.drop_all_entries().await.is_err(),
        unknown => panic!("this test does not make the call {unknown}"),
    }
}

#[tokio::test]
async fn a_hook_refuses_each_call_of_the_engines_under_its_own_name() {
    let faults = Arc::new(Faults::default());
    let hook: Arc<dyn Hook> = Arc::<Faults>::clone(&faults);
    let engines = Engines {
        shared_cache: Some(Arc::new(MemorySharedCache::default())),
        ..Engines::memory(MemoryOptions::default(), 1)
    };
    let engines = hooked(engines, &hook);
    for call in CALLS {
        faults.always(call, Fault::Error);
        assert!(is_refused(&engines, call).await, "{call}");
        faults.lift(call);
        assert_eq!(faults.begun(call), 1, "{call}");
    }
}

#[tokio::test]
async fn a_hook_refuses_calls_of_the_store_of_every_kind() {
    let faults = Arc::new(Faults::default());
    let hook: Arc<dyn Hook> = Arc::<Faults>::clone(&faults);
    let store = hooked_store(
        SqliteStore::open(&SqliteOptions::temporary()).unwrap(),
        &hook,
    );
    store.check().await.unwrap();
    faults.all("", Fault::Error);
    let person = PersonId::from_u64(1);
    let refused = [
        store.check().await.is_err(),
        store.sessions_of(person).await.is_err(),
        store
            .delete_withdrawn(Timestamp::default(), 1)
            .await
            .is_err(),
        store.unfriend(person, person).await.is_err(),
        store.people_count().await.is_err(),
    ];
    assert_eq!(refused, [true; 5]);
    faults.lift_all();
    assert_eq!(store.people_count().await.unwrap(), 0);
    assert_eq!(faults.begun("Store::check"), 2);
}
