//! Durable posts a second, against the bare fsync rate of the disk.

use std::io::{Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::Arc;

use serde_json::json;

use crate::measure::{per_second, report, timed, timed_async};
use crate::world::World;

const SYNCS: usize = 500;

pub(crate) async fn measure(folder: &Path) -> anyhow::Result<()> {
    let syncs = bare_syncs(folder)?;
    report(&json!({ "name": "bare_fsync", "per_second": syncs }));
    for (writers, posts) in [(1, 1_000), (8, 8_000), (64, 40_000)] {
        let world = Arc::new(World::new(folder).await?);
        let authors = world.crowd("author", writers).await?;
        let before = world.store.writer_figures();
        let work = async {
            let tasks: Vec<_> = authors
                .iter()
                .map(|author| {
                    let (world, author) = (Arc::clone(&world), *author);
                    tokio::spawn(async move {
                        for _ in 0..posts / writers {
                            world
                                .post(author, "점심시간의 소식: 오늘은 비빔밥을 먹었어요.")
                                .await?;
                        }
                        anyhow::Ok(())
                    })
                })
                .collect();
            for task in tasks {
                task.await??;
            }
            anyhow::Ok(())
        };
        let (result, span) = timed_async(work).await;
        result?;
        let after = world.store.writer_figures();
        let rate = per_second(posts, span);
        report(&json!({
            "name": format!("post_durable_{writers}"), "posts": posts, "posts_per_second": rate,
            "writes_per_fsync": ratio(after.jobs - before.jobs, after.batches - before.batches),
            "ratio_to_bare_fsync": (rate / syncs * 10.0).round() / 10.0,
        }));
        world.quiet().await?;
        world.service.stop().await;
    }
    Ok(())
}

/// How often a second a small file can be written and synced, one after the other.
fn bare_syncs(folder: &Path) -> anyhow::Result<f64> {
    let mut file = tempfile::tempfile_in(folder)?;
    let (result, span) = timed(|| {
        for _ in 0..SYNCS {
            file.seek(SeekFrom::Start(0))?;
            file.write_all(&[7; 4096])?;
            file.sync_data()?;
        }
        anyhow::Ok(())
    });
    result?;
    Ok(per_second(SYNCS, span))
}

#[expect(
    clippy::cast_precision_loss,
    reason = "counts of a measurement are far below 2^52"
)]
fn ratio(writes: u64, syncs: u64) -> f64 {
    (writes as f64 / syncs.max(1) as f64 * 10.0).round() / 10.0
}
