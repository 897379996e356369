//! The format of the files with sentences, one file per language.
//!
//! A template is plain text with two kinds of marks. `{food}` is a slot, filled with a word of that kind. Within one
//! story every `{food}` is the same food, and `{food2}` a different one. `{food|을/를}` adds the particle that fits the
//! word. `[a|b]` chooses one of the alternatives, which contain no slots.
//! To add a topic, add a variant here and a table in the file of each language.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::calendar::{PartOfDay, Sky};
use crate::data::Lines;

/// The topic of a story.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Topic {
    /// Meals.
    Food,
    /// The way to work and back.
    Commute,
    /// Relatives.
    Family,
    /// The club of the town.
    Football,
    /// Cats and dogs.
    Pets,
    /// School and exams.
    Study,
    /// Jobs.
    Work,
    /// Days elsewhere.
    Trips,
    /// Shops and stalls.
    Market,
    /// The festival of lanterns.
    Festival,
    /// Books, films and music.
    Culture,
    /// Sport of one's own.
    Exercise,
    /// The household.
    Home,
    /// Something that others may know.
    Questions,
    /// Gratitude.
    Thanks,
    /// The sky of the day.
    Weather,
}

impl Topic {
    /// All topics with their share of the town's stories, without personal preferences.
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

/// All sentences of one language on one topic.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Chapter {
    /// First sentences. Empty for the weather, where they depend on the sky.
    #[serde(default)]
    pub(super) leads: Lines,
    /// Further sentences. Empty if a first sentence stands alone.
    #[serde(default)]
    pub(super) more: Lines,
    pub(super) tags: Lines,
    /// Comments of friends.
    pub(super) replies: Lines,
}

/// The texts of one language.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Tongue {
    pub(super) topics: BTreeMap<Topic, Chapter>,
    /// The words for each slot, by its name.
    pub(super) words: BTreeMap<String, Lines>,
    pub(super) sky: BTreeMap<Sky, Lines>,
    pub(super) greeting: BTreeMap<PartOfDay, Lines>,
    pub(super) meal: BTreeMap<PartOfDay, Lines>,
    /// One-word stories, without a full stop.
    pub(super) short: Lines,
    /// What may follow the last sentence, such as a smile or a laugh.
    pub(super) tails: Lines,
    /// Sentences that fit any topic.
    pub(super) asides: Lines,
    /// Sentences with a link.
    pub(super) links: Lines,
    /// Comments of friends that fit any story.
    pub(super) replies: Lines,
    /// Replies of an author to comments of friends.
    pub(super) author_replies: Lines,
    pub(super) bios: Lines,
    /// Ends a sentence.
    pub(super) stop: String,
    /// Separates two sentences.
    pub(super) joint: String,
}
