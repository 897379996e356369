//! The data folder of a server.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use anyhow::Context;
use serde::{Deserialize, Serialize};
use tempfile::{Builder, TempDir};

/// A temporary folder. Dropping it removes it if this process made it and has not left it.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Folder {
    path: PathBuf,
    #[serde(skip)]
    temporary: Option<TempDir>,
}

impl Folder {
    pub(crate) fn new() -> anyhow::Result<Self> {
        // The data of a server is for the account that runs it.
        let owner = Permissions::from_mode(0o700);
        let temporary = Builder::new().permissions(owner).tempdir()?;
        Ok(Self {
            path: temporary.path().to_owned(),
            temporary: Some(temporary),
        })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Keeps it when this process ends.
    pub(crate) fn leave(&mut self) {
        if let Some(temporary) = self.temporary.take() {
            let _path = temporary.keep();
        }
    }

    /// Removes it with everything in it.
    pub(crate) fn remove(&mut self) -> anyhow::Result<()> {
        self.leave();
        match fs::remove_dir_all(&self.path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(error).with_context(|| format!("remove {}", self.path.display()))
            }
            _ => Ok(()),
        }
    }
}
