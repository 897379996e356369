//! `sosik verify`: compares complete feeds, as they are served, with feeds computed from the store. With `--media`, compares
//! the files of photos instead (see `verify_media`).

use std::time::Duration;

use anyhow::Context;
use futures::{StreamExt, TryStreamExt, stream};
use indicatif::ProgressBar;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::Serialize;
use sosik_feed::people::Handle;
use sosik_feed::{PersonId, StoryId};
use sosik_service::Service;
use sosik_service::verifier::{Comparison, Difference};
use tokio::time::{MissedTickBehavior, interval};

use super::{Outcome, Sources, verify_media};
use crate::{print, progress, wiring};

/// People read in one step when everybody is listed.
const LIST_STEP: u32 = 10_000;
/// The interval at which the remaining orders are counted until deliveries are complete.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// Most differences printed. A feed with a lost index would fill the screen.
pub(super) const REPORTED_MAX: usize = 1_000;

/// The readers whose feeds are compared.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Deliveries left by a stopped or killed server are completed first. Exit code 0: no difference; \
                  1: differences or wrong files, one a line; 4: no difference, but the newest stories were not compared, because their \
                  deliveries are not complete."
)]
pub struct Args {
    #[command(flatten)]
    whose: Whose,
    /// Seed of --sample; the same number chooses the same readers
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How long to wait for deliveries that make no progress
    #[arg(long, value_name = "SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..=3_600))]
    patience: u64,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

#[derive(Debug, clap::Args)]
#[group(multiple = false)]
struct Whose {
    /// Compares the files of photos with the store instead of feeds: every file exists with its digest, and no other file
    /// remains. Reads all files
    #[arg(long)]
    media: bool,
    /// All readers (the default)
    #[arg(long)]
    all: bool,
    /// This number of readers, chosen at random
    #[arg(long, value_name = "NUMBER")]
    sample: Option<usize>,
    /// This reader; repeatable
    #[arg(long, value_name = "HANDLE")]
    reader: Vec<String>,
}

/// What was compared and found.
#[derive(Debug, Default, Serialize)]
struct Report {
    readers: u64,
    stories: u64,
    differences: u64,
    seconds: f64,
    /// Stories newer than this were not compared, because their deliveries are not complete. Absent if all stories were
    /// compared.
    #[serde(skip_serializing_if = "Option::is_none")]
    compared_up_to: Option<StoryId>,
    /// At most [`REPORTED_MAX`] of them.
    told: Vec<ReportedDifference>,
}

#[derive(Debug, Serialize)]
struct ReportedDifference {
    reader: String,
    story: StoryId,
    what: &'static str,
}

/// Compares feeds and prints every difference.
///
/// # Errors
/// A reader does not exist, or the store fails.
pub async fn run(args: Args, sources: Sources) -> anyhow::Result<Outcome> {
    let loaded = sources.start()?;
    let service = wiring::open(&loaded).await?.service;
    if args.whose.media {
        let compared = verify_media::run(&loaded, &service, args.json).await;
        service.stop().await;
        return compared;
    }
    let at_once = std::thread::available_parallelism()
        .map_or(1, usize::from)
        .min(loaded.config.store.readers);
    let verified = verify(&args, &service, at_once).await;
    service.stop().await;
    let report = verified?;
    print::out(&if args.json {
        serde_json::to_string(&report)? + "\n"
    } else {
        sentences(&report)
    })?;
    Ok(match (report.differences, report.compared_up_to) {
        (0, None) => Outcome::Fine,
        (0, Some(_)) => Outcome::Incomplete,
        _ => Outcome::Difference,
    })
}

async fn verify(args: &Args, service: &Service, at_once: usize) -> anyhow::Result<Report> {
    let begin = service.clock().monotonic();
    let compared_up_to = wait_for_deliveries(service, Duration::from_secs(args.patience)).await?;
    let readers = readers(&args.whose, args.seed, service).await?;
    let bar = progress::bar("readers", readers.len() as u64);
    let mut report = Report {
        compared_up_to,
        ..Report::default()
    };
    let compare = |reader| async move {
        service
            .verifier()
            .verify(reader)
            .await
            .map(|comparison| (reader, comparison))
    };
    let comparisons: Vec<_> = readers.into_iter().map(compare).collect();
    let mut comparisons = stream::iter(comparisons).buffer_unordered(at_once);
    while let Some((reader, comparison)) = comparisons.try_next().await? {
        bar.inc(1);
        add(&mut report, service, reader, comparison, &bar, args.json).await?;
    }
    bar.finish_and_clear();
    report.seconds = (service.clock().monotonic() - begin).as_secs_f64();
    Ok(report)
}

/// Waits until no delivery is left, and gives up when their number stops falling. Returns the newest story up to which
/// feeds can be compared, or `None` if all stories can be compared.
async fn wait_for_deliveries(
    service: &Service,
    patience: Duration,
) -> anyhow::Result<Option<StoryId>> {
    // No existing story has a larger id.
    let newest = StoryId::new(service.newest_possible());
    let bar = progress::spinner("completing deliveries");
    let mut tick = interval(LOOK_EVERY);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let (mut fewest, mut since) = (u64::MAX, service.clock().monotonic());
    loop {
        tick.tick().await;
        service.delivery().advance_watermark().await?;
        let watermark = service.delivery().watermark();
        if watermark >= newest {
            bar.finish_and_clear();
            return Ok(None);
        }
        let pending = service.store().order_stats().await?.pending;
        bar.set_position(pending);
        if pending < fewest {
            (fewest, since) = (pending, service.clock().monotonic());
        } else if service.clock().monotonic() - since > patience {
            bar.finish_and_clear();
            return Ok(Some(watermark));
        }
    }
}

async fn add(
    report: &mut Report,
    service: &Service,
    reader: PersonId,
    comparison: Comparison,
    bar: &ProgressBar,
    json: bool,
) -> anyhow::Result<()> {
    report.readers += 1;
    report.stories += comparison.stories;
    report.differences += comparison.differences.len() as u64;
    let room = REPORTED_MAX.saturating_sub(report.told.len());
    if comparison.differences.is_empty() || room == 0 {
        return Ok(());
    }
    let person = service
        .store()
        .people(&[reader], sosik_feed::CommitPosition::LATEST)
        .await?
        .pop();
    let reader = person.map_or_else(
        || format!("person {reader}"),
        |person| format!("@{}", person.handle),
    );
    for difference in comparison.differences.into_iter().take(room) {
        if !json {
            // Printed immediately: a long run is often stopped at the first finding.
            bar.suspend(|| print::out(&format!("{reader}: {difference}\n")))?;
        }
        let (story, what) = match difference {
            Difference::Missing(story) => (story, "missing"),
            Difference::Leaked(story) => (story, "leaked"),
            Difference::OutOfOrder(story) => (story, "out_of_order"),
        };
        report.told.push(ReportedDifference {
            reader: reader.clone(),
            story,
            what,
        });
    }
    Ok(())
}

async fn readers(whose: &Whose, seed: u64, service: &Service) -> anyhow::Result<Vec<PersonId>> {
    if !whose.reader.is_empty() {
        return named(&whose.reader, service).await;
    }
    let everybody = everybody(service).await?;
    Ok(match whose.sample {
        Some(count) => sample(everybody, count, seed),
        None => everybody,
    })
}

async fn named(handles: &[String], service: &Service) -> anyhow::Result<Vec<PersonId>> {
    let mut readers = Vec::with_capacity(handles.len());
    for text in handles {
        let handle = Handle::lookup(text).map_or_else(String::new, Handle::into_string);
        let person = service.store().person_by_handle(&handle).await?;
        readers.push(
            person
                .with_context(|| format!("nobody has the handle \"{text}\""))?
                .id,
        );
    }
    Ok(readers)
}

async fn everybody(service: &Service) -> anyhow::Result<Vec<PersonId>> {
    let mut everybody = Vec::new();
    let mut after = PersonId::default();
    loop {
        let step = service.store().people_after(after, LIST_STEP).await?;
        let Some(last) = step.last() else {
            return Ok(everybody);
        };
        after = *last;
        everybody.extend(step);
    }
}

/// `count` of the people, all equally likely.
fn sample(mut people: Vec<PersonId>, count: usize, seed: u64) -> Vec<PersonId> {
    let mut chance = ChaCha8Rng::seed_from_u64(seed);
    let count = count.min(people.len());
    for place in 0..count {
        let drawn = chance.random_range(place..people.len());
        people.swap(place, drawn);
    }
    people.truncate(count);
    people
}

fn sentences(report: &Report) -> String {
    let Report {
        readers,
        stories,
        differences,
        seconds,
        compared_up_to,
        told,
    } = report;
    let untold = differences - told.len() as u64;
    let more = if untold > 0 {
        format!("and {untold} further differences\n")
    } else {
        String::new()
    };
    let skipped = compared_up_to.map_or_else(String::new, |story| {
        format!(
            "stories newer than {story} were not compared: their deliveries make no progress. The log says why; \
             GET /admin/orders/dead of a running server lists those that failed for good\n"
        )
    });
    let found = match differences {
        0 => "no difference".to_owned(),
        1 => "1 difference".to_owned(),
        many => format!("{many} differences"),
    };
    format!("{more}{skipped}{found}: {readers} readers, {stories} stories in {seconds:.1} s\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_is_the_same_for_the_same_seed_and_holds_nobody_twice() {
        let people: Vec<_> = (1..=1_000).map(PersonId::from_u64).collect();
        let drawn = sample(people.clone(), 100, 7);
        assert_eq!(drawn, sample(people.clone(), 100, 7));
        assert_ne!(drawn, sample(people.clone(), 100, 8));
        let mut different = drawn;
        different.sort_unstable();
        different.dedup();
        assert_eq!(different.len(), 100);
        assert_eq!(sample(people, 5_000, 1).len(), 1_000);
    }
}
