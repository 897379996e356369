//! `sosik balance`: one address in front of several nodes.

use std::time::Duration;

use anyhow::Context;
use sosik_balance::Status;

use super::{Outcome, Sources};
use crate::config::Loaded;
use crate::print;

/// A balancer that does not report its status within this time is overloaded or gone.
const STATUS_TIMEOUT: Duration = Duration::from_secs(5);

/// What to do.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Needs a build with the feature: cargo build --release --features balance (requires cmake).\n\
                  Stops on SIGTERM and SIGINT: requests in flight complete first. SIGUSR2 starts a new process that takes over the\n\
                  listeners, and stops this one."
)]
pub struct Args {
    /// Print a table of the nodes of the running balancer (balance.admin_listen)
    #[arg(long)]
    status: bool,
}

/// Balances, or prints the table.
///
/// # Errors
/// A port is in use, no node is named, or no balancer runs.
pub async fn run(args: Args, sources: Sources) -> anyhow::Result<Outcome> {
    if args.status {
        return show(&sources.load()?).await;
    }
    balance(sources).await
}

/// Prints the table. The code is 1 if the balancer is not ready.
async fn show(loaded: &Loaded) -> anyhow::Result<Outcome> {
    let address = loaded.config.balance.admin_listen;
    let url = format!("http://{address}/status");
    let asked = || format!("ask the balancer at {address} (balance.admin_listen)");
    let client = reqwest::Client::builder()
        .no_proxy()
        .timeout(STATUS_TIMEOUT);
    let answer = client.build()?.get(url).send().await.with_context(asked)?;
    let status: Status = answer
        .error_for_status()?
        .json()
        .await
        .with_context(asked)?;
    print::out(&status.to_string())?;
    Ok(match status.ready {
        true => Outcome::Fine,
        false => Outcome::Difference,
    })
}

#[cfg(feature = "balance")]
async fn balance(sources: Sources) -> anyhow::Result<Outcome> {
    use sosik_balance::proxy::{Balancer, Control};

    use crate::{logging, metrics, server};

    let loaded = sources.load()?;
    logging::start_quietly(&loaded.config.log, &["pingora_proxy", "pingora_core"])?;
    let token = loaded.config.server.admin_token_in_effect()?;
    let balancer = match Balancer::open(settings(&loaded), token.as_deref()).await {
        Ok(balancer) => balancer,
        Err(error) if error.is_wrong_usage() => {
            print::failure(&error.into());
            return Ok(Outcome::WrongUsage);
        }
        Err(error) => return Err(error.into()),
    };
    let stop = server::listen_for_signals()?;
    let control = Control {
        hurry: server::listen_for_another_signal(&stop),
        stop,
        replace: server::listen_for_replacement()?,
    };
    let recorded = metrics::install()?;
    let render = recorded.clone();
    tokio::spawn(async move {
        let mut tend = tokio::time::interval(server::TEND_EVERY);
        loop {
            tend.tick().await;
            recorded.run_upkeep();
        }
    });
    let render = std::sync::Arc::new(move || render.render());
    balancer.serve(render, control).await?;
    Ok(Outcome::Fine)
}

/// The settings, with no more connections than the limit of open files allows.
#[cfg(feature = "balance")]
fn settings(loaded: &Loaded) -> sosik_balance::Settings {
    let mut settings = loaded.config.balance.clone();
    let open_max = settings.connections.open_max;
    let fit = crate::descriptors::proxied_connections_that_fit();
    if fit < open_max && !loaded.is_default("balance.connections_max") {
        tracing::warn!(
            wanted = open_max,
            allowed = fit,
            "balance.connections_max is lowered to what the limit of open files allows: raise the limit (ulimit -n, or \
             LimitNOFILE= of systemd)"
        );
    }
    settings.connections.open_max = open_max.min(fit);
    settings
}

#[cfg(not(feature = "balance"))]
#[expect(clippy::unused_async, reason = "the other build waits here")]
async fn balance(_sources: Sources) -> anyhow::Result<Outcome> {
    print::note(
        "sosik: this build has no balancer: install cmake and build with `cargo build --release --features balance`\n",
    );
    Ok(Outcome::WrongUsage)
}
