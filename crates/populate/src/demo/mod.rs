//! A living town to try the service with: where it is kept, how its store is filled, and how life goes on.
//!
//! The town itself, its people and what they say, is made in [`sosik_town`], which knows no store; here it is put
//! into one by the bulk methods, and later acts go through the service like everybody's.

mod fill;
mod folder;
mod ids;
mod life;

pub use self::fill::{Filled, fill, people_of};
pub use self::folder::{DemoFolder, DemoSpec};
pub use self::life::simulate;

/// What everybody in town logs in with. It is printed on the screen, so it protects nothing.
pub const PASSWORD: &str = "magpie-at-the-gate";
