//! Builders and faults for tests; only ever a dev-dependency.

pub mod clock;
