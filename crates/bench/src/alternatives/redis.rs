//! Fan-out on write: a sorted set of ids for each reader, and each story as rendered JSON. A page reads a range of the
//! set, then the stories of these ids.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Duration;

use axum::Router;
use axum::extract::Path as Of;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use redis::aio::MultiplexedConnection;
use redis::{AsyncCommands, Pipeline, RedisResult, pipe};
use serde_json::json;

use super::Bench;
use crate::measure::{per_second, rounded, timed_async};
use crate::reads::PAGE;
use crate::report::Report;
use crate::serving::Server;

/// Commands sent together.
const PIPELINE: usize = 1_000;

/// Stories delivered to every measured reader.
const DELIVERED: u64 = 1_000;

pub(super) async fn measure(bench: &Bench<'_>, report: &mut Report) -> anyhow::Result<()> {
    let daemon = sosik_servers::Redis::start(&[])?;
    let mut redis = connect(&daemon).await?;
    let into_set = |pipe: &mut Pipeline, reader: u64, story: u64| {
        pipe.zadd(set(reader), story, millis(story)).ignore();
    };
    fill(&mut redis, bench, into_set).await?;
    let server = Server::start(router(redis.clone())).await?;
    let usual: Vec<u64> = bench.filled.shape.usual_readers().collect();
    let row = bench
        .compare("alternative_redis_sorted_set", &usual, &server, || {
            daemon.cpu()
        })
        .await?;
    let first = bench.world.person(usual[0]).raw().as_u64();
    let in_set: u64 = redis.zcard(set(first)).await?;
    let bytes: u64 = redis::cmd("MEMORY")
        .arg("USAGE")
        .arg(set(first))
        .query_async(&mut redis)
        .await?;
    let (deliveries, wall, cpu) = deliver(&mut redis, bench, &daemon).await?;
    report.add(
        row.with("friends", bench.filled.shape.reader_friends)
            .with("bytes_each_timeline", bytes)
            .with("stories_in_timeline", in_set)
            .with("deliveries_per_second", per_second(deliveries, wall))
            .with(
                "delivery_cpu_micros",
                rounded(crate::measure::micros_each(cpu, deliveries), 100.0),
            ),
    );
    Ok(())
}

pub(super) async fn connect(
    server: &sosik_servers::Redis,
) -> anyhow::Result<MultiplexedConnection> {
    let client = redis::Client::open(server.url())?;
    Ok(client.get_multiplexed_async_connection().await?)
}

fn set(reader: u64) -> String {
    format!("feed:{reader}")
}

pub(super) fn key(story: u64) -> String {
    format!("story:{story}")
}

/// Loads every story, and the timelines of the measured readers: `insert` gets a reader and a story, oldest first.
pub(super) async fn fill(
    redis: &mut MultiplexedConnection,
    bench: &Bench<'_>,
    insert: impl Fn(&mut Pipeline, u64, u64),
) -> anyhow::Result<()> {
    let filled = bench.filled;
    let id = |number| filled.person(number).raw().as_u64();
    let readers: HashSet<u64> = bench.readers().into_iter().collect();
    let mut readers_of: HashMap<u64, Vec<u64>> = HashMap::new();
    for reader in &readers {
        readers_of.entry(id(*reader)).or_default().push(id(*reader));
    }
    for (one, other) in filled.shape.friendships() {
        for (reader, author) in [(one, other), (other, one)] {
            if readers.contains(&reader) {
                readers_of.entry(id(author)).or_default().push(id(reader));
            }
        }
    }
    let mut timelines: BTreeMap<u64, Vec<u64>> = BTreeMap::new();
    let stories: Vec<_> = bench.stories().collect();
    for part in stories.chunks(PIPELINE) {
        let mut pipe = pipe();
        for (story, author, text) in part {
            pipe.set(key(*story), rendered(*story, *author, text))
                .ignore();
            for reader in readers_of.get(author).into_iter().flatten() {
                timelines.entry(*reader).or_default().push(*story);
            }
        }
        pipe.exec_async(redis).await?;
    }
    for (reader, stories) in timelines {
        let newest = stories.len().saturating_sub(filled.shape.timeline_stories);
        for part in stories[newest..].chunks(PIPELINE) {
            let mut pipe = pipe();
            for story in part {
                insert(&mut pipe, reader, *story);
            }
            pipe.exec_async(redis).await?;
        }
    }
    Ok(())
}

