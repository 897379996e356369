//! Worlds: any number of people with the shape of real friendship, generated from a seed, one town at a time.
//!
//! A world is never held in memory. [`World::friends_of_town`] computes the sorted friends of about four thousand
//! consecutive people without the friends of anybody else. Friendship is a function of the two people and the seed, and
//! is the same from either side. So a store can be filled in the order of its keys, and an interrupted import continues
//! where it stopped. Only four bytes a person are kept, and nothing for a friendship.
//!
//! How it is made, in the order of the files:
//! - `layout`: people are numbered; a circle is fifty numbers in a row, a district eight circles, a town ten districts.
//! - `degrees`: everybody wishes for a lognormal number of friends (mean 190, median 100, never above 4,600, so that
//!   chance never exceeds the limit of 5,000). Some are wished for in the circle, some in the district, some in town.
//! - `near`: every pair of a town takes one random number. The odds are the product of the two wishes over the sum of
//!   all wishes in the area that they share (Chung and Lu, "The average distances in random graphs with given expected
//!   degrees", PNAS 99, 2002, applied once a level). Small dense circles inside larger sparse areas make friends of
//!   friends become friends (Watts, Dodds and Newman, "Identity and search in social networks", Science 296, 2002).
//! - `far`: the remaining wishes are for people in other towns. Two towns share a stream of random numbers, which draws
//!   their friendships by the same rule. Either town replays the stream and takes its own side.
//! - `stars` are followed by a share of all people, by Zipf's law; `stories` are in order of time; `words` are our own.
//!
//! Alternatives that were refused: preferential attachment, which needs the whole graph in memory and has no
//! clustering; a graph that is drawn in any order and sorted on disk, which writes three times as much.
//!
//! Only those floating-point operations are used that IEEE 754 rounds exactly, so a seed makes the same world on every
//! machine.

mod chance;
mod degrees;
mod far;
mod layout;
pub mod measure;
mod near;
pub mod plot;
mod stars;
mod stories;
mod words;

use std::num::NonZeroUsize;
use std::ops::Range;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;

use self::far::Wishes;
use self::layout::Layout;
use self::stars::Stars;
pub use self::stories::{Story, StoryGenerator};
pub use self::words::{Speech, name_of};

/// Fewest people of a world. In a smaller one, a circle would be a large part of all people.
pub const PEOPLE_MIN: u32 = 100;
/// Most people of a world: [`World`] would hold 40 MB, and a store would hold a hundred GB.
pub const PEOPLE_MAX: u32 = 10_000_000;
/// Default of the mean number of friends.
pub const FRIENDS_MEAN: f64 = 190.0;

/// The parameters of a world. The same parameters make the same world.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct WorldSpec {
    /// Number of people, from [`PEOPLE_MIN`] to [`PEOPLE_MAX`].
    pub people: u32,
    /// The seed of all random numbers.
    pub seed: u64,
    /// Mean number of friends, from 1 to 400. The median is ten nineteenths of it.
    pub friends_mean: f64,
}

/// People and their relations, computed on request. Holds four bytes a person.
#[derive(Debug)]
pub struct World {
    spec: WorldSpec,
    layout: Layout,
    wishes: Wishes,
    stars: Stars,
}

/// The friends of consecutive people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Friends {
    people: Range<u32>,
    ends: Vec<usize>,
    friends: Vec<u32>,
}

impl World {
    /// Generates a world. This computes every town once, on all processors: about five seconds of one processor for a
    /// million people. `progress` is called with the number of finished towns.
    pub fn generate(spec: WorldSpec, progress: impl Fn(u32) + Sync) -> Self {
        let spec = WorldSpec {
            people: spec.people.clamp(PEOPLE_MIN, PEOPLE_MAX),
            friends_mean: spec.friends_mean.clamp(1.0, 400.0),
            ..spec
        };
        let layout = Layout::of(spec.people);
        let wishes = far_wishes(&spec, layout, &progress);
        Self {
            spec,
            layout,
            wishes: Wishes::of(layout, wishes),
            stars: Stars::of(spec.people, spec.seed),
        }
    }

    /// The parameters of the world, with values out of range replaced by the nearest allowed ones.
    pub fn spec(&self) -> WorldSpec {
        self.spec
    }

