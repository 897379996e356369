//! `sosik migrate`: moves everything from an SQLite store to an empty PostgreSQL database.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use serde::Serialize;
use sosik_feed::Timestamp;
use sosik_service::{Clock, SystemClock};
use sosik_store::engine::transfer::RowSource;
use sosik_store_postgres::{DatabaseUrl, FilledTable, Filling, PostgresOptions, rows_of};
use sosik_store_sqlite::{Export, SqliteFile, SqliteOptions};

use super::{Outcome, Sources};
use crate::config::{Config, EngineUrl, Loaded};
use crate::engines::{SQLITE, authorities_of};
use crate::{print, progress};

/// The scheme of the target.
const POSTGRES: &str = "postgres";
/// The name of this process in the list of connections of the server.
const NODE: &str = "migrate";
/// Default number of rows in one transaction: about a second, which is repeated after a kill.
const ROWS_PER_TRANSACTION: u32 = 100_000;
/// For the estimate: rows a second. 3.9 million took 46 seconds on two busy cores that also carried the database.
const ROWS_PER_SECOND: u64 = 80_000;

/// The two stores.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Stop the server first: nobody can use the service until the command has ended, and it says how long that \
                  takes. --estimate says it while the server still runs. A command that was killed continues when it is \
                  started again. No node starts on a database that is half filled. Afterwards `sosik verify` checks the \
                  feeds. See docs/guide/cluster.md."
)]
pub struct Args {
    /// The store to move, such as sqlite:data/sosik.db; it is only read
    #[arg(long, value_name = "URL", value_parser = engine_url)]
    from: EngineUrl,
    /// The empty database, such as postgres://user:password@host/database, without PgBouncer in between [default:
    /// store.url]
    #[arg(long, value_name = "URL", value_parser = engine_url)]
    to: Option<EngineUrl>,
    /// Move nothing: count the rows and estimate the time; a server may use the store
    #[arg(long)]
    estimate: bool,
    /// Rows in one transaction; a command that was killed repeats at most these
    #[arg(long, value_name = "N", default_value_t = ROWS_PER_TRANSACTION, value_parser = clap::value_parser!(u32).range(1..=10_000_000))]
    rows_per_transaction: u32,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// The text is not repeated, because it may contain a password.
fn engine_url(text: &str) -> Result<EngineUrl, &'static str> {
    text.parse()
        .map_err(|_no_scheme| "write an address with a scheme, such as sqlite:data/sosik.db")
}

/// What was moved, for `--json`.
#[derive(Debug, Serialize)]
struct Report {
    /// Rows of each table.
    tables: Vec<Table>,
    /// Rows of all tables.
    rows: u64,
    /// Rows that an earlier run had moved.
    rows_before: u64,
    /// The time of this run.
    seconds: f64,
    /// The time since the first run began.
    downtime_seconds: f64,
}

/// What would be moved, for `--estimate --json`.
#[derive(Debug, Serialize)]
struct Estimate {
    tables: Vec<Table>,
    rows: u64,
    estimated_seconds: u64,
}

#[derive(Debug, Serialize)]
struct Table {
    name: &'static str,
    rows: u64,
}

/// Moves everything.
///
/// # Errors
/// A store cannot be opened or fails, a server uses the source, or the target is not empty. The error says what to do.
pub async fn run(args: Args, sources: Sources) -> anyhow::Result<Outcome> {
    let loaded = sources.start()?;
    let to = args.to.as_ref().unwrap_or(&loaded.config.urls.store);
    if let Some(why) = misuse(&args, to) {
        print::note(&format!("sosik: {why}\n"));
        return Ok(Outcome::WrongUsage);
    }
    let from = PathBuf::from(args.from.rest());
    let text = if args.estimate {
        let estimate = tokio::task::block_in_place(|| estimate(&from))?;
        match args.json {
            true => serde_json::to_string(&estimate)? + "\n",
            false => estimated(estimate.rows),
        }
    } else {
        let report = migrate(&args, &loaded, from, to).await?;
        match args.json {
            true => serde_json::to_string(&report)? + "\n",
            false => sentences(&report),
        }
    };
    print::out(&text)?;
    Ok(Outcome::Fine)
}

