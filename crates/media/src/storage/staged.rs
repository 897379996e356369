//! Incomplete files on this machine.
//! A file is written under a staging name and renamed when it is complete. If the process is killed meanwhile, the
//! staged file stays and no listing shows it. It may contain a person's photo with its position.

use std::{
    fs::{self, DirEntry},
    io,
    path::Path,
    time::Duration,
};

use super::{Name, Storage, StorageError};

/// Attempts to remove a folder in which files are written meanwhile. Each takes a write at the same moment to fail.
const REMOVALS_MAX: u32 = 10;

impl Storage {
    /// Removes staged files that were last written longer ago than `age`, and returns their number. `now` is the time since
    /// 1970. An object store has none.
    ///
    /// # Errors
    ///
    /// A folder cannot be read, or a file cannot be removed.
    pub async fn remove_staged(&self, now: Duration, age: Duration) -> Result<u64, StorageError> {
        let Some(root) = self.local.clone() else {
            return Ok(0);
        };
        let before = now.saturating_sub(age);
        let removed = tokio::task::spawn_blocking(move || remove_below(&root, before));
        Ok(removed.await.map_err(io::Error::other)??)
    }
}

/// Removes a folder with its files, if it exists. A file that is written meanwhile makes a removal fail, and goes with the
/// next one.
pub(super) async fn remove_folder(folder: &Path) -> io::Result<()> {
    let mut attempt = 1;
    loop {
        match found(tokio::fs::remove_dir_all(folder).await) {
            Err(error)
                if error.kind() == io::ErrorKind::DirectoryNotEmpty && attempt < REMOVALS_MAX =>
            {
                attempt += 1;
            }
            outcome => return outcome.map(|_removed| ()),
        }
    }
}

/// Removes staged files in the folders of media, which are two levels below `root`.
fn remove_below(root: &Path, before: Duration) -> io::Result<u64> {
    let mut removed = 0;
    for group in folders(root)? {
        for medium in folders(&group.path())? {
            for file in entries(&medium.path())? {
                if is_left(&file, before)? {
                    found(fs::remove_file(file.path()))?;
                    removed += 1;
                }
            }
        }
    }
    Ok(removed)
}

fn is_left(file: &DirEntry, before: Duration) -> io::Result<bool> {
    let name = file.file_name();
    let staged = name.to_str().and_then(|name| name.split_once('#'));
    if staged.is_none_or(|(name, _number)| Name::parse(name).is_none()) {
        return Ok(false);
    }
    let Some(metadata) = found(file.metadata())? else {
        return Ok(false);
    };
    let written = metadata.modified()?.duration_since(std::time::UNIX_EPOCH);
    Ok(written.is_ok_and(|written| written < before))
}

fn folders(folder: &Path) -> io::Result<Vec<DirEntry>> {
    let mut entries = entries(folder)?;
    entries.retain(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
    Ok(entries)
}

/// The entries of a folder. Empty if the folder was removed meanwhile.
fn entries(folder: &Path) -> io::Result<Vec<DirEntry>> {
    match found(fs::read_dir(folder))? {
        Some(entries) => entries.collect(),
        None => Ok(Vec::new()),
    }
}

fn found<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        other => other.map(Some),
    }
}
