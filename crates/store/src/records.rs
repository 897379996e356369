//! What goes into the store and what comes out of it, in the product's words.

mod operators;
mod orders;
mod people;
mod stories;

pub use operators::*;
pub use orders::*;
pub use people::*;
pub use sosik_feed::Position;
pub use stories::*;
