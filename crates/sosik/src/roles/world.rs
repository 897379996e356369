//! `sosik world`: fills a store with a generated world of realistic friendships, for measurements.

use std::fs;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;

use jiff::civil::Date;
use jiff::tz::{Offset, TimeZone};
use serde::Serialize;
use sosik_feed::Timestamp;
use sosik_load::people::SIGNED_UP_PASSWORD;
use sosik_load::world::{FRIENDS_MEAN, PEOPLE_MAX, PEOPLE_MIN, World, WorldSpec};
use sosik_populate::world::{
    Fill, Filled, Listed, PEOPLE_DESCRIBED_MAX, Source, WorldManifest, describe,
};

use super::{Outcome, Sources};
use crate::config::Loaded;
use crate::progress::WATCH;
use crate::{print, progress, wiring};

/// Default number of people of a world that is only described.
const PEOPLE_DESCRIBED: u32 = 100_000;
/// Page cache of the store during filling, unless a larger one is configured. It must hold the indexes of a million
/// people, which stories access at random.
const CACHE_MIB: u32 = 512;
/// The days of worlds are those of Seoul.
const SEOUL_AHEAD_HOURS: i8 = 9;
const HOUR_MS: u64 = 3_600_000;
const DAY_MS: u64 = 24 * HOUR_MS;

/// The world to make.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "The store must be empty or contain the same world. No server may use it at the same time. \
An interrupted run continues when it is started again. docs/worlds.md explains how worlds are made and what they cost."
)]
pub struct Args {
    #[command(flatten)]
    whom: Whom,
    /// Seed; the same number makes the same world
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Mean number of friends of a person; the median is half of it
    #[arg(long, value_name = "N", default_value_t = FRIENDS_MEAN, value_parser = within::<1, 400>)]
    mean: f64,
    /// Mean number of stories of a person, written in the four weeks before today
    #[arg(long, value_name = "N", default_value_t = 3.0, value_parser = within::<0, 100>)]
    stories_per_person: f64,
    /// The password of everybody
    #[arg(long, default_value = SIGNED_UP_PASSWORD)]
    password: String,
    /// The first day without stories [default: today in Seoul, or the one recorded in the store]
    #[arg(long, value_name = "YYYY-MM-DD")]
    until: Option<Day>,
    /// With --describe: edge lists to compare with
    #[arg(long, value_name = "FILE", requires = "describe")]
    compare: Vec<PathBuf>,
    /// With --describe: write a plot
    #[arg(long, value_name = "FILE", requires = "describe")]
    svg: Option<PathBuf>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// The number of people, or their friendships.
#[derive(Debug, clap::Args)]
#[group(required = true, multiple = true)]
struct Whom {
    /// Number of people, from 100 to 10000000
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(i64::from(PEOPLE_MIN)..=i64::from(PEOPLE_MAX)))]
    people: Option<u32>,
    /// Take the people of an edge list instead: two numbers a line
    #[arg(long, value_name = "FILE", conflicts_with_all = ["people", "describe"])]
    friendships: Option<PathBuf>,
    /// Fill no store: measure the shape of a world and print it as a table
    #[arg(long)]
    describe: bool,
}

/// A day, represented by its first moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Day(Timestamp);

impl FromStr for Day {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let seoul = TimeZone::fixed(Offset::constant(SEOUL_AHEAD_HOURS));
        let begin = (text.parse::<Date>().ok()).and_then(|day| day.to_zoned(seoul).ok());
        begin
            .filter(|begin| (2025..2090).contains(&begin.year()))
            .map(|begin| Self(Timestamp::from_i64(begin.timestamp().as_millisecond())))
            .ok_or("write a day from 2025 on, such as 2026-11-01")
    }
}

impl Day {
    fn of(now: Timestamp) -> Self {
        let ahead = SEOUL_AHEAD_HOURS.unsigned_abs() as u64 * HOUR_MS;
        let local = now.as_millis() + ahead;
        Self(Timestamp::from_millis(local / DAY_MS * DAY_MS - ahead))
    }
}

/// The result, for `--json`.
#[derive(Debug, Serialize)]
struct Report {
    #[serde(flatten)]
    filled: Filled,
    seconds: f64,
    /// Peak memory of this process, if the system reports it.
    memory_peak_bytes: Option<u64>,
}

