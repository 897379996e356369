//! Health and metrics.
//!
//! `/livez`: the process responds. `/readyz`: this node may receive requests; it checks nothing that all nodes share,
//! because one slow database would then take out the whole fleet. `/healthz`: the dependencies, for alerts.

pub(crate) mod probes;
mod prometheus;

pub(crate) use prometheus::metrics;
