//! Worlds by formula. Friendships and stories are computed from numbers, so that the same world goes into every store
//! that is measured, without being saved anywhere.
//!
//! Everybody is friends with their neighbours on a ring. Some readers, evenly spread, also have friends all over the
//! world. Real friendships have a different shape, but that does not matter here: the cost of a read depends on the
//! reader's own friends, and their number is the same in a world of any size.

use sosik_feed::id::{SEQUENCES, node_of_imports};
use sosik_feed::{Audience, Bucket, PersonId, RawId, StoryId, Timestamp, UnownedId};

/// Stories are spread over this many days before the world was made.
const DAYS: u64 = 30;

/// People and stories are imported: they have the node number that region 0 keeps for imports.
const NODE: u16 = node_of_imports(0);

/// Spreads consecutive stories over people. A prime number, so it is coprime to every round number of people.
const STRIDE: u64 = 7_919;

/// A world.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Shape {
    /// Number of people.
    pub(crate) people: u64,
    /// Friends of each person on the ring; even.
    pub(crate) ring: u64,
    /// Stories of each person.
    pub(crate) stories_each: u64,
    /// Usual readers, who have sessions.
    pub(crate) readers: u64,
    /// Friends of a usual reader.
    pub(crate) reader_friends: u64,
    /// Friends of the one reader with very many friends; 0 for none.
    pub(crate) heavy_friends: u64,
    /// Followers of the large author; 0 for none.
    pub(crate) followers: u64,
    /// Stories in a newly built timeline.
    pub(crate) timeline_stories: usize,
    /// The number of followers above which an author is large.
    pub(crate) large_above: u32,
}

/// A story of the world.
pub(crate) struct Written {
    pub(crate) id: StoryId,
    pub(crate) author: PersonId,
    pub(crate) text: String,
}

impl Shape {
    /// The usual readers, evenly spread.
    pub(crate) fn usual_readers(&self) -> impl Iterator<Item = u64> + use<> {
        let apart = self.people / self.readers;
        (0..self.readers).map(move |reader| reader * apart)
    }

    /// The reader with very many friends.
    pub(crate) const fn heavy_reader(&self) -> u64 {
        self.people - 1
    }

    /// The author with very many followers.
    pub(crate) const fn large_author(&self) -> u64 {
        self.people - 2
    }

    /// The people who have a session.
    pub(crate) fn with_sessions(&self) -> impl Iterator<Item = u64> + use<> {
        let heavy = (self.heavy_friends > 0).then_some(self.heavy_reader());
        self.usual_readers().chain(heavy)
    }

    /// Each friendship once, those of the ring in the order of people.
    pub(crate) fn friendships(&self) -> impl Iterator<Item = (u64, u64)> + use<> {
        let shape = *self;
        let ring = (0..self.people).flat_map(move |one| {
            (1..=shape.ring / 2).map(move |step| (one, (one + step) % shape.people))
        });
        let usual = self
            .usual_readers()
            .flat_map(move |reader| shape.far_friends(reader, shape.reader_friends));
        let heavy = shape.far_friends(shape.heavy_reader(), shape.heavy_friends);
        ring.chain(usual).chain(heavy)
    }

    /// The friends that a reader has in addition to those of the ring, up to `friends` in all, spread over the world.
    fn far_friends(&self, reader: u64, friends: u64) -> impl Iterator<Item = (u64, u64)> + use<> {
        let people = self.people;
        let more = friends.saturating_sub(self.ring);
        let first = reader + self.ring / 2 + 1;
        let apart = (people - self.ring - 1) / more.max(1);
        (0..more).map(move |friend| (reader, (first + friend * apart) % people))
    }

    /// The follows of the large author.
    pub(crate) fn follows(&self) -> impl Iterator<Item = (u64, u64)> + use<> {
        let author = self.large_author();
        (0..self.followers).map(move |follower| (follower, author))
    }

    /// The number of stories.
    pub(crate) const fn stories(&self) -> u64 {
        self.people * self.stories_each
    }

    /// The story at a position in a world made at `made`; 0 is the oldest.
    pub(crate) fn story(&self, place: u64, made: Timestamp) -> Written {
        let first = made.as_millis() - DAYS * 86_400_000;
        let millis = first + place * (DAYS * 86_400_000) / self.stories();
        let author = person(place * STRIDE % self.people, made);
        Written {
            id: StoryId::of_author(author, id(Timestamp::from_millis(millis), place)),
            author,
            text: format!(
                "{place}번째 소식. 오늘은 날씨가 좋아서 강가를 걸었어요. 다들 잘 지내죠?"
            ),
        }
    }
}

/// The audience of all these stories.
pub(crate) const AUDIENCE: Audience = Audience::Friends;

/// The id of a person, by number, in a world made at `made`.
pub(crate) fn person(number: u64, made: Timestamp) -> PersonId {
    let born = made.as_millis() - (DAYS + 1) * 86_400_000;
    let millis = born + number / u64::from(SEQUENCES);
    PersonId::in_bucket(
        Bucket::nth(number),
        id(Timestamp::from_millis(millis), number),
    )
}

fn id(at: Timestamp, number: u64) -> UnownedId {
    let millis = RawId::first_at(at).millis();
    let sequence = u16::try_from(number % u64::from(SEQUENCES)).unwrap_or_default();
    UnownedId::from_fields(millis, NODE, sequence)
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;
    use crate::scale::Scale;

    #[test]
    fn readers_have_the_friends_that_their_row_names() {
        for scale in [Scale::quick(), Scale::tiny()] {
            let shape = scale.base;
            let mut friends: HashMap<u64, std::collections::HashSet<u64>> = HashMap::new();
            for (one, other) in shape.friendships() {
                assert_ne!(one, other);
                friends.entry(one).or_default().insert(other);
                friends.entry(other).or_default().insert(one);
            }
            let heavy = friends[&shape.heavy_reader()].len() as u64;
            assert!(
                (shape.heavy_friends..shape.heavy_friends + 20).contains(&heavy),
                "{heavy}"
            );
            for reader in shape.usual_readers() {
                let found = friends[&reader].len() as u64;
                let expected = shape.reader_friends..shape.reader_friends + 20;
                assert!(expected.contains(&found), "{found}");
            }
        }
    }

    #[test]
    fn everybody_writes_as_much_and_no_id_comes_twice() {
        let shape = Scale::tiny().base;
        let made = Timestamp::from_millis(1_800_000_000_000);
        let mut of_author: HashMap<PersonId, u64> = HashMap::new();
        let mut last = StoryId::default();
        for place in 0..shape.stories() {
            let story = shape.story(place, made);
            assert!(story.id > last);
            last = story.id;
            *of_author.entry(story.author).or_default() += 1;
        }
        assert_eq!(of_author.len() as u64, shape.people);
        assert!(
            of_author
                .values()
                .all(|stories| *stories == shape.stories_each)
        );
    }
}
