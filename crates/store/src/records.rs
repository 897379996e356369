//! The arguments and results of the store, in terms of the product.

mod operators;
mod orders;
mod people;
mod stories;

pub use operators::*;
pub use orders::*;
pub use people::*;
pub use sosik_feed::{Position, StoryCounts};
pub use stories::*;
