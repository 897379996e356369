//! `sosik config`: prints the configuration in effect, a sample file or the reference page.

use super::{Outcome, Sources};
use crate::{
    config::{described, render},
    print,
};

/// What to print.
#[derive(Debug, clap::Args)]
#[group(multiple = false)]
pub struct Args {
    /// The configuration in effect, with the source of each value (the default)
    #[arg(long)]
    print: bool,
    /// A file with every key at its default
    #[arg(long)]
    sample: bool,
    /// The reference page of the guide
    #[arg(long)]
    reference: bool,
}

/// Prints it. The sample and the reference page do not read the configuration, so they also work if it is broken.
#[expect(clippy::unused_async, reason = "every role has the same shape")]
pub async fn run(args: Args, sources: Sources) -> anyhow::Result<Outcome> {
    let page = if args.sample {
        render::sample(&described())
    } else if args.reference {
        render::reference(&described())
    } else {
        render::effective(&sources.load()?.sections)
    };
    print::out(&page)?;
    Ok(Outcome::Fine)
}
