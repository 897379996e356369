//! CPU time of feed reads, compared with the same bytes served statically by the same HTTP stack in the same run.

use std::time::Duration;

use anyhow::ensure;

use crate::client::{Job, RequestSpec};
use crate::compare::{Compared, alone, cpu_micros};
use crate::report::{Report, Row};
use crate::scale::Scale;
use crate::serving::{Fetcher, Page, Server, api, fixed};
use crate::world::{Filled, World, token};

/// Stories on a page.
pub(crate) const PAGE: usize = 20;

/// The first page.
pub(crate) const TOP: &str = "/v1/feed?limit=20";

const OK: u16 = 200;
const NOT_MODIFIED: u16 = 304;

/// A read to compare: its requests and their answers.
pub(crate) struct Read {
    specs: Vec<RequestSpec>,
    pages: Vec<Page>,
    status: u16,
}

pub(crate) async fn measure(
    filled: &Filled,
    scale: &Scale,
    report: &mut Report,
) -> anyhow::Result<()> {
    let world = filled.open().await?;
    let bench = Reads::new(&world, scale).await?;
    let shape = &filled.shape;
    let usual: Vec<u64> = shape.usual_readers().collect();

    let top = bench.top(&usual).await?;
    let row = bench.compare("feed_read_warm", &top).await?;
    report.add(row.with("friends", shape.reader_friends));
    let heavy = bench.top(&[shape.heavy_reader()]).await?;
    let row = bench.compare("feed_read_5000_friends", &heavy).await?;
    report.add(row.with("friends", shape.heavy_friends));
    let tenth = bench.deeper(&usual, PAGE, 9).await?;
    let row = bench.compare("feed_read_page_10", &tenth).await?;
    report.add(row.with("friends", shape.reader_friends));
    let row = bench.below_floor(&usual).await?;
    report.add(row.with("friends", shape.reader_friends));
    let row = bench.compare("feed_read_304", &top.known_already()).await?;
    report.add(row.with("friends", shape.reader_friends));
    world.service.stop().await;
    cold(filled, scale, report).await
}

/// The reads of one world.
pub(crate) struct Reads<'a> {
    scale: &'a Scale,
    timeline_stories: usize,
    feed: Server,
    fetcher: Fetcher,
}

impl<'a> Reads<'a> {
    pub(crate) async fn new(world: &World, scale: &'a Scale) -> anyhow::Result<Self> {
        let feed = Server::start(api(&world.service)).await?;
        Ok(Self {
            scale,
            timeline_stories: world.service.settings().feed.timeline_stories,
            fetcher: Fetcher::new(&feed.address)?,
            feed,
        })
    }

    /// The first page of these readers. They are warm afterwards.
    pub(crate) async fn top(&self, readers: &[u64]) -> anyhow::Result<Read> {
        self.deeper(readers, PAGE, 0).await
    }

    /// The page that follows `hops` pages of `step` stories each.
    async fn deeper(&self, readers: &[u64], step: usize, hops: usize) -> anyhow::Result<Read> {
        let (mut specs, mut pages) = (Vec::new(), Vec::new());
        for reader in readers {
            let token = token(*reader);
            let mut place = String::new();
            for _ in 0..hops {
                let above = RequestSpec::page(&format!("/v1/feed?limit={step}{place}"), &token);
                let page = self.fetcher.get(&above).await?;
                place = format!("&before={}", page.before()?);
            }
            let spec = RequestSpec::page(&format!("{TOP}{place}"), &token);
            let page = self.fetcher.get(&spec).await?;
            ensure!(page.stories() == PAGE, "{} is a short page", spec.path);
            specs.push(spec);
            pages.push(page);
        }
        Ok(Read {
            specs,
            pages,
            status: OK,
        })
    }

    async fn below_floor(&self, readers: &[u64]) -> anyhow::Result<Row> {
        const STEP: usize = 100;
        let deep = self
            .deeper(readers, STEP, self.timeline_stories / STEP + 1)
            .await?;
        let requests = self.scale.slow_requests;
        self.compare_with("feed_read_below_floor", &deep, requests)
            .await
    }