/// Scores are floats with 53 bits and ids have 63. So the time is the score, and ids of one millisecond sort as text.
const fn millis(story: u64) -> u64 {
    sosik_feed::RawId::from_u64(story).millis()
}

fn rendered(story: u64, author: u64, text: &str) -> String {
    let author = json!({
        "id": author.to_string(), "handle": format!("p{author}"), "display_name": format!("Person {author}"),
    });
    json!({
        "id": story.to_string(), "author": author, "text": text, "likes": 0, "comments": 0, "liked": false,
    })
    .to_string()
}

/// Inserts new stories into the sets of the measured readers, pipelined. Each set is trimmed to its length.
async fn deliver(
    redis: &mut MultiplexedConnection,
    bench: &Bench<'_>,
    daemon: &sosik_servers::Redis,
) -> anyhow::Result<(usize, Duration, Duration)> {
    let ids = bench.readers().into_iter();
    let readers: Vec<u64> = ids
        .map(|reader| bench.world.person(reader).raw().as_u64())
        .collect();
    let newest = -i64::try_from(bench.filled.shape.timeline_stories)? - 1;
    let first = u64::MAX >> 2;
    let before = crate::measure::process_cpu() + daemon.cpu()?;
    let work = async {
        let mut delivered = 0;
        for story in 0..DELIVERED {
            let mut pipe = pipe();
            for reader in &readers {
                let id = first + (story << 22);
                pipe.zadd(set(*reader), id, millis(id)).ignore();
                pipe.zremrangebyrank(set(*reader), 0, isize::try_from(newest)?)
                    .ignore();
                delivered += 1;
            }
            pipe.exec_async(redis).await?;
        }
        anyhow::Ok(delivered)
    };
    let (delivered, wall) = timed_async(work).await;
    let cpu = crate::measure::process_cpu() + daemon.cpu()?;
    Ok((delivered?, wall, cpu.saturating_sub(before)))
}

fn router(redis: MultiplexedConnection) -> Router {
    serving(move |reader| page(redis.clone(), reader))
}

/// Serves the page of a reader at `/feed/{reader}`.
pub(super) fn serving<P>(page: impl Fn(u64) -> P + Clone + Send + Sync + 'static) -> Router
where
    P: Future<Output = RedisResult<String>> + Send,
{
    let serve = move |Of(reader): Of<u64>| answer(page(reader));
    Router::new().route("/feed/{reader}", get(serve))
}

async fn answer(page: impl Future<Output = RedisResult<String>>) -> Response {
    match page.await {
        Ok(page) => ([(header::CONTENT_TYPE, "application/json")], page).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}

async fn page(mut redis: MultiplexedConnection, reader: u64) -> RedisResult<String> {
    let last = isize::try_from(PAGE).unwrap_or(isize::MAX) - 1;
    let ids: Vec<u64> = redis.zrevrange(set(reader), 0, last).await?;
    let keys: Vec<String> = ids.iter().map(|id| key(*id)).collect();
    let stories: Vec<Option<String>> = redis.mget(&keys).await?;
    Ok(joined(&ids, stories))
}

/// A page of stories as they were rendered.
pub(super) fn joined(ids: &[u64], stories: Vec<Option<String>>) -> String {
    let stories: Vec<String> = stories.into_iter().flatten().collect();
    let before = ids.last().map(u64::to_string).unwrap_or_default();
    format!(
        "{{\"items\":[{}],\"before\":\"{before}\"}}",
        stories.join(",")
    )
}
