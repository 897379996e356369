//! How far a long job is, for somebody who watches. Silent when standard error is not a terminal.

use indicatif::{ProgressBar, ProgressStyle};

/// A bar that runs to `total`.
pub fn bar(doing: &'static str, total: u64) -> ProgressBar {
    let style = ProgressStyle::with_template("{msg:>24} {bar:40} {human_pos}/{human_len} {eta}")
        .unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(total)
        .with_style(style)
        .with_message(doing)
}

/// A sign of life for a job of unknown length. The caller ticks it as the work goes on.
pub fn spinner(doing: &'static str) -> ProgressBar {
    let style = ProgressStyle::with_template("{spinner} {msg} {human_pos} {elapsed}")
        .unwrap_or_else(|_| ProgressStyle::default_spinner());
    ProgressBar::no_length()
        .with_style(style)
        .with_message(doing)
}
