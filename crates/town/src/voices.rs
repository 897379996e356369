//! People of the town who are not random: the hosts to log in as, the mayor, and the celebrities.

use std::sync::LazyLock;

use serde::Deserialize;
use sosik_feed::people::Language;

use super::data::{self, Lines};

/// Number of hosts. They are the first people of the town.
pub(super) const HOSTS: u32 = 3;

/// The people described in the file.
pub(super) static CAST: LazyLock<Cast> =
    LazyLock::new(|| data::read(include_str!("../texts/people.toml")));

/// The content of the file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Cast {
    pub(super) hosts: [Host; HOSTS as usize],
    /// A friend of nearly everybody.
    pub(super) mayor: Voice,
    /// People with many followers, the best known first.
    pub(super) celebrities: Vec<Voice>,
}

/// A resident whom visitors log in as.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Host {
    pub(super) handle: String,
    pub(super) given: String,
    pub(super) family: String,
    pub(super) language: Language,
    pub(super) bio: String,
}

/// A person who writes for the whole town, with their own texts.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Voice {
    pub(super) handle: String,
    pub(super) name: String,
    pub(super) bio: String,
    pub(super) language: Language,
    /// Percentage of the people who are not friends that follow.
    pub(super) followers_percent: u32,
    /// Number of stories in four weeks.
    pub(super) stories: u32,
    pub(super) lines: Lines,
}
