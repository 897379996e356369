//! Worlds whose friendships come from an edge list. The list is read twice: once for the people, once for the
//! friendships.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use sosik_load::world::PEOPLE_MAX;

use crate::Watch;
use crate::import::{Input, pair};

/// Lines per read.
const STEP: usize = 100_000;

/// The people of an edge list. Eight bytes each.
#[derive(Debug)]
pub struct Listed {
    path: PathBuf,
    /// Ascending and without duplicates.
    numbers: Vec<u64>,
}

impl Listed {
    /// Reads the people of the list. Invalid lines are reported later, when the friendships are imported.
    ///
    /// # Errors
    /// When the file cannot be read, or contains nobody or more than [`PEOPLE_MAX`] people.
    pub fn read(path: &Path, watch: Watch) -> anyhow::Result<Self> {
        if path == Path::new("-") {
            bail!("the list is read twice, so it cannot be standard input: name a file");
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

    /// Number of people.
    pub fn people(&self) -> u32 {
        u32::try_from(self.numbers.len()).unwrap_or(u32::MAX)
    }

    /// The number of a person in the list.
    pub(super) fn number(&self, person: u32) -> u64 {
        self.numbers[person as usize]
    }

    /// The index of a person among the people of the list.
    pub(super) fn place(&self, number: u64) -> Option<u32> {
        let place = self.numbers.binary_search(&number).ok()?;
        u32::try_from(place).ok()
    }
}
