//! Wrappers around the store and the engines of the fabric, for tests of their callers.
//!
//! A wrapped part calls a [`Hook`] before and after every call. [`Faults`] makes calls fail on demand: they return
//! errors, lose their responses, panic or wait. [`Turns`] makes the order of concurrent calls a function of a seed.
//! [`Lagging`] is a store with a copy that lags behind. [`sabotaged`] breaks a promise. The part behind the wrapper is
//! the real one, so all other calls work as in a running node.

pub mod faults;
mod hooked;
mod hooked_leases;
mod hooked_store;
mod lagging;
pub mod sabotage;
mod timelines_layer;
pub mod turns;

pub use faults::{Fault, Faults};
pub use hooked::{CALLS, Hook, Refused, hooked};
pub use hooked_leases::{LEASE_CALLS, hooked_leases};
pub use hooked_store::{HookedStore, STORE_CALLS, hooked_store};
pub use lagging::Lagging;
pub use sabotage::{Sabotage, sabotaged, sabotaged_leases};
pub use timelines_layer::{LayeredTimelines, TimelinesLayer};
pub use turns::{Turn, Turns};
