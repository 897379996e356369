//! Measures the hot paths: reading a page, posting durably, delivering, and what a timeline takes in memory.
//!
//! Everything is measured in one run on one machine, and reads as a ratio to a floor measured beside it: the same
//! bytes served statically by the same HTTP stack, the bare fsync rate of the disk. One JSON object a line.
//!
//! `cargo run --release -p sosik-bench` runs all; names after it run some.

mod client;
mod delivery;
mod feed_read;
mod measure;
mod posting;
mod world;

use clap::Parser;

/// Measures the hot paths and prints one JSON object a line.
#[derive(Parser)]
struct CommandLine {
    /// Where the store of the measurement is kept while it runs; must be on the disk to be measured.
    #[arg(long, default_value = "target")]
    folder: std::path::PathBuf,
    /// Requests in one round of feed-read; fewer for a run under a profiler.
    #[arg(long, default_value_t = 60_000)]
    requests: usize,
    /// What to measure: feed-read, post, delivery. All when none is named.
    what: Vec<String>,
    /// For the measurement itself: be the client that asks for one page again and again.
    #[arg(long, hide = true)]
    client: Option<String>,
}

fn main() -> anyhow::Result<()> {
    let command_line = CommandLine::parse();
    if let Some(job) = &command_line.client {
        return client::run(job);
    }
    let wanted = |name: &str| {
        command_line.what.is_empty() || command_line.what.iter().any(|what| what == name)
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    if wanted("delivery") {
        delivery::measure();
    }
    if wanted("post") {
        runtime.block_on(posting::measure(&command_line.folder))?;
    }
    if wanted("feed-read") {
        runtime.block_on(feed_read::measure(
            &command_line.folder,
            command_line.requests,
        ))?;
    }
    Ok(())
}
