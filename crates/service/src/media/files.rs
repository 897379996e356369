//! Files of photos in memory. Many people look at the same photos at about the same time, and without this cache each look
//! reads the disk or the bucket.
//!
//! The cache keeps pieces of files. A slow reader then holds one piece, even if the cache evicted the file.
//! A file never changes, because its name has the digest of its content. So the cache needs no invalidation. Every
//! request checks the audience before it looks here.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use futures::stream::{BoxStream, once, try_unfold};
use futures::{StreamExt, TryStreamExt};
use quick_cache::Weighter;
use quick_cache::sync::{Cache, DefaultLifecycle};
use sosik_media::storage::{
    Content, Folder, GetRange, Name, STREAM_PIECE_BYTES, Storage, StorageError,
};

use super::{Media, MediaFile};
use crate::ServiceResult;

/// Files up to this size, in bytes, are cached. Files of photos are smaller. Most videos are larger.
const CACHED_BYTES_MAX: u64 = 1024 * 1024;

/// The part of the cache that one file takes at most: an eighth. Otherwise its pieces evict each other.
const FILE_PART: u64 = 8;

/// Bytes of a piece. The last one of a file is smaller.
const PIECE_BYTES: u64 = STREAM_PIECE_BYTES as u64;

/// Expected bytes of a piece, for the size of the cache's table: most files are smaller than one piece.
const EXPECTED_BYTES: u64 = 48 << 10;

/// A part of a file.
#[derive(Clone)]
struct Piece {
    bytes: Bytes,
    /// Bytes of the whole file.
    size: u64,
}

/// Why a file is not in the cache.
enum Uncached {
    Missing,
    Large(Content),
    Failed(StorageError),
}

/// A file and the number of the piece.
type Key = (Folder, Name, u64);

#[derive(Clone)]
struct PieceWeight;

impl Weighter<Key, Piece> for PieceWeight {
    fn weight(&self, (_, name, _): &Key, piece: &Piece) -> u64 {
        (size_of::<Key>() + name.as_str().len() + size_of::<Piece>() + piece.bytes.len()) as u64
    }
}

/// The pieces that were read last. Cheap to clone.
#[derive(Clone)]
pub(super) struct FileCache(Arc<Cache<Key, Piece, PieceWeight>>);

impl FileCache {
    /// A cache with room for this number of bytes.
    pub(super) fn new(bytes: u64) -> Self {
        let pieces = usize::try_from(bytes / EXPECTED_BYTES).unwrap_or(usize::MAX);
        let (hash, lifecycle) = (Default::default(), DefaultLifecycle::default());
        let cache = Cache::with(pieces, bytes, PieceWeight, hash, lifecycle);
        Self(Arc::new(cache))
    }

    fn fits(&self, file_bytes: u64) -> bool {
        file_bytes <= CACHED_BYTES_MAX.min(self.0.capacity() / FILE_PART)
    }
}

/// The rest of a file, read from the storage.
struct Tail {
    pieces: BoxStream<'static, Result<Bytes, StorageError>>,
    /// Bytes that are no whole piece yet.
    rest: BytesMut,
}

impl Tail {
    fn of(content: Content) -> Self {
        Self {
            pieces: content.pieces,
            rest: BytesMut::new(),
        }
    }

    /// The pieces of a file from this number on.
    async fn at(storage: &Storage, file: &MediaFile, number: u64) -> Result<Self, StorageError> {
        let range = Some(GetRange::Offset(number * PIECE_BYTES));
        let content = storage.stream(file.folder, &file.name, range).await?;
        let gone = || std::io::Error::from(std::io::ErrorKind::NotFound);
        Ok(Self::of(content.ok_or_else(gone)?))
    }

    /// The next piece of [`PIECE_BYTES`], whatever pieces the storage reads. The last one is smaller.
    async fn next(&mut self) -> Result<Option<Bytes>, StorageError> {
        while self.rest.len() < STREAM_PIECE_BYTES {
            match self.pieces.try_next().await? {
                Some(whole) if self.rest.is_empty() && whole.len() == STREAM_PIECE_BYTES => {
                    return Ok(Some(whole));
                }
                Some(some) => self.rest.extend_from_slice(&some),
                None => break,
            }
        }
        let piece = self.rest.split_to(self.rest.len().min(STREAM_PIECE_BYTES));
        // A copy, so that the piece keeps no more memory than its own.
        Ok((!piece.is_empty()).then(|| Bytes::copy_from_slice(&piece)))
    }
}

