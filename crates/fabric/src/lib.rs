//! State that nodes share while they run: timelines, the log of large authors, wake-ups of live streams. Also the
//! caches and rate limits of one node.
//!
//! Nothing here is authoritative. All of it may be lost at any time; a timeline is rebuilt from the store at the next
//! read. [`Fabric`] is the contract; [`memory::MemoryFabric`] is the engine of a single process.
//!
//! To add an engine, implement [`Fabric`] and run the tests of `tests/contract.rs` on it.

pub mod cache;
pub mod contract;
pub mod failing;
mod hash;
pub mod memory;
pub mod rates;

pub use contract::{
    Below, Delivery, Fabric, FabricError, FabricResult, Interest, Reader, Rebuild, Signals, Since,
    Stats, View, Watch,
};
