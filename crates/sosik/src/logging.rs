//! The log on standard error, as text or as JSON. Each role that needs it sets it up once per process.

use std::io::{self, IsTerminal};

use anyhow::Context;
use tracing_subscriber::EnvFilter;

use crate::config::{Log, LogFormat};

/// Starts the log as configured.
///
/// # Errors
/// This process already has a log.
pub fn start(log: &Log) -> anyhow::Result<()> {
    start_quietly(log, &[])
}

/// Starts the log as configured, without the lines of these libraries, unless the filter names them.
///
/// # Errors
/// This process already has a log.
pub fn start_quietly(log: &Log, libraries: &[&str]) -> anyhow::Result<()> {
    let off: String = libraries
        .iter()
        .map(|library| format!("{library}=off,"))
        .collect();
    let filter = EnvFilter::try_new(off + &log.filter)
        .with_context(|| format!("parse log.filter \"{}\"", log.filter))?;
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal());
    let started = match log.format {
        LogFormat::Text => subscriber.try_init(),
        LogFormat::Json => subscriber.json().flatten_event(true).try_init(),
    };
    started
        .map_err(|error| anyhow::anyhow!(error))
        .context("start the log")
}
