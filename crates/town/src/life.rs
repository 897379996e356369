//! Life goes on while the town is looked at: an endless stream of people posting, commenting and liking.
//!
//! The stream knows no store. It names each story by a [`StoryKey`]; whoever carries out the acts keeps which story of
//! the store that became. Stories that others post, like the person at the keyboard, are made known by
//! [`Life::notice`], and the town answers them too.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use sosik_feed::{Audience, Timestamp};

use super::Town;
use super::dice::Dice;
use super::texts::{self, Thread};

const LIFE_STREAM: u64 = 5;
/// How many stories people still react to. Older ones have scrolled away.
const RECENT_STORIES_MAX: usize = 64;
/// Likes that one story gets in this stream at most; each is remembered so that nobody likes twice.
const LIKES_MAX: usize = 500;
/// How often another story and reader are drawn when those drawn do not fit.
const DRAWS_MAX: u32 = 12;
/// Of 100 acts.
const POSTS_PERCENT: u32 = 22;
/// Of 100 posts, those by friends of the hosts. At one act a second a host sees something new about every 15 seconds.
const NEAR_PERCENT: u32 = 80;
const COMMENTS_PERCENT: u32 = 24;
/// Half of the reactions go to this many newest stories.
const RECENT_MEDIAN: u32 = 3;
const RECENT_SPREAD: u32 = 26;

/// A story that people of this stream talk about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StoryKey(u64);

/// What somebody does next. People are places in [`Town::people`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// Posts a story, which further acts name by `story`.
    Post {
        /// Its name from now on.
        story: StoryKey,
        /// Who posts.
        author: u32,
        /// What it says.
        text: String,
        /// Whom it is for.
        audience: Audience,
    },
    /// Comments on a story that they may see.
    Comment {
        /// Which story.
        story: StoryKey,
        /// Who comments.
        author: u32,
        /// What they say.
        text: String,
    },
    /// Likes a story that they may see, and have not liked in this stream.
    Like {
        /// Which story.
        story: StoryKey,
        /// Who likes it.
        person: u32,
    },
}

/// The stream.
#[derive(Debug)]
pub struct Life {
    town: Arc<Town>,
    dice: Dice,
    /// The newest first.
    recent: VecDeque<Recent>,
    told: u64,
    /// Running sums of how much everybody posts.
    activity: Vec<u64>,
}

#[derive(Debug)]
struct Recent {
    story: StoryKey,
    author: u32,
    audience: Audience,
    thread: Thread,
    likes: Vec<u32>,
}

impl Life {
    /// Begins the stream of this town. The seed need not be the town's: another one lets other things happen.
    pub fn begin(town: Arc<Town>, seed: u64) -> Self {
        let sum = |sum: &mut u64, stories: u32| {
            *sum += u64::from(stories);
            Some(*sum)
        };
        let activity = town
            .people
            .iter()
            .map(|resident| resident.stories)
            .scan(0, sum)
            .collect();
        Self {
            town,
            dice: Dice::new(seed, LIFE_STREAM),
            recent: VecDeque::new(),
            told: 0,
            activity,
        }
    }

    /// What happens next. `now` gives the hour and the weather; a quiet night is up to whoever sets the pace.
    pub fn next_act(&mut self, now: Timestamp) -> Act {
        let posts = self.dice.percent(POSTS_PERCENT);
        let reaction = if posts { None } else { self.reaction(now) };
        reaction.unwrap_or_else(|| self.post(now))
    }

    /// Makes a story known that was posted outside of this stream by a person of the town. The town may answer it.
    pub fn notice(&mut self, author: u32, audience: Audience) -> StoryKey {
        let language = self.town.people[author as usize].language;
        self.remember(author, audience, Thread::unread(language))
    }

    /// How long to wait for the next act: uneven as life is, `mean` on average.
    pub fn pause(&mut self, mean: Duration) -> Duration {
        // The mean of this long tail lies 27 % above its median.
        let mean_ms = u64::try_from(mean.as_millis()).unwrap_or(u64::MAX);
        let median_ms = u32::try_from(mean_ms.saturating_mul(100) / 127).unwrap_or(u32::MAX);
        Duration::from_millis(u64::from(self.dice.long_tail(median_ms, 16)))
    }

    fn post(&mut self, now: Timestamp) -> Act {
        let near = self.dice.percent(NEAR_PERCENT);
        let author = near
            .then(|| self.friend_of_a_host())
            .flatten()
            .unwrap_or_else(|| self.somebody());
        let town = Arc::clone(&self.town);
        let audience = town.audience(author, &mut self.dice);
        let draft = texts::story(&town.scene(author, now, &mut self.dice), &mut self.dice);
        let story = self.remember(author, audience, draft.thread);
        Act::Post {
            story,
            author,
            text: draft.text,
            audience,
        }
    }

    /// A friend of one of those whom visitors log in as: what is posted elsewhere in town they never see.
    fn friend_of_a_host(&mut self) -> Option<u32> {
        let hosts = self.town.hosts();
        let host = hosts.start + self.dice.below(hosts.end - hosts.start);
        let friends = self.town.friends_of(host);
        let count = u32::try_from(friends.len())
            .ok()
            .filter(|count| *count > 0)?;
        Some(friends[self.dice.below(count) as usize])
    }

    /// Somebody, in proportion to how much they post.
    fn somebody(&mut self) -> u32 {
        let all = self.activity.last().copied().unwrap_or(0);
        let drawn = u64::from(self.dice.below(u32::try_from(all).unwrap_or(u32::MAX)));
        super::people::number_of(self.activity.partition_point(|&sum| sum <= drawn))
    }

    fn remember(&mut self, author: u32, audience: Audience, thread: Thread) -> StoryKey {
        let story = StoryKey(self.told);
        self.told += 1;
        self.recent.push_front(Recent {
            story,
            author,
            audience,
            thread,
            likes: Vec::new(),
        });
        self.recent.truncate(RECENT_STORIES_MAX);
        story
    }

    /// A comment or a like. `None` when there is nothing to react to, or nobody who has not done so.
    fn reaction(&mut self, now: Timestamp) -> Option<Act> {
        let town = Arc::clone(&self.town);
        for _ in 0..DRAWS_MAX {
            let place = self.dice.long_tail(RECENT_MEDIAN, RECENT_SPREAD) as usize;
            let Some(recent) = self.recent.get_mut(place.saturating_sub(1)) else {
                continue;
            };
            let Some(person) = town.reader(recent.author, recent.audience, &mut self.dice) else {
                continue;
            };
            if self.dice.percent(COMMENTS_PERCENT) {
                let scene = town.scene(person, now, &mut self.dice);
                let text = texts::reply(&recent.thread, &scene, &mut self.dice);
                return Some(Act::Comment {
                    story: recent.story,
                    author: person,
                    text,
                });
            }
            if recent.likes.len() < LIKES_MAX && !recent.likes.contains(&person) {
                recent.likes.push(person);
                return Some(Act::Like {
                    story: recent.story,
                    person,
                });
            }
        }
        None
    }
}
