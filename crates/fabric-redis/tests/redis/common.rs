//! A Redis server, engines on it, and a client that looks behind them.

use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use redis::{AsyncConnectionConfig, Client, Cmd, FromRedisValue};
use sosik_fabric::suite::timelines::KEEP;
use sosik_fabric::timelines::{Below, Delivery, Rebuild};
use sosik_fabric::{FabricResult, Timelines};
use sosik_fabric_redis::{RedisFabric, RedisOptions};
use sosik_feed::pulled::LogPosition;
use sosik_feed::{PersonId, StoryId};
use sosik_servers::Redis;

/// Long enough for a busy machine. Only waits that fail take this long.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// A server as the documentation asks for.
pub(crate) const SETTINGS: [&str; 4] =
    ["--maxmemory", "256mb", "--maxmemory-policy", "volatile-ttl"];

/// A port without a listener.
pub(crate) fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

/// Options of the suites on this server. Calls have time even on a busy machine.
pub(crate) fn options(url: String) -> RedisOptions {
    RedisOptions {
        timeline_stories: KEEP,
        call_timeout: PATIENCE,
        delivery_timeout: PATIENCE,
        ..RedisOptions::at(url)
    }
}

/// Engines on a server, connected.
pub(crate) async fn open(options: RedisOptions) -> RedisFabric {
    let fabric = RedisFabric::open(options).unwrap();
    assert!(fabric.connected(PATIENCE).await);
    fabric
}

/// Keeps the server until the test, with its runtime, ends.
pub(crate) fn keep_running(server: Redis) {
    tokio::spawn(async move {
        let _server = server;
        std::future::pending::<()>().await;
    });
}

/// Sends a command on a connection of its own.
pub(crate) async fn ask<T: FromRedisValue>(url: &str, command: &[&str]) -> redis::RedisResult<T> {
    let client = Client::open(url)?;
    let patient = AsyncConnectionConfig::new().set_response_timeout(Some(PATIENCE));
    let connection = client.get_multiplexed_async_connection_with_config(&patient);
    let mut connection = connection.await?;
    let mut request = Cmd::new();
    request.arg(command);
    request.query_async(&mut connection).await
}

/// Repeats a question until the answer is as expected.
pub(crate) async fn eventually(mut holds: impl AsyncFnMut() -> bool) {
    let waited = tokio::time::timeout(PATIENCE, async {
        while !holds().await {
            tokio::task::yield_now().await;
        }
    });
    assert!(waited.await.is_ok(), "not within {PATIENCE:?}");
}

/// Short forms of calls, for readers and stories with small numbers.
#[derive(Clone)]
pub(crate) struct Site {
    pub(crate) timelines: Arc<dyn Timelines>,
    pub(crate) incarnations: Arc<AtomicU64>,
}

impl Site {
    pub(crate) fn new(fabric: &RedisFabric) -> Self {
        Self {
            timelines: Arc::new(fabric.timelines()),
            incarnations: Arc::new(AtomicU64::new(1)),
        }
    }

    pub(crate) async fn begin(&self, reader: u64) -> FabricResult<Option<Rebuild>> {
        let rebuild = Rebuild {
            reader: PersonId::from_u64(reader),
            incarnation: self.incarnations.fetch_add(1, Ordering::Relaxed),
        };
        let begun = self
            .timelines
            .begin_rebuild(rebuild, LogPosition::NONE, PATIENCE);
        Ok(begun.await?.then_some(rebuild))
    }

    pub(crate) async fn build(&self, reader: u64, stories: u64) -> FabricResult<bool> {
        let Some(rebuild) = self.begin(reader).await? else {
            return Ok(false);
        };
        let ids = (1..=stories).map(StoryId::from_u64).collect();
        let finished = self
            .timelines
            .finish_rebuild(rebuild, ids, StoryId::default());
        finished.await
    }

    pub(crate) async fn deliver(&self, story: u64, readers: &[u64]) -> FabricResult<usize> {
        let delivery = Delivery {
            story: StoryId::from_u64(story),
            readers: readers.iter().copied().map(PersonId::from_u64).collect(),
        };
        self.timelines.deliver(&[delivery]).await
    }

    /// The ids of a timeline, newest first.
    pub(crate) async fn ids(&self, reader: u64) -> FabricResult<Option<Vec<u64>>> {
        let below = Below {
            before: None,
            count: usize::MAX,
        };
        let view = self
            .timelines
            .view(PersonId::from_u64(reader), below)
            .await?;
        Ok(view.map(|view| view.slice.ids.iter().map(|id| id.as_u64()).collect()))
    }
}

/// The key of a reader below 4, as an operator finds it.
pub(crate) fn key(reader: u64) -> String {
    assert!(reader < 4, "another slot group");
    format!("t1:{{0}}:{reader}")
}
