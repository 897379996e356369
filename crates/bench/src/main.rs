//! Measures the hot paths (reading, durable posts, delivery, memory, start, growth) and compares them with the usual
//! alternatives.
//!
//! Everything is measured in one run on one machine. A figure is read as a ratio to a floor measured beside it: the
//! same bytes served statically by the same HTTP stack, or the bare fsync rate of the disk. CPU is the time that
//! processes used and not the time that passed, so other programs on the machine matter little.
//!
//! `cargo xtask bench` runs all of it and writes `docs/performance.md`. To add a measurement, add a file with a
//! function `measure` that adds rows to the [`report::Report`], a variant of [`Part`], and its table in `document`.

mod alternatives;
mod child;
mod client;
mod compare;
mod delivery;
mod document;
mod growth;
mod keep_up;
mod machine;
mod measure;
mod memory;
mod plot;
mod posting;
mod reads;
mod report;
mod scale;
mod serving;
mod startup;
mod visible;
mod world;

use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::{Parser, ValueEnum};

use crate::report::{Report, Row};
use crate::scale::Scale;
use crate::world::Filled;

/// The allocator of the executable that is shipped.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Measures the hot paths and prints one line for each result.
#[derive(Debug, Parser)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "switches of a command line are independent of each other"
)]
struct CommandLine {
    /// Folder for the stores that are measured; must be on the disk to measure [default: beside this program]
    #[arg(long, value_name = "FOLDER")]
    folder: Option<PathBuf>,
    /// Smaller worlds and fewer rounds: less than two minutes, coarser figures.
    #[arg(long)]
    quick: bool,
    /// Print one JSON object a line.
    #[arg(long)]
    json: bool,
    /// Write the document here, with its plots in a folder of the same name beside it. Not with --quick.
    #[arg(long, conflicts_with_all = ["quick", "part"])]
    document: Option<PathBuf>,
    /// What to measure [default: everything]
    #[arg(value_enum)]
    part: Vec<Part>,
    /// Only enough to see that everything works; the figures mean nothing
    #[arg(long, hide = true)]
    tiny: bool,
    /// Internal: run as the client, with the job on standard input
    #[arg(long, hide = true)]
    client: bool,
    /// Internal: run as a server in a process of its own
    #[arg(long, hide = true)]
    serve: Option<String>,
}

/// What can be measured separately.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    /// Deliveries into timelines of this process, and their memory
    Delivery,
    /// Durable posts a second.
    Post,
    /// Posts a second that deliveries keep up with.
    KeepUp,
    /// Feed reads against static answers.
    Read,
    /// The time from posting until visible
    Visible,
    /// Memory for each person who reads
    Memory,
    /// PostgreSQL and Redis as alternatives
    Alternatives,
    /// Worlds of growing size.
    Growth,
    /// Starting on the largest of them.
    Startup,
}

fn main() -> anyhow::Result<()> {
    let command_line = CommandLine::parse();
    if command_line.client {
        return client::run();
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    if let Some(job) = &command_line.serve {
        return runtime.block_on(child::run(job));
    }
    let mut report = Report::new(command_line.json);
    let machine = machine::Machine::look();
    // Runs on the main thread: nothing else of this process runs beside it.
    if command_line.wants(Part::Delivery) {
        delivery::measure(&command_line.scale(), &mut report)?;
    }
    let run = measure::timed(|| runtime.block_on(command_line.measure(&mut report)));
    run.0?;
    match &command_line.document {
        Some(path) => document::write(path, &machine, &report, run.1),
        None => Ok(()),
    }
}

impl CommandLine {
    fn scale(&self) -> Scale {
        match (self.tiny, self.quick) {
            (true, _) => Scale::tiny(),
            (false, true) => Scale::quick(),
            (false, false) => Scale::full(),
        }
    }

    fn wants(&self, part: Part) -> bool {
        self.part.is_empty() || self.part.contains(&part)
    }

    /// The folder for the stores. By default it is beside this program, because cargo's target folder may be anywhere.
    fn folder(&self) -> anyhow::Result<PathBuf> {
        if let Some(folder) = &self.folder {
            return Ok(folder.clone());
        }
        let program = std::env::current_exe().context("find this program; name --folder")?;
        let folder = program.parent();
        folder.map(Path::to_owned).context("name --folder")
    }

    async fn measure(&self, report: &mut Report) -> anyhow::Result<()> {
        let (scale, folder) = (self.scale(), self.folder()?);
        if self.wants(Part::Post) {
            posting::measure(&folder, &scale, report).await?;
        }
        if self.wants(Part::KeepUp) {
            keep_up::measure(&folder, &scale, report).await?;
        }
        let of_base = [Part::Read, Part::Visible, Part::Memory, Part::Alternatives];
        if of_base.into_iter().any(|part| self.wants(part)) {
            let base = Filled::new(&folder, scale.base).await?;
            self.measure_base(&base, &scale, report).await?;
        }
        if self.wants(Part::Growth) || self.wants(Part::Startup) {
            let largest = growth::measure(&folder, &scale, report).await?;
            if let Some(largest) = largest.filter(|_| self.wants(Part::Startup)) {
                startup::measure(&largest, report).await?;
            }
        }
        if self.quick {
            let why = "a million people take minutes to make; run without --quick";
            report.add(Row::left_out("growth_1m", why));
        }
        Ok(())
    }

    async fn measure_base(
        &self,
        base: &Filled,
        scale: &Scale,
        report: &mut Report,
    ) -> anyhow::Result<()> {
        if self.wants(Part::Read) {
            reads::measure(base, scale, report).await?;
        }
        if self.wants(Part::Memory) {
            memory::measure(base, scale, report)?;
        }
        if self.wants(Part::Alternatives) {
            alternatives::measure(base, scale, report).await?;
        }
        // Runs last, because it writes into the world.
        if self.wants(Part::Visible) {
            visible::measure(base, scale, report).await?;
        }
        Ok(())
    }
}
