//! The one place that writes to the terminal, so that output stays apart from the log and a reader who leaves early
//! (`sosik config | head`) is no failure.

use std::io::{self, ErrorKind, Write};

/// Writes text to standard output, as it is.
///
/// # Errors
/// When it cannot be written. A closed pipe is fine: whoever read has seen enough.
pub fn out(text: &str) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    match stdout
        .write_all(text.as_bytes())
        .and_then(|()| stdout.flush())
    {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(error),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Tells standard error why the program ends: the failure, and below it one cause a line.
pub fn failure(error: &anyhow::Error) {
    let mut text = format!("sosik: {error}\n");
    for cause in error.chain().skip(1) {
        text.push_str(&format!("  because: {cause}\n"));
    }
    // There is nobody left to tell when standard error is gone too.
    let _nobody_left = io::stderr().lock().write_all(text.as_bytes());
}

/// Tells standard error something on the way, as it is.
pub fn note(text: &str) {
    // A remark that nobody can read any more is no reason to stop the work.
    let _nobody_left = io::stderr().lock().write_all(text.as_bytes());
}