    /// The number of people. They are numbered from 0.
    pub fn people(&self) -> u32 {
        self.spec.people
    }

    /// The number of towns. Together they contain everybody, in order.
    pub fn towns(&self) -> u32 {
        self.layout.towns
    }

    /// The people of a town.
    pub fn people_of_town(&self, town: u32) -> Range<u32> {
        self.layout.town(town)
    }

    /// The friends of everybody in a town. Takes about 30 ms of one processor.
    pub fn friends_of_town(&self, town: u32) -> Friends {
        let people = self.layout.town(town);
        let mut pairs = Vec::new();
        let mut keep = |one: u32, other: u32| pairs.push(u64::from(one) << 32 | u64::from(other));
        near::pairs(&self.spec, self.layout, town, |one, other| {
            keep(one, other);
            keep(other, one);
        });
        self.wishes.pairs(self.spec.seed, self.layout, town, keep);
        // The far streams may draw a pair twice. Both towns see it twice, and both count it once.
        pairs.sort_unstable();
        pairs.dedup();
        Friends::of(people, &pairs)
    }

    /// The people whom a person follows, ascending.
    pub fn follows_of(&self, person: u32) -> Vec<u32> {
        self.stars.followed_by(person)
    }

    /// The people with very many followers, the most followed first.
    pub fn stars(&self) -> &[u32] {
        self.stars.people()
    }
}

impl Friends {
    /// Takes sorted pairs with the person of this range in the upper half.
    fn of(people: Range<u32>, pairs: &[u64]) -> Self {
        let mut ends = Vec::with_capacity(people.len());
        let mut friends = Vec::with_capacity(pairs.len());
        let mut rest = pairs.iter().copied().peekable();
        for person in people.clone() {
            while let Some(pair) = rest.next_if(|pair| pair >> 32 == u64::from(person)) {
                friends.push(layout::number(pair & u64::from(u32::MAX)));
            }
            ends.push(friends.len());
        }
        Self {
            people,
            ends,
            friends,
        }
    }

    /// All people with their friends, both ascending.
    pub fn iter(&self) -> impl Iterator<Item = (u32, &[u32])> {
        let begins = std::iter::once(0).chain(self.ends.iter().copied());
        let slices = begins.zip(&self.ends);
        let slices = slices.map(|(begin, &end)| &self.friends[begin..end]);
        self.people.clone().zip(slices)
    }

    /// The sum of their numbers of friends. Friendships among them count twice.
    pub fn count(&self) -> usize {
        self.friends.len()
    }
}

/// How many friends everybody wishes to have in other towns: the wish less the friends in their own town. The towns are
/// distributed over threads, and each result depends on its own town only.
fn far_wishes(spec: &WorldSpec, layout: Layout, progress: &(impl Fn(u32) + Sync)) -> Vec<f32> {
    let threads = thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let (next, done) = (AtomicU32::new(0), AtomicU32::new(0));
    let work = || {
        let mut mine = Vec::new();
        loop {
            let town = next.fetch_add(1, Ordering::Relaxed);
            if town >= layout.towns {
                return mine;
            }
            mine.push((town, wishes_of_town(spec, layout, town)));
            progress(done.fetch_add(1, Ordering::Relaxed) + 1);
        }
    };
    let mut wishes = vec![0.0; spec.people as usize];
    thread::scope(|scope| {
        let running: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        for thread in running {
            let Ok(shares) = thread.join() else { continue };
            for (town, share) in shares {
                let people = layout.town(town);
                wishes[people.start as usize..people.end as usize].copy_from_slice(&share);
            }
        }
    });
    wishes
}

fn wishes_of_town(spec: &WorldSpec, layout: Layout, town: u32) -> Vec<f32> {
    let people = layout.town(town);
    let mut had = vec![0_u16; people.len()];
    near::pairs(spec, layout, town, |one, other| {
        for person in [one, other] {
            had[(person - people.start) as usize] += 1;
        }
    });
    let wish = |(person, had): (u32, &u16)| {
        let all = degrees::wish(spec, person);
        (all - f32::from(*had)).max(all * degrees::FAR_MIN)
    };
    people.clone().zip(&had).map(wish).collect()
}

#[cfg(test)]
mod tests;
