//! What nodes share while running: timelines, the log of large authors, wake-ups of live streams; and the caches
//! and rate limits of one node.
//!
//! Nothing here is trusted. All of it can vanish at any moment; feeds are rebuilt from the store when they are read
//! next. [`Fabric`] is the contract; [`memory::MemoryFabric`] is the engine of a single process.
//!
//! To add an engine: implement [`Fabric`] and run the tests of `tests/contract.rs` on it.

pub mod cache;
pub mod contract;
pub mod failing;
mod hash;
pub mod memory;
pub mod rates;

pub use contract::{
    Below, Delivery, Fabric, FabricError, FabricResult, Figures, Interest, Reader, Rebuild,
    Signals, Since, View, Watch,
};
