//! The past weeks of the town: stories, comments and likes.
//!
//! The times of all stories are drawn first and sorted. The texts are generated on demand, each from its own random
//! stream. So a history of any length starts immediately, takes 16 bytes per story, and is the same each time it is
//! generated.

use std::time::Duration;

use sosik_feed::{Audience, Timestamp};

use super::Town;
use super::calendar::{Moment, some_time};
use super::dice::Dice;
use super::people::number_of;
use super::texts::{self, Thread, Topic};

const DAY_MS: u64 = 24 * 3_600_000;
const PLAN_STREAM: u64 = 4;
/// Story number `n` uses the stream with this number plus `n`.
const STORY_STREAM: u64 = 1 << 32;
/// Maximum number of draws for a time within the span.
const DRAWS_MAX: u32 = 200;
/// People write slightly less on working days.
const WORKING_DAY_SKIPPED_PERCENT: u32 = 12;

/// Of 1,000 readers, the number who like a story; the median over all stories.
const LIKES_MEDIAN_PER_MILLE: u32 = 45;
const LIKES_SPREAD: u32 = 22;
const LIKES_MOST_PER_MILLE: u32 = 550;
/// The same for comments. More readers than the maximum below add likes but no comments.
const COMMENTS_MEDIAN_PER_MILLE: u32 = 9;
const COMMENTS_SPREAD: u32 = 24;
const COMMENTING_READERS_MAX: u32 = 350;
const COMMENTS_MAX: u32 = 40;
/// The median time in seconds after which people comment or like.
const REACTION_SECONDS_MEDIAN: u32 = 1_800;
const REACTION_SPREAD: u32 = 32;
const REACTION_SECONDS_MIN: u32 = 15;
/// Percentage of comments that the author replies to.
const AUTHOR_REPLIES_PERCENT: u32 = 18;
/// Percentage of comments that get likes, and the maximum likes of one comment.
const LIKED_COMMENTS_PERCENT: u32 = 30;
const COMMENT_LIKES_MAX: u32 = 4;

/// A story from the past.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PastStory {
    /// The author's index in [`Town::people`].
    pub author: u32,
    /// Age of the story.
    pub before_now: Duration,
    /// The text.
    pub text: String,
    /// What it is about. `None` for a word or two, and for people with their own texts.
    pub topic: Option<Topic>,
    /// The audience.
    pub audience: Audience,
    /// Sorted by time. All are later than the story.
    pub comments: Vec<PastComment>,
    /// Indexes of the people who like it, without duplicates.
    pub likes: Vec<u32>,
}

/// A comment from the past, by the author or by a person who may see the story.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PastComment {
    /// The author's index in [`Town::people`].
    pub author: u32,
    /// Age of the comment.
    pub before_now: Duration,
    /// The text.
    pub text: String,
    /// The comment of the same story that it replies to, by its index. It precedes this one and is no reply.
    pub reply_to: Option<usize>,
    /// Indexes of the people who like it, without duplicates.
    pub likes: Vec<u32>,
}

/// The stories of a time span, oldest first.
#[derive(Debug)]
pub struct History<'t> {
    town: &'t Town,
    now: Timestamp,
    plan: Vec<(Timestamp, u32)>,
    told: usize,
}

impl<'t> History<'t> {
    pub(super) fn new(town: &'t Town, now: Timestamp, span: Duration) -> Self {
        Self {
            town,
            now,
            plan: plan(town, now, span),
            told: 0,
        }
    }
}

impl Iterator for History<'_> {
    type Item = PastStory;

    fn next(&mut self) -> Option<PastStory> {
        let &(time, author) = self.plan.get(self.told)?;
        let mut dice = Dice::new(self.town.seed, STORY_STREAM + self.told as u64);
        self.told += 1;
        let builder = StoryBuilder {
            town: self.town,
            now: self.now,
            time,
            author,
        };
        Some(builder.build(&mut dice))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.plan.len() - self.told;
        (left, Some(left))
    }
}

impl ExactSizeIterator for History<'_> {}

fn plan(town: &Town, now: Timestamp, span: Duration) -> Vec<(Timestamp, u32)> {
    let mut dice = Dice::new(town.seed, PLAN_STREAM);
    let span_ms = u64::try_from(span.as_millis()).unwrap_or(u64::MAX);
    let mut plan = Vec::new();
    for (author, resident) in (0..).zip(&town.people) {
        let thousandths = u128::from(resident.stories) * u128::from(span_ms) / u128::from(DAY_MS);
        for _ in 0..dice.about(u64::try_from(thousandths).unwrap_or(u64::MAX)) {
            if let Some(time) = time_within(town.seed, now, span, span_ms, &mut dice) {
                plan.push((time, author));
            }
        }
    }
    plan.sort_unstable();
    plan
}

