//! `sosik backup`: copies the store while a server uses it.

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use serde::Serialize;
use sosik_service::{Clock, SystemClock};
use sosik_store_sqlite::{backup, private};

use super::{Outcome, Sources};
use crate::backups::{self, CHECKSUM, beside};
use crate::config::Loaded;
use crate::{print, progress};

/// Most backups that `--keep` may keep: a backup every hour for a year.
const KEEP_MAX: u32 = 10_000;

/// What to do with a store that is not a file.
const NOT_A_FILE: &str = "`sosik backup` copies an SQLite store only: back up PostgreSQL with pg_basebackup or pg_dump \
                          (see the PostgreSQL documentation and docs/guide/cluster.md)";

/// The destination, and the number of backups to keep.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "The server continues to serve. The backup is one complete file with all writes up to one moment. Beside \
                  it is its SHA-256 in the format of `sha256sum --check`. `sosik restore` makes a store from it. \
                  See docs/guide/backup.md."
)]
pub struct Args {
    #[command(flatten)]
    to: To,
    /// With --into: remove the oldest backups in the folder until this number is left, with the new one
    #[arg(long, value_name = "NUMBER", conflicts_with = "to", value_parser = clap::value_parser!(u32).range(1..=i64::from(KEEP_MAX)))]
    keep: Option<u32>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
struct To {
    /// Write this file; it must not exist
    #[arg(long, value_name = "FILE")]
    to: Option<PathBuf>,
    /// Write a file named by the time into this folder
    #[arg(long, value_name = "FOLDER")]
    into: Option<PathBuf>,
}

/// The result, for `--json`.
#[derive(Debug, Serialize)]
struct Report {
    file: PathBuf,
    bytes: u64,
    sha256: String,
    removed: Vec<PathBuf>,
}

/// Copies the store and removes older copies.
///
/// # Errors
/// The store is not a file, it cannot be read, or the backup cannot be written. Nothing is removed in that case.
#[expect(clippy::unused_async, reason = "every role is run alike")]
pub async fn run(args: Args, sources: Sources) -> anyhow::Result<Outcome> {
    let loaded = sources.start()?;
    let report = tokio::task::block_in_place(|| make(&args, &loaded))?;
    print::out(&if args.json {
        serde_json::to_string(&report)? + "\n"
    } else {
        sentences(&report)
    })?;
    Ok(Outcome::Fine)
}

fn make(args: &Args, loaded: &Loaded) -> anyhow::Result<Report> {
    let store = backups::store_file(loaded, NOT_A_FILE)?;
    let file = match (&args.to.to, &args.to.into) {
        (Some(file), _) => file.clone(),
        (None, Some(folder)) => folder.join(backups::name_of(SystemClock.now())),
        (None, None) => bail!("no destination: use --to FILE or --into FOLDER"),
    };
    let (bytes, sha256) = copy(&store, &file)?;
    let removed = match (&args.to.into, args.keep) {
        (Some(folder), Some(keep)) => backups::remove_older(folder, &file, keep as usize)?,
        _ => Vec::new(),
    };
    Ok(Report {
        file,
        bytes,
        sha256,
        removed,
    })
}

/// Copies into a file with a temporary name first. So a file with the name of a backup is complete.
fn copy(store: &Path, file: &Path) -> anyhow::Result<(u64, String)> {
    let checksum = beside(file, CHECKSUM);
    for path in [file, &checksum] {
        if path.exists() {
            bail!("{} already exists: name another file", path.display());
        }
    }
    let folder = backups::folder_of(file);
    private::create_folder(folder).with_context(|| format!("make {}", folder.display()))?;
    backups::remove_leftovers(folder)?;
    let partial = backups::partial_in(folder)?;
    let bar = progress::bar("copying bytes", 0);
    backup::back_up(store, partial.path(), |done, all| {
        bar.set_length(all);
        bar.set_position(done);
    })?;
    bar.finish_and_clear();
    let sha256 = backup::checksum(partial.path())?;
    let bytes = partial.as_file().metadata().map_or(0, |file| file.len());
    let named = || format!("write {}", file.display());
    partial.persist_noclobber(file).with_context(named)?;
    write_checksum(&checksum, file, &sha256)?;
    backups::sync(folder)?;
    Ok((bytes, sha256))
}

fn write_checksum(path: &Path, file: &Path, sha256: &str) -> anyhow::Result<()> {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let written = private::create_file(path).and_then(|mut out| {
        writeln!(out, "{sha256}  {name}")?;
        out.sync_all()
    });
    written.with_context(|| format!("write {}", path.display()))
}

fn sentences(report: &Report) -> String {
    let Report {
        file,
        bytes,
        sha256,
        removed,
    } = report;
    let mut text = format!("{}: {bytes} bytes, SHA-256 {sha256}\n", file.display());
    for path in removed {
        text.push_str(&format!("removed {}\n", path.display()));
    }
    text
}
