//! Generates a town for demonstrations: people, friendships, weeks of stories, and simulated activity.
//!
//! The promise: one seed produces exactly the same town on every machine. So this crate uses no clock, input, output,
//! hash order or floating point, and each part has its own random stream.
//!
//! The town of Sodam (소담) by the sea and its people are fictional, and we wrote all texts ourselves. Recorded or
//! generated text was refused, because a demonstration must not contain the property or the life of real people.
//!
//! The folder `texts` of this crate contains the sentences and names. The module `texts` composes stories from them,
//! `people` generates the residents, and `friendships` and `follows` generate their relations.

mod calendar;
mod data;
mod dice;
mod follows;
mod friendships;
mod history;
mod life;
mod names;
mod people;
mod texts;
mod voices;

use std::ops::Range;
use std::time::Duration;

use sosik_feed::{Audience, Timestamp};

pub use self::history::{History, PastComment, PastStory};
pub use self::life::{Act, Life, StoryKey};
pub use self::people::Resident;
pub use self::texts::Topic;

use self::calendar::Moment;
use self::dice::Dice;
use self::texts::Scene;

/// Minimum number of people. A smaller town would consist almost only of the hosts, the mayor and a newspaper.
pub const PEOPLE_MIN: usize = 10;
/// Maximum number of people. A larger town takes longer to generate and demonstrates nothing more.
pub const PEOPLE_MAX: usize = 20_000;

const PEOPLE_STREAM: u64 = 1;
const FRIENDS_STREAM: u64 = 2;
const FOLLOWS_STREAM: u64 = 3;

/// A town. A person is identified by their index in [`Town::people`].
#[derive(Debug)]
pub struct Town {
    seed: u64,
    people: Vec<Resident>,
    friends: Vec<Vec<u32>>,
    follows: Vec<(u32, u32)>,
    followers: Vec<Vec<u32>>,
}

impl Town {
    /// Generates the town of this seed. The number of people is clamped to [`PEOPLE_MIN`] and [`PEOPLE_MAX`].
    pub fn generate(seed: u64, people: usize) -> Self {
        let people = people.clamp(PEOPLE_MIN, PEOPLE_MAX);
        let people = people::generate_residents(people, &mut Dice::new(seed, PEOPLE_STREAM));
        let friends = friendships::befriend(&people, &mut Dice::new(seed, FRIENDS_STREAM));
        let follows = follows::follow(&people, &friends, &mut Dice::new(seed, FOLLOWS_STREAM));
        let mut followers = vec![Vec::new(); people.len()];
        for &(follower, followed) in &follows {
            followers[followed as usize].push(follower);
        }
        Self {
            seed,
            people,
            friends,
            follows,
            followers,
        }
    }

    /// All residents.
    pub fn people(&self) -> &[Resident] {
        &self.people
    }

    /// The residents that visitors log in as: speakers of Korean, English and Japanese with many friends.
    pub fn hosts(&self) -> Range<u32> {
        0..people::HOSTS
    }

    /// The friends of a person, sorted.
    pub fn friends_of(&self, person: u32) -> &[u32] {
        &self.friends[person as usize]
    }

    /// All friendships, each once with the smaller index first, sorted.
    pub fn friendships(&self) -> impl Iterator<Item = (u32, u32)> {
        let pairs = (0..).zip(&self.friends);
        pairs.flat_map(|(one, friends)| {
            friends
                .iter()
                .filter(move |&&other| one < other)
                .map(move |&other| (one, other))
        })
    }

    /// All follows, the follower first, sorted. Friends do not follow each other.
    pub fn follows(&self) -> &[(u32, u32)] {
        &self.follows
    }

    /// The stories from `span` before `now` up to `now`, oldest first. Four weeks of 2,000 people have about 15,000
    /// stories.
    pub fn history(&self, now: Timestamp, span: Duration) -> History<'_> {
        History::new(self, now, span)
    }

    /// The facts that a person's next text depends on.
    fn scene(&self, author: u32, time: Timestamp, dice: &mut Dice) -> Scene<'_> {
        let resident = &self.people[author as usize];
        let friends = self.friends_of(author);
        let friend = (!friends.is_empty()).then(|| dice.pick(friends));
        Scene {
            author,
            language: resident.language,
            moment: Moment::at(self.seed, time),
            friend: friend.map(|friend| self.people[friend as usize].handle.as_str()),
            matter: resident.matter(dice),
        }
    }

    /// Draws the audience of a person's next story.
    fn audience(&self, author: u32, dice: &mut Dice) -> Audience {
        if dice.percent(self.people[author as usize].public_percent) {
            Audience::Public
        } else {
            Audience::Friends
        }
    }

    /// All people except the author who see the story in their feed.
    fn readers(&self, author: u32, audience: Audience) -> Vec<u32> {
        let mut readers = self.friends_of(author).to_vec();
        if audience == Audience::Public {
            readers.extend(&self.followers[author as usize]);
        }
        readers
    }

    /// Draws one of the readers.
    fn reader(&self, author: u32, audience: Audience, dice: &mut Dice) -> Option<u32> {
        let friends = self.friends_of(author);
        let followers: &[u32] = if audience == Audience::Public {
            &self.followers[author as usize]
        } else {
            &[]
        };
        let drawn = dice.index(friends.len() + followers.len());
        friends.iter().chain(followers).nth(drawn).copied()
    }
}

#[cfg(test)]
mod tests;
