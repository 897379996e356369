//! How long work reports its progress. The caller decides what is shown and where.

use indicatif::ProgressBar;

/// What the caller shows while a store is filled.
#[derive(Debug, Clone, Copy)]
pub struct Watch {
    /// Makes a bar for a job of known length, with its name and its length.
    pub bar: fn(&'static str, u64) -> ProgressBar,
    /// Makes a sign of life for a job of unknown length, with its name.
    pub spinner: fn(&'static str) -> ProgressBar,
    /// Shows a text, which ends with a line break.
    pub note: fn(&str),
}
