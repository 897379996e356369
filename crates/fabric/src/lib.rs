//! State that nodes share while they run: timelines, the log of large authors, wake-ups of live streams, orders that
//! were just posted, messages between nodes about writes, rate limits, copies of rows, the number of active
//! people. Also the caches of one node.
//!
//! Nothing here is authoritative. All of it may be lost at any time; a timeline is rebuilt from the store at the next
//! read. Each kind of state has its own small contract, so that each can have the engine that suits it. [`Engines`]
//! holds one engine for each. [`memory`] has the engines of a single process.
//!
//! To add an engine, implement a contract and run its `suite` on it.

pub mod active_people;
pub mod cache;
pub mod cache_gate;
pub mod delivery_queue;
pub mod engines;
pub mod error;
mod gcra;
pub mod hash;
pub mod large_author_log;
pub mod log_tail;
pub mod memory;
pub mod peers;
pub mod rate_limits;
pub mod shared_cache;
#[cfg(feature = "suite")]
pub mod suite;
pub mod timelines;
pub mod wake_ups;

pub use active_people::{ActiveCounts, ActivePeople};
pub use cache_gate::CacheGate;
pub use delivery_queue::DeliveryQueue;
pub use engines::Engines;
pub use error::{FabricError, FabricResult};
pub use large_author_log::LargeAuthorLog;
pub use log_tail::LogTail;
pub use peers::{PeerId, Peers, Told};
pub use rate_limits::{Decision, Rate, RateLimits};
pub use shared_cache::{LookUp, SharedCache, SharedKey, Ticket};
pub use timelines::Timelines;
pub use wake_ups::{Signals, WakeUps, Watch};
