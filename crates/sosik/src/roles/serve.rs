//! `sosik serve`: the service, until it is asked to stop.

use sosik_api::Welcome;

use super::{Outcome, Sources};
use crate::house::House;
use crate::wiring;

/// Everything is configuration.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Stops on SIGTERM and SIGINT: running requests end first, nothing acknowledged is lost."
)]
pub struct Args {}

/// Serves.
///
/// # Errors
/// When a port is taken or the store cannot be opened.
pub async fn run(Args {}: Args, sources: Sources) -> anyhow::Result<Outcome> {
    let loaded = sources.start()?;
    let house = House::open(&loaded).await?;
    let service = wiring::open(&loaded).await?;
    house.serve(&loaded, service, Welcome::default()).await?;
    Ok(Outcome::Fine)
}
