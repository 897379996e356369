//! `sosik work`: delivers stories until a stop is requested, and serves no API.

use sosik_api::Welcome;

use super::{Outcome, Sources};
use crate::config::{Loaded, Problems};
use crate::engines::MEMORY;
use crate::server::Server;
use crate::wiring;

/// The role has no options: everything is configuration.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "It reads the configuration of the nodes that serve. Health checks and metrics are on server.admin_listen. \
Stops on SIGTERM and SIGINT: deliveries in progress are finished or left to another node."
)]
pub struct Args {}

/// Delivers.
///
/// # Errors
/// The engines are not shared with other nodes, the port of the administration listener is in use, or the store cannot
/// be opened.
pub async fn run(Args {}: Args, sources: Sources) -> anyhow::Result<Outcome> {
    let loaded = sources.start()?;
    check(&loaded)?;
    let server = Server::open_administration(&loaded).await?;
    // The future is large.
    let opening = Box::pin(wiring::open(&loaded));
    if let Some(opened) = server.unless_stopped(opening).await? {
        let service = opened.service;
        server.serve(&loaded, service, Welcome::default()).await?;
    }
    Ok(Outcome::Fine)
}

/// Deliveries come from other nodes.
fn check(loaded: &Loaded) -> Result<(), Problems> {
    if loaded.config.urls.queue.scheme() != MEMORY {
        return Ok(());
    }
    Err(loaded.problem(
        "queue.url",
        "queue.url is memory:, so no other node can pass deliveries to this one",
        "write the store.url, fabric.url and queue.url of the nodes that serve",
    ))
}
