//! The layers that every request passes.
//!
//! From the outside in: CORS (only where other origins are named), [`watch`] (name, host, log, metrics, problems,
//! security headers, panics, and for the API itself a place to work and a deadline), compression. Few layers, since each costs
//! every request: what could be one is one.

mod admission;
mod answers;
mod bodies;
mod compression;
mod cors;
mod headers;
mod host;
mod metrics;
mod operators;
mod watch;

#[cfg(test)]
mod tests;

pub(crate) use admission::Admission;
pub(crate) use answers::note_length;
pub(crate) use bodies::Bodies;
pub(crate) use compression::compression;
pub(crate) use cors::cors;
pub(crate) use metrics::RouteMetrics;
pub use operators::AdminToken;
pub(crate) use operators::operators;
pub(crate) use watch::watch;
