//! People of the town who are not drawn by chance: hosts to log in as, the mayor, and the celebrities whom people
//! follow rather than befriend.

use std::sync::LazyLock;

use serde::Deserialize;
use sosik_feed::people::Language;

use super::data::{self, Lines};

/// How many hosts there are; they are the first of the people.
pub(super) const HOSTS: u32 = 3;

/// These people, as the file describes them.
pub(super) static CAST: LazyLock<Cast> =
    LazyLock::new(|| data::read(include_str!("../texts/people.toml")));

/// The content of the file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Cast {
    pub(super) hosts: [Host; HOSTS as usize],
    /// Friends with nearly everybody.
    pub(super) mayor: Voice,
    /// Those whom people follow, the best known first.
    pub(super) celebrities: Vec<Voice>,
}

/// Somebody good to log in as.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Host {
    pub(super) handle: String,
    pub(super) given: String,
    pub(super) family: String,
    pub(super) language: Language,
    pub(super) bio: String,
}

/// Somebody who writes for the whole town, in their own words.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Voice {
    pub(super) handle: String,
    pub(super) name: String,
    pub(super) bio: String,
    pub(super) language: Language,
    /// How many of 100 people follow, of those who are not friends.
    pub(super) followers_percent: u32,
    /// Stories in four weeks.
    pub(super) stories: u32,
    pub(super) lines: Lines,
}
