//! Memory of a server for each person who reads: first only their own (circle and timeline), then also the page (the
//! stories and names on it, which other readers share).

use crate::child::{Served, Warm};
use crate::report::{Report, Row};
use crate::scale::Scale;
use crate::world::Filled;

pub(crate) fn measure(filled: &Filled, scale: &Scale, report: &mut Report) -> anyhow::Result<()> {
    let mut served = Served::start(filled)?;
    // The first half also loads what exists only once, such as connections to the store and their page caches.
    let few = scale.memory_people / 2;
    served.warm(Warm::Timelines, few)?;
    let before = served.resident_bytes();
    served.warm(Warm::Timelines, scale.memory_people)?;
    let timelines = served.resident_bytes();
    served.warm(Warm::Pages, scale.memory_people)?;
    let pages = served.resident_bytes();
    served.stop()?;
    let people = u64::try_from(scale.memory_people)?;
    // The first half is a subset of all people: both select people of the world in equal steps.
    let new = people - u64::try_from(few)?;
    let stories = (filled.shape.ring + 1) * filled.shape.stories_each;
    report.add(
        Row::new("memory_person")
            .with(
                "resident_bytes_each",
                timelines.saturating_sub(before) / new,
            )
            .with("page_bytes_each", pages.saturating_sub(timelines) / people)
            .with("people", people)
            .with("friends", filled.shape.ring)
            .with(
                "stories_in_timeline",
                stories.min(u64::try_from(filled.shape.timeline_stories)?),
            )
            .with("resident_mib_after", pages >> 20),
    );
    Ok(())
}
