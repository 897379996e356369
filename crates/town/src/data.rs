//! Reads the texts of the town, which are data files in the folder `texts` of this crate.
//!
//! The files are part of the executable. Each file is parsed on its first use and stays in memory, so that stories can
//! refer to its lines.

use std::ops::Deref;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};

/// A list of texts.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Lines(&'static [&'static str]);

impl Deref for Lines {
    type Target = &'static [&'static str];

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl<'de> Deserialize<'de> for Lines {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let lines = Vec::<String>::deserialize(from)?;
        // The texts are never freed. Each file is read once, so they take about the size of the files.
        let lines: Vec<&'static str> = lines.into_iter().map(|line| &*line.leak()).collect();
        Ok(Self(lines.leak()))
    }
}

/// Reads a file of texts.
pub(super) fn read<T: DeserializeOwned>(file: &str) -> T {
    toml::from_str(file).expect("a test reads every file of texts")
}
