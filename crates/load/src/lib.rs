//! Load on a running Sosik, and a checker of its promises.
//!
//! This crate is a client like any other. It knows the HTTP API and nothing behind it, so it can measure and judge one
//! machine, a cluster, or a rewritten server. [`check`] judges a recorded history and sends no requests. The parts that
//! send requests do not judge.

pub mod attack;
pub mod cast;
pub mod check;
pub mod client;
mod events;
pub mod faults;
pub mod load;
pub mod people;
pub mod world;
