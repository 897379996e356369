//! Sends large files in pieces.
//!
//! An object store keeps the pieces of a file that was never completed, and no listing shows them. So a caller that
//! gives up must not leave any: a separate task sends the file, and aborts it when the caller's future is dropped.

use std::{
    io::{self, SeekFrom},
    path::Path as FilePath,
};

use object_store::{ObjectStoreExt, WriteMultipart, path::Path};
use sha2::{Digest, Sha256};
use tokio::{
    fs::File,
    io::{AsyncReadExt, AsyncSeekExt},
};
use tokio_util::sync::CancellationToken;

use super::{Folder, Name, Storage, StorageError, named};

/// Bytes of a piece of a large file in memory. Object stores take no smaller ones than 5 MiB.
const PIECE_BYTES: usize = 8 * 1024 * 1024;

/// Pieces of one file that are on their way at once.
const PIECES_MAX: usize = 2;

impl Storage {
    /// Stores a large file piece by piece. It becomes visible when it is complete. Dropping the future aborts it; see
    /// [`Self::settled`].
    ///
    /// # Errors
    ///
    /// The file cannot be read, or the engine fails; nothing is stored then.
    pub async fn put_file(
        &self,
        folder: Folder,
        file: &FilePath,
        extension: &str,
    ) -> Result<Name, StorageError> {
        let mut file = File::open(file).await?;
        let name = named(&digest(&mut file).await?, extension)?;
        let abandoned = CancellationToken::new();
        let _abandons = abandoned.clone().drop_guard();
        let (this, to) = (self.clone(), folder.file(&name));
        let sending = async move { this.send(file, &to, &abandoned).await };
        let sent = self.sending.spawn(sending).await;
        sent.map_err(io::Error::other)??;
        Ok(name)
    }

    /// Waits until every large file is stored or aborted. Call it before the process ends.
    pub async fn settled(&self) {
        self.sending.close(); // further files are still accepted, and waited for
        self.sending.wait().await;
    }

    async fn send(
        &self,
        mut file: File,
        to: &Path,
        abandoned: &CancellationToken,
    ) -> Result<(), StorageError> {
        let upload = self.engine.put_multipart(to).await?;
        let mut upload = WriteMultipart::new_with_chunk_size(upload, PIECE_BYTES);
        let sent = tokio::select! {
            biased;
            () = abandoned.cancelled() => Err(io::Error::from(io::ErrorKind::Interrupted).into()),
            sent = pieces(&mut file, &mut upload) => sent,
        };
        match sent {
            Ok(()) => upload.finish().await.map(drop).map_err(StorageError::from),
            Err(error) => {
                if let Err(error) = upload.abort().await {
                    tracing::warn!(%error, file = %to, "a large file could not be aborted, so its pieces stay in the object store");
                }
                Err(error)
            }
        }
    }
}

/// The SHA-256 of a file. Afterwards the file is positioned at its start.
async fn digest(file: &mut File) -> Result<Vec<u8>, StorageError> {
    let mut digest = Sha256::new();
    let mut piece = vec![0; PIECE_BYTES];
    loop {
        match file.read(&mut piece).await? {
            0 => break,
            read => digest.update(&piece[..read]),
        }
    }
    file.seek(SeekFrom::Start(0)).await?;
    Ok(digest.finalize().to_vec())
}

async fn pieces(file: &mut File, upload: &mut WriteMultipart) -> Result<(), StorageError> {
    let mut piece = vec![0; PIECE_BYTES];
    loop {
        upload.wait_for_capacity(PIECES_MAX).await?;
        match file.read(&mut piece).await? {
            0 => return Ok(()),
            read => upload.write(&piece[..read]),
        }
    }
}
