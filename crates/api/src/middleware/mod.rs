//! The layers that every request passes.
//!
//! From the outside in: CORS (only where other origins are named), [`watch`] (name, host, log, metrics, problems,
//! security headers, panics, and for the API itself a place to work and a deadline), compression, the router. The front
//! stands before the router, not around each of its routes, since each layer costs every request.

mod admission;
mod bodies;
mod compression;
mod cors;
mod headers;
mod host;
mod metrics;
mod operators;
mod response_bytes;
mod routes;
mod watch;

#[cfg(test)]
mod tests;

pub(crate) use admission::Admission;
pub(crate) use bodies::Bodies;
pub(crate) use cors::cors;
pub(crate) use metrics::RouteMetrics;
pub use operators::AdminToken;
pub(crate) use operators::operators;
pub(crate) use routes::{Front, Routes};
pub(crate) use watch::watch;
