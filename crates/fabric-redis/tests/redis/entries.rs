//! Entries of the shared cache that disappear, copies of other servers, a server without memory.

use std::sync::Arc;

use sosik_fabric::{LookUp, SharedCache, SharedKey, Ticket};
use sosik_fabric_redis::RedisSharedCache;
use sosik_servers::Redis;

use crate::common::{self, ask, eventually};

const KEY: SharedKey = SharedKey::Session([0x0f; 32]);

/// The key as an operator finds it.
fn name() -> String {
    format!("c1:{{3}}:s:{}", "0f".repeat(32))
}

async fn open(server: &Redis) -> RedisSharedCache {
    common::open(common::options(server.url()))
        .await
        .shared_cache()
}

async fn started() -> (Redis, RedisSharedCache) {
    let server = Redis::start(&common::SETTINGS).unwrap();
    let cache = open(&server).await;
    (server, cache)
}

async fn ticket(cache: &RedisSharedCache) -> Ticket {
    match cache.look_up(KEY).await.unwrap() {
        LookUp::Miss(Some(ticket)) => ticket,
        other => panic!("{other:?} instead of a ticket"),
    }
}

async fn fill(cache: &RedisSharedCache, value: &[u8]) {
    let ticket = ticket(cache).await;
    assert!(cache.fill(ticket, value).await.unwrap());
}

fn hit(value: &[u8]) -> LookUp {
    LookUp::Hit(value.to_vec())
}

#[tokio::test]
async fn a_flush_and_an_eviction_revoke_the_ticket_of_a_fill_in_progress() {
    let (server, cache) = started().await;
    let name = name();
    for lose in [vec!["FLUSHALL"], vec!["DEL", &name]] {
        let lost = ticket(&cache).await;
        ask::<()>(&server.url(), &lose).await.unwrap();
        assert!(!cache.fill(lost, b"a drop may be lost, too").await.unwrap());
        fill(&cache, b"new").await;
        assert_eq!(cache.look_up(KEY).await.unwrap(), hit(b"new"));
        ask::<()>(&server.url(), &lose).await.unwrap();
    }
}

#[tokio::test]
async fn the_entries_and_tickets_of_a_promoted_replica_are_not_used() {
    for filled in [true, false] {
        let (primary, cache) = started().await;
        let taken = ticket(&cache).await;
        if filled {
            assert!(cache.fill(taken, b"a drop may be missing").await.unwrap());
        }
        // The first copy to a replica may take longer than a ticket is valid.
        let keep = ["PERSIST", &name()];
        ask::<()>(&primary.url(), &keep).await.unwrap();
        let port = primary.port().to_string();
        let replica = Redis::start(&["--replicaof", "127.0.0.1", &port]).unwrap();
        let exists = ["EXISTS", &name()];
        eventually(async || ask::<u64>(&replica.url(), &exists).await.unwrap() == 1).await;
        let promote = ["REPLICAOF", "NO", "ONE"];
        ask::<()>(&replica.url(), &promote).await.unwrap();
        let promoted = open(&replica).await;
        assert!(!promoted.fill(taken, b"outdated").await.unwrap());
        fill(&promoted, b"new").await;
        assert_eq!(promoted.look_up(KEY).await.unwrap(), hit(b"new"));
    }
}

#[tokio::test]
async fn a_server_that_became_a_replica_confirms_no_drop() {
    let (former, cache) = started().await;
    fill(&cache, b"old").await;
    let primary = Redis::start(&common::SETTINGS).unwrap();
    let port = primary.port().to_string();
    let demote = ["REPLICAOF", "127.0.0.1", &port];
    ask::<()>(&former.url(), &demote).await.unwrap();
    assert!(cache.drop_entry(KEY).await.is_err());
    assert!(cache.look_up(KEY).await.is_err());
}

#[tokio::test]
async fn a_dead_caller_keeps_its_ticket_for_seconds_only() {
    let (server, cache) = started().await;
    ticket(&cache).await;
    assert_eq!(cache.look_up(KEY).await.unwrap(), LookUp::Miss(None));
    let left: i64 = ask(&server.url(), &["PTTL", &name()]).await.unwrap();
    assert!((1..=5_000).contains(&left), "{left} ms");
    ask::<()>(&server.url(), &["PEXPIRE", &name(), "1"])
        .await
        .unwrap();
    let free = async || matches!(cache.look_up(KEY).await, Ok(LookUp::Miss(Some(_))));
    eventually(free).await;
}

#[tokio::test]
async fn an_entry_expires_long_before_a_timeline_so_it_is_evicted_first() {
    let (server, cache) = started().await;
    fill(&cache, b"a session").await;
    let left: i64 = ask(&server.url(), &["TTL", &name()]).await.unwrap();
    assert!((3_000..=3_600).contains(&left), "{left} s");
}

#[tokio::test]
async fn without_memory_nothing_is_filled_and_entries_can_be_dropped() {
    let server = Redis::start(&["--maxmemory-policy", "noeviction"]).unwrap();
    let cache = open(&server).await;
    fill(&cache, b"old").await;
    let full = ["CONFIG", "SET", "maxmemory", "1"];
    ask::<()>(&server.url(), &full).await.unwrap();
    assert!(cache.look_up(KEY).await.is_err());
    cache.drop_entry(KEY).await.unwrap();
    let enough = ["CONFIG", "SET", "maxmemory", "64mb"];
    ask::<()>(&server.url(), &enough).await.unwrap();
    fill(&cache, b"new").await;
}

#[tokio::test]
async fn a_look_up_a_fill_and_a_drop_are_one_command_each() {
    let (server, cache) = started().await;
    let cache: Arc<dyn SharedCache> = Arc::new(cache);
    let LookUp::Miss(Some(ticket)) = cache.look_up(KEY).await.unwrap() else {
        panic!("there is no entry")
    };
    cache.fill(ticket, b"new").await.unwrap();
    cache.look_up(KEY).await.unwrap();
    cache.drop_entry(KEY).await.unwrap();
    let stats: String = ask(&server.url(), &["INFO", "commandstats"]).await.unwrap();
    let calls = |command: &str| {
        let begin = format!("cmdstat_{command}:calls=");
        let line = stats.lines().find_map(|line| line.strip_prefix(&begin));
        line.and_then(|line| line.split(',').next()?.parse::<u64>().ok())
    };
    assert_eq!((calls("evalsha"), calls("unlink")), (Some(3), Some(1)));
}
