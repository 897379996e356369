//! Progress reports of long-running work. The caller decides what is shown and where.

use indicatif::ProgressBar;

/// How the caller shows progress.
#[derive(Debug, Clone, Copy)]
pub struct Watch {
    /// Makes a progress bar from a name and a length.
    pub bar: fn(&'static str, u64) -> ProgressBar,
    /// Makes a spinner with this name, for work of unknown length.
    pub spinner: fn(&'static str) -> ProgressBar,
    /// Shows a text that ends with a line break.
    pub note: fn(&str),
}
