//! The layers that every request passes.
//!
//! From the outside in: CORS (only if other origins are configured), [`watch`] (request id, host, log, metrics,
//! problems, security headers, panics, and for the API admission and a deadline), compression, the router. The layers
//! wrap the router once instead of each of its routes, because each layer adds cost to every request.

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
mod streamed;
mod watch;

#[cfg(test)]
mod tests;

pub(crate) use admission::{Admission, shed};
pub(crate) use bodies::Bodies;
pub(crate) use compression::Uncompressed;
pub(crate) use cors::cors;
pub(crate) use metrics::RouteMetrics;
pub use operators::AdminToken;
pub(crate) use operators::operators;
pub(crate) use response_bytes::{SharedBody, Streamed};
pub(crate) use routes::{Front, Routes};
pub(crate) use streamed::{Pieces, StreamedBody};
pub(crate) use watch::watch;
