//! Measures the costs of this machine in seconds: writes to a small store on its disk and reads over sockets.
//!
//! Processor time is that of the server alone: the client's part is subtracted (`requests`). Everything is warm and the
//! process does nothing else, so these are the lowest costs; `cpu_overhead` accounts for the rest. Costs that need a
//! large store, such as the memory of people and streams, are not measured here and keep their recorded or assumed
//! values.
//!
//! `cargo xtask bench` measures the same costs in longer rounds and compares them with floors. This crate only provides
//! a plan for the machine that it runs on, from the installed executable.

mod clock;
mod fixture;
mod requests;
mod texts;
mod timelines;

use std::net::SocketAddr;
use std::path::Path;

use anyhow::{Context, ensure};
use serde_json::{Value, json};
use sosik_feed::{PersonId, StoryId};
use sosik_plan::assumptions::Assumptions;
use sosik_plan::input::Origin;
use sosik_populate::Target;
use sosik_service::Service;
use sosik_service::accounts::SignUpRequest;
use sosik_service::feeds::{FeedQuery, FeedStart};
use tokio_util::sync::CancellationToken;

use self::clock::{micros_each, now, number, process_cpu};
use self::fixture::{Fixture, PASSWORD, handle, post, quiet, serve};
use self::requests::{RequestCosts, WireRequest};
use self::texts::text;

/// Concurrent writers. They share syncs, as in `post_durable_64` of the benchmark.
const WRITERS: usize = 64;
/// Concurrent connections.
const CONNECTIONS: usize = 4;

/// The size of the measurement.
#[derive(Debug, Clone, Copy)]
pub struct Extent {
    /// Number of people.
    pub people: usize,
    /// Friends per person.
    pub friends: usize,
    /// Stories per person. Those of all friends together fill a timeline.
    pub stories_each: usize,
    /// Requests of each kind.
    pub requests: usize,
    /// Timelines measured separately.
    pub timelines: u64,
}

impl Extent {
    /// Takes about 15 seconds.
    pub const fn usual() -> Self {
        Self {
            people: 1_000,
            friends: 190,
            stories_each: 8,
            requests: 24_000,
            timelines: 10_000,
        }
    }
}

