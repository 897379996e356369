//! Which id an imported story gets, or has.
//!
//! The id is made of the story's time, the node number that is kept for imports, and the next free place in that
//! millisecond, in the order of the lines. So a story is known again by its author, its words and its time; that is what makes a second run
//! change nothing. A story whose words were changed since, or that was deleted, stands for one of its author and time that
//! is not found: nobody's deleted story comes back.
//!
//! A file of dates puts a whole day into one millisecond. When its 4,096 places are taken, the next millisecond takes over.

use rustc_hash::{FxHashMap, FxHashSet};
use sosik_feed::id::{EPOCH, NODES, RawId, SEQUENCES};
use sosik_feed::{PersonId, StoryId, Timestamp};
use sosik_service::Service;
use sosik_store::StoryPlace;
use xxhash_rust::xxh3::xxh3_64;

/// Stories remembered; then all are forgotten, and asked for again when they are needed. 50 MiB.
const REMEMBERED_MAX: usize = 1_000_000;
/// Milliseconds behind its own in which a story may find a place: 400,000 stories of one moment.
const SPILL_MAX: u64 = 100;

/// The node number that no generator leases: imports make their ids under it.
pub fn import_node(region: u16) -> u16 {
    let per_region = NODES / 4;
    region * per_region + per_region - 1
}

/// Where a story belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// It is there already.
    There,
    /// It is new, with this id.
    New(StoryId),
    /// There is no place left at its time.
    Full,
}

/// What is known about the stories of some milliseconds.
pub(super) struct Moments {
    node: u16,
    known: FxHashMap<u64, Moment>,
    remembered: usize,
}

/// The stories of one millisecond.
#[derive(Debug, Default)]
struct Moment {
    /// The first place behind all that are taken.
    next: u16,
    words: FxHashSet<(PersonId, u64)>,
    /// How many stories of an author may have had other words.
    changed: FxHashMap<PersonId, u32>,
}

impl Moments {
    /// Nothing is known yet.
    pub(super) fn new(region: u16) -> Self {
        Self {
            node: import_node(region),
            known: FxHashMap::default(),
            remembered: 0,
        }
    }

    /// Looks what there is at a time, and where a story finds its place.
    pub(super) async fn place(
        &mut self,
        service: &Service,
        at: Timestamp,
        author: PersonId,
        text: &str,
    ) -> anyhow::Result<Place> {
        let first = at.as_millis().saturating_sub(EPOCH.as_millis());
        let words = (author, xxh3_64(text.as_bytes()));
        for millis in first..first + SPILL_MAX {
            self.learn(service, millis).await?;
            let Some(moment) = self.known.get_mut(&millis) else {
                continue;
            };
            if moment.words.contains(&words) {
                return Ok(Place::There);
            }
            if moment.next < SEQUENCES {
                return Ok(self.take(first, millis, words));
            }
        }
        Ok(Place::Full)
    }

    /// Is there this story at this time?
    pub(super) async fn holds(
        &mut self,
        service: &Service,
        at: Timestamp,
        author: PersonId,
        text: &str,
    ) -> anyhow::Result<bool> {
        let first = at.as_millis().saturating_sub(EPOCH.as_millis());
        for millis in first..first + SPILL_MAX {
            self.learn(service, millis).await?;
            let Some(moment) = self.known.get(&millis) else {
                continue;
            };
            if moment.words.contains(&(author, xxh3_64(text.as_bytes()))) {
                return Ok(true);
            }
            if moment.next < SEQUENCES {
                break;
            }
        }
        Ok(false)
    }

    /// Makes room. Only between steps: what has been taken must be in the store by then.
    pub(super) fn forget_if_many(&mut self) {
        if self.remembered > REMEMBERED_MAX {
            self.known.clear();
            self.remembered = 0;
        }
    }

    fn take(&mut self, first: u64, millis: u64, words: (PersonId, u64)) -> Place {
        for tried in first..=millis {
            if self
                .known
                .get_mut(&tried)
                .is_some_and(|moment| moment.stands_for(words.0))
            {
                return Place::There;
            }
        }
        let moment = self.known.entry(millis).or_default();
        let id = StoryId::new(RawId::from_fields(millis, self.node, moment.next));
        moment.next += 1;
        moment.words.insert(words);
        self.remembered += 1;
        Place::New(id)
    }

    async fn learn(&mut self, service: &Service, millis: u64) -> anyhow::Result<()> {
        if self.known.contains_key(&millis) {
            return Ok(());
        }
        let place = |sequence| StoryId::new(RawId::from_fields(millis, self.node, sequence));
        let taken = service
            .store()
            .story_places(place(0), place(SEQUENCES - 1))
            .await?;
        self.remembered += 1 + taken.len();
        self.known.insert(millis, Moment::of(taken));
        Ok(())
    }
}

impl Moment {
    fn of(taken: Vec<StoryPlace>) -> Self {
        let mut moment = Self::default();
        for place in taken {
            moment.next = place.id.raw().sequence() + 1;
            moment
                .words
                .insert((place.author, xxh3_64(place.text.as_bytes())));
            if place.changed {
                *moment.changed.entry(place.author).or_default() += 1;
            }
        }
        moment
    }

    /// A changed story of the author that no line has been matched with yet.
    fn stands_for(&mut self, author: PersonId) -> bool {
        match self.changed.get_mut(&author) {
            Some(left) if *left > 0 => {
                *left -= 1;
                true
            }
            Some(_) | None => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn story(sequence: u16, author: u64, text: &str, changed: bool) -> StoryPlace {
        let id = StoryId::new(RawId::from_fields(0, import_node(0), sequence));
        StoryPlace {
            id,
            author: PersonId::from_u64(author),
            text: text.to_owned(),
            changed,
        }
    }

    fn place(moments: &mut Moments, author: u64, text: &str) -> Place {
        let words = (PersonId::from_u64(author), xxh3_64(text.as_bytes()));
        if moments.known[&0].words.contains(&words) {
            Place::There
        } else {
            moments.take(0, 0, words)
        }
    }

    fn moments(taken: Vec<StoryPlace>) -> Moments {
        let mut moments = Moments::new(0);
        moments.known.insert(0, Moment::of(taken));
        moments
    }

    fn sequence(place: Place) -> Option<u16> {
        match place {
            Place::New(id) => Some(id.raw().sequence()),
            Place::There | Place::Full => None,
        }
    }

    #[test]
    fn the_node_of_imports_is_the_last_of_its_region() {
        assert_eq!([0, 1, 2, 3].map(import_node), [255, 511, 767, 1_023]);
    }

    #[test]
    fn stories_of_one_moment_take_one_place_after_the_other() {
        let mut moments = moments(vec![story(0, 1, "a", false)]);
        assert_eq!(place(&mut moments, 1, "a"), Place::There);
        assert_eq!(sequence(place(&mut moments, 1, "b")), Some(1));
        assert_eq!(sequence(place(&mut moments, 2, "a")), Some(2));
        assert_eq!(place(&mut moments, 2, "a"), Place::There);
    }

    #[test]
    fn a_story_that_was_deleted_or_edited_does_not_come_back() {
        let mut moments = moments(vec![story(0, 1, "", true), story(1, 2, "edited", true)]);
        assert_eq!(place(&mut moments, 1, "a"), Place::There);
        assert_eq!(sequence(place(&mut moments, 1, "b")), Some(2));
        assert_eq!(place(&mut moments, 2, "before"), Place::There);
    }
}
