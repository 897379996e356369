//! A storage of files in memory that fails when a test asks for it.

use std::{
    fmt,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use async_trait::async_trait;
use futures::{FutureExt, StreamExt, future, stream::BoxStream};
use object_store::{
    CopyOptions, Error, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta,
    ObjectStore, PutMultipartOptions, PutOptions, PutPayload, PutResult, Result, UploadPart,
    memory::InMemory, path::Path,
};
use tokio::sync::Notify;

/// How the storage answers reads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reads {
    /// Reads work.
    #[default]
    Work,
    /// The storage fails.
    Fail,
    /// The storage says that there is no such file.
    Miss,
    /// Reads wait until this setting changes.
    Wait,
}

/// A storage in memory.
#[derive(Debug, Default)]
pub struct FaultyFiles {
    files: InMemory,
    reads: Mutex<Reads>,
    changed: Notify,
    /// Reads that began while they did not work.
    disturbed: AtomicU64,
    /// True if files are not deleted.
    keeps: AtomicBool,
    pieces: Arc<Pieces>,
}

/// Large files whose pieces never arrive, and how many of them were aborted.
#[derive(Debug, Default)]
struct Pieces {
    begun: AtomicU64,
    aborted: AtomicU64,
}

impl FaultyFiles {
    /// Changes what happens to reads.
    pub fn reads(&self, reads: Reads) {
        *self.reads.lock().unwrap_or_else(PoisonError::into_inner) = reads;
        self.changed.notify_waiters();
    }

    /// Reads that began while they did not work.
    pub fn disturbed(&self) -> u64 {
        self.disturbed.load(Ordering::SeqCst)
    }

    /// With `true`, deletions have no effect, as if the process was killed before them.
    pub fn keep(&self, keeps: bool) {
        self.keeps.store(keeps, Ordering::SeqCst);
    }

    /// The endings of all files.
    pub async fn endings(&self) -> Vec<String> {
        let ending = |file: Result<ObjectMeta>| {
            let name = file.ok()?.location.filename()?.to_owned();
            Some(name.split_once('.')?.1.to_owned())
        };
        let endings = self.files.list(None).map(ending);
        let mut endings: Vec<_> = endings
            .collect::<Vec<_>>()
            .await
            .into_iter()
            .flatten()
            .collect();
        endings.sort();
        endings
    }

    /// Large files of which a piece is on its way. It never arrives.
    pub fn begun(&self) -> u64 {
        self.pieces.begun.load(Ordering::SeqCst)
    }

    /// Large files that were aborted.
    pub fn aborted(&self) -> u64 {
        self.pieces.aborted.load(Ordering::SeqCst)
    }

    async fn read(&self, location: &Path) -> Result<()> {
        let mut is_first = true;
        loop {
            let changed = self.changed.notified();
            let reads = *self.reads.lock().unwrap_or_else(PoisonError::into_inner);
            if reads != Reads::Work && std::mem::take(&mut is_first) {
                self.disturbed.fetch_add(1, Ordering::SeqCst);
            }
            let source = "on purpose".into();
            return match reads {
                Reads::Work => Ok(()),
                Reads::Fail => Err(Error::Generic {
                    store: "the test",
                    source,
                }),
                Reads::Miss => Err(Error::NotFound {
                    path: location.to_string(),
                    source,
                }),
                Reads::Wait => {
                    changed.await;
                    continue;
                }
            };
        }
    }
}

impl fmt::Display for FaultyFiles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a storage of a test")
    }
}

#[async_trait]
impl ObjectStore for FaultyFiles {
    async fn put_opts(&self, to: &Path, bytes: PutPayload, how: PutOptions) -> Result<PutResult> {
        self.files.put_opts(to, bytes, how).await
    }

    async fn put_multipart_opts(
        &self,
        _to: &Path,
        _how: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        Ok(Box::new(Endless(Arc::clone(&self.pieces))))
    }

    async fn get_opts(&self, location: &Path, how: GetOptions) -> Result<GetResult> {
        self.read(location).await?;
        self.files.get_opts(location, how).await
    }

    fn delete_stream(
        &self,
        locations: BoxStream<'static, Result<Path>>,
    ) -> BoxStream<'static, Result<Path>> {
        match self.keeps.load(Ordering::SeqCst) {
            true => locations,
            false => self.files.delete_stream(locations),
        }
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.files.list(prefix)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.files.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, how: CopyOptions) -> Result<()> {
        self.files.copy_opts(from, to, how).await
    }
}

/// A large file whose pieces never arrive.
#[derive(Debug)]
struct Endless(Arc<Pieces>);

#[async_trait]
impl MultipartUpload for Endless {
    fn put_part(&mut self, _bytes: PutPayload) -> UploadPart {
        self.0.begun.fetch_add(1, Ordering::SeqCst);
        future::pending().boxed()
    }

    async fn complete(&mut self) -> Result<PutResult> {
        future::pending().await
    }

    async fn abort(&mut self) -> Result<()> {
        self.0.aborted.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }
}
