//! A clock that jumps: the server reads by how much from a file, if it is a build that does.

use std::path::PathBuf;
use std::{env, fs, io, process};

use super::naming;

/// Names the file in the environment of the server: how many milliseconds its clock is ahead, as text.
pub const CLOCK_VARIABLE: &str = "SOSIK_CLOCK_AHEAD_FILE";

/// The file; gone with this value.
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

    /// From now on the clock is ahead by so many seconds, or behind.
    pub(super) fn jumps(&self, seconds: i64) -> io::Result<()> {
        let text = (seconds * 1_000).to_string();
        fs::write(&self.0, text)
            .map_err(|error| naming("set the clock of the server by", &self.0, &error))
    }
}

impl Drop for Clock {
    fn drop(&mut self) {
        // A file of some bytes in the folder of temporary files: nobody minds.
        let _left = fs::remove_file(&self.0);
    }
}
