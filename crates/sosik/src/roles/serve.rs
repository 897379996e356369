//! `sosik serve`: runs the service until a stop is requested.

use sosik_api::Welcome;

use super::{Outcome, Sources};
use crate::config::{InServe, Loaded, Problems};
use crate::engines::MEMORY;
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
    let mut loaded = sources.start()?;
    leave_deliveries(&mut loaded)?;
    let server = Server::open(&loaded).await?;
    // The future is large.
    let opening = Box::pin(wiring::open_node(&loaded, server.public_address()?));
    if let Some(opened) = server.unless_stopped(opening).await? {
        let service = opened.service;
        server.serve(&loaded, service, Welcome::default()).await?;
    }
    Ok(Outcome::Fine)
}

/// Removes the workers if other nodes are to deliver.
fn leave_deliveries(loaded: &mut Loaded) -> Result<(), Problems> {
    let config = &mut loaded.config;
    if config.delivery_in_serve == InServe::On {
        return Ok(());
    }
    if config.urls.queue.scheme() != MEMORY {
        config.service.delivery.workers = 0;
        tracing::info!("delivery.in_serve is off: nodes with `sosik work` must deliver");
        return Ok(());
    }
    Err(loaded.problem(
        "delivery.in_serve",
        "delivery.in_serve is off and queue.url is memory:, so nobody would deliver",
        "write on, or the nats://… that the nodes with `sosik work` use",
    ))
}
