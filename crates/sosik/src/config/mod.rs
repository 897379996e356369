//! The configuration: what may be set, what it is when nobody sets it, and where each value came from.
//!
//! Every key is declared once, in the file of its concern, through [`settings!`](setting::settings): meaning, unit,
//! default and allowed range stand side by side there. The printed configuration, the sample file, the reference page
//! and the checks all come out of that one declaration, so they cannot disagree.
//!
//! Sources, later wins: default, file, environment (`SOSIK_SECTION__KEY`), flag (`--set section.key=value`).
//! A key nobody knows, an empty safety limit or a value out of range stops the start, with all problems told at once.
//!
//! Refused: a general layering library. It would give up at the first bad value, guess the type of `SOSIK_NODE__NAME=12`,
//! and not know the line of the file; those three are what an operator needs most on a bad day.
//!
//! To add a key: one entry in the file of its concern, then `cargo xtask generate`. To add a concern: a file like
//! `queue.rs` and its two lines in [`Config`].

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

/// Everything that can be set, checked: holding one means every value is within its range.
#[derive(Debug, Clone)]
pub struct Config {
    /// Listeners and what they let in.
    pub server: Server,
    /// The durable truth.
    pub store: Store,
    /// What nodes share while running.
    pub fabric: Fabric,
    /// Where delivery orders wait.
    pub queue: Queue,
    /// How stories reach timelines.
    pub delivery: Delivery,
    /// How feeds are read.
    pub feed: Feed,
    /// What one person may have.
    pub limits: Limits,
    /// How accounts are created.
    pub accounts: Accounts,
    /// How long a login lasts.
    pub sessions: Sessions,
    /// What a password hash costs.
    pub passwords: Passwords,
    /// How often one may ask.
    pub rates: Rates,
    /// The self-check.
    pub verify: Verify,
    /// What is written to standard error.
    pub log: Log,
    /// Who this process is among others.
    pub node: Node,
}

impl Config {
    /// Takes every key from the reader, in the order in which they are printed.
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
    /// The configuration of a start with nothing set. A test proves that every default is within its range.
    fn default() -> Self {
        Self::read(&mut Reader::new(Layers::default()))
    }
}

/// A configuration together with the story of each value.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// The values themselves.
    pub config: Config,
    /// Every key with its description, its value as it may be shown, and its source.
    pub sections: Vec<SectionEntries>,
}

impl Loaded {
    /// Whether nobody set `key` (`section.name`): a role may then choose a default of its own, as the demo does for
    /// the place of its database.
    pub fn is_default(&self, key: &str) -> bool {
        self.sections.iter().any(|section| {
            section
                .entries
                .iter()
                .any(|entry| section.key(entry) == key && entry.source == Source::Default)
        })
    }
}

/// Every key with its default, whatever is set: what the sample and the reference page are made of.
pub fn described() -> Vec<SectionEntries> {
    let mut reader = Reader::new(Layers::default());
    Config::read(&mut reader);
    reader.finish().unwrap_or_default()
}

/// Reads the configuration from its sources.
///
/// # Errors
/// All problems found, in the order of their keys: unknown keys, wrong types, values out of range, values that
/// contradict one another.
pub fn load(inputs: Inputs) -> Result<Loaded, Problems> {
    let layers = Layers::gather(inputs)?;
    let mut reader = Reader::new(layers);
    let config = Config::read(&mut reader);
    // Values that were refused stand at their default here; judging how they fit together would only confuse.
    if reader.has_no_problems() {
        rules::check(&config, &mut reader);
    }
    let sections = reader.finish()?;
    Ok(Loaded { config, sections })
}
