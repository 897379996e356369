//! The configuration: what can be set, its defaults, and the source of each value.
//!
//! Every key is declared once, in the file of its concern, with [`settings!`](setting::settings). The declaration
//! contains its meaning, unit and allowed range, and its place in [`Config`]: a field of the settings that the service,
//! the API or an engine defines. What stands in that place is its default. The printed configuration, the sample file,
//! the reference page and the checks are all made from that declaration, so they cannot disagree.
//!
//! Sources, in order of increasing precedence: default, file, environment (`SOSIK_SECTION__KEY`), flag (`--set
//! section.key=value`). An unknown key, an empty limit or a value out of range prevents the start. All problems are
//! reported together.
//!
//! Alternative refused: a general layering library. It would stop at the first invalid value, guess the type of
//! `SOSIK_NODE__NAME=12`, and not report the line of the file. An operator needs these three most in an incident.
//!
//! To add a key, add a field to the settings of the crate that uses it and one entry in the file of its concern, then
//! run `cargo xtask generate`. To add a concern, add a file like `queue.rs` and its line in [`SECTIONS`].

mod accounts;
mod allowed;
mod balance;
mod delivery;
mod engine_url;
mod fabric;
mod feed;
mod layers;
mod limits;
mod log;
mod media;
mod node;
mod passwords;
mod problem;
mod proxies;
mod public;
mod queue;
mod rates;
mod reader;
pub mod render;
mod rules;
mod secret;
mod server;
mod sessions;
mod setting;
mod store;
mod units;
mod verify;

#[cfg(test)]
mod tests;

pub use self::{
    delivery::InServe,
    engine_url::EngineUrl,
    layers::Inputs,
    log::{Log, LogFormat},
    media::{BUCKET, Media},
    passwords::Breached,
    problem::{Problem, Problems, Source},
    queue::Queue,
    reader::SectionEntries,
    server::Server,
    verify::Verify,
};
use sosik_fabric::memory::MemoryOptions;
use sosik_store_postgres::{Pooler, PoolsOptions};
use sosik_store_sqlite::SqliteOptions;

use self::{layers::Layers, reader::Reader};

/// The checked configuration: every value is within its range.
///
/// Values that the configuration does not know are filled in where a process starts: times, open files, host names.
#[derive(Debug, Clone)]
pub struct Config {
    /// The engines.
    pub urls: EngineUrls,
    /// Listeners, the access to the administration, and the orderly stop.
    pub server: Server,
    /// The HTTP side.
    pub api: sosik_api::Settings,
    /// The service.
    pub service: sosik_service::Settings,
    /// The SQLite engine of the store.
    pub store: SqliteOptions,
    /// The connections of the PostgreSQL engine.
    pub pools: PoolsOptions,
    /// The connection pooler in front of PostgreSQL.
    pub pooler: Pooler,
    /// The memory engines of the fabric.
    pub fabric: MemoryOptions,
    /// What nodes share in NATS.
    pub queue: Queue,
    /// A file with the certificates of authorities for PostgreSQL; empty for those of the system.
    pub store_ca_file: String,
    /// A file with the certificates of authorities for Redis; empty for those of the system.
    pub fabric_ca_file: String,
    /// Whether a node that serves also delivers.
    pub delivery_in_serve: InServe,
    /// The service that knows breached passwords.
    pub breached: Breached,
    /// Where the files of photos are.
    pub media: Media,
    /// The self-check.
    pub verify: Verify,
    /// The log on standard error.
    pub log: Log,
    /// The balancer.
    pub balance: sosik_balance::Settings,
}

/// The addresses of the engines.
#[derive(Debug, Clone)]
pub struct EngineUrls {
    /// The durable store.
    pub store: EngineUrl,
    /// State that nodes share at run time.
    pub fabric: EngineUrl,
    /// Where delivery orders wait.
    pub queue: EngineUrl,
}

impl Default for EngineUrls {
    fn default() -> Self {
        Self {
            store: EngineUrl::constant("sqlite:data/sosik.db"),
            fabric: EngineUrl::constant("memory:"),
            queue: EngineUrl::constant("memory:"),
        }
    }
}

impl Default for Config {
    /// The configuration without any source. A test proves that every default is within its range.
    fn default() -> Self {
        let mut service = sosik_service::Settings::default();
        service.node.name.clear();
        Self {
            urls: EngineUrls::default(),
            server: Server::default(),
            api: sosik_api::Settings::default(),
            service,
            store: SqliteOptions::temporary(),
            pools: PoolsOptions::default(),
            pooler: Pooler::None,
            fabric: MemoryOptions::default(),
            store_ca_file: String::new(),
            fabric_ca_file: String::new(),
            queue: Queue::default(),
            delivery_in_serve: InServe::On,
            breached: Breached::default(),
            media: Media::default(),
            verify: Verify::default(),
            log: Log::default(),
            balance: sosik_balance::Settings::default(),
        }
    }
}

/// Every section, in the order in which they are printed.
const SECTIONS: [fn(&mut Config, &mut Reader); 17] = [
    server::read,
    store::read,
    fabric::read,
    queue::read,
    delivery::read,
    feed::read,
    limits::read,
    media::read,
    accounts::read,
    public::read,
    sessions::read,
    passwords::read,
    rates::read,
    verify::read,
    log::read,
    node::read,
    balance::read,
];

impl Config {
    fn read(reader: &mut Reader) -> Self {
        let mut config = Self::default();
        for section in SECTIONS {
            section(&mut config, reader);
        }
        config
    }
}

/// A configuration with the source of each value.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// The values.
    pub config: Config,
    /// Every key with its description, its printable value, and its source.
    pub sections: Vec<SectionEntries>,
}

impl Loaded {
    /// Whether `key` (`section.name`) was not set. A role may then choose its own default, as the demo does for the
    /// location of its database.
    pub fn is_default(&self, key: &str) -> bool {
        self.source(key) == Some(&Source::Default)
    }

    /// A problem of the value of `key` (`section.name`) that only one role has.
    pub fn problem(&self, key: &str, what: &str, advice: &str) -> Problems {
        Problems(vec![Problem {
            source: self.source(key).cloned().unwrap_or(Source::Default),
            what: what.to_owned(),
            advice: advice.to_owned(),
        }])
    }

    /// Where the value of `key` (`section.name`) came from. None if there is no such key.
    pub fn source(&self, key: &str) -> Option<&Source> {
        let mut sections = self.sections.iter();
        sections.find_map(|section| {
            let mut entries = section.entries.iter();
            entries
                .find(|entry| section.key(entry) == key)
                .map(|entry| &entry.source)
        })
    }
}

/// Every key with its default, independent of any source. The sample and the reference page are made from this.
pub fn described() -> Vec<SectionEntries> {
    let mut reader = Reader::new(Layers::default());
    Config::read(&mut reader);
    reader.finish().unwrap_or_default()
}

/// Reads the configuration from its sources.
///
/// # Errors
/// All problems in the order of their keys: unknown keys, wrong types, values out of range, contradicting values.
pub fn load(inputs: Inputs) -> Result<Loaded, Problems> {
    let layers = Layers::gather(inputs)?;
    let mut reader = Reader::new(layers);
    let config = Config::read(&mut reader);
    // Rejected values are replaced by their defaults here, so checks between keys would be misleading.
    if reader.has_no_problems() {
        rules::check(&config, &mut reader);
    }
    let sections = reader.finish()?;
    Ok(Loaded { config, sections })
}
