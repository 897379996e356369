//! What every request goes through, whatever it asks.
//!
//! From the outside in: CORS, [`watch`] (name, log, metrics, problems, security headers, panics), compression; and
//! for the API itself [`admit`] (a place to work, and a deadline). Health and metrics need no place, so they are
//! never shed.

mod admission;
mod compression;
mod cors;
mod headers;
mod metrics;
mod watch;

#[cfg(test)]
mod tests;

pub(crate) use admission::{Admission, admit};
pub(crate) use compression::compression;
pub(crate) use cors::cors;
pub(crate) use metrics::RouteMetrics;
pub(crate) use watch::watch;
