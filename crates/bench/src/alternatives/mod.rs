//! The usual alternatives: a join on PostgreSQL at every read, or sorted sets of Redis filled at every post.
//!
//! Both are small and fair. The query is what a careful developer would write: prepared, answered from indexes alone,
//! with everything in memory. Both serve through the same HTTP stack as the feed, in this process, to the same client,
//! for the same readers in the same world. The CPU time covers this process and all processes of the foreign server. It
//! is compared with a warm page of the feed measured in turns with it. Both do less than the feed: no session is looked
//! up, and Redis does not check whether the reader may see a story *now*.

mod postgres;
mod redis;
mod shared;

use std::time::Duration;

use crate::client::{Job, RequestSpec};
use crate::compare::{alone, cpu_micros};
use crate::measure::{Samples, rounded};
use crate::reads::{Read, Reads};
use crate::report::{Report, Row};
use crate::scale::Scale;
use crate::serving::{Fetcher, Server};
use crate::world::{Filled, World};

/// The reason in a row without figures.
const NOT_INSTALLED: &str = "the server is not installed on this machine (apt-get install";

pub(crate) async fn measure(
    filled: &Filled,
    scale: &Scale,
    report: &mut Report,
) -> anyhow::Result<()> {
    // A store belongs to one service, and two of them are measured in turns.
    let copy = filled.copy()?;
    let world = filled.open().await?;
    let bench = Bench {
        world: &world,
        filled,
        scale,
        reads: Reads::new(&world, scale).await?,
    };
    let names = [
        "alternative_postgres_join",
        "alternative_postgres_join_5000_friends",
    ];
    if sosik_servers::find("postgres").is_some() {
        let measured = postgres::measure(&bench, report).await;
        without_failing(measured, &names, report);
    } else {
        without(&names, &format!("{NOT_INSTALLED} postgresql-15)"), report);
    }
    let names = ["alternative_redis_sorted_set", "shared_feed_read_warm"];
    if sosik_servers::find("redis-server").is_some() {
        let measured = redis::measure(&bench, report).await;
        without_failing(measured, &names[..1], report);
        let measured = shared::measure(&bench, &copy, report).await;
        without_failing(measured, &names, report);
    } else {
        without(&names, &format!("{NOT_INSTALLED} redis-server)"), report);
    }
    world.service.stop().await;
    Ok(())
}

/// If a foreign server fails, only its own rows are lost. The run continues.
fn without_failing(measured: anyhow::Result<()>, names: &[&str], report: &mut Report) {
    if let Err(error) = measured {
        without(names, &format!("{error:#}"), report);
    }
}

/// Adds the reason to every row that is missing.
fn without(names: &[&str], why: &str, report: &mut Report) {
    for name in names {
        if report.rows().iter().all(|row| row.name != *name) {
            report.add(Row::left_out(name, why));
        }
    }
}

/// What every alternative is compared with.
struct Bench<'a> {
    world: &'a World,
    filled: &'a Filled,
    scale: &'a Scale,
    reads: Reads<'a>,
}

impl Bench<'_> {
    /// Measures the alternative's page `/feed/{number}` against the first page of the feed, in turns, for these
    /// readers.
    async fn compare(
        &self,
        name: &str,
        readers: &[u64],
        server: &Server,
        foreign: impl Fn() -> anyhow::Result<Duration>,
    ) -> anyhow::Result<Row> {
        let ours = self.reads.top(readers).await?;
        let job = self.job(readers, server);
        let fetcher = Fetcher::new(&server.address)?;
        let page = fetcher.get(&job.specs[0]).await?;
        anyhow::ensure!(
            page.stories() == crate::reads::PAGE,
            "{name} is a short page"
        );
        let still = Server::start(ours.fixed()).await?;
        let turns = self.turns(&job, &ours, &still, foreign).await?;
        Ok(turns.row(name).with("bytes", page.body.len()))
    }

    async fn turns(
        &self,
        job: &Job,
        ours: &Read,
        still: &Server,
        foreign: impl Fn() -> anyhow::Result<Duration>,
    ) -> anyhow::Result<Turns> {
        let fixed = ours.fixed_job(&still.address, self.scale.requests);
        let mut turns = Turns::default();
        for _ in 0..self.scale.rounds {
            turns.fixed.push(cpu_micros(&fixed, alone).await?);
            turns
                .feed
                .push(self.reads.cpu(ours, self.scale.requests, alone).await?);
            turns.alternative.push(cpu_micros(job, &foreign).await?);
        }
        Ok(turns)
    }

    fn job(&self, readers: &[u64], server: &Server) -> Job {
        let spec = |reader: &u64| RequestSpec {
            path: format!("/feed/{}", self.world.person(*reader).raw()),
            token: None,
            known: None,
        };
        Job {
            address: server.address.clone(),
            specs: readers.iter().map(spec).collect(),
            requests: self.scale.slow_requests * 2,
            status: 200,
        }
    }

    /// All readers that are measured.
    fn readers(&self) -> Vec<u64> {
        self.filled.shape.with_sessions().collect()
    }

    /// Every story of the world, to load it into another server.
    fn stories(&self) -> impl Iterator<Item = (u64, u64, String)> {
        let (shape, made) = (self.filled.shape, self.filled.made);
        (0..shape.stories()).map(move |place| {
            let story = shape.story(place, made);
            (
                story.id.raw().as_u64(),
                story.author.raw().as_u64(),
                story.text,
            )
        })
    }
}

/// The CPU time of each side, one sample a round.
#[derive(Default)]
struct Turns {
    fixed: Vec<f64>,
    feed: Vec<f64>,
    alternative: Vec<f64>,
}

impl Turns {
    fn row(self, name: &str) -> Row {
        let ratio = |to: &[f64]| {
            let ratios = self
                .alternative
                .iter()
                .zip(to)
                .map(|(one, other)| one / other);
            Samples::new(ratios.collect())
        };
        let (to_fixed, to_feed) = (ratio(&self.fixed), ratio(&self.feed));
        Row::new(name)
            .with("ratio_to_static", rounded(to_fixed.median(), 10.0))
            .with("ratio_to_feed", rounded(to_feed.median(), 10.0))
            .with("ratio_lowest", rounded(to_feed.lowest(), 10.0))
            .with("ratio_highest", rounded(to_feed.highest(), 10.0))
            .with(
                "cpu_micros",
                rounded(Samples::new(self.alternative).median(), 1.0),
            )
            .with(
                "feed_cpu_micros",
                rounded(Samples::new(self.feed).median(), 10.0),
            )
    }
}
