//! The time from the start of a server to its first page, on the largest world of the run.
//!
//! Three starts: after an orderly stop; after `kill -9` during posts, with the database in the system's file cache
//! (warm); and the same without the database in the file cache (cold). Timelines are lost each time: the first page of
//! a reader rebuilds theirs.

use std::fs::File;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context;
use rustix::fs::{Advice, fadvise};

use crate::child::Served;
use crate::client::RequestSpec;
use crate::measure::{millis, now};
use crate::reads::TOP;
use crate::report::{Report, Row};
use crate::serving::Fetcher;
use crate::world::{Filled, token};

/// The state in which the previous run left the store.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Before {
    Orderly,
    Killed,
    KilledAndCold,
}

pub(crate) async fn measure(filled: &Filled, report: &mut Report) -> anyhow::Result<()> {
    for (name, before) in [
        ("startup_first", Before::Orderly),
        ("startup_restart_warm", Before::Killed),
        ("startup_restart_cold", Before::KilledAndCold),
    ] {
        if before != Before::Orderly {
            kill_one(filled).await?;
        }
        if before == Before::KilledAndCold {
            forget_file_cache(filled)?;
        }
        let row = start(name, filled).await?;
        report.add(row.with("people", filled.shape.people));
    }
    Ok(())
}

async fn start(name: &str, filled: &Filled) -> anyhow::Result<Row> {
    let start = now();
    let served = Served::start(filled)?;
    let listening = start.elapsed();
    let fetcher = Fetcher::new(&served.address)?;
    let mut readers = filled.shape.usual_readers();
    let first = readers.next().unwrap_or_default();
    fetcher.get(&RequestSpec::page(TOP, &token(first))).await?;
    let first_page = start.elapsed();
    let mut others = Duration::ZERO;
    let mut count = 0;
    for reader in readers.take(20) {
        let before = now();
        fetcher.get(&RequestSpec::page(TOP, &token(reader))).await?;
        others += before.elapsed();
        count += 1;
    }
    let row = Row::new(name)
        .with("listening_ms", millis(listening))
        .with("first_page_ms", millis(first_page))
        .with("next_cold_pages_ms", millis(others / count.max(1)))
        .with("resident_mib", served.resident_bytes() >> 20);
    served.stop()?;
    Ok(row)
}

/// Leaves the store as a killed server leaves it, with its last writes in the log of the database.
async fn kill_one(filled: &Filled) -> anyhow::Result<()> {
    let served = Served::start(filled)?;
    let fetcher = Fetcher::new(&served.address)?;
    let readers: Vec<u64> = filled.shape.usual_readers().collect();
    for reader in readers {
        fetcher.get(&RequestSpec::page(TOP, &token(reader))).await?;
        fetcher.post_story(&token(reader)).await?;
    }
    served.kill()
}

/// Drops the database from the system's file cache. Unwritten data is synced to the disk first.
fn forget_file_cache(filled: &Filled) -> anyhow::Result<()> {
    let file = filled.file();
    let beside = |suffix: &str| {
        let mut name = file.clone().into_os_string();
        name.push(suffix);
        PathBuf::from(name)
    };
    for path in [beside(""), beside("-wal")] {
        if let Ok(file) = File::open(&path) {
            let named = || format!("drop {} from the file cache", path.display());
            file.sync_all().with_context(named)?;
            fadvise(&file, 0, None, Advice::DontNeed).with_context(named)?;
        }
    }
    Ok(())
}