/// Fills a store, or describes the world that it would contain.
///
/// # Errors
/// The store contains something else or fails, or a file cannot be read.
pub async fn run(args: Args, sources: Sources) -> anyhow::Result<Outcome> {
    if args.whom.describe {
        let people = args.whom.people.unwrap_or(PEOPLE_DESCRIBED);
        if people > PEOPLE_DESCRIBED_MAX {
            print::note(&format!(
                "sosik: describe at most {PEOPLE_DESCRIBED_MAX} people: larger worlds have the same shape\n"
            ));
            return Ok(Outcome::WrongUsage);
        }
        let table = tokio::task::block_in_place(|| {
            describe(
                &generate(&args, people),
                &args.compare,
                args.svg.as_deref(),
                WATCH,
            )
        })?;
        print::out(&table)?;
        return Ok(Outcome::Fine);
    }
    let mut loaded = sources.start()?;
    prepare(&mut loaded);
    let opened = wiring::open_alone(&loaded).await?;
    let clock = opened.service.clock();
    let begin = clock.monotonic();
    let filled = fill(&args, opened.target()).await;
    let seconds = (clock.monotonic() - begin).as_secs_f64();
    opened.service.stop().await;
    let report = Report {
        filled: filled?,
        seconds,
        memory_peak_bytes: memory_peak_bytes(),
    };
    print::out(&match args.json {
        true => serde_json::to_string(&report)? + "\n",
        false => sentence(&report),
    })?;
    Ok(Outcome::Fine)
}

async fn fill(args: &Args, target: sosik_populate::Target) -> anyhow::Result<Filled> {
    let source = tokio::task::block_in_place(|| -> anyhow::Result<Source> {
        Ok(match (&args.whom.friendships, args.whom.people) {
            (Some(list), _) => Source::Listed(Listed::read(list, WATCH)?),
            (None, people) => {
                Source::Generated(Arc::new(generate(args, people.unwrap_or(PEOPLE_MIN))))
            }
        })
    })?;
    let today = Day::of(target.service.clock().now());
    let manifest = WorldManifest {
        people: source.people(),
        seed: args.seed,
        friends_mean: match source {
            Source::Generated(_) => args.mean,
            Source::Listed(_) => 0.0,
        },
        stories_per_person: args.stories_per_person,
        until: args.until.unwrap_or(today).0,
    };
    let fill = Fill::begin(target, source, manifest, &args.password, WATCH).await?;
    fill.run(&args.password).await
}

fn generate(args: &Args, people: u32) -> World {
    let spec = WorldSpec {
        people,
        seed: args.seed,
        friends_mean: args.mean,
    };
    let bar = progress::spinner("computing towns");
    let world = World::generate(spec, |towns| bar.set_position(towns.into()));
    bar.finish_and_clear();
    world
}

/// One thread writes, and almost nothing reads.
fn prepare(loaded: &mut Loaded) {
    let store = &mut loaded.config.store;
    store.cache_mib = store.cache_mib.max(CACHE_MIB);
    store.readers = 1;
}

fn sentence(report: &Report) -> String {
    let Filled {
        people,
        friendships,
        follows,
        stories,
    } = &report.filled;
    format!(
        "{} people, {} friendships, {} follows and {} stories are new, in {:.1} s\n",
        people.new, friendships.new, follows.new, stories.new, report.seconds
    )
}

/// Peak memory as Linux reports it. Other systems report none.
fn memory_peak_bytes() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1024)
}

fn within<const LEAST: u16, const MOST: u16>(text: &str) -> Result<f64, String> {
    let number: f64 = text
        .parse()
        .map_err(|_not_a_number| "write a number".to_owned())?;
    if (f64::from(LEAST)..=f64::from(MOST)).contains(&number) {
        Ok(number)
    } else {
        Err(format!("from {LEAST} to {MOST}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_begins_at_midnight_in_seoul() {
        let day: Day = "2026-11-02".parse().unwrap();
        assert_eq!(day.0.as_millis(), 1_793_545_200_000);
        let within = Timestamp::from_millis(day.0.as_millis() + DAY_MS - 1);
        assert_eq!(Day::of(within), day);
        assert_eq!(Day::of(day.0), day);
        for text in ["2026-13-01", "1999-01-01", "today", ""] {
            assert!(text.parse::<Day>().is_err(), "{text}");
        }
    }
}
