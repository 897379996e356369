//! A disk without room: a file that takes all there is.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};

use rustix::fs::statvfs;

/// The largest disk that is filled. Whoever names a larger one has named the disk that others work on as well.
const DISK_BYTES_MAX: u64 = 4 << 30;

/// The file; gone with this value.
#[derive(Debug)]
pub(super) struct Filler(PathBuf);

impl Filler {
    /// On the disk of this folder.
    pub(super) fn new(folder: &Path) -> io::Result<Self> {
        let disk = statvfs(folder)?;
        if disk.f_blocks.saturating_mul(disk.f_frsize) > DISK_BYTES_MAX {
            let folder = folder.display();
            return Err(io::Error::other(format!(
                "the disk of {folder} is larger than 4 GiB: name a small one made for the purpose, such as a tmpfs"
            )));
        }
        Ok(Self(folder.join("filled-by-sosik-load")))
    }

    /// Takes all room there is.
    pub(super) fn fill(&self) -> io::Result<()> {
        let mut file = File::create(&self.0)?;
        let zeros = io::repeat(0).take(DISK_BYTES_MAX);
        match io::copy(&mut { zeros }, &mut file) {
            Err(full) if full.kind() == ErrorKind::StorageFull => Ok(()),
            Err(other) => Err(other),
            Ok(_bytes) => Err(io::Error::other("the disk did not become full")),
        }
    }

    /// Gives it back.
    pub(super) fn empty(&self) -> io::Result<()> {
        fs::remove_file(&self.0)
    }
}

impl Drop for Filler {
    fn drop(&mut self) {
        // Mostly gone already.
        let _left = self.empty();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disk_that_is_too_large_to_be_meant_is_refused() {
        let folder = std::env::current_dir().unwrap();
        let disk = statvfs(&folder).unwrap();
        let large = disk.f_blocks * disk.f_frsize > DISK_BYTES_MAX;
        assert_eq!(Filler::new(&folder).is_err(), large);
    }
}
