//! Simulated activity: an endless stream of people who post, comment and like.
//!
//! The stream does not know the store. It identifies each story by a [`StoryKey`]; the caller, who carries out the
//! acts, maps the keys to stories in the store. The caller reports stories of other origin, such as those of a visitor,
//! with [`Life::notice`], and the town reacts to them, too.
//!
//! Hosts never act: visitors log in as them, and nothing may happen in a visitor's name.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use sosik_feed::{Audience, Timestamp};

use super::Town;
use super::dice::Dice;
use super::texts::{self, Thread, Topic};

const LIFE_STREAM: u64 = 5;
/// Number of newest stories that people react to.
const RECENT_STORIES_MAX: usize = 64;
/// Maximum number of likes per story. Each is remembered so that nobody likes twice.
const LIKES_MAX: usize = 500;
/// Maximum number of draws for a story and a reader that fit together.
const DRAWS_MAX: u32 = 12;
/// Percentage of acts that are posts.
const POSTS_PERCENT: u32 = 22;
/// Percentage of posts that are by friends of hosts. At one act per second, a host sees a new story about every 15
/// seconds.
const NEAR_PERCENT: u32 = 80;
const COMMENTS_PERCENT: u32 = 24;
/// Half of the reactions go to this number of newest stories.
const RECENT_MEDIAN: u32 = 3;
const RECENT_SPREAD: u32 = 26;

/// Identifies a story within this stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StoryKey(u64);

/// An act of a person. People are indexes in [`Town::people`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// Posts a story.
    Post {
        /// The key that later acts use for this story.
        story: StoryKey,
        /// The author.
        author: u32,
        /// The text.
        text: String,
        /// What it is about. `None` for a word or two, and for people with their own texts.
        topic: Option<Topic>,
        /// The audience.
        audience: Audience,
    },
    /// Comments on a story that the author of the comment may see.
    Comment {
        /// The story.
        story: StoryKey,
        /// The author of the comment.
        author: u32,
        /// The text.
        text: String,
    },
    /// Likes a story that the person may see and has not liked in this stream.
    Like {
        /// The story.
        story: StoryKey,
        /// The person who likes it.
        person: u32,
    },
}

/// The stream of acts.
#[derive(Debug)]
pub struct Life {
    town: Arc<Town>,
    dice: Dice,
    /// The newest first.
    recent: VecDeque<Recent>,
    told: u64,
    /// Running sums of the number of stories that people post.
    activity: Vec<u64>,
}

#[derive(Debug)]
struct Recent {
    story: StoryKey,
    author: u32,
    audience: Audience,
    thread: Thread,
    likes: Vec<u32>,
    /// It was posted outside of this stream, and the first reaction is due.
    is_waiting: bool,
}

impl Life {
    /// Starts the stream. A seed other than the town's produces other acts.
    pub fn begin(town: Arc<Town>, seed: u64) -> Self {
        let sum = |sum: &mut u64, stories: u32| {
            *sum += u64::from(stories);
            Some(*sum)
        };
        let activity = town
            .people
            .iter()
            .zip(0..)
            .map(|(resident, person)| match town.hosts().contains(&person) {
                true => 0,
                false => resident.stories,
            })
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

    /// Returns the next act. `now` determines the hour and the weather. The caller decides whether to slow down at
    /// night.
    pub fn next_act(&mut self, now: Timestamp) -> Act {
        let posts = self.dice.percent(POSTS_PERCENT);
        let reaction = if posts { None } else { self.reaction(now) };
        reaction.unwrap_or_else(|| self.post(now))
    }

    /// Adds a story that a person of the town posted outside of this stream. The next reaction is to this story, unless
    /// nobody but hosts sees it. The town may react more often.
    pub fn notice(&mut self, author: u32, audience: Audience) -> StoryKey {
        let language = self.town.people[author as usize].language;
        let story = self.remember(author, audience, Thread::unread(language));
        self.recent[0].is_waiting = true;
        story
    }

    /// Draws the time to wait before the next act. It varies; its mean is `mean`.
    pub fn pause(&mut self, mean: Duration) -> Duration {
        // The mean of this distribution is 27 % above its median.
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
        let topic = draft.thread.topic;
        let story = self.remember(author, audience, draft.thread);
        Act::Post {
            story,
            author,
            text: draft.text,
            topic,
            audience,
        }
    }

    /// Draws a friend of a host who is not a host. Visitors log in as hosts and do not see other posts.
    fn friend_of_a_host(&mut self) -> Option<u32> {
        let hosts = self.town.hosts();
        let host = hosts.start + self.dice.below(hosts.end - hosts.start);
        let friends = self.town.friends_of(host);
        let count = u32::try_from(friends.len())
            .ok()
            .filter(|count| *count > 0)?;
        let friend = friends[self.dice.below(count) as usize];
        Some(friend).filter(|friend| !hosts.contains(friend))
    }

    /// Draws a person in proportion to how much they post.
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
            is_waiting: false,
        });
        self.recent.truncate(RECENT_STORIES_MAX);
        story
    }

    /// A comment or a like. `None` if there is no story, or all readers have reacted.
    fn reaction(&mut self, now: Timestamp) -> Option<Act> {
        if let Some(place) = self.recent.iter().rposition(|recent| recent.is_waiting) {
            self.recent[place].is_waiting = false;
            let answer = (0..DRAWS_MAX).find_map(|_| self.reaction_to(place, now));
            if answer.is_some() {
                return answer;
            }
        }
        (0..DRAWS_MAX).find_map(|_| {
            let place = self.dice.long_tail(RECENT_MEDIAN, RECENT_SPREAD) as usize;
            self.reaction_to(place.saturating_sub(1), now)
        })
    }

    /// A comment on the story at this place, or a like. `None` if the person that was drawn does not react.
    fn reaction_to(&mut self, place: usize, now: Timestamp) -> Option<Act> {
        let town = Arc::clone(&self.town);
        let recent = self.recent.get_mut(place)?;
        let story = recent.story;
        let person = town
            .reader(recent.author, recent.audience, &mut self.dice)
            .filter(|reader| !town.hosts().contains(reader))?;
        if self.dice.percent(COMMENTS_PERCENT) {
            let scene = town.scene(person, now, &mut self.dice);
            let text = texts::reply(&recent.thread, &scene, &mut self.dice);
            return Some(Act::Comment {
                story,
                author: person,
                text,
            });
        }
        if recent.likes.len() == LIKES_MAX || recent.likes.contains(&person) {
            return None;
        }
        recent.likes.push(person);
        Some(Act::Like { story, person })
    }
}
