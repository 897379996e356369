//! The configuration: what can be set, its defaults, and the source of each value.
//!
//! Every key is declared once, in the file of its concern, with [`settings!`](setting::settings). The declaration
//! contains its meaning, unit, default and allowed range. The printed configuration, the sample file, the reference
//! page and the checks are all made from that declaration, so they cannot disagree.
//!
//! Sources, in order of increasing precedence: default, file, environment (`SOSIK_SECTION__KEY`), flag (`--set
//! section.key=value`). An unknown key, an empty limit or a value out of range prevents the start. All problems are
//! reported together.
//!
//! Alternative refused: a general layering library. It would stop at the first invalid value, guess the type of
//! `SOSIK_NODE__NAME=12`, and not report the line of the file. An operator needs these three most in an incident.
//!
//! To add a key, add one entry in the file of its concern and run `cargo xtask generate`. To add a concern, add a file
//! like `queue.rs` and its two lines in [`Config`].

mod accounts;
mod allowed;
mod delivery;
mod engine_url;
mod fabric;
mod feed;
mod layers;
mod limits;
mod log;
mod node;
mod passwords;
mod problem;
mod proxies;
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
    accounts::{Accounts, Registration},
    delivery::Delivery,
    engine_url::EngineUrl,
    fabric::Fabric,
    feed::Feed,
    layers::Inputs,
    limits::Limits,
    log::{Log, LogFormat},
    node::Node,
    passwords::Passwords,
    problem::{Problem, Problems, Source},
    queue::Queue,
    rates::{Rate, Rates},
    reader::SectionEntries,
    server::Server,
    sessions::Sessions,
    store::Store,
    verify::Verify,
};
use self::{layers::Layers, reader::Reader};

/// The checked configuration: every value is within its range.
#[derive(Debug, Clone)]
pub struct Config {
    /// Listeners, admission and streams.
    pub server: Server,
    /// The durable store.
    pub store: Store,
    /// State that nodes share at run time.
    pub fabric: Fabric,
    /// Where delivery orders wait.
    pub queue: Queue,
    /// How stories reach timelines.
    pub delivery: Delivery,
    /// How feeds are read.
    pub feed: Feed,
    /// Limits for one person.
    pub limits: Limits,
    /// How accounts are created.
    pub accounts: Accounts,
    /// How long a session lasts.
    pub sessions: Sessions,
    /// The cost of a password hash.
    pub passwords: Passwords,
    /// Rate limits.
    pub rates: Rates,
    /// The self-check.
    pub verify: Verify,
    /// The log on standard error.
    pub log: Log,
    /// The identity of this process among other nodes.
    pub node: Node,
}

impl Config {
    /// Reads every key, in the order in which they are printed.
    fn read(reader: &mut Reader) -> Self {
        Self {
            server: Server::read(reader),
            store: Store::read(reader),
            fabric: Fabric::read(reader),
            queue: Queue::read(reader),
            delivery: Delivery::read(reader),
            feed: Feed::read(reader),
            limits: Limits::read(reader),
            accounts: Accounts::read(reader),
            sessions: Sessions::read(reader),
            passwords: Passwords::read(reader),
            rates: Rates::read(reader),
            verify: Verify::read(reader),
            log: Log::read(reader),
            node: Node::read(reader),
        }
    }
}

impl Default for Config {
    /// The configuration without any source. A test proves that every default is within its range.
    fn default() -> Self {
        Self::read(&mut Reader::new(Layers::default()))
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
        self.sections.iter().any(|section| {
            section
                .entries
                .iter()
                .any(|entry| section.key(entry) == key && entry.source == Source::Default)
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
