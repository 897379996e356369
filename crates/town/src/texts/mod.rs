//! Composes stories, comments and bios from sentences and words in three languages.
//!
//! A story has a first sentence and optionally more on the same topic, an aside, a smile, a hashtag or a link. The
//! comments reuse the words of the story, so that all refer to the same dish. A Markov chain and a language model were
//! refused: neither would use only our own text, be small, and get Korean particles right.

mod chapter;
mod fill;
mod particles;

use std::sync::LazyLock;

use sosik_feed::people::Language;

pub use chapter::Topic;
use chapter::{Chapter, Tongue};
use fill::{Filler, slots};

use super::calendar::{Moment, Sky};
use super::data;
use super::dice::Dice;

/// The author, the time and the recipients of a text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scene<'a> {
    pub(super) author: u32,
    pub(super) language: Language,
    pub(super) moment: Moment,
    /// The handle of a friend who may be mentioned.
    pub(super) friend: Option<&'a str>,
    pub(super) matter: Matter,
}

/// The subject of a story.
#[derive(Debug, Clone, Copy)]
pub(super) enum Matter {
    /// A topic of daily life.
    Topic(Topic),
    /// The lines of a person with their own texts, such as the newspaper.
    Lines(&'static [&'static str]),
}

/// What comments need to know about a story.
#[derive(Debug, Clone)]
pub(super) struct Thread {
    language: Language,
    pub(super) topic: Option<Topic>,
    words: Vec<(&'static str, &'static str)>,
}

impl Thread {
    /// For a story with unknown content: only its language is known.
    pub(super) const fn unread(language: Language) -> Self {
        Self {
            language,
            topic: None,
            words: Vec::new(),
        }
    }
}

/// A story with what its comments need to know.
#[derive(Debug, Clone)]
pub(super) struct Draft {
    pub(super) text: String,
    pub(super) thread: Thread,
}

/// Number of sentences after the first one, with the weight of each number.
const MORE_SENTENCES: [(usize, u32); 5] = [(0, 40), (1, 32), (2, 15), (3, 8), (5, 5)];
/// Percentages of stories.
const SHORT_PERCENT: u32 = 4;
const GREETING_PERCENT: u32 = 12;
const ASIDE_PERCENT: u32 = 35;
const TAIL_PERCENT: u32 = 34;
const TAGS_PERCENT: u32 = 16;
const LINK_PERCENT: u32 = 4;
const LINE_BREAKS_PERCENT: u32 = 40;
/// Korean laughs and tears can end a sentence instead of a full stop.
const LAUGHS: [char; 3] = ['ㅋ', 'ㅎ', 'ㅠ'];
/// One in this many authors writes without capitals and without the last full stop.
const CARELESS_EVERY: u32 = 5;

/// Writes a story.
pub(super) fn story(scene: &Scene<'_>, dice: &mut Dice) -> Draft {
    let mut filler = Filler::new(tongue(scene.language), scene, dice);
    let (text, topic) = match scene.matter {
        Matter::Lines(lines) => (filler.any_of(lines), None),
        Matter::Topic(_) if filler.dice.percent(SHORT_PERCENT) => (short(&mut filler), None),
        Matter::Topic(topic) => (about(topic, scene.moment, &mut filler), Some(topic)),
    };
    let words = filler.into_words();
    let text = typed(text, scene.author, scene.language);
    Draft {
        text,
        thread: Thread {
            language: scene.language,
            topic,
            words,
        },
    }
}

/// Writes the comment of a friend.
pub(super) fn reply(thread: &Thread, scene: &Scene<'_>, dice: &mut Dice) -> String {
    let tongue = tongue(thread.language);
    let known = |line: &&&'static str| {
        slots(line)
            .all(|slot| slot == "very" || thread.words.iter().any(|(bound, _)| *bound == slot))
    };
    let fitting: Vec<&'static str> = thread.topic.map_or_else(Vec::new, |topic| {
        chapter(tongue, topic)
            .replies
            .iter()
            .filter(known)
            .copied()
            .collect()
    });
    let mut filler = Filler::remembering(tongue, scene, &thread.words, dice);
    let to_the_point = !fitting.is_empty() && filler.dice.percent(50);
    let text = filler.any_of(if to_the_point {
        &fitting
    } else {
        &tongue.replies
    });
    let text = if filler.dice.percent(20) {
        with_tail(text, &mut filler)
    } else {
        text
    };
    typed(text, scene.author, thread.language)
}

/// Writes an author's reply to comments.
pub(super) fn author_reply(thread: &Thread, scene: &Scene<'_>, dice: &mut Dice) -> String {
    let tongue = tongue(thread.language);
    let mut filler = Filler::remembering(tongue, scene, &thread.words, dice);
    let text = filler.any_of(&tongue.author_replies);
    typed(text, scene.author, thread.language)
}

/// Writes a bio. Pupils and retired people mention no occupation.
pub(super) fn bio(scene: &Scene<'_>, works: bool, dice: &mut Dice) -> String {
    let tongue = tongue(scene.language);
    let fitting: Vec<&'static str> = tongue
        .bios
        .iter()
        .filter(|line| works || !line.contains("{calling"))
        .copied()
        .collect();
    let text = Filler::new(tongue, scene, dice).any_of(&fitting);
    typed(text, scene.author, scene.language)
}

fn tongue(language: Language) -> &'static Tongue {
    static KOREAN: LazyLock<Tongue> =
        LazyLock::new(|| data::read(include_str!("../../texts/korean.toml")));
    static ENGLISH: LazyLock<Tongue> =
        LazyLock::new(|| data::read(include_str!("../../texts/english.toml")));
    static JAPANESE: LazyLock<Tongue> =
        LazyLock::new(|| data::read(include_str!("../../texts/japanese.toml")));
    match language {
        Language::Ko => &KOREAN,
        Language::En => &ENGLISH,
        Language::Ja => &JAPANESE,
    }
}

