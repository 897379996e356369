//! A clock that jumps. The server reads the offset from a file, if its build supports that.

use std::path::PathBuf;
use std::{env, fs, io, process};

use super::with_path;

/// The environment variable that names the file. The file contains the offset of the server's clock in milliseconds, as
/// text.
pub const CLOCK_VARIABLE: &str = "SOSIK_CLOCK_AHEAD_FILE";

/// The file. It is removed when this is dropped.
#[derive(Debug)]
pub(super) struct Clock(PathBuf);

impl Clock {
    pub(super) fn new() -> io::Result<Self> {
        let name = format!("sosik-load-clock-{}", process::id());
        let clock = Self(env::temp_dir().join(name));
        clock.jumps(0)?;
        Ok(clock)
    }

    pub(super) fn file(&self) -> PathBuf {
        self.0.clone()
    }

    /// Sets the clock this many seconds ahead, or behind if negative.
    pub(super) fn jumps(&self, seconds: i64) -> io::Result<()> {
        let text = (seconds * 1_000).to_string();
        fs::write(&self.0, text)
            .map_err(|error| with_path("set the clock of the server by", &self.0, &error))
    }
}

impl Drop for Clock {
    fn drop(&mut self) {
        // A leftover of a few bytes in the folder of temporary files does no harm.
        let _left = fs::remove_file(&self.0);
    }
}
