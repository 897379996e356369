//! Lines that cannot be used: told, counted, and passed over.

use std::fmt;

use indicatif::ProgressBar;

/// So many are printed; the rest is counted. Somebody who gave the wrong file has seen enough by then.
const PRINTED_MAX: u64 = 20;

/// What to do about lines that cannot be used.
#[derive(Debug)]
pub(super) struct Faults {
    strict: bool,
    note: fn(&str),
    /// How many there were.
    pub(super) counted: u64,
}

/// The import ended at the first line that could not be used, as it was asked to.
#[derive(Debug)]
pub struct Stopped;

impl fmt::Display for Stopped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "stopped at the first line that cannot be used; lines before it may be imported",
        )
    }
}

impl std::error::Error for Stopped {}

impl Faults {
    /// None yet. A strict import stops at the first. `note` shows a text to a person.
    pub(super) fn new(strict: bool, note: fn(&str)) -> Self {
        Self {
            strict,
            note,
            counted: 0,
        }
    }

    /// Tells that a line is passed over.
    ///
    /// # Errors
    /// [`Stopped`] when the import is strict.
    pub(super) fn tell(
        &mut self,
        bar: &ProgressBar,
        file: &str,
        line: u64,
        why: &str,
    ) -> Result<(), Stopped> {
        self.counted += 1;
        if self.counted <= PRINTED_MAX {
            bar.suspend(|| (self.note)(&format!("{file}, line {line}: {why}\n")));
        }
        if self.counted == PRINTED_MAX + 1 {
            bar.suspend(|| (self.note)("further lines that cannot be used are only counted\n"));
        }
        if self.strict { Err(Stopped) } else { Ok(()) }
    }
}
