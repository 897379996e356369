//! A full disk: a file that takes all free space.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};

use rustix::fs::statvfs;

use super::with_path;

/// The largest disk that is filled. A larger one is probably also used by other programs.
const DISK_BYTES_MAX: u64 = 4 << 30;

/// The file. It is removed when this is dropped.
#[derive(Debug)]
pub(super) struct Filler(PathBuf);

impl Filler {
    /// Uses the disk of this folder.
    pub(super) fn new(folder: &Path) -> io::Result<Self> {
        let disk = statvfs(folder)
            .map_err(|error| with_path("read the size of the disk of", folder, &error.into()))?;
        if disk.f_blocks.saturating_mul(disk.f_frsize) > DISK_BYTES_MAX {
            let folder = folder.display();
            return Err(io::Error::other(format!(
                "the disk of {folder} is larger than 4 GiB: name a small one made for the purpose, such as a tmpfs"
            )));
        }
        Ok(Self(folder.join("filled-by-sosik-load")))
    }

    /// Takes all free space.
    pub(super) fn fill(&self) -> io::Result<()> {
        let failed = |error| with_path("fill the disk with", &self.0, &error);
        let mut file = File::create(&self.0).map_err(failed)?;
        let zeros = io::repeat(0).take(DISK_BYTES_MAX);
        match io::copy(&mut { zeros }, &mut file) {
            Err(full) if full.kind() == ErrorKind::StorageFull => Ok(()),
            Err(other) => Err(failed(other)),
            Ok(_bytes) => Err(io::Error::other("the disk did not become full")),
        }
    }

    /// Frees the space.
    pub(super) fn empty(&self) -> io::Result<()> {
        fs::remove_file(&self.0).map_err(|error| with_path("remove", &self.0, &error))
    }
}

impl Drop for Filler {
    fn drop(&mut self) {
        // The file is usually removed already.
        let _left = self.empty();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_that_cannot_be_filled_is_named() {
        let absent = Path::new("/absent/folder");
        let told = Filler::new(absent).unwrap_err().to_string();
        assert!(told.contains("/absent/folder"), "{told}");
        let told = Filler(absent.join("filler")).fill().unwrap_err();
        assert!(told.to_string().contains("/absent/folder/filler"), "{told}");
    }

    #[test]
    fn a_disk_that_is_too_large_to_be_meant_is_refused() {
        let folder = std::env::current_dir().unwrap();
        let disk = statvfs(&folder).unwrap();
        let large = disk.f_blocks * disk.f_frsize > DISK_BYTES_MAX;
        assert_eq!(Filler::new(&folder).is_err(), large);
    }
}
