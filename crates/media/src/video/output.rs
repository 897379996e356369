//! What another program wrote.
//!
//! A program that was taken over by a file chooses what lies in its folder: a link to a file of the server, a pipe that
//! blocks its reader, a file without end. The sandbox denies most of it where the kernel can. This module holds without the
//! sandbox: each run has an empty folder of its own, and its result is opened once and checked as an open file.

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
    /// An empty folder beside the files of the server.
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

    /// Where the program writes its result.
    pub(super) fn result(&self) -> PathBuf {
        self.path().join("result")
    }

    /// Opens the result, and removes the folder with everything else in it. Off the threads of requests, because a program
    /// may have left hundreds of megabytes.
    ///
    /// # Errors
    ///
    /// [`Refusal::Damaged`] if there is no result; [`Failure::Crashed`] if it is no ordinary file of at most `bytes_max`
    /// bytes.
    pub(super) async fn take(self, bytes_max: u64) -> Result<File, Failure> {
        let taken = tokio::task::spawn_blocking(move || ordinary(&self.result(), bytes_max));
        let taken = taken.await.map_err(io::Error::other);
        taken.map_err(Failure::Unavailable)?
    }
}

/// Opens an ordinary file. Neither follows a link nor waits for a pipe.
fn ordinary(path: &Path, bytes_max: u64) -> Result<File, Failure> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = open(path, flags, Mode::empty()).map_err(not_opened)?;
    let stat = fstat(&file).map_err(not_opened)?;
    // A second name may be that of a file of the server.
    let is_ordinary = FileType::from_raw_mode(stat.st_mode).is_file() && stat.st_nlink == 1;
    let is_short = u64::try_from(stat.st_size).is_ok_and(|bytes| bytes <= bytes_max);
    if is_ordinary && is_short {
        Ok(File::from(file))
    } else {
        Err(not_ordinary())
    }
}

/// Only faults of this machine are worth another attempt: the program decides about all others.
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
    Failure::Crashed("its result is no ordinary file, or too large".to_owned())
}
