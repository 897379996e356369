//! Bringing people, friendships, follows and stories in from files.
//!
//! Three promises: running the same import again changes nothing, so an interrupted one is resumed by running it again;
//! memory grows with the people and not with the lines; and every line that was not used is told, or at least counted.
//!
//! The rules of the domain hold as for anybody else. Nobody is notified, and nothing is delivered: no server runs on
//! the store meanwhile, and timelines are built from it when their readers come.
//!
//! To add a kind of file: a file here with its line and an `impl Import`, its part of the [`Summary`], and an option of
//! the role.

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

use sosik_service::Service;

use self::faults::Faults;
use self::registry::Registry;
use crate::Watch;

/// An import under way.
pub struct Import {
    service: Service,
    people: Registry,
    faults: Faults,
}

impl Import {
    /// Begins. A strict import stops at the first line that it cannot use.
    pub fn new(service: Service, strict: bool, watch: Watch) -> Self {
        Self {
            people: Registry::new(service.clone()),
            service,
            faults: Faults::new(strict, watch.note),
        }
    }

    /// People who were made because a file knows them by number.
    pub fn numbered_people(&self) -> u64 {
        self.people.made
    }

    /// Lines that could not be used.
    pub fn broken_lines(&self) -> u64 {
        self.faults.counted
    }
}
