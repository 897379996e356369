//! Worlds whose friendships come from an edge list: read once for its people, and again for the friendships.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use sosik_load::world::PEOPLE_MAX;

use crate::Watch;
use crate::import::{Input, pair};

/// Lines read at a time.
const STEP: usize = 100_000;

/// The people of an edge list: eight bytes each.
#[derive(Debug)]
pub struct Listed {
    path: PathBuf,
    /// Ascending, each once.
    numbers: Vec<u64>,
}

impl Listed {
    /// Reads who is in the list. Lines that are no pair are told when the friendships are made.
    ///
    /// # Errors
    /// When the file cannot be read, or names nobody or more than [`PEOPLE_MAX`] people.
    pub fn read(path: &Path, watch: Watch) -> anyhow::Result<Self> {
        if path == Path::new("-") {
            bail!("the list is read twice, which standard input cannot: name a file");
        }
        let mut input = Input::open(path, "people", watch)?;
        let mut numbers = Vec::new();
        loop {
            let lines = input.lines(STEP, pair)?;
            if lines.is_empty() {
                break;
            }
            let pairs = lines.into_iter().filter_map(|line| line.says.ok());
            numbers.extend(pairs.flat_map(|(one, other)| [one, other]));
            numbers.sort_unstable();
            numbers.dedup();
            u32::try_from(numbers.len())
                .ok()
                .filter(|people| *people <= PEOPLE_MAX)
                .with_context(|| format!("{} names more than {PEOPLE_MAX} people", input.name))?;
        }
        input.bar.finish_and_clear();
        if numbers.is_empty() {
            bail!("{} names nobody", path.display());
        }
        Ok(Self {
            path: path.to_owned(),
            numbers,
        })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// How many people there are.
    pub fn people(&self) -> u32 {
        u32::try_from(self.numbers.len()).unwrap_or(u32::MAX)
    }

    /// What the list calls a person.
    pub(super) fn number(&self, person: u32) -> u64 {
        self.numbers[person as usize]
    }

    /// Where a person of the list stands among its people.
    pub(super) fn place(&self, number: u64) -> Option<u32> {
        let place = self.numbers.binary_search(&number).ok()?;
        u32::try_from(place).ok()
    }
}
