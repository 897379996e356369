//! The cost of a warm and a cold read in worlds of growing size, for readers with the same number of friends. No cost
//! may grow with the number of people.

use std::path::Path;

use anyhow::Context;

use crate::client::{Job, RequestSpec};
use crate::compare::{alone, cpu_micros};
use crate::measure::{rounded, timed_async};
use crate::reads::{Reads, TOP};
use crate::report::Report;
use crate::scale::Scale;
use crate::serving::{Server, api};
use crate::world::{Filled, token};

/// Measures every world and returns the last one.
pub(crate) async fn measure(
    folder: &Path,
    scale: &Scale,
    report: &mut Report,
) -> anyhow::Result<Option<Filled>> {
    let mut last = None;
    for (name, shape) in &scale.growth {
        drop(last.take());
        let (filled, took) = timed_async(Filled::new(folder, *shape)).await;
        let filled = filled?;
        let file = filled.file();
        let bytes = std::fs::metadata(&file)
            .with_context(|| format!("look at {}", file.display()))?
            .len();
        let cold = cold(&filled).await?;
        let world = filled.open().await?;
        let reads = Reads::new(&world, scale).await?;
        let usual: Vec<u64> = shape.usual_readers().collect();
        let top = reads.top(&usual).await?;
        let row = reads.compare(name, &top).await?;
        world.service.stop().await;
        report.add(
            row.with("people", shape.people)
                .with("friends", shape.reader_friends)
                .with("friends_of_others", shape.ring)
                .with("stories", shape.stories())
                .with("cold_cpu_micros", rounded(cold, 1.0))
                .with("store_mib", bytes >> 20)
                .with("fill_seconds", rounded(took.as_secs_f64(), 10.0)),
        );
        last = Some(filled);
    }
    Ok(last)
}

/// Measures the first read of each reader.
async fn cold(filled: &Filled) -> anyhow::Result<f64> {
    let world = filled.open().await?;
    let server = Server::start(api(&world.service)).await?;
    let readers = filled.shape.usual_readers();
    let specs: Vec<_> = readers
        .map(|reader| RequestSpec::page(TOP, &token(reader)))
        .collect();
    let job = Job {
        address: server.address.clone(),
        requests: specs.len(),
        specs,
        status: 200,
    };
    let cpu = cpu_micros(&job, alone).await?;
    world.service.stop().await;
    Ok(cpu)
}
