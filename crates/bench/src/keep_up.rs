//! The rate of posts that deliveries keep up with. Every friend has a timeline in memory, writers post as fast as they
//! can, and the time runs until the last order is done.

use std::path::Path;
use std::sync::Arc;

use futures::future::try_join_all;
use sosik_feed::Audience;
use sosik_store::Orders;

use crate::measure::{micros_each, now, per_second, process_cpu, rounded, timed_async};
use crate::report::{Report, Row};
use crate::scale::Scale;
use crate::world::{Filled, Shape, World};

const TEXT: &str = "점심시간의 소식: 오늘은 비빔밥을 먹었어요.";
/// Friends of each person.
const FRIENDS: u64 = 40;
/// People who post at the same time.
const WRITERS: u64 = 64;
/// Timelines built at the same time: fewer than may wait for a rebuild.
const WARM_AT_ONCE: usize = 4;

pub(crate) async fn measure(
    folder: &Path,
    scale: &Scale,
    report: &mut Report,
) -> anyhow::Result<()> {
    let everybody = Shape {
        people: scale.keep_up_people,
        ring: FRIENDS,
        stories_each: 1,
        readers: 1,
        heavy_friends: 0,
        followers: 0,
        reader_friends: 0,
        ..scale.base
    };
    let filled = Filled::new(folder, everybody).await?;
    let world = Arc::new(filled.open().await?);
    let people: Vec<u64> = (0..everybody.people).collect();
    for readers in people.chunks(WARM_AT_ONCE) {
        let warm = |reader: &u64| world.service.feeds().warm_up(world.person(*reader));
        try_join_all(readers.iter().map(warm)).await?;
    }
    let (start, cpu_before) = (now(), process_cpu());
    let (posted, posting) = timed_async(post_all(&world, everybody.people, scale)).await;
    posted?;
    let left = world.store.order_stats().await?.pending;
    world.quiet().await?;
    let (span, cpu) = (start.elapsed(), process_cpu().saturating_sub(cpu_before));
    world.service.stop().await;
    let posts = scale.keep_up_posts;
    report.add(
        Row::new("keep_up_40")
            .with("posts", posts)
            .with("delivered_per_second", per_second(posts, span))
            .with("acknowledged_per_second", per_second(posts, posting))
            .with("orders_left", left)
            .with("cpu_micros", rounded(micros_each(cpu, posts), 1.0))
            .with("friends", FRIENDS),
    );
    Ok(())
}

async fn post_all(world: &Arc<World>, people: u64, scale: &Scale) -> anyhow::Result<()> {
    let posts = u64::try_from(scale.keep_up_posts)?;
    let tasks = (0..WRITERS).map(|writer| {
        let world = Arc::clone(world);
        let mine = (writer..posts).step_by(usize::try_from(WRITERS).unwrap_or(1));
        tokio::spawn(async move {
            for post in mine {
                let author = world.person(post % people);
                world.post(author, TEXT, Audience::Friends).await?;
            }
            anyhow::Ok(())
        })
    });
    let tasks: Vec<_> = tasks.collect();
    for task in tasks {
        task.await??;
    }
    Ok(())
}
