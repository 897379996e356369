//! Health and metrics.
//!
//! `/livez`: the process responds. `/readyz`: this node may receive requests; it checks nothing that all nodes share,
//! because one slow database would then take out the whole fleet. `/healthz`: the dependencies, for alerts.

mod figures;
pub(crate) mod probes;

pub(crate) use figures::metrics;
