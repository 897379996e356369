//! Load on a running Sosik, and a checker of what it promises.
//!
//! A client like any other: it knows the HTTP API and nothing of what is behind it, so that it measures and judges one
//! machine, a cluster, or a server written anew. [`check`] judges a recorded history and makes no requests;
//! whatever makes requests does not judge.

pub mod attack;
pub mod cast;
pub mod check;
pub mod client;
mod events;
pub mod faults;
pub mod load;
pub mod people;
pub mod world;
