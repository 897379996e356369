//! The demo: a folder for its store, the code that fills the store, and a simulation of its people.
//!
//! [`sosik_town`] generates the town, its people and their texts without a store. This module writes them in bulk.
//! Later acts and all pictures go through the service like those of any client.

mod fill;
mod film;
mod folder;
mod ids;
mod life;
mod pictures;
mod sites;

pub use self::fill::{Filled, fill, people_of};
pub use self::folder::{DemoFolder, DemoSpec};
pub use self::life::simulate;
pub use self::pictures::{Artist, Wishes};
pub use self::sites::fetcher;

/// The password of all demo accounts. It is printed on the terminal and protects nothing.
pub const PASSWORD: &str = "magpie-at-the-gate";
