//! `sosik rebuild`: recomputes all derived data and reports what was wrong.

use serde::Serialize;
use sosik_feed::{CommentId, PersonId, StoryId};
use sosik_store::Operations;

use super::{Outcome, Sources};
use crate::wiring::Opened;
use crate::{print, progress, wiring};

/// People or stories in one transaction.
const STEP: u32 = 500;

/// The output format.
#[derive(Debug, clap::Args)]
#[command(
    about = "Recompute counts, marks and search terms from the rows they derive from",
    after_help = "No server may use the store at the same time. An interrupted run can be repeated. Timelines in `memory:` \
                  need no rebuild: they are built from the store at the first read."
)]
pub struct Args {
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// What was checked and repaired.
#[derive(Debug, Default, Serialize)]
struct Report {
    people: u64,
    stories: u64,
    people_with_wrong_figures: u64,
    people_with_wrong_search_terms: u64,
    people_wrongly_marked_large: u64,
    stories_with_wrong_figures: u64,
    comments_with_wrong_figures: u64,
    lost_tags: u64,
    seconds: f64,
}

/// Recomputes derived data. The exit code is 0 even if rows were wrong, because they are corrected.
///
/// # Errors
/// The store fails.
pub async fn run(args: Args, sources: Sources) -> anyhow::Result<Outcome> {
    let loaded = sources.start()?;
    let opened = wiring::open_alone(&loaded).await?;
    let rebuilt = rebuild(&opened).await;
    opened.service.stop().await;
    let report = rebuilt?;
    print::out(&if args.json {
        serde_json::to_string(&report)? + "\n"
    } else {
        sentences(&report)
    })?;
    Ok(Outcome::Fine)
}

async fn rebuild(opened: &Opened) -> anyhow::Result<Report> {
    let clock = opened.service.clock();
    let begin = clock.monotonic();
    let mut report = Report::default();
    people(opened, &mut report).await?;
    stories(&*opened.operations, &mut report).await?;
    comments(&*opened.operations, &mut report).await?;
    report.seconds = (clock.monotonic() - begin).as_secs_f64();
    Ok(report)
}

/// Repairs the people.
async fn people(opened: &Opened, report: &mut Report) -> anyhow::Result<()> {
    let large = opened.service.settings().delivery.large_author;
    let bar = progress::spinner("people");
    let mut after = PersonId::default();
    loop {
        let step = opened.operations.repair_people(after, STEP, large).await?;
        let Some(last) = step.last else { break };
        after = last;
        bar.inc(step.checked);
        report.people += step.checked;
        report.people_with_wrong_figures += step.counts;
        report.people_with_wrong_search_terms += step.terms;
        report.people_wrongly_marked_large += step.large;
    }
    bar.finish_and_clear();
    Ok(())
}

async fn stories(operations: &dyn Operations, report: &mut Report) -> anyhow::Result<()> {
    let bar = progress::spinner("stories");
    let mut after = StoryId::default();
    loop {
        let step = operations.repair_stories(after, STEP).await?;
        let Some(last) = step.last else { break };
        after = last;
        bar.inc(step.checked);
        report.stories += step.checked;
        report.stories_with_wrong_figures += step.counts;
        report.lost_tags += step.tags;
    }
    bar.finish_and_clear();
    Ok(())
}

async fn comments(operations: &dyn Operations, report: &mut Report) -> anyhow::Result<()> {
    let bar = progress::spinner("comments");
    let mut after = CommentId::default();
    loop {
        let step = operations.repair_comments(after, STEP).await?;
        let Some(last) = step.last else { break };
        after = last;
        bar.inc(step.checked);
        report.comments_with_wrong_figures += step.counts;
    }
    bar.finish_and_clear();
    Ok(())
}

fn sentences(report: &Report) -> String {
    let findings = [
        (
            report.people_with_wrong_figures,
            "people with wrong counts of friends, follows, followers or stories",
        ),
        (
            report.people_with_wrong_search_terms,
            "people with wrong search terms",
        ),
        (
            report.people_wrongly_marked_large,
            "people wrongly marked or not marked as large authors",
        ),
        (
            report.stories_with_wrong_figures,
            "stories with wrong counts of likes or comments",
        ),
        (
            report.comments_with_wrong_figures,
            "comments with wrong counts of replies or likes",
        ),
        (report.lost_tags, "tags missing from the index"),
    ];
    let mut text = String::new();
    for (count, what) in findings.iter().filter(|(count, _)| *count > 0) {
        text.push_str(&format!("corrected: {count} {what}\n"));
    }
    if text.is_empty() {
        text.push_str("nothing was wrong\n");
    }
    let Report {
        people,
        stories,
        seconds,
        ..
    } = report;
    text + &format!("{people} people and {stories} stories in {seconds:.1} s\n")
}
