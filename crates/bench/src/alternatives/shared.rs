//! The feed with its timelines in Redis, as a node of a cluster has them, beside the feed of one machine and beside the
//! least that a page out of Redis can cost: `LRANGE` and `MGET`, without a session and without entitlement.

use redis::aio::MultiplexedConnection;
use redis::{AsyncCommands, Pipeline, RedisResult};
use sosik_fabric::Engines;
use sosik_fabric_redis::{RedisFabric, RedisOptions};

use super::Bench;
use super::redis::{connect, fill, joined, key, serving};
use crate::compare::{alone, cpu_micros};
use crate::measure::{Samples, rounded};
use crate::reads::{PAGE, Reads};
use crate::report::{Report, Row};
use crate::serving::{Fetcher, Server};
use crate::world::Filled;

/// `copy` is the world of the bench in a store of its own.
pub(super) async fn measure(
    bench: &Bench<'_>,
    copy: &Filled,
    report: &mut Report,
) -> anyhow::Result<()> {
    let daemon = sosik_servers::Redis::start(&[])?;
    let mut redis = connect(&daemon).await?;
    fill(&mut redis, bench, append).await?;
    let list = Server::start(serving(move |reader| page(redis.clone(), reader))).await?;
    let fabric = RedisFabric::open(RedisOptions {
        timeline_stories: bench.filled.shape.timeline_stories,
        ..RedisOptions::at(daemon.url())
    })?;
    let in_redis = |engines: Engines| Engines {
        timelines: std::sync::Arc::new(fabric.timelines()),
        ..engines
    };
    let world = copy.open_with(in_redis).await?;
    let reads = Reads::new(&world, bench.scale).await?;
    let turns = turns(bench, &reads, &list, &daemon).await?;
    report.add(
        turns
            .row()
            .with("friends", bench.filled.shape.reader_friends),
    );
    world.service.stop().await;
    Ok(())
}

/// CPU microseconds of a page, one sample a round.
#[derive(Default)]
struct Turns {
    one_machine: Vec<f64>,
    shared: Vec<f64>,
    list: Vec<f64>,
}

async fn turns(
    bench: &Bench<'_>,
    reads: &Reads<'_>,
    list: &Server,
    daemon: &sosik_servers::Redis,
) -> anyhow::Result<Turns> {
    let readers: Vec<u64> = bench.filled.shape.usual_readers().collect();
    let (one_machine, shared) = (bench.reads.top(&readers).await?, reads.top(&readers).await?);
    let job = bench.job(&readers, list);
    let fetched = Fetcher::new(&list.address)?.get(&job.specs[0]).await?;
    anyhow::ensure!(fetched.stories() == PAGE, "the list is a short page");
    let mut turns = Turns::default();
    for _ in 0..bench.scale.rounds {
        let one_machine = bench.reads.cpu(&one_machine, job.requests, alone).await?;
        turns.one_machine.push(one_machine);
        let shared = reads.cpu(&shared, job.requests, || daemon.cpu()).await?;
        turns.shared.push(shared);
        turns.list.push(cpu_micros(&job, || daemon.cpu()).await?);
    }
    Ok(turns)
}

impl Turns {
    fn row(self) -> Row {
        let ratio = |to: &[f64]| {
            let ratios = self.shared.iter().zip(to).map(|(one, other)| one / other);
            Samples::new(ratios.collect())
        };
        let (to_one_machine, to_list) = (ratio(&self.one_machine), ratio(&self.list));
        let micros = |samples: &[f64]| rounded(Samples::new(samples.to_vec()).median(), 10.0);
        Row::new("shared_feed_read_warm")
            .with(
                "ratio_to_one_machine",
                rounded(to_one_machine.median(), 100.0),
            )
            .with("ratio_lowest", rounded(to_one_machine.lowest(), 100.0))
            .with("ratio_highest", rounded(to_one_machine.highest(), 100.0))
            .with("ratio_to_list", rounded(to_list.median(), 100.0))
            .with("list_ratio_lowest", rounded(to_list.lowest(), 100.0))
            .with("list_ratio_highest", rounded(to_list.highest(), 100.0))
            .with("cpu_micros", micros(&self.shared))
            .with("feed_cpu_micros", micros(&self.one_machine))
            .with("list_cpu_micros", micros(&self.list))
    }
}

fn list_of(reader: u64) -> String {
    format!("list:{reader}")
}

/// The newest story is at the head.
fn append(pipe: &mut Pipeline, reader: u64, story: u64) {
    pipe.lpush(list_of(reader), story).ignore();
}

async fn page(mut redis: MultiplexedConnection, reader: u64) -> RedisResult<String> {
    let last = isize::try_from(PAGE).unwrap_or(isize::MAX) - 1;
    let ids: Vec<u64> = redis.lrange(list_of(reader), 0, last).await?;
    let keys: Vec<String> = ids.iter().map(|id| key(*id)).collect();
    let stories: Vec<Option<String>> = redis.mget(&keys).await?;
    Ok(joined(&ids, stories))
}
