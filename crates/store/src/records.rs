//! The arguments and results of the store, in terms of the product.

mod cache_leases;
mod closures;
mod invitations;
mod media;
mod operators;
mod orders;
mod people;
mod previews;
mod saved;
mod stories;
mod uploads;

pub use cache_leases::*;
pub use closures::*;
pub use invitations::*;
pub use media::*;
pub use operators::*;
pub use orders::*;
pub use people::*;
pub use previews::*;
pub use saved::*;
pub use sosik_feed::{Position, StoryCounts};
pub use stories::*;
pub use uploads::*;
