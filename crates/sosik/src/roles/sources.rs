//! The sources of this process's configuration.

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::{
    config::{self, Inputs, Loaded, Problem, Problems, Source},
    logging,
};

/// Read if no file is named and this file exists.
const DEFAULT_FILE: &str = "sosik.toml";

/// The flags of every role that set the configuration.
#[derive(Debug, Clone, clap::Args)]
pub struct Sources {
    /// Configuration file [default: ./sosik.toml if it exists]
    #[arg(long, value_name = "PATH", env = "SOSIK_CONFIG", global = true)]
    config: Option<PathBuf>,

    /// Set one key; overrides file and environment; repeatable, the last one wins
    #[arg(long = "set", value_name = "SECTION.KEY=VALUE", global = true)]
    set: Vec<String>,
}

impl Sources {
    /// Reads the configuration and starts the log. Roles that do work call this first.
    ///
    /// # Errors
    /// All [`Problems`] of the configuration.
    pub fn start(self) -> anyhow::Result<Loaded> {
        let loaded = self.load()?;
        logging::start(&loaded.config.log)?;
        Ok(loaded)
    }

    /// Reads the configuration, without any other effect.
    ///
    /// # Errors
    /// All [`Problems`] of the configuration.
    pub fn load(self) -> Result<Loaded, Problems> {
        let environment = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect();
        config::load(Inputs {
            file: self.config_file()?,
            environment,
            flags: self.set,
        })
    }

    fn config_file(&self) -> Result<Option<(PathBuf, String)>, Problems> {
        let path = match &self.config {
            Some(path) => path,
            None if Path::new(DEFAULT_FILE).exists() => Path::new(DEFAULT_FILE),
            None => return Ok(None),
        };
        let text = fs::read_to_string(path).map_err(|error| {
            Problems(vec![Problem {
                source: Source::File {
                    path: path.to_owned(),
                    line: None,
                },
                what: format!("cannot read the configuration file: {error}"),
                advice: "name another file with --config or SOSIK_CONFIG, or none".to_owned(),
            }])
        })?;
        Ok(Some((path.to_owned(), text)))
    }
}
