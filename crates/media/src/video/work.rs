//! Folders on the disk of this machine in which videos are prepared.
//! Each process has its own folder, and in it a folder for each video, which is removed when the work on the video
//! ends. A process that starts removes the folders of killed processes. It finds them by their locks: the kernel
//! releases the lock of a process that ended, so a folder whose lock is free has no owner.
//!
//! The bytes on the disk are bounded: the number of videos in progress and the bytes of each are limited, and a video
//! starts only if the disk has room for all of them.
//!
//! Uploads are private, and another program processes them here. So no other user may own the folder or write into it.

use std::{
    fs::{self, DirBuilder, DirEntry, File, Metadata},
    io,
    os::unix::fs::{DirBuilderExt, MetadataExt},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
        mpsc,
    },
    thread,
    time::Duration,
};

use tempfile::{Builder, TempDir};

use crate::{limits::VIDEO_BYTES_MAX, storage::free_bytes};

/// The start of the name of the folder of a process.
const PROCESS: &str = "process-";

/// The file that a process locks in its folder. The file of this name beside the folders is locked while a process
/// starts.
const LOCK: &str = "lock";

/// How long a process waits for others that start in the same folder. Removing the files of a killed process takes
/// seconds.
const START_DEADLINE: Duration = Duration::from_secs(30);

/// Mode of a folder that only its owner can use.
const PRIVATE: u32 = 0o700;

/// Mode bits of a folder into which other users may write.
const OTHERS_WRITE: u32 = 0o022;

/// The folder of this process.
#[derive(Debug)]
pub struct WorkFolder {
    own: TempDir,
    /// The lock ends with the process.
    _lock: File,
    bytes_each: u64,
    free_bytes_min: u64,
    videos: Arc<AtomicU64>,
    /// Whether the log has a warning that the disk is full.
    warned: AtomicBool,
}

/// Room for one video on the disk.
#[derive(Debug)]
pub struct Room {
    parent: PathBuf,
    videos: Arc<AtomicU64>,
}

/// The folder of one video. Dropping it removes it.
#[derive(Debug)]
pub struct VideoFolder {
    folder: TempDir,
    _room: Room,
}

impl WorkFolder {
    /// Creates `parent` and in it the folder of this process, and removes the folders of processes that ended.
    /// `bytes_each` is the maximum of one video, and `free_bytes_min` stays free on the disk.
    ///
    /// # Errors
    /// Another user owns `parent` or may write into it, a folder or a lock cannot be created, the folder of a process
    /// that ended cannot be removed, or another process holds the lock for half a minute.
    pub fn open(parent: &Path, bytes_each: u64, free_bytes_min: u64) -> io::Result<Self> {
        make_private(parent)?;
        let _starting = lock_in_time(&parent.join(LOCK), START_DEADLINE)?;
        for entry in fs::read_dir(parent)? {
            remove_left(&entry?)?;
        }
        let own = Builder::new().prefix(PROCESS).tempdir_in(parent)?;
        let lock = lock_in_time(&own.path().join(LOCK), START_DEADLINE)?;
        Ok(Self {
            own,
            _lock: lock,
            bytes_each,
            free_bytes_min,
            videos: Arc::default(),
            warned: AtomicBool::new(false),
        })
    }

    /// The folder of this process.
    pub fn path(&self) -> &Path {
        self.own.path()
    }

    /// Reserves room for one more video. If the disk has too little, logs a warning once and returns `None`.
    pub fn reserve(&self) -> Option<Room> {
        let videos = self.videos.fetch_add(1, Ordering::AcqRel) + 1;
        let room = Room {
            parent: self.path().to_owned(),
            videos: Arc::clone(&self.videos),
        };
        let needed = self.needed_bytes(videos);
        let is_full = free_bytes(self.path()).is_some_and(|free| free < needed);
        if is_full && !self.warned.swap(true, Ordering::AcqRel) {
            let folder = self.path().display();
            tracing::warn!(%folder, needed_bytes = needed, "videos wait: the disk has no room to prepare another one");
        }
        if is_full {
            return None;
        }
        self.warned.store(false, Ordering::Release);
        Some(room)
    }

    /// Bytes that must be free: for the videos in progress, for one result in a storage on the same disk, and the
    /// configured reserve.
    fn needed_bytes(&self, videos: u64) -> u64 {
        let work = self.bytes_each.saturating_mul(videos);
        work.saturating_add(VIDEO_BYTES_MAX)
            .saturating_add(self.free_bytes_min)
    }
}

impl Room {
    /// Makes the empty folder.
    ///
    /// # Errors
    ///
    /// The folder cannot be made.
    pub fn make(self) -> io::Result<VideoFolder> {
        let folder = TempDir::new_in(&self.parent)?;
        Ok(VideoFolder {
            folder,
            _room: self,
        })
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        self.videos.fetch_sub(1, Ordering::AcqRel);
    }
}

impl VideoFolder {
    /// Where it is.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }
}

/// Creates a folder that only this user can use. Of an existing folder, checks the owner and the mode.
fn make_private(folder: &Path) -> io::Result<()> {
    if let Some(above) = folder.parent() {
        fs::create_dir_all(above)?;
    }
    match DirBuilder::new().mode(PRIVATE).create(folder) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            // The owner of a link can point it elsewhere later.
            check_owner(&fs::symlink_metadata(folder)?)?;
            check_owner(&fs::metadata(folder)?)
        }
        made => made,
    }
}

