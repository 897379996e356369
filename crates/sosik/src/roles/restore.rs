//! `sosik restore`: makes a store from a backup.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail, ensure};
use serde::Serialize;
use sosik_store_sqlite::{backup, private};

use super::{Outcome, Sources};
use crate::backups::{self, CHECKSUM, beside};
use crate::print;

/// What to do if the store of the configuration is not a file.
const NOT_A_FILE: &str = "`sosik restore` makes an SQLite store only: name its file with --to, or restore PostgreSQL from \
                          its pg_basebackup or pg_dump (see the PostgreSQL documentation and docs/guide/cluster.md)";

/// The backup, and the new store.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Nothing is overwritten: move an existing store away first. The checksum and the whole file are checked \
                  before the store gets its name. Afterwards `sosik verify` checks the feeds. See docs/guide/backup.md."
)]
pub struct Args {
    /// The backup; its checksum must be beside it
    #[arg(value_name = "BACKUP")]
    from: PathBuf,
    /// Where the store is made [default: store.url]
    #[arg(long, value_name = "FILE")]
    to: Option<PathBuf>,
    /// The file is no backup: it was copied from a running server, without the log that contains the newest writes, and
    /// the log is lost
    #[arg(long)]
    without_log: bool,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// The result, for `--json`.
#[derive(Debug, Serialize)]
struct Report {
    file: PathBuf,
    bytes: u64,
}

/// Makes a store from a backup.
///
/// # Errors
/// Without `--to`, `store.url` is not a file. A store exists, or the backup does not match its checksum, is damaged, or is of a newer version. With
/// `--without-log`, another process uses the file, or its log exists. No new file is left in these cases.
#[expect(clippy::unused_async, reason = "every role is run alike")]
pub async fn run(args: Args, sources: Sources) -> anyhow::Result<Outcome> {
    let loaded = sources.start()?;
    let to = match &args.to {
        Some(to) => to.clone(),
        None => backups::store_file(&loaded, NOT_A_FILE)?,
    };
    let report = tokio::task::block_in_place(|| restore(&args, &to))?;
    print::out(&if args.json {
        serde_json::to_string(&report)? + "\n"
    } else {
        format!(
            "{} is a store of {} bytes now; `sosik verify` checks its feeds\n",
            report.file.display(),
            report.bytes
        )
    })?;
    Ok(Outcome::Fine)
}

fn restore(args: &Args, to: &Path) -> anyhow::Result<Report> {
    for path in [to.to_owned(), beside(to, "-wal"), beside(to, "-shm")] {
        if path.exists() {
            bail!(
                "{} already exists and is not overwritten: move it away, or name another file with --to",
                path.display()
            );
        }
    }
    ensure!(
        args.from.exists(),
        "there is no backup {}: name the file that `sosik backup` made",
        args.from.display()
    );
    // The lock is held until the copy is complete.
    let (expected, _lock) = match args.without_log {
        true => (None, Some(backup::lock_without_log(&args.from)?)),
        false => (Some(expected_checksum(&args.from)?), None),
    };
    let folder = backups::folder_of(to);
    private::create_folder(folder).with_context(|| format!("make {}", folder.display()))?;
    backups::remove_leftovers(folder)?;
    let partial = backups::partial_in(folder)?;
    let copied = || format!("copy {} to {}", args.from.display(), folder.display());
    let bytes = fs::copy(&args.from, partial.path()).with_context(copied)?;
    // `copy` gives the copy the mode of the original.
    private::restrict_to_owner(partial.path()).with_context(copied)?;
    if let Some(expected) = expected {
        let found = backup::checksum(partial.path())?;
        ensure!(
            found == expected,
            "{} does not match its checksum ({found} instead of {expected}): use another backup",
            args.from.display()
        );
    }
    backup::check_copy(partial.path(), args.without_log)
        .with_context(|| format!("{} cannot be restored", args.from.display()))?;
    let named = || format!("write {}", to.display());
    partial.as_file().sync_all().with_context(named)?;
    partial.persist_noclobber(to).with_context(named)?;
    backups::sync(folder)?;
    Ok(Report {
        file: to.to_owned(),
        bytes,
    })
}

/// The checksum in the file beside the backup.
fn expected_checksum(from: &Path) -> anyhow::Result<String> {
    let path = beside(from, CHECKSUM);
    let text = fs::read_to_string(&path).with_context(|| {
        format!(
            "read {}, the checksum of the backup: copy it too, or make it with `sha256sum` of a file that you trust",
            path.display()
        )
    })?;
    let word = text.split_whitespace().next().unwrap_or_default();
    ensure!(
        word.len() == 64 && word.bytes().all(|byte| byte.is_ascii_hexdigit()),
        "{} does not begin with a SHA-256",
        path.display()
    );
    Ok(word.to_ascii_lowercase())
}
