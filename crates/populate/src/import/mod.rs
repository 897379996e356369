//! Imports people, friendships, follows and stories from files.
//!
//! Three promises:
//! - An import is idempotent. To resume an interrupted one, run it again.
//! - Memory grows with the number of people, not with the number of lines.
//! - Every line that is not imported is reported, or at least counted.
//!
//! The rules of the domain apply as usual. Nobody is notified and nothing is delivered, because no server runs on the
//! store during an import. Timelines are built when their readers first request them.
//!
//! To add a kind of file, add a file here with its line format and an `impl Import`, its part of the [`Summary`], and
//! an option of the role.

mod faults;
mod files;
mod input;
mod moments;
mod pairs;
mod people;
mod registry;
mod stories;
mod summary;
mod times;

pub use self::faults::Stopped;
pub use self::files::{Files, Inputs, Shift};
pub use self::input::Input;
pub use self::pairs::{Kind, pair};
pub use self::people::set_bios;
pub use self::registry::{handle_of, new_person};
pub use self::summary::{Pairs, People, Stories, Summary};

use self::faults::Faults;
use self::registry::Registry;
use crate::{Target, Watch};

/// An import in progress.
pub struct Import {
    target: Target,
    people: Registry,
    faults: Faults,
}

impl Import {
    /// Starts an import. A strict import stops at the first line that it cannot use.
    pub fn new(target: Target, strict: bool, watch: Watch) -> Self {
        Self {
            people: Registry::new(target.clone()),
            target,
            faults: Faults::new(strict, watch.note),
        }
    }

    /// Number of people created because a file refers to them by number.
    pub fn numbered_people(&self) -> u64 {
        self.people.made
    }

    /// Number of lines that could not be imported.
    pub fn broken_lines(&self) -> u64 {
        self.faults.counted
    }
}
