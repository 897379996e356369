//! Progress of a long job for an interactive user. Silent if standard error is not a terminal.

use indicatif::{ProgressBar, ProgressStyle};
use sosik_populate::Watch;

use crate::print;

/// Shows the progress of filling a store on the terminal.
pub const WATCH: Watch = Watch {
    bar,
    spinner,
    note: print::note,
};

/// A bar that runs to `total`.
pub fn bar(doing: &'static str, total: u64) -> ProgressBar {
    let style = ProgressStyle::with_template("{msg:>24} {bar:40} {human_pos}/{human_len} {eta}")
        .unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(total)
        .with_style(style)
        .with_message(doing)
}

/// Shows that a job of unknown length is running. The caller ticks it.
pub fn spinner(doing: &'static str) -> ProgressBar {
    let style = ProgressStyle::with_template("{spinner} {msg} {human_pos} {elapsed}")
        .unwrap_or_else(|_| ProgressStyle::default_spinner());
    ProgressBar::no_length()
        .with_style(style)
        .with_message(doing)
}
