//! Reports, counts and skips the lines that cannot be imported.

use std::fmt;

use indicatif::ProgressBar;

/// Maximum number of reports. Later lines are only counted; by then a user who chose the wrong file has noticed.
const PRINTED_MAX: u64 = 20;

/// Reports lines that cannot be imported.
#[derive(Debug)]
pub(super) struct Faults {
    strict: bool,
    note: fn(&str),
    /// Number of lines that could not be imported.
    pub(super) counted: u64,
}

/// A strict import stopped at the first line that it could not use.
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
    /// A strict import stops at the first faulty line. `note` shows text to the user.
    pub(super) fn new(strict: bool, note: fn(&str)) -> Self {
        Self {
            strict,
            note,
            counted: 0,
        }
    }

    /// Reports a line that is skipped.
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
