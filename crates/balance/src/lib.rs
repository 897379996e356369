//! The balancer: one address in front of nodes that come and go.
//!
//! [`Pool`] knows the nodes and chooses one for each request. [`Health`] decides when a node may be chosen: active
//! checks and the outcomes of requests are its input. Both are plain data structures without I/O and without a clock.
//! [`Status`] is what the administration listener shows. The module `proxy` serves: it exists with the feature `proxy`,
//! which needs cmake ([decision](../../../docs/decisions/0027-the-balancer-is-a-feature.md)).

mod address;
mod budget;
mod choice;
mod health;
mod node;
mod pool;
#[cfg(feature = "proxy")]
pub mod proxy;
mod settings;
mod status;

pub use address::{Forwarded, NodeName, is_hidden};
pub use budget::RetryBudget;
pub use health::{Attempt, Change, CheckFailure, Failure, Health, State};
pub use node::Node;
pub use pool::{Pick, Pool};
pub use settings::{Checks, Connections, Ejection, Policy, Settings};
pub use status::{NodeStatus, Status};