/// Draws a time between `now` − `span` and `now`. `None` if the draws are exhausted, as for a span of one quiet night.
fn time_within(
    seed: u64,
    now: Timestamp,
    span: Duration,
    span_ms: u64,
    dice: &mut Dice,
) -> Option<Timestamp> {
    let days = u32::try_from(span_ms / DAY_MS + 2).unwrap_or(u32::MAX);
    (0..DRAWS_MAX).find_map(|_| {
        let days_back = u64::from(dice.below(days));
        let time = some_time(dice, now, days_back);
        let fits = time < now && time > now.minus(span);
        let skipped = dice.percent(WORKING_DAY_SKIPPED_PERCENT) && !Moment::at(seed, time).weekend;
        (fits && !skipped).then_some(time)
    })
}

/// Generates one story with its comments and likes.
struct StoryBuilder<'t> {
    town: &'t Town,
    now: Timestamp,
    time: Timestamp,
    author: u32,
}

impl StoryBuilder<'_> {
    fn build(&self, dice: &mut Dice) -> PastStory {
        let (town, author) = (self.town, self.author);
        let audience = town.audience(author, dice);
        let draft = texts::story(&town.scene(author, self.time, dice), dice);
        let mut readers = town.readers(author, audience);
        let likes = likes(&mut readers, self.now.since(self.time), dice);
        let comments = self.comments(&readers, &draft.thread, dice);
        PastStory {
            author,
            before_now: self.now.since(self.time),
            text: draft.text,
            topic: draft.thread.topic,
            audience,
            comments,
            likes,
        }
    }

    fn comments(&self, readers: &[u32], thread: &Thread, dice: &mut Dice) -> Vec<PastComment> {
        // The mayor and the celebrities have too many readers to reply to.
        let answers = self.town.people[self.author as usize].voice.is_none();
        let mut comments = Vec::new();
        for _ in 0..comments_wished(readers.len(), dice) {
            let time = self.time.plus(reaction_time(dice));
            let scene = self.town.scene(dice.pick(readers), time, dice);
            let text = texts::reply(thread, &scene, dice);
            let answered = comments.len();
            comments.push((time, scene.author, text, None));
            if answers && dice.percent(AUTHOR_REPLIES_PERCENT) {
                let time = time.plus(reaction_time(dice));
                let scene = self.town.scene(self.author, time, dice);
                let text = texts::author_reply(thread, &scene, dice);
                comments.push((time, scene.author, text, Some(answered)));
            }
        }
        let order = order(&comments, self.now);
        let place = |drawn: usize| order.iter().position(|other| *other == drawn);
        let past = |drawn: &usize| {
            let (time, author, text, answered) = &comments[*drawn];
            let age = self.now.since(*time);
            PastComment {
                author: *author,
                before_now: age,
                text: text.clone(),
                reply_to: answered.and_then(place),
                likes: comment_likes(readers, age, dice),
            }
        };
        order.iter().map(past).collect()
    }
}

/// A comment as it was drawn: the time, the author, the text, and the place of the comment that it answers.
type Drawn = (Timestamp, u32, String, Option<usize>);

/// The places of the comments from before now, by time.
fn order(comments: &[Drawn], now: Timestamp) -> Vec<usize> {
    let mut order: Vec<_> = (0..comments.len()).collect();
    order.retain(|place| comments[*place].0 < now);
    order.sort_by_key(|place| comments[*place].0);
    order
}

/// Draws the people who like a comment of this age.
fn comment_likes(readers: &[u32], age: Duration, dice: &mut Dice) -> Vec<u32> {
    let mut likes = Vec::new();
    if dice.percent(LIKED_COMMENTS_PERCENT) {
        for _ in 0..=dice.below(COMMENT_LIKES_MAX) {
            let liking = dice.pick(readers);
            if reaction_time(dice) < age && !likes.contains(&liking) {
                likes.push(liking);
            }
        }
    }
    likes
}

/// Draws the people who like a story of this age.
fn likes(readers: &mut [u32], age: Duration, dice: &mut Dice) -> Vec<u32> {
    let per_mille = dice
        .long_tail(LIKES_MEDIAN_PER_MILLE, LIKES_SPREAD)
        .min(LIKES_MOST_PER_MILLE);
    let number = dice.about(readers.len() as u64 * u64::from(per_mille)) as usize;
    let number = number.min(readers.len());
    for place in 0..number {
        let drawn = place + dice.index(readers.len() - place);
        readers.swap(place, drawn);
    }
    let (liking, _) = readers.split_at(number);
    let mut likes = liking.to_vec();
    likes.retain(|_| reaction_time(dice) < age);
    likes
}

/// Draws the number of comments that a story gets in the end.
fn comments_wished(readers: usize, dice: &mut Dice) -> u32 {
    let commenting = number_of(readers).min(COMMENTING_READERS_MAX);
    let thousandths = dice.long_tail(commenting * COMMENTS_MEDIAN_PER_MILLE, COMMENTS_SPREAD);
    dice.about(u64::from(thousandths)).min(COMMENTS_MAX)
}

fn reaction_time(dice: &mut Dice) -> Duration {
    let seconds = dice
        .long_tail(REACTION_SECONDS_MEDIAN, REACTION_SPREAD)
        .max(REACTION_SECONDS_MIN);
    Duration::from_millis(u64::from(seconds) * 1_000 + u64::from(dice.below(1_000)))
}