/// The state of a response with a file, after the first piece.
struct Sending {
    cache: FileCache,
    storage: Storage,
    file: MediaFile,
    size: u64,
    /// The number of the next piece.
    number: u64,
    /// Present after a piece was missing in the cache.
    tail: Option<Tail>,
}

impl Media {
    /// A whole file. A file that is not cached is read while it is consumed. Concurrent requests for the file of a photo
    /// read it once, unless the cache has too little room. `None` if it was removed meanwhile.
    ///
    /// # Errors
    /// The storage fails.
    pub async fn read_whole(&self, file: &MediaFile) -> ServiceResult<Option<Content>> {
        let storage = &self.engine()?.storage;
        Ok(self.shared.files.read(storage, file).await?)
    }
}

impl FileCache {
    /// See [`Media::read_whole`].
    async fn read(
        &self,
        storage: &Storage,
        file: &MediaFile,
    ) -> Result<Option<Content>, StorageError> {
        let (key, load) = (key(file, 0), self.load(storage, file));
        match self.0.get_or_insert_async(&key, load).await {
            Ok(first) => Ok(Some(self.content(storage, file, first))),
            Err(Uncached::Large(content)) => Ok(Some(content)),
            Err(Uncached::Missing) => Ok(None),
            Err(Uncached::Failed(error)) => Err(error),
        }
    }

    /// Reads a file into the cache. Returns its first piece.
    async fn load(&self, storage: &Storage, file: &MediaFile) -> Result<Piece, Uncached> {
        let failed = Uncached::Failed;
        let content = storage.stream(file.folder, &file.name, None).await;
        let content = content.map_err(failed)?.ok_or(Uncached::Missing)?;
        let size = content.size;
        if !self.fits(size) {
            return Err(Uncached::Large(content));
        }
        let mut tail = Tail::of(content);
        let first = tail.next().await.map_err(failed)?;
        let mut number = 1;
        while let Some(bytes) = tail.next().await.map_err(failed)? {
            self.0.insert(key(file, number), Piece { bytes, size });
            number += 1;
        }
        let bytes = first.ok_or(Uncached::Missing)?;
        Ok(Piece { bytes, size })
    }

    /// The content of a file whose first piece is known.
    fn content(&self, storage: &Storage, file: &MediaFile, first: Piece) -> Content {
        let size = first.size;
        let begun = once(async move { Ok(first.bytes) });
        let sending = Sending {
            cache: self.clone(),
            storage: storage.clone(),
            file: file.clone(),
            size,
            number: 1,
            tail: None,
        };
        let rest = try_unfold(sending, |mut sending| async move {
            let piece = sending.next().await?;
            Ok(piece.map(|piece| (piece, sending)))
        });
        Content {
            pieces: begun.chain(rest).boxed(),
            range: 0..size,
            size,
        }
    }
}

impl Sending {
    /// The next piece. It comes from the cache until a piece is missing there, and from the storage after that.
    async fn next(&mut self) -> Result<Option<Bytes>, StorageError> {
        if self.number * PIECE_BYTES >= self.size {
            return Ok(None);
        }
        let key = key(&self.file, self.number);
        self.number += 1;
        if self.tail.is_none()
            && let Some(piece) = self.cache.0.get(&key)
        {
            return Ok(Some(piece.bytes));
        }
        let mut tail = match self.tail.take() {
            Some(tail) => tail,
            None => Tail::at(&self.storage, &self.file, key.2).await?,
        };
        let next = tail.next().await?;
        self.tail = Some(tail);
        if let Some(bytes) = next.clone() {
            let size = self.size;
            self.cache.0.insert(key, Piece { bytes, size });
        }
        Ok(next)
    }
}

fn key(file: &MediaFile, number: u64) -> Key {
    (file.folder, file.name.clone(), number)
}

#[cfg(test)]
mod tests;
