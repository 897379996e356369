//! The shape in which a language's sentences are written down.
//!
//! A template is plain text with two marks. `{food}` is a slot, filled by a word of that kind; within one story every
//! `{food}` is the same food, and `{food2}` another. `{food|을/를}` adds the particle that fits the word.
//! `[a|b]` is one of the alternatives, which hold no slots.
//! To add a topic: a variant here, a chapter in each language.

use crate::calendar::{PartOfDay, Sky};

/// What a story is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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
pub(super) struct Chapter {
    pub(super) topic: Topic,
    /// A story begins with one of these. Empty for the weather, whose beginnings depend on the sky.
    pub(super) leads: &'static [&'static str],
    /// It may go on with some of these. Empty when a beginning stands best alone.
    pub(super) more: &'static [&'static str],
    pub(super) tags: &'static [&'static str],
    /// What friends say to it.
    pub(super) replies: &'static [&'static str],
}

type Lines = &'static [&'static str];

/// All that is known about writing in one language.
pub(super) struct Tongue {
    pub(super) chapters: &'static [&'static [Chapter]],
    /// The words that may fill a slot.
    pub(super) words: fn(&str) -> Option<Lines>,
    pub(super) sky: fn(Sky) -> Lines,
    pub(super) greeting: fn(PartOfDay) -> Lines,
    pub(super) meal: fn(PartOfDay) -> Lines,
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
    pub(super) stop: &'static str,
    /// What stands between two sentences.
    pub(super) joint: &'static str,
}