fn misuse(args: &Args, to: &EngineUrl) -> Option<&'static str> {
    if args.from.scheme() != SQLITE {
        Some("--from must be an SQLite store, such as sqlite:data/sosik.db")
    } else if to.scheme() != POSTGRES && !args.estimate {
        Some("name the PostgreSQL database with --to postgres://… or in store.url")
    } else {
        None
    }
}

fn estimate(from: &std::path::Path) -> anyhow::Result<Estimate> {
    let tables = rows_of(&Export::peek(from)?)?;
    let rows = tables.iter().map(|table| table.rows).sum();
    Ok(Estimate {
        tables: listed(&tables),
        rows,
        estimated_seconds: seconds_of(rows),
    })
}

async fn migrate(
    args: &Args,
    loaded: &Loaded,
    from: PathBuf,
    to: &EngineUrl,
) -> anyhow::Result<Report> {
    let clock = SystemClock;
    let begun = clock.monotonic();
    let options = SqliteOptions {
        file: SqliteFile::At(from),
        now: clock.now(),
        ..loaded.config.store.clone()
    };
    let source = tokio::task::block_in_place(|| Export::open(&options))?;
    let source: Arc<dyn RowSource> = Arc::new(source);
    let options = options_of(&loaded.config, to, clock.now())?;
    let filling = Box::pin(Filling::begin(&options, source)).await?;
    let (tables, rows_before) = (filling.tables().to_vec(), filling.rows_filled());
    let rows: u64 = tables.iter().map(|table| table.rows).sum();
    let begun_at = filling.begun_at();
    // Rows of the source may have been removed by hand since an earlier run.
    print::note(&estimated(rows.saturating_sub(rows_before)));
    fill(filling, rows, args.rows_per_transaction).await?;
    let elapsed = clock.monotonic() - begun;
    Ok(Report {
        tables: listed(&tables),
        rows,
        rows_before,
        seconds: elapsed.as_secs_f64(),
        downtime_seconds: since(begun_at, clock.now()).max(elapsed).as_secs_f64(),
    })
}

fn options_of(config: &Config, to: &EngineUrl, now: Timestamp) -> anyhow::Result<PostgresOptions> {
    let url = DatabaseUrl::new(to.expose().to_owned());
    Ok(PostgresOptions {
        pools: config.pools,
        authorities: authorities_of(&url, config)?,
        ..PostgresOptions::at(url, NODE, now)
    })
}

async fn fill(filling: Filling, rows: u64, rows_per_transaction: u32) -> anyhow::Result<()> {
    let bar = progress::bar("rows", rows);
    bar.set_position(filling.rows_filled());
    let copied = |rows| bar.inc(rows);
    let filled = Box::pin(filling.run(rows_per_transaction.into(), &copied)).await;
    bar.finish_and_clear();
    filled.context("move the rows; the command continues when it is started again")
}

fn since(begun_at: Timestamp, now: Timestamp) -> Duration {
    Duration::from_millis(now.as_millis().saturating_sub(begun_at.as_millis()))
}

fn listed(tables: &[FilledTable]) -> Vec<Table> {
    let table = |table: &FilledTable| Table {
        name: table.name,
        rows: table.rows,
    };
    tables.iter().map(table).collect()
}

/// At least a second, which the schema takes.
const fn seconds_of(rows: u64) -> u64 {
    rows / ROWS_PER_SECOND + 1
}

fn estimated(rows: u64) -> String {
    format!(
        "{rows} rows to move: about {} s on two cores, while no server may use either store\n",
        seconds_of(rows)
    )
}

fn sentences(report: &Report) -> String {
    let Report {
        rows,
        rows_before,
        seconds,
        downtime_seconds,
        tables,
    } = report;
    let earlier = match rows_before {
        0 => String::new(),
        _ => format!(", {rows_before} of them by an earlier run"),
    };
    format!(
        "{rows} rows of {} tables are moved{earlier}, and their numbers are equal in both stores\n\
         this run took {seconds:.1} s; no server could run for {downtime_seconds:.1} s\n\
         next: set store.url to the new database, run `sosik verify`, and start the nodes. Keep the old file as a backup: \
         no server starts on it any more\n",
        tables.len()
    )
}
