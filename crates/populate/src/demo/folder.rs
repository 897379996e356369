//! The folder of the demo store: temporary, or kept at a path.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use serde::{Deserialize, Serialize};
use sosik_store_sqlite::private;
use tempfile::TempDir;

/// Describes the town in the folder. It is written last, so it exists only if the town is complete.
const MARKER_FILE: &str = "town.json";
/// File name of the store.
const STORE: &str = "sosik.db";

/// The input of the town generator. The same values make the same town.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct DemoSpec {
    /// Seed of the random source.
    pub seed: u64,
    /// Number of residents.
    pub people: usize,
}

/// A folder for a town. Dropping it removes it, unless it is kept.
#[derive(Debug)]
pub struct DemoFolder {
    folder: PathBuf,
    temporary: Option<TempDir>,
    /// The complete town that was in the folder when it was opened.
    pub found: Option<DemoSpec>,
}

impl DemoFolder {
    /// Makes a temporary folder.
    ///
    /// # Errors
    /// When the folder cannot be created.
    pub fn temporary() -> anyhow::Result<Self> {
        let folder = private::temporary_folder("sosik-demo-");
        let folder =
            folder.context("make a temporary folder; another place can be named with --data")?;
        Ok(Self {
            folder: folder.path().to_owned(),
            temporary: Some(folder),
            found: None,
        })
    }

    /// Opens or creates a folder that is kept. Finds the town in it, if there is one.
    ///
    /// # Errors
    /// When the folder cannot be created, or contains a store without a complete town.
    pub fn kept(folder: &Path) -> anyhow::Result<Self> {
        let here = || folder.display();
        fs::create_dir_all(folder).with_context(|| format!("make the folder {}", here()))?;
        let marker = folder.join(MARKER_FILE);
        let found = if marker.exists() {
            let text = fs::read_to_string(&marker)
                .with_context(|| format!("read {}", marker.display()))?;
            Some(
                serde_json::from_str(&text)
                    .with_context(|| format!("understand {}", marker.display()))?,
            )
        } else if folder.join(STORE).exists() {
            bail!(
                "{} holds a store without a complete town: empty the folder, or name another one with --data",
                here()
            );
        } else {
            None
        };
        Ok(Self {
            folder: folder.to_owned(),
            temporary: None,
            found,
        })
    }

    /// Path of the store file.
    pub fn store(&self) -> PathBuf {
        self.folder.join(STORE)
    }

    /// Whether the folder is kept.
    pub fn is_kept(&self) -> bool {
        self.temporary.is_none()
    }

    /// Marks the town as complete.
    ///
    /// # Errors
    /// When the marker cannot be written.
    pub fn complete(&self, spec: DemoSpec) -> anyhow::Result<()> {
        let marker = self.folder.join(MARKER_FILE);
        fs::write(&marker, serde_json::to_string(&spec)?)
            .with_context(|| format!("write {}", marker.display()))
    }

    /// Removes the folder unless it is kept.
    ///
    /// # Errors
    /// When a file or the folder cannot be removed.
    pub fn remove_if_temporary(self) -> anyhow::Result<()> {
        let Some(folder) = self.temporary else {
            return Ok(());
        };
        folder
            .close()
            .with_context(|| format!("remove {}", self.folder.display()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SPEC: DemoSpec = DemoSpec {
        seed: 7,
        people: 50,
    };

    #[test]
    fn a_temporary_place_is_gone_afterwards() {
        let demo_folder = DemoFolder::temporary().unwrap();
        let folder = demo_folder.folder.clone();
        demo_folder.complete(SPEC).unwrap();
        demo_folder.remove_if_temporary().unwrap();
        assert!(!folder.exists());
    }

    #[test]
    fn a_kept_place_knows_its_town_again_and_refuses_half_a_town() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("some/where");
        let demo_folder = DemoFolder::kept(&folder).unwrap();
        assert_eq!(demo_folder.found, None);
        fs::write(demo_folder.store(), "").unwrap();
        let refused = DemoFolder::kept(&folder).unwrap_err();
        assert!(refused.to_string().contains("--data"), "{refused}");
        demo_folder.complete(SPEC).unwrap();
        demo_folder.remove_if_temporary().unwrap();
        assert_eq!(DemoFolder::kept(&folder).unwrap().found, Some(SPEC));
    }
}