    pub(crate) async fn compare(&self, name: &str, read: &Read) -> anyhow::Result<Row> {
        self.compare_with(name, read, self.scale.requests).await
    }

    /// CPU time of this read in one round, in microseconds, for a comparison with something other than static answers.
    /// `others` is the CPU time of other processes that take part.
    pub(crate) async fn cpu(
        &self,
        read: &Read,
        requests: usize,
        others: impl Fn() -> anyhow::Result<Duration>,
    ) -> anyhow::Result<f64> {
        cpu_micros(&read.job(&self.feed.address, requests), others).await
    }

    async fn compare_with(&self, name: &str, read: &Read, requests: usize) -> anyhow::Result<Row> {
        let still = Server::start(fixed(read.pages.clone())).await?;
        let ours = read.job(&self.feed.address, requests);
        let theirs = read.fixed_job(&still.address, self.scale.requests);
        let compared = Compared::measure(&ours, &theirs, self.scale.rounds).await?;
        Ok(compared
            .row(name)
            .with("bytes", read.bytes())
            .with("readers", read.specs.len())
            .with("requests", requests * self.scale.rounds))
    }
}

impl Read {
    /// The same read by clients that already have these bytes.
    fn known_already(&self) -> Self {
        let with_tags = self.specs.iter().zip(&self.pages);
        let specs = with_tags.map(|(spec, page)| RequestSpec {
            known: page.tag.clone(),
            ..spec.clone()
        });
        Self {
            specs: specs.collect(),
            pages: self.pages.clone(),
            status: NOT_MODIFIED,
        }
    }

    /// Mean size of an answer's body.
    fn bytes(&self) -> usize {
        if self.status == NOT_MODIFIED {
            return 0;
        }
        let all: usize = self.pages.iter().map(|page| page.body.len()).sum();
        all / self.pages.len().max(1)
    }

    fn job(&self, address: &str, requests: usize) -> Job {
        Job {
            address: address.to_owned(),
            specs: self.specs.clone(),
            requests,
            status: self.status,
        }
    }

    pub(crate) fn fixed_job(&self, address: &str, requests: usize) -> Job {
        let specs = self
            .specs
            .iter()
            .enumerate()
            .map(|(number, spec)| RequestSpec {
                path: format!("/{number}"),
                token: None,
                ..spec.clone()
            });
        Job {
            specs: specs.collect(),
            ..self.job(address, requests)
        }
    }

    /// The same pages, served as files are.
    pub(crate) fn fixed(&self) -> axum::Router {
        fixed(self.pages.clone())
    }
}

/// The first read of readers who have nothing in memory: no session, circle, timeline or stories. Each round starts a
/// new service.
async fn cold(filled: &Filled, scale: &Scale, report: &mut Report) -> anyhow::Result<()> {
    let usual: Vec<u64> = filled.shape.usual_readers().collect();
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    let mut bytes = 0;
    for _ in 0..scale.cold_rounds {
        let specs = usual
            .iter()
            .map(|reader| RequestSpec::page(TOP, &token(*reader)));
        let specs: Vec<_> = specs.collect();
        let world = filled.open().await?;
        let bench = Reads::new(&world, scale).await?;
        let job = Job {
            address: bench.feed.address.clone(),
            requests: specs.len(),
            specs,
            status: OK,
        };
        ours.push(cpu_micros(&job, alone).await?);
        let read = bench.top(&usual).await?;
        let still = Server::start(read.fixed()).await?;
        let fixed = read.fixed_job(&still.address, scale.requests);
        theirs.push(cpu_micros(&fixed, alone).await?);
        bytes = read.bytes();
        world.service.stop().await;
    }
    let row = Compared::new(ours, theirs).row("feed_read_cold");
    report.add(
        row.with("bytes", bytes)
            .with("readers", usual.len())
            .with("friends", filled.shape.reader_friends)
            .with("timeline_stories", filled.shape.timeline_stories),
    );
    Ok(())
}
