//! The time from a post until its last reader sees the story.
//!
//! Deliveries go through the readers in the order of their ids, so the reader with the highest id is the last. That
//! reader has an open live stream. Its event is the story as the reader's feed shows it, entitlement included. All
//! readers of the author have a timeline. Followers of a large author need none: their reads take the story from the
//! log.

use anyhow::{Context, ensure};
use futures::future::try_join_all;
use sosik_feed::{Audience, PersonId, StoryId};
use sosik_service::feeds::stream::{FeedStream, StreamEvent};

use crate::measure::{Samples, now, rounded};
use crate::report::{Report, Row};
use crate::scale::Scale;
use crate::world::{Filled, World};

/// Timelines built at the same time while the readers are warmed up.
const WARM_AT_ONCE: usize = 4;

pub(crate) async fn measure(
    filled: &Filled,
    scale: &Scale,
    report: &mut Report,
) -> anyhow::Result<()> {
    let shape = &filled.shape;
    let usual = shape
        .usual_readers()
        .next()
        .context("the world has no reader")?;
    let mut author = Author {
        name: "post_to_visible_200",
        number: usual,
        audience: Audience::Friends,
        readers: Vec::new(),
        readers_in_all: 0,
    };
    let friends_of = |number: u64| {
        let pairs = shape.friendships();
        let friend = pairs.filter_map(move |(one, other)| match (one == number, other == number) {
            (true, _) => Some(other),
            (_, true) => Some(one),
            (false, false) => None,
        });
        let mut friends: Vec<_> = friend.collect();
        friends.sort_unstable();
        friends.dedup();
        friends
    };
    author.readers = friends_of(usual);
    author.readers_in_all = author.readers.len();
    report.add(author.measure(filled, scale).await?);
    author.name = "post_to_visible_5000";
    author.number = shape.heavy_reader();
    author.readers = friends_of(author.number);
    author.readers_in_all = author.readers.len();
    report.add(author.measure(filled, scale).await?);
    author.name = "post_to_visible_large";
    author.number = shape.large_author();
    author.audience = Audience::Public;
    // Only one follower: the stories of a large author are in no timeline, whatever the number of followers.
    author.readers = vec![shape.followers / 2];
    author.readers_in_all = usize::try_from(shape.followers)?;
    report.add(author.measure(filled, scale).await?);
    Ok(())
}

/// An author and the readers to wait for.
struct Author {
    name: &'static str,
    number: u64,
    audience: Audience,
    /// Warm readers, in ascending order.
    readers: Vec<u64>,
    readers_in_all: usize,
}

impl Author {
    async fn measure(&self, filled: &Filled, scale: &Scale) -> anyhow::Result<Row> {
        let world = filled.open().await?;
        self.warm_up(&world).await?;
        let author = world.person(self.number);
        let last = self.readers.last().context("the author has no reader")?;
        let mut stream = world
            .service
            .feeds()
            .open_stream(world.person(*last), None, &[])
            .await?;
        let (mut acknowledged, mut visible) = (Vec::new(), Vec::new());
        for number in 0..scale.visible_posts {
            let start = now();
            let text = format!("소식 {number}: 방금 도착했어요.");
            let story = world.post(author, &text, self.audience).await?;
            acknowledged.push(start.elapsed());
            until_shown(&mut stream, story).await?;
            visible.push(start.elapsed());
        }
        self.check_first(&world, *last, author).await?;
        world.quiet().await?;
        world.service.stop().await;
        let (acknowledged, visible) = (
            Samples::of_spans(&acknowledged),
            Samples::of_spans(&visible),
        );
        Ok(Row::new(self.name)
            .with("readers", self.readers_in_all)
            .with("posts", scale.visible_posts)
            .with("p50_ms", rounded(visible.median(), 100.0))
            .with("p99_ms", rounded(visible.share(99), 100.0))
            .with("max_ms", rounded(visible.highest(), 100.0))
            .with("acknowledged_p50_ms", rounded(acknowledged.median(), 100.0)))
    }

    async fn warm_up(&self, world: &World) -> anyhow::Result<()> {
        for readers in self.readers.chunks(WARM_AT_ONCE) {
            let each = readers
                .iter()
                .map(|reader| world.service.feeds().warm_up(world.person(*reader)));
            let warm = try_join_all(each).await?;
            ensure!(
                warm.into_iter().all(|warm| warm),
                "a timeline was not built"
            );
        }
        Ok(())
    }

    /// Checks that the story is also on that reader's page, in addition to the stream.
    async fn check_first(&self, world: &World, last: u64, author: PersonId) -> anyhow::Result<()> {
        let request = sosik_service::feeds::FeedQuery {
            from: sosik_service::feeds::FeedStart::Top,
            limit: 1,
        };
        let page = world
            .service
            .feeds()
            .read(world.person(last), request)
            .await?;
        let top = page.items.first().context("the feed has no story")?;
        ensure!(
            top.story.record.author == author,
            "the newest story is not the posted one"
        );
        Ok(())
    }
}

async fn until_shown(stream: &mut FeedStream, story: StoryId) -> anyhow::Result<()> {
    loop {
        match stream.next().await? {
            StreamEvent::Story { item, .. } if item.story.record.id == story => return Ok(()),
            StreamEvent::Story { .. }
            | StreamEvent::Notifications { .. }
            | StreamEvent::Changed(_)
            | StreamEvent::Comments(_) => {}
            StreamEvent::Reset(_) | StreamEvent::SessionsChanged | StreamEvent::Stopping => {
                anyhow::bail!("the stream lost its place")
            }
        }
    }
}