/// Measured costs, by the name of the input.
#[derive(Debug, Default)]
pub struct Measured(Vec<(&'static str, f64)>);

impl Measured {
    /// Replaces the defaults. A cost that is not positive, because the machine was busy, is skipped.
    pub fn given_to(&self, assumptions: &mut Assumptions) {
        for (name, value) in self.0.iter().filter(|(_, value)| *value > 0.0) {
            assumptions.take(name, *value, Origin::Measured);
        }
    }

    fn of(&self, name: &str) -> f64 {
        let found = self.0.iter().find(|(found, _)| *found == name);
        found.map_or(0.0, |(_, value)| *value)
    }

    fn add(&mut self, name: &'static str, value: f64) {
        self.0.push((name, value));
    }
}

/// Measures all costs. The store is in a temporary folder inside of this folder.
///
/// # Errors
/// When the folder cannot be written, or the server returns an unexpected response.
pub async fn costs(folder: &Path, extent: Extent) -> anyhow::Result<Measured> {
    let mut measured = Measured::default();
    // Measured first, before other work changes the memory of the process.
    let alone = move || timelines::measure(extent.timelines, 100);
    let timelines = tokio::task::spawn_blocking(alone).await??;
    measured.add("timeline_memory", timelines.bytes_each);
    measured.add("delivery", timelines.delivery);

    let mut fixture = Fixture::generate(folder)?;
    fill(&mut fixture, extent, &mut measured).await?;
    let target = fixture.open().await?;
    let service = &target.service;
    let rebuilding = rebuilding(&fixture, service).await?;
    let ends = CancellationToken::new();
    let address = serve(service, ends.clone()).await?;
    let token = token(&fixture, &target, extent.friends).await?;
    let delivery = timelines.delivery * number(extent.friends);
    let asking = move || ask(address, &token, extent, delivery);
    let asked = tokio::task::spawn_blocking(asking).await??;
    measured.0.extend(asked.0);
    let warm = measured.of("feed_read_warm");
    measured.add("feed_read_cold", rebuilding + warm);
    ends.cancel();
    fixture.close(target).await?;
    Ok(measured)
}

/// Adds people, friendships and stories, and measures the disk space of each.
async fn fill(
    fixture: &mut Fixture,
    extent: Extent,
    measured: &mut Measured,
) -> anyhow::Result<()> {
    let empty = fixture.close(fixture.open().await?).await?;
    let target = fixture.open().await?;
    fixture.sign_up_people(&target, extent.people).await?;
    let with_people = fixture.close(target).await?;
    measured.add("person_disk", (with_people - empty) / number(extent.people));

    let target = fixture.open().await?;
    let friendships = fixture.befriend(&target, extent.friends).await?;
    let with_friends = fixture.close(target).await?;
    measured.add(
        "friendship_disk",
        (with_friends - with_people) / number(friendships),
    );

    let posts = extent.people * extent.stories_each;
    let begin = now();
    let target = fixture.open().await?;
    let stories = everybody(&fixture.people, &target.service, extent, Act::Post).await?;
    measured.add("writes_max", number(posts) / begin.elapsed().as_secs_f64());
    let with_stories = fixture.close(target).await?;
    let letters: usize = (0..posts).map(|number| text(number).len()).sum();
    let rows = with_stories - with_friends - number(letters);
    measured.add("story_disk", rows / number(posts));

    let mut before = with_stories;
    for (name, act) in [
        ("like_disk", Act::Like(stories.clone())),
        ("comment_disk", Act::Comment(stories)),
    ] {
        let target = fixture.open().await?;
        everybody(&fixture.people, &target.service, extent, act).await?;
        let bytes = fixture.close(target).await?;
        measured.add(name, (bytes - before) / number(posts));
        before = bytes;
    }
    Ok(())
}

/// The act that all people perform.
#[derive(Clone)]
enum Act {
    /// Posts a story.
    Post,
    /// Likes a story of the next person in the ring, who is a friend.
    Like(Vec<StoryId>),
    /// Comments on that story.
    Comment(Vec<StoryId>),
}

/// Each person acts as often as they have stories. [`WRITERS`] act at the same time. Returns the stories posted, in the
/// order of the people.
async fn everybody(
    people: &[PersonId],
    service: &Service,
    extent: Extent,
    act: Act,
) -> anyhow::Result<Vec<StoryId>> {
    let some = people.len().div_ceil(WRITERS).max(1);
    let acts: Vec<(usize, PersonId)> = people
        .iter()
        .flat_map(|person| std::iter::repeat_n(*person, extent.stories_each))
        .enumerate()
        .collect();
    let tasks: Vec<_> = acts
        .chunks(some * extent.stories_each)
        .map(|acts| {
            let (service, acts, act, each) = (
                service.clone(),
                acts.to_vec(),
                act.clone(),
                extent.stories_each,
            );
            tokio::spawn(async move {
                let mut posted = Vec::new();
                for (number, person) in acts {
                    posted.extend(act.done(&service, person, number, each).await?);
                }
                anyhow::Ok(posted)
            })
        })
        .collect();
    let mut posted = Vec::new();
    for task in tasks {
        posted.extend(task.await??);
    }
    Ok(posted)
}

impl Act {
    async fn done(
        &self,
        service: &Service,
        person: PersonId,
        number: usize,
        each: usize,
    ) -> anyhow::Result<Option<StoryId>> {
        let of_the_next = |stories: &[StoryId]| stories[(number + each) % stories.len()];
        match self {
            Self::Post => return Ok(Some(post(service, person, &text(number)).await?)),
            Self::Like(stories) => {
                service.likes().add(person, of_the_next(stories)).await?;
            }
            Self::Comment(stories) => {
                let story = of_the_next(stories);
                service
                    .comments()
                    .add(person, story, &text(number), None)
                    .await?;
            }
        }
        Ok(None)
    }
}

/// The additional cost of the first read of each person, compared with the second.
async fn rebuilding(fixture: &Fixture, service: &Service) -> anyhow::Result<f64> {
    let cold = read_all(fixture, service).await?;
    let warm = read_all(fixture, service).await?;
    Ok((cold - warm).max(0.0))
}

/// Processor time per read in microseconds, without HTTP.
async fn read_all(fixture: &Fixture, service: &Service) -> anyhow::Result<f64> {
    let before = process_cpu();
    for reader in &fixture.people {
        let top = FeedQuery {
            from: FeedStart::Top,
            limit: 20,
        };
        let page = service.feeds().read(*reader, top).await?;
        ensure!(!page.items.is_empty(), "a feed of the measurement is empty");
    }
    let span = process_cpu().saturating_sub(before);
    Ok(micros_each(span, fixture.people.len()))
}

/// Signs up a new person with this number of friends. Returns the token.
async fn token(fixture: &Fixture, target: &Target, friends: usize) -> anyhow::Result<String> {
    let signed_up = target
        .service
        .accounts()
        .sign_up(SignUpRequest {
            handle: "reader".to_owned(),
            display_name: "독자".to_owned(),
            password: PASSWORD.to_owned(),
            language: None,
            client: "plan".to_owned(),
        })
        .await?;
    let reader = signed_up.person.record.id;
    let pairs = fixture
        .people
        .iter()
        .take(friends)
        .map(|friend| (reader, *friend));
    let now = target.service.clock().now();
    target
        .operations
        .befriend_many(pairs.collect(), now)
        .await?;
    quiet(&target.service).await?;
    Ok(signed_up.token.as_str().to_owned())
}

/// Measures every kind of request. `delivery` is the cost of delivering one story, which is counted separately.
fn ask(
    address: SocketAddr,
    token: &str,
    extent: Extent,
    delivery: f64,
) -> anyhow::Result<Measured> {
    const TOP: &str = "GET /v1/feed?limit=20";
    let get = |line: &str, headers: &[(&str, &str)]| WireRequest::new(line, token, headers, "");
    let many =
        |request: WireRequest| requests::all(address, &vec![request; extent.requests], CONNECTIONS);
    let mut measured = Measured::default();

    let top = requests::once(address, &get(TOP, &[]))?;
    let page: Value = serde_json::from_slice(&top.body)?;
    let after = page["after"].as_str().context("the page has no `after`")?;
    let tag = top.header("etag").context("the page has no ETag")?;
    let warm = many(get(TOP, &[]))?;
    measured.add("feed_read_warm", warm.micros);
    measured.add("page_bytes", warm.bytes);
    let packed = many(get(TOP, &[("accept-encoding", "gzip")]))?;
    measured.add("compress_page", packed.micros - warm.micros);
    measured.add("compressed_to", packed.bytes / warm.bytes);
    let newer = many(get(&format!("GET /v1/feed?after={after}"), &[]))?;
    measured.add("feed_read_newer_empty", newer.micros);
    measured.add(
        "feed_read_304",
        many(get(TOP, &[("if-none-match", tag)]))?.micros,
    );
    let deep = get(&below_the_floor(address, token)?, &[]);
    let RequestCosts { micros, .. } =
        requests::all(address, &vec![deep; extent.requests / 8], CONNECTIONS)?;
    measured.add("feed_read_below_floor", micros);

    writes(address, token, extent, &page, delivery, &mut measured)?;
    Ok(measured)
}

/// The request for a page with stories older than those in a timeline.
fn below_the_floor(address: SocketAddr, token: &str) -> anyhow::Result<String> {
    /// Pages of 100 that are certain to pass a timeline of at most twice 800 ids.
    const PAGES: usize = 14;
    let mut line = "GET /v1/feed?limit=100".to_owned();
    for _ in 0..PAGES {
        let answer = requests::once(address, &WireRequest::new(&line, token, &[], ""))?;
        let page: Value = serde_json::from_slice(&answer.body)?;
        match page["before"].as_str() {
            Some(before) => line = format!("GET /v1/feed?limit=100&before={before}"),
            None => break,
        }
    }
    Ok(line.replace("limit=100", "limit=20"))
}

fn writes(
    address: SocketAddr,
    token: &str,
    extent: Extent,
    page: &Value,
    delivery: f64,
    measured: &mut Measured,
) -> anyhow::Result<()> {
    let count = extent.requests / 4;
    let some = |request: &dyn Fn(usize) -> WireRequest| {
        let requests: Vec<WireRequest> = (0..count).map(request).collect();
        anyhow::Ok(requests::all(address, &requests, WRITERS)?.micros)
    };
    let story = page["items"][0]["id"]
        .as_str()
        .context("the page has no stories")?;
    let send = |line: &str, body: &Value| WireRequest::new(line, token, &[], &body.to_string());
    let told = some(&|number| send("POST /v1/stories", &json!({ "text": text(number) })))?;
    measured.add("post", told - delivery);
    let comments = format!("POST /v1/stories/{story}/comments");
    measured.add(
        "comment",
        some(&|number| send(&comments, &json!({ "text": text(number) })))?,
    );
    let likes = ["PUT", "DELETE"].map(|method| format!("{method} /v1/stories/{story}/like"));
    measured.add(
        "like",
        some(&|number| WireRequest::new(&likes[number % 2], token, &[], ""))?,
    );
    let marks = json!({ "story": StoryId::from_u64(1) });
    measured.add(
        "mark",
        some(&|_| send("PUT /v1/feed/read-position", &marks))?,
    );

    const LOG_INS: usize = 8;
    let log_in = |number| json!({ "handle": handle(number), "password": PASSWORD }).to_string();
    let requests: Vec<WireRequest> = (0..LOG_INS)
        .map(|number| WireRequest::new("POST /v1/sessions", "", &[], &log_in(number)))
        .collect();
    measured.add("log_in", requests::all(address, &requests, 2)?.micros);
    Ok(())
}

#[cfg(test)]
mod tests {
    use sosik_plan::input::Input;

    use super::*;

    #[tokio::test(flavor = "multi_thread")]
    async fn a_town_of_forty_tells_every_cost_that_can_be_measured_here() {
        let folder = tempfile::tempdir().unwrap();
        let extent = Extent {
            people: 40,
            friends: 10,
            stories_each: 20,
            requests: 64,
            timelines: 500,
        };
        let Measured(costs) = costs(folder.path(), extent).await.unwrap();
        for (name, _) in &costs {
            assert!(Input::named(name).is_some(), "{name}");
        }
        for name in [
            "feed_read_warm",
            "post",
            "delivery",
            "timeline_memory",
            "writes_max",
        ] {
            let (_, value) = costs.iter().find(|(found, _)| *found == name).unwrap();
            assert!(*value > 0.0, "{name}: {value}");
        }
        let left = std::fs::read_dir(folder.path()).unwrap().count();
        assert_eq!(left, 0, "the folder of the measurement is still there");
    }
}