/// Every language has a chapter on every topic; a test checks all of them.
fn chapter(tongue: &'static Tongue, topic: Topic) -> &'static Chapter {
    &tongue.topics[&topic]
}

fn leads(tongue: &'static Tongue, chapter: &'static Chapter, sky: Sky) -> &'static [&'static str] {
    if chapter.leads.is_empty() {
        *tongue.sky[&sky]
    } else {
        *chapter.leads
    }
}

fn short(filler: &mut Filler<'_>) -> String {
    let text = filler.any_of(&filler.tongue.short);
    if filler.dice.percent(80) {
        with_tail(text, filler)
    } else {
        text
    }
}

fn about(topic: Topic, moment: Moment, filler: &mut Filler<'_>) -> String {
    let tongue = filler.tongue;
    let chapter = chapter(tongue, topic);
    let sentences = sentences(chapter, moment, filler);
    let mut text = joined(&sentences, filler);
    if filler.dice.percent(TAIL_PERCENT) {
        text = with_tail(text, filler);
    }
    if filler.dice.percent(LINK_PERCENT) && !text.contains("://") {
        text.push('\n');
        text.push_str(&filler.any_of(&tongue.links));
    }
    if filler.dice.percent(TAGS_PERCENT) {
        text.push_str(&tags(chapter, filler));
    }
    text
}

fn sentences(chapter: &'static Chapter, moment: Moment, filler: &mut Filler<'_>) -> Vec<String> {
    let tongue = filler.tongue;
    let words_before = filler.words_used();
    let lead = filler.any_of(leads(tongue, chapter, moment.sky));
    if chapter.more.is_empty() {
        return vec![lead];
    }
    // A first sentence without a slot is always the same, so it never stands alone.
    let least = usize::from(filler.words_used() == words_before);
    let drawn = filler
        .dice
        .weighted(&MORE_SENTENCES.map(|(_, weight)| weight));
    let wanted = MORE_SENTENCES[drawn].0.max(least);
    let mut sentences = Vec::new();
    if filler.dice.percent(GREETING_PERCENT) {
        sentences.push(filler.any_of(&tongue.greeting[&moment.part_of_day()]));
    }
    let open = wanted > 0
        && lead.ends_with(|last: char| last.is_alphanumeric() && !LAUGHS.contains(&last));
    sentences.push(if open { lead + &tongue.stop } else { lead });
    sentences.extend(further(chapter, wanted, filler));
    sentences
}

/// Draws up to `wanted` different sentences on the topic. The last may be on another topic.
fn further(chapter: &'static Chapter, wanted: usize, filler: &mut Filler<'_>) -> Vec<String> {
    let mut lines = chapter.more.to_vec();
    filler.dice.shuffle(&mut lines);
    lines.truncate(wanted);
    if let Some(last) = lines
        .last_mut()
        .filter(|_| filler.dice.percent(ASIDE_PERCENT))
    {
        *last = filler.dice.pick(&filler.tongue.asides);
    }
    lines
        .into_iter()
        .filter_map(|line| filler.one(line))
        .collect()
}

/// Joins sentences in one paragraph, one per line, or in two paragraphs.
fn joined(sentences: &[String], filler: &mut Filler<'_>) -> String {
    if sentences.len() < 2 || !filler.dice.percent(LINE_BREAKS_PERCENT) {
        return sentences.join(&filler.tongue.joint);
    }
    if sentences.len() > 3 && filler.dice.percent(50) {
        let (first, second) = sentences.split_at(sentences.len() / 2);
        return format!(
            "{}\n\n{}",
            first.join(&filler.tongue.joint),
            second.join(&filler.tongue.joint)
        );
    }
    sentences.join("\n")
}

/// Replaces the last full stop with a smile or a laugh. After a question or an exclamation only a smile fits.
fn with_tail(mut text: String, filler: &mut Filler<'_>) -> String {
    let tail = filler.dice.pick(&filler.tongue.tails);
    let is_picture = tail.starts_with(' ') && !tail.chars().any(char::is_alphabetic);
    if text.ends_with(['.', '。']) {
        text.pop();
    } else if !is_picture && text.ends_with(['?', '!', '…', '~']) {
        return text;
    }
    text.push_str(tail);
    text
}

fn tags(chapter: &'static Chapter, filler: &mut Filler<'_>) -> String {
    let mut tags = chapter.tags.to_vec();
    filler.dice.shuffle(&mut tags);
    tags.truncate(1 + filler.dice.index(3));
    let lead = if filler.dice.percent(50) { "\n#" } else { " #" };
    format!("{lead}{}", tags.join(" #"))
}

/// Some people write carelessly, without capitals and without the last full stop. The others start English sentences
/// with a capital.
fn typed(mut text: String, author: u32, language: Language) -> String {
    let careless = author.is_multiple_of(CARELESS_EVERY);
    if careless && text.ends_with(['.', '。']) {
        text.pop();
    }
    if language == Language::En && !careless {
        capitalised(&text)
    } else {
        text
    }
}

fn capitalised(text: &str) -> String {
    let mut at_start = true;
    let mut after_stop = false;
    text.chars()
        .map(|letter| {
            let typed = if at_start {
                letter.to_ascii_uppercase()
            } else {
                letter
            };
            at_start = letter == '\n' || (letter == ' ' && (after_stop || at_start));
            after_stop = matches!(letter, '.' | '!' | '?' | '…');
            typed
        })
        .collect()
}

#[cfg(test)]
mod tests;
