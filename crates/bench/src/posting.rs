//! Durable posts a second and the latency of one post, compared with the bare fsync rate of the disk.

use std::io::{Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use sosik_feed::Audience;

use crate::measure::{
    Samples, float, micros_each, per_second, process_cpu, rounded, timed, timed_async,
};
use crate::report::{Report, Row};
use crate::scale::Scale;
use crate::world::{Filled, Shape, World, no_room_in};

const TEXT: &str = "점심시간의 소식: 오늘은 비빔밥을 먹었어요.";

pub(crate) async fn measure(
    folder: &Path,
    scale: &Scale,
    report: &mut Report,
) -> anyhow::Result<()> {
    let syncs = bare_syncs(folder, scale.syncs)?;
    report.add(Row::new("bare_fsync").with("fsyncs_per_second", syncs));
    for (writers, posts) in scale.posts {
        let row = with_writers(folder, scale, writers, posts).await?;
        report.add(row);
    }
    Ok(())
}

async fn with_writers(
    folder: &Path,
    scale: &Scale,
    writers: usize,
    posts: usize,
) -> anyhow::Result<Row> {
    // The disk is measured beside each figure: on a shared machine it may behave differently a minute later.
    let syncs = bare_syncs(folder, scale.syncs)?;
    let authors = Shape {
        people: u64::try_from(writers)?.max(4),
        ring: 2,
        stories_each: 0,
        readers: 1,
        heavy_friends: 0,
        followers: 0,
        reader_friends: 0,
        ..scale.base
    };
    let filled = Filled::new(folder, authors).await?;
    let world = Arc::new(filled.open().await?);
    let before = world.store.writer_stats();
    let cpu_before = process_cpu();
    let (spans, span) = timed_async(post_all(&world, writers, posts)).await;
    let spans = Samples::of_spans(&spans?);
    let cpu = process_cpu().saturating_sub(cpu_before);
    let after = world.store.writer_stats();
    world.quiet().await?;
    world.service.stop().await;
    let rate = per_second(posts, span);
    let batches = usize::try_from(after.batches - before.batches)?.max(1);
    let writes = usize::try_from(after.jobs - before.jobs)?;
    Ok(Row::new(format!("post_durable_{writers}"))
        .with("posts", posts)
        .with("posts_per_second", rate)
        .with("p50_ms", rounded(spans.median(), 100.0))
        .with("p99_ms", rounded(spans.share(99), 100.0))
        .with("cpu_micros", rounded(micros_each(cpu, posts), 1.0))
        .with("fsyncs_per_second", syncs)
        .with("ratio_to_fsync", rounded(rate / syncs, 100.0))
        .with(
            "writes_per_fsync",
            rounded(float(writes) / float(batches), 10.0),
        ))
}

/// Each writer posts one story after the other. Returns how long each post took.
async fn post_all(
    world: &Arc<World>,
    writers: usize,
    posts: usize,
) -> anyhow::Result<Vec<Duration>> {
    let tasks = (0..writers).map(|writer| {
        let world = Arc::clone(world);
        tokio::spawn(async move {
            let author = world.person(u64::try_from(writer)?);
            let mut spans = Vec::with_capacity(posts / writers);
            for _ in 0..posts / writers {
                let (posted, span) = timed_async(world.post(author, TEXT, Audience::Friends)).await;
                posted?;
                spans.push(span);
            }
            anyhow::Ok(spans)
        })
    });
    let tasks: Vec<_> = tasks.collect();
    let mut all = Vec::with_capacity(posts);
    for task in tasks {
        all.extend(task.await??);
    }
    Ok(all)
}

/// How many times a second a small file can be written and synced, one write after the other.
fn bare_syncs(folder: &Path, syncs: usize) -> anyhow::Result<f64> {
    let mut file = tempfile::tempfile_in(folder).with_context(|| no_room_in(folder))?;
    let (result, span) = timed(|| {
        for _ in 0..syncs {
            file.seek(SeekFrom::Start(0))?;
            file.write_all(&[7; 4096])?;
            file.sync_data()?;
        }
        std::io::Result::Ok(())
    });
    result.with_context(|| format!("write to a file in {}", folder.display()))?;
    Ok(per_second(syncs, span))
}
