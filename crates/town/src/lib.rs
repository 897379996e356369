//! A town to show the service with: people, friendships, weeks of stories, and life that goes on.
//!
//! The promise: the same seed makes the same town, on every machine, down to the letter. So there is no clock, no
//! input or output, no hash order and no floating point in here, and every part draws from a stream of chance of its
//! own. The town of Sodam (소담) is by the sea and invented, like everybody in it. All words are ours; recorded or
//! generated text was refused, because a demonstration must hold nobody's property and nobody's life.
//!
//! The files in the folder `texts` of this crate hold what people say and what they are called. `texts` puts stories
//! together from them, `people` decides who lives in the town, `friendships` and `follows` decide whom they know.

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

use self::calendar::Moment;
use self::dice::Dice;
use self::texts::Scene;

/// The fewest people of a town: below, hosts, mayor and a newspaper are nearly all there is.
pub const PEOPLE_MIN: usize = 10;
/// The most. More would make the demonstration wait, and show nothing that these do not.
pub const PEOPLE_MAX: usize = 20_000;

const PEOPLE_STREAM: u64 = 1;
const FRIENDS_STREAM: u64 = 2;
const FOLLOWS_STREAM: u64 = 3;

/// A town. Its people are known by their places in [`Town::people`].
#[derive(Debug)]
pub struct Town {
    seed: u64,
    people: Vec<Resident>,
    friends: Vec<Vec<u32>>,
    follows: Vec<(u32, u32)>,
    followers: Vec<Vec<u32>>,
}

impl Town {
    /// Founds the town of this seed. A number of people outside of [`PEOPLE_MIN`] to [`PEOPLE_MAX`] is brought inside.
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

    /// Everybody.
    pub fn people(&self) -> &[Resident] {
        &self.people
    }

    /// Those who are good to log in as: a Korean, an English and a Japanese speaker with many friends.
    pub fn hosts(&self) -> Range<u32> {
        0..people::HOSTS
    }

    /// The friends of a person, in order.
    pub fn friends_of(&self, person: u32) -> &[u32] {
        &self.friends[person as usize]
    }

    /// Every friendship once, the smaller number first, in order.
    pub fn friendships(&self) -> impl Iterator<Item = (u32, u32)> {
        let pairs = (0..).zip(&self.friends);
        pairs.flat_map(|(one, friends)| {
            friends
                .iter()
                .filter(move |&&other| one < other)
                .map(move |&other| (one, other))
        })
    }

    /// Who follows whom: the follower first, in order. Friends do not follow each other besides.
    pub fn follows(&self) -> &[(u32, u32)] {
        &self.follows
    }

    /// The stories of the time `span` before `now`, the oldest first. Four weeks of 2,000 people are about 15,000.
    pub fn history(&self, now: Timestamp, span: Duration) -> History<'_> {
        History::new(self, now, span)
    }

    /// What a person knows who sits down to write.
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

    /// Whom the next story of a person is for.
    fn audience(&self, author: u32, dice: &mut Dice) -> Audience {
        if dice.percent(self.people[author as usize].public_percent) {
            Audience::Public
        } else {
            Audience::Friends
        }
    }

    /// Everybody but the author who may see a story in their feed.
    fn readers(&self, author: u32, audience: Audience) -> Vec<u32> {
        let mut readers = self.friends_of(author).to_vec();
        if audience == Audience::Public {
            readers.extend(&self.followers[author as usize]);
        }
        readers
    }

    /// Any one of them.
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