fn check_owner(found: &Metadata) -> io::Result<()> {
    let refused = |text: &str| Err(io::Error::new(io::ErrorKind::PermissionDenied, text));
    if found.uid() != rustix::process::geteuid().as_raw() {
        return refused("another user owns it: remove it, or configure another folder");
    }
    if found.is_dir() && found.mode() & OTHERS_WRITE != 0 {
        return refused("other users may write into it: run chmod 700 on it");
    }
    Ok(())
}

/// Opens and locks a file. Dropping the file releases the lock. The kernel has no timeout for locks, so a thread waits.
fn lock_in_time(path: &Path, most: Duration) -> io::Result<File> {
    let file = lock_file(path)?;
    let (sender, locked) = mpsc::channel();
    thread::spawn(move || {
        let _given_up = sender.send(file.lock().map(|()| file));
    });
    locked.recv_timeout(most).unwrap_or_else(|_elapsed| {
        let text = format!(
            "another process holds the lock {}: stop it, or configure another folder",
            path.display()
        );
        Err(io::Error::new(io::ErrorKind::TimedOut, text))
    })
}

fn lock_file(path: &Path) -> io::Result<File> {
    let mut options = File::options();
    let options = options.create(true).truncate(false).write(true);
    options.open(path)
}

/// Removes the folder of a process that ended. Anything else in the folder stays.
fn remove_left(entry: &DirEntry) -> io::Result<()> {
    let is_ours = entry.file_name().to_string_lossy().starts_with(PROCESS);
    if !is_ours || !entry.file_type()?.is_dir() {
        return Ok(());
    }
    // Only a killed process leaves a folder without a lock, because processes start one at a time.
    if lock_file(&entry.path().join(LOCK))?.try_lock().is_err() {
        return Ok(());
    }
    fs::remove_dir_all(entry.path())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    const SOON: Duration = Duration::from_millis(20);

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        let mut names: Vec<_> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_start_removes_what_an_ended_process_left_and_nothing_of_a_running_one() {
        let parent = tempfile::tempdir().unwrap();
        let left = parent.path().join("process-killed");
        fs::create_dir(&left).unwrap();
        fs::write(left.join("video.mp4"), "half").unwrap();
        fs::write(parent.path().join("note"), "of the operator").unwrap();
        let first = WorkFolder::open(parent.path(), 1, 0).unwrap();
        let video = first.reserve().unwrap().make().unwrap();
        let second = WorkFolder::open(parent.path(), 1, 0).unwrap();
        assert!(!left.exists() && video.path().exists() && second.path().exists());
        drop((video, first));
        assert_eq!(names(second.path()), ["lock"]);
        drop(second);
        assert_eq!(names(parent.path()), ["lock", "note"]);
    }

    #[test]
    fn no_video_starts_unless_the_disk_has_room_for_all() {
        let parent = tempfile::tempdir().unwrap();
        let none = WorkFolder::open(parent.path(), u64::MAX, 0).unwrap();
        assert!(none.reserve().is_none());
        let free = free_bytes(parent.path()).unwrap() - VIDEO_BYTES_MAX;
        let kept = WorkFolder::open(parent.path(), free / 3, free / 3 * 2).unwrap();
        assert!(
            kept.reserve().is_none(),
            "the room of everybody else stays free"
        );
        let one = WorkFolder::open(parent.path(), free / 3 * 2, 0).unwrap();
        let first = one.reserve().unwrap().make().unwrap();
        assert!(one.reserve().is_none());
        drop(first);
        assert!(one.reserve().is_some(), "its room is free again");
    }

    fn refusal(folder: &Path) -> String {
        WorkFolder::open(folder, 1, 0).unwrap_err().to_string()
    }

    #[test]
    fn the_folder_is_private_and_one_of_others_is_refused() {
        let parent = tempfile::tempdir().unwrap();
        let made = parent.path().join("above/work");
        drop(WorkFolder::open(&made, 1, 0).unwrap());
        assert_eq!(fs::metadata(&made).unwrap().mode() & 0o777, PRIVATE);

        fs::set_permissions(&made, fs::Permissions::from_mode(0o777)).unwrap();
        assert!(refusal(&made).contains("chmod 700"));
        if rustix::process::geteuid().is_root() {
            fs::set_permissions(&made, fs::Permissions::from_mode(PRIVATE)).unwrap();
            std::os::unix::fs::chown(&made, Some(12_345), None).unwrap();
            assert!(refusal(&made).contains("another user owns it"));
            let own = tempfile::tempdir().unwrap();
            let link = parent.path().join("link");
            std::os::unix::fs::symlink(own.path(), &link).unwrap();
            std::os::unix::fs::lchown(&link, Some(12_345), None).unwrap();
            assert!(refusal(&link).contains("another user owns it"));
        }
    }

    #[test]
    fn a_lock_that_stays_taken_is_an_error_that_names_its_file() {
        let parent = tempfile::tempdir().unwrap();
        let path = parent.path().join(LOCK);
        let held = lock_in_time(&path, START_DEADLINE).unwrap();
        let error = lock_in_time(&path, SOON).unwrap_err().to_string();
        assert!(error.contains(&path.display().to_string()), "{error}");
        drop(held);
        lock_in_time(&path, START_DEADLINE).unwrap();
    }
}
