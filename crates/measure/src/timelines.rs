//! Measures timelines in this process: the memory of one, and the cost of adding a story to it.

use std::time::Duration;

use anyhow::ensure;
use sosik_fabric::Timelines as _;
use sosik_fabric::memory::{MemoryOptions, MemoryTimelines};
use sosik_fabric::timelines::{Delivery, Rebuild};
use sosik_feed::pulled::LogPosition;
use sosik_feed::{PersonId, StoryId};

use super::clock::{micros_each, number, resident_bytes, thread_cpu};

/// Ids in a full timeline: the default of `feed.timeline_stories`.
const STORIES: u64 = 800;
/// Readers per story, like friends.
const READERS_OF_A_STORY: usize = 300;
/// Far from 1 and coprime to the counts used, so that the readers of a story are spread over the table.
const STRIDE: u64 = 7_919;

/// The results.
pub(crate) struct Timelines {
    /// Memory of a full timeline in bytes, as the system reports it.
    pub(crate) bytes_each: f64,
    /// Processor time per delivery, in microseconds.
    pub(crate) delivery: f64,
}

/// Fills `readers` timelines and delivers `rounds` stories to all of them. Run it on its own thread, so that its
/// processor time can be distinguished.
pub(crate) fn measure(readers: u64, rounds: u64) -> anyhow::Result<Timelines> {
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    runtime.block_on(run(readers, rounds))
}

/// Longer than a build takes.
const HOLD: Duration = Duration::from_secs(60);

async fn run(readers: u64, rounds: u64) -> anyhow::Result<Timelines> {
    let timelines = MemoryTimelines::new(MemoryOptions {
        timeline_stories: usize::try_from(STORIES)?,
        timelines_bytes: usize::MAX / 2,
        ..MemoryOptions::default()
    });
    let before = resident_bytes();
    for reader in 1..=readers {
        let rebuild = Rebuild {
            reader: PersonId::from_u64(reader),
            incarnation: 1,
        };
        let begun = timelines.begin_rebuild(rebuild, LogPosition::NONE, HOLD);
        ensure!(begun.await?, "another rebuild is running");
        let ids = (1..=STORIES)
            .rev()
            .map(|story| StoryId::from_u64(story << 22));
        let built = timelines
            .finish_rebuild(rebuild, ids.collect(), StoryId::default())
            .await?;
        ensure!(built, "a timeline was evicted during its rebuild");
    }
    let everybody: Vec<PersonId> = (0..readers)
        .map(|place| PersonId::from_u64(place * STRIDE % readers + 1))
        .collect();
    let bytes = resident_bytes() - before;
    let (start, mut delivered) = (thread_cpu(), 0);
    for story in 1..=rounds {
        let id = StoryId::from_u64((STORIES + story) << 22);
        for some in everybody.chunks(READERS_OF_A_STORY) {
            let readers = some.to_vec();
            delivered += timelines
                .deliver(&[Delivery { story: id, readers }])
                .await?;
        }
    }
    let span = thread_cpu().saturating_sub(start);
    ensure!(delivered > 0, "nothing was delivered");
    Ok(Timelines {
        bytes_each: bytes / number(usize::try_from(readers)?),
        delivery: micros_each(span, delivered),
    })
}

#[cfg(test)]
mod tests {
    use std::ops::Range;
    use std::process::Command;

    use super::*;

    const READERS: u64 = 6_000;

    /// 800 ids of 8 bytes take 6,400 bytes. The slot, its links and its share of the table take 136; the rest is the
    /// allocator's and the empty part of the table. 6,750 to 6,816 were measured. A timeline with room for another 64 ids
    /// would take at least 7,262.
    const BYTES: Range<f64> = 6_400.0..7_200.0;

    /// The beginning of the line with the result.
    const RESULT: &str = "bytes of a timeline: ";

    /// Runs in a process of its own, started by the next test. It is not skipped: that test fails without its result.
    #[test]
    #[ignore = "measures the memory of its whole process, so the next test gives it one"]
    fn bytes_of_a_timeline() {
        let measured = measure(READERS, 1).unwrap();
        println!("\n{RESULT}{}", measured.bytes_each);
    }

    #[test]
    fn a_full_timeline_takes_its_ids_and_little_more() {
        let this = std::env::current_exe().unwrap();
        let arguments = ["--exact", "--ignored", "--nocapture"];
        let mut command = Command::new(this);
        command.arg("timelines::tests::bytes_of_a_timeline");
        let ran = command.args(arguments).output().unwrap();
        let out = String::from_utf8(ran.stdout).unwrap();
        let result = out.lines().find_map(|line| line.strip_prefix(RESULT));
        let bytes: f64 = result.unwrap().parse().unwrap();
        assert!(BYTES.contains(&bytes), "{bytes}");
    }

    #[test]
    fn a_delivery_takes_time() {
        assert!(measure(100, 1).unwrap().delivery > 0.0);
    }
}
