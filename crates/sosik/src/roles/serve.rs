//! `sosik serve`: runs the service until a stop is requested.

use sosik_api::Welcome;

use super::{Outcome, Sources};
use crate::server::Server;
use crate::wiring;

/// The role has no options: everything is configuration.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Stops on SIGTERM and SIGINT: requests in flight complete first, and no acknowledged write is lost."
)]
pub struct Args {}

/// Serves.
///
/// # Errors
/// A port is in use, or the store cannot be opened.
pub async fn run(Args {}: Args, sources: Sources) -> anyhow::Result<Outcome> {
    let loaded = sources.start()?;
    let server = Server::open(&loaded).await?;
    let opened = wiring::open_node(&loaded, server.public_address()?).await?;
    let service = opened.service;
    server.serve(&loaded, service, Welcome::default()).await?;
    Ok(Outcome::Fine)
}
