//! Files of photos in memory. Many people look at the same photos at about the same time, and without this cache each look
//! reads the disk or the bucket.
//!
//! The cache keeps pieces of files and not whole files, so that a client that reads slowly occupies the memory of the piece
//! that it reads, also after the cache dropped the file.
//! A file never changes, because its name has the digest of its content. So the cache needs no invalidation. Every
//! request checks the audience before it looks here.

use bytes::Bytes;
use futures::stream::{once, try_unfold};
use futures::{StreamExt, TryStreamExt};
use quick_cache::Weighter;
use quick_cache::sync::{Cache, DefaultLifecycle};
use sosik_media::storage::{Content, Folder, GetRange, Name, STREAM_PIECE_BYTES, StorageError};

use super::{Media, MediaFile};
use crate::{ServiceError, ServiceResult};

/// Largest file, in bytes, of which pieces are kept in memory. Files of photos are smaller. Most videos are larger.
const CACHED_BYTES_MAX: u64 = 1024 * 1024;

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
    Failed(ServiceError),
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

/// The pieces that were read last.
pub(super) struct FileCache(Cache<Key, Piece, PieceWeight>);

impl FileCache {
    /// A cache with room for this number of bytes.
    pub(super) fn new(bytes: u64) -> Self {
        let pieces = usize::try_from(bytes / EXPECTED_BYTES).unwrap_or(usize::MAX);
        let (hash, lifecycle) = (Default::default(), DefaultLifecycle::default());
        Self(Cache::with(pieces, bytes, PieceWeight, hash, lifecycle))
    }
}

impl Media {
    /// A whole file, read while it is consumed. Concurrent requests for the file of a photo read it once. `None` if it
    /// was removed meanwhile.
    ///
    /// # Errors
    /// The storage fails.
    pub async fn read_whole(&self, file: &MediaFile) -> ServiceResult<Option<Content>> {
        let (cached, key) = (&self.shared.files.0, key(file, 0));
        match cached.get_or_insert_async(&key, self.load(file)).await {
            Ok(first) => Ok(Some(self.content(file, first))),
            Err(Uncached::Large(content)) => Ok(Some(content)),
            Err(Uncached::Missing) => Ok(None),
            Err(Uncached::Failed(error)) => Err(error),
        }
    }

    /// Reads a file into the cache. Returns its first piece.
    async fn load(&self, file: &MediaFile) -> Result<Piece, Uncached> {
        let failed = |error| Uncached::Failed(ServiceError::Storage(error));
        let storage = &self.engine().map_err(Uncached::Failed)?.storage;
        let content = storage.stream(file.folder, &file.name, None).await;
        let content = content.map_err(failed)?.ok_or(Uncached::Missing)?;
        if content.size > CACHED_BYTES_MAX {
            return Err(Uncached::Large(content));
        }
        let size = content.size;
        let whole: Vec<Bytes> = content.pieces.try_collect().await.map_err(failed)?;
        let whole = whole.concat();
        let mut pieces = whole.chunks(STREAM_PIECE_BYTES).map(|bytes| Piece {
            bytes: Bytes::copy_from_slice(bytes),
            size,
        });
        let first = pieces.next().ok_or(Uncached::Missing)?;
        for (number, piece) in (1..).zip(pieces) {
            self.shared.files.0.insert(key(file, number), piece);
        }
        Ok(first)
    }

    /// The content of a file whose first piece is known.
    fn content(&self, file: &MediaFile, first: Piece) -> Content {
        let size = first.size;
        let begun = once(async move { Ok(first.bytes) });
        let rest = (self.clone(), file.clone(), 1);
        let rest = try_unfold(rest, move |(media, file, number)| async move {
            if number * PIECE_BYTES >= size {
                return Ok(None);
            }
            let piece = media.piece(&file, number).await?;
            Ok(Some((piece, (media, file, number + 1))))
        });
        Content {
            pieces: begun.chain(rest).boxed(),
            range: 0..size,
            size,
        }
    }

    /// A piece of a file that was in the cache.
    async fn piece(&self, file: &MediaFile, number: u64) -> Result<Bytes, StorageError> {
        if let Some(piece) = self.shared.files.0.get(&key(file, number)) {
            return Ok(piece.bytes);
        }
        let gone = || std::io::Error::from(std::io::ErrorKind::NotFound);
        let engine = self.engine().map_err(|_off| gone())?;
        let from = number * PIECE_BYTES;
        let range = GetRange::Bounded(from..from + PIECE_BYTES);
        let content = engine
            .storage
            .stream(file.folder, &file.name, Some(range))
            .await?;
        let content = content.ok_or_else(gone)?;
        let size = content.size;
        let bytes: Vec<Bytes> = content.pieces.try_collect().await?;
        let bytes = Bytes::from(bytes.concat());
        let piece = Piece {
            bytes: bytes.clone(),
            size,
        };
        self.shared.files.0.insert(key(file, number), piece);
        Ok(bytes)
    }
}

fn key(file: &MediaFile, number: u64) -> Key {
    (file.folder, file.name.clone(), number)
}
