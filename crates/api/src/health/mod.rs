//! Is it well, and how is it doing.
//!
//! `/livez`: the process answers. `/readyz`: this node alone may be sent requests; what all nodes share is not asked,
//! or one slow database would take out the whole fleet. `/healthz`: the things it depends on, for alarms.

mod figures;
pub(crate) mod probes;

pub(crate) use figures::metrics;
