//! State that nodes share while they run: timelines, the log of large authors, wake-ups of live streams, what nodes
//! tell each other about writes. Also the caches and rate limits of one node.
//!
//! Nothing here is authoritative. All of it may be lost at any time; a timeline is rebuilt from the store at the next
//! read. [`Fabric`] is the contract; [`memory::MemoryFabric`] is the engine of a single process.
//!
//! To add an engine, implement [`Fabric`] and run the tests of `tests/contract.rs` on it.

pub mod cache;
pub mod contract;
pub mod error;
pub mod failing;
pub mod gcra;
mod hash;
pub mod memory;
pub mod peers;
pub mod rate_limits;
#[cfg(feature = "suite")]
pub mod suite;

pub use contract::{
    Below, Delivery, Fabric, Interest, Reader, Rebuild, Signals, Since, Stats, View, Watch,
};
pub use error::{FabricError, FabricResult};
pub use peers::Peers;
pub use rate_limits::{Decision, Rate, RateLimits};
