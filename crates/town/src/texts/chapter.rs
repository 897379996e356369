//! The shape in which a language's sentences are written down, one file per language.
//!
//! A template is plain text with two marks. `{food}` is a slot, filled by a word of that kind; within one story every
//! `{food}` is the same food, and `{food2}` another. `{food|을/를}` adds the particle that fits the word.
//! `[a|b]` is one of the alternatives, which hold no slots.
//! To add a topic: a variant here, a table in the file of each language.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::calendar::{PartOfDay, Sky};
use crate::data::Lines;

/// What a story is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Topic {
    Food,
    Commute,
    Family,
    Football,
    Pets,
    Study,
    Work,
    Trips,
    Market,
    Festival,
    Culture,
    Exercise,
    Home,
    Questions,
    Thanks,
    Weather,
}

impl Topic {
    /// Every topic, and how much of the town's talk it is, before anybody's own taste.
    pub(crate) const TALK: [(Self, u32); 16] = [
        (Self::Food, 14),
        (Self::Commute, 7),
        (Self::Family, 8),
        (Self::Football, 6),
        (Self::Pets, 6),
        (Self::Study, 5),
        (Self::Work, 7),
        (Self::Trips, 7),
        (Self::Market, 6),
        (Self::Festival, 5),
        (Self::Culture, 8),
        (Self::Exercise, 6),
        (Self::Home, 7),
        (Self::Questions, 6),
        (Self::Thanks, 4),
        (Self::Weather, 8),
    ];
}

/// All sentences of one language about one topic.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Chapter {
    /// A story begins with one of these. Empty for the weather, whose beginnings depend on the sky.
    #[serde(default)]
    pub(super) leads: Lines,
    /// It may go on with some of these. Empty when a beginning stands best alone.
    #[serde(default)]
    pub(super) more: Lines,
    pub(super) tags: Lines,
    /// What friends say to it.
    pub(super) replies: Lines,
}

/// All that is known about writing in one language.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Tongue {
    pub(super) topics: BTreeMap<Topic, Chapter>,
    /// The words that may fill a slot, by its name.
    pub(super) words: BTreeMap<String, Lines>,
    pub(super) sky: BTreeMap<Sky, Lines>,
    pub(super) greeting: BTreeMap<PartOfDay, Lines>,
    pub(super) meal: BTreeMap<PartOfDay, Lines>,
    /// One-word stories, without a full stop.
    pub(super) short: Lines,
    /// What may follow the last sentence: a smile, a laugh.
    pub(super) tails: Lines,
    /// Sentences that go with any topic.
    pub(super) asides: Lines,
    /// Sentences with a link.
    pub(super) links: Lines,
    /// What friends say to anything.
    pub(super) replies: Lines,
    /// What an author says to friends who have commented.
    pub(super) author_replies: Lines,
    pub(super) bios: Lines,
    /// What ends a sentence.
    pub(super) stop: String,
    /// What stands between two sentences.
    pub(super) joint: String,
}
