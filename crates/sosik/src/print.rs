//! The only module that writes to the terminal. It keeps output separate from the log, and a reader that closes the
//! pipe early (`sosik config | head`) causes no failure.

use std::io::{self, ErrorKind, Write};

/// Writes text to standard output unchanged.
///
/// # Errors
/// The text cannot be written. A closed pipe is not an error.
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

/// Writes to standard error why the program ends: the failure, then one cause a line.
pub fn failure(error: &anyhow::Error) {
    let mut text = format!("sosik: {error}\n");
    for cause in error.chain().skip(1) {
        text.push_str(&format!("  because: {cause}\n"));
    }
    // If standard error is closed, the failure cannot be reported anywhere.
    let _unreported = io::stderr().lock().write_all(text.as_bytes());
}

/// Writes a note to standard error unchanged.
pub fn note(text: &str) {
    // The work continues if a note cannot be written.
    let _unreported = io::stderr().lock().write_all(text.as_bytes());
}
