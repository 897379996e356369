//! The output of another program, which is checked before it is used.
//!
//! A program that a malicious file took over may leave anything in its folder: a link to a file of the server, a pipe
//! that blocks its reader, an endless file. The sandbox denies most of this if the kernel supports it. These checks do
//! not rely on the sandbox: each run has its own empty folder, and its result is opened once and checked as an open
//! file.

use std::{
    fs::File,
    io,
    path::{Path, PathBuf},
};

use rustix::{
    fs::{FileType, Mode, OFlags, fstat, open},
    io::Errno,
};
use tempfile::{Builder, TempDir};

use crate::{Refusal, worker::Failure};

/// The folder of one run. Dropping it removes it.
#[derive(Debug)]
pub(super) struct OutputFolder(TempDir);

impl OutputFolder {
    /// Creates an empty folder in `parent`.
    ///
    /// # Errors
    ///
    /// The folder cannot be made.
    pub(super) fn make_in(parent: &Path) -> Result<Self, Failure> {
        let folder = Builder::new().prefix("output-").tempdir_in(parent);
        folder.map(Self).map_err(Failure::Unavailable)
    }

    pub(super) fn path(&self) -> &Path {
        self.0.path()
    }

    /// The path at which the program writes its result.
    pub(super) fn result(&self) -> PathBuf {
        self.path().join("result")
    }

    /// Opens the result, and removes the folder with everything else in it. Runs on a blocking thread, because a
    /// program may have left hundreds of megabytes.
    ///
    /// # Errors
    /// [`Refusal::Damaged`] if there is no result; [`Failure::Crashed`] if it is not a regular file of at most
    /// `bytes_max` bytes.
    pub(super) async fn take(self, bytes_max: u64) -> Result<File, Failure> {
        let taken = tokio::task::spawn_blocking(move || ordinary(&self.result(), bytes_max));
        let taken = taken.await.map_err(io::Error::other);
        taken.map_err(Failure::Unavailable)?
    }
}

/// Opens a regular file. Does not follow a link or wait for a pipe.
fn ordinary(path: &Path, bytes_max: u64) -> Result<File, Failure> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = open(path, flags, Mode::empty()).map_err(not_opened)?;
    let stat = fstat(&file).map_err(not_opened)?;
    // With a second hard link it may be a file of the server.
    let is_ordinary = FileType::from_raw_mode(stat.st_mode).is_file() && stat.st_nlink == 1;
    let is_short = u64::try_from(stat.st_size).is_ok_and(|bytes| bytes <= bytes_max);
    if is_ordinary && is_short {
        Ok(File::from(file))
    } else {
        Err(not_ordinary())
    }
}

/// Maps an error of opening the result. Only faults of this machine are worth a retry: the program can cause all other
/// errors.
fn not_opened(error: Errno) -> Failure {
    match error {
        Errno::NOENT => Refusal::Damaged.into(),
        Errno::MFILE | Errno::NFILE | Errno::NOMEM | Errno::IO => {
            Failure::Unavailable(error.into())
        }
        _ => not_ordinary(),
    }
}

fn not_ordinary() -> Failure {
    Failure::Crashed("its result is not a regular file, or is too large".to_owned())
}
