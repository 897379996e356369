//! Compares timelines that are merged with an extract of the log with the feed of a reader who sees everything.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::timeline::Timeline;

const LOG: u32 = 0xABCDEF;
const READER: PersonId = PersonId::from_u64(9);
const FRIEND: PersonId = PersonId::from_u64(1);
const FOLLOWED: PersonId = PersonId::from_u64(2);
const MUTED: PersonId = PersonId::from_u64(3);

fn at(number: u64) -> LogPosition {
    LogPosition::new(LOG, number)
}

fn one(number: u64) -> StoryId {
    StoryId::from_u64(number)
}

fn ids(numbers: &[u64]) -> Vec<StoryId> {
    numbers.iter().copied().map(StoryId::from_u64).collect()
}

fn slice(numbers: &[u64], more: bool) -> IdSlice {
    let ids = ids(numbers);
    IdSlice { ids, more }
}

fn circle() -> Circle {
    Circle::new(vec![FRIEND, MUTED], vec![FOLLOWED], vec![MUTED], vec![])
}

/// An extract of stories with ascending numbers from 1.
fn extract(stories: &[u64], keep: usize) -> Pulled {
    let numbered = stories.iter().zip(1..);
    let taken: Vec<_> = numbered
        .map(|(story, number)| (at(number), one(*story)))
        .collect();
    Pulled::new(at(0), at(stories.len() as u64), &taken, keep)
}

#[test]
fn a_position_keeps_its_log_and_its_number_and_does_not_compare_with_another_log() {
    let position = LogPosition::new(0xFF_FFFF, (1 << 40) - 1);
    assert_eq!(
        (position.log(), position.number()),
        (0xFF_FFFF, (1 << 40) - 1)
    );
    assert_eq!(LogPosition::from_u64(position.as_u64()), position);
    assert!(at(7).is_at_least(at(7)) && at(8).is_at_least(at(7)) && !at(6).is_at_least(at(7)));
    let other = LogPosition::new(LOG + 1, 9);
    assert!(!other.is_at_least(at(7)) && !at(7).is_at_least(other));
    assert!(!at(7).is_at_least(LogPosition::NONE));
}

#[test]
fn friends_take_both_audiences_followers_the_public_one_and_nobody_takes_their_own() {
    let takes = |author, audience| {
        let story = one(1);
        let entry = LogEntry {
            story,
            author,
            audience,
        };
        entry.is_for(READER, &circle())
    };
    assert!(takes(FRIEND, Audience::Friends) && takes(FRIEND, Audience::Public));
    assert!(takes(FOLLOWED, Audience::Public) && !takes(FOLLOWED, Audience::Friends));
    assert!(!takes(MUTED, Audience::Public) && !takes(READER, Audience::Public));
}

#[test]
fn an_extract_tells_by_number_what_came_later_although_its_id_is_smaller() {
    let extract = extract(&[50, 40, 60, 40], 10);
    assert_eq!(extract.below(None, 2), slice(&[60, 50], true));
    assert_eq!(extract.below(Some(one(50)), 2), slice(&[40], false));
    let later = extract.after(at(1)).unwrap();
    assert_eq!(
        later,
        [(at(2), one(40)), (at(3), one(60))],
        "the first number of 40 counts"
    );
    assert_eq!(extract.after(at(4)), Ok(vec![]));
    assert_eq!(extract.taken_to(), at(4));
    extract.nothing_up_to(at(9));
    assert_eq!((extract.taken_to(), extract.to()), (at(4), at(9)));
    assert_eq!(extract.after(LogPosition::NONE), Err(MarkExpired));
    assert_eq!(
        (extract.number_of(one(40)), extract.number_of(one(41))),
        (Some(at(2)), None)
    );
}

#[test]
fn a_trimmed_extract_has_a_floor_and_forgets_the_numbers_below_it() {
    let extract = extract(&[7, 1, 2, 3, 4], 2);
    assert_eq!(
        (extract.below(None, 9), extract.floor()),
        (slice(&[7, 4], false), one(4))
    );
    assert_eq!(extract.after(at(3)), Err(MarkExpired), "3 had number 4");
    assert_eq!(extract.after(at(4)), Ok(vec![(at(5), one(4))]));
    let grown = extract.grown(&[(at(6), one(3)), (at(7), one(8))], at(7), 2);
    assert_eq!(
        grown.below(None, 9).ids,
        ids(&[8, 7, 4]),
        "3 is below the floor"
    );
}

#[test]
fn what_two_slices_cannot_order_yet_is_left_for_the_next_page() {
    let merged = |one, other, count, floor| merge(one, &other, count, StoryId::from_u64(floor));
    let timeline = slice(&[100, 90], true);
    let pulled = slice(&[95, 10], true);
    assert_eq!(merged(timeline, pulled, 2, 0), slice(&[100, 95], true));
    assert_eq!(
        merged(slice(&[9, 8], true), slice(&[], false), 2, 0),
        slice(&[9, 8], true)
    );
    assert_eq!(
        merged(slice(&[9], false), slice(&[9, 7], false), 2, 0),
        slice(&[9, 7], false)
    );
    assert_eq!(
        merged(slice(&[9, 3], false), slice(&[8, 2], false), 9, 4),
        slice(&[9, 8], false)
    );
    assert_eq!(
        merged(slice(&[9, 8], false), slice(&[7], false), 2, 0),
        slice(&[9, 8], true)
    );
    assert_eq!(
        merged(slice(&[9, 8], false), slice(&[7], false), 2, 8),
        slice(&[9, 8], false)
    );
}

/// A story as it reaches the log.
#[derive(Debug, Clone)]
struct Appended {
    id: u64,
    author: u64,
    public: bool,
}

impl Appended {
    fn entry(&self) -> LogEntry {
        LogEntry {
            story: one(self.id),
            author: PersonId::from_u64(self.author),
            audience: if self.public {
                Audience::Public
            } else {
                Audience::Friends
            },
        }
    }
}

fn history() -> impl Strategy<Value = Vec<Appended>> {
    let story = (1..500_u64, 1..=4_u64, any::<bool>());
    let story = story.prop_map(|(id, author, public)| Appended { id, author, public });
    prop::collection::vec(story, 0..80)
}

/// What the reader takes of these entries, the first of which has this number.
fn taken(entries: &[Appended], first: u64) -> Vec<(LogPosition, StoryId)> {
    let numbered = entries.iter().zip(first..);
    let mine = numbered.filter(|(one, _)| one.entry().is_for(READER, &circle()));
    mine.map(|(one, number)| (at(number), one.entry().story))
        .collect()
}

proptest! {
    /// The timeline is built from the store at any moment; the extract begins before it and grows in two steps.
    #[test]
    fn a_timeline_and_the_entries_after_its_rebuild_are_the_whole_feed(
        history in history(),
        cuts in prop::array::uniform3(0..80_usize),
        keep in 1..30_usize,
        count in 1..9_usize,
    ) {
        let mut cuts = cuts.map(|cut| cut.min(history.len()));
        cuts.sort_unstable();
        let [begin, middle, built] = cuts;
        let end = history.len();
        let before: Vec<StoryId> = taken(&history[..built], 1).iter().map(|(_, id)| *id).collect();
        let timeline = Timeline::new(before, StoryId::default(), keep);
        let number = |place: usize| at(place as u64);
        let first = |place: usize| place as u64 + 1;
        let first_part = taken(&history[begin..middle], first(begin));
        let pulled = Pulled::new(number(begin), number(middle), &first_part, keep);
        let pulled = pulled.grown(&taken(&history[middle..], first(middle)), number(end), keep);

        let floor = timeline.floor().max(pulled.floor());
        let (mut shown, mut below) = (Vec::<StoryId>::new(), None);
        loop {
            let page = merge(timeline.below(below, count), &pulled.below(below, count), count, floor);
            shown.extend(&page.ids);
            prop_assert!(page.ids.len() <= count);
            if !page.more {
                break;
            }
            prop_assert_eq!(page.ids.len(), count, "a page with more is full");
            below = page.ids.last().copied();
        }
        let all: BTreeSet<StoryId> = taken(&history, 1).iter().map(|(_, id)| *id).collect();
        let expected: Vec<_> = all.into_iter().rev().filter(|id| *id >= floor).collect();
        prop_assert_eq!(shown, expected);
    }

    #[test]
    fn every_later_story_is_told_once_or_the_position_has_expired(
        history in history(),
        seen in 0..80_u64,
        keep in 1..60_usize,
    ) {
        let mine = taken(&history, 1);
        let pulled = Pulled::new(at(0), at(history.len() as u64), &mine, keep);
        let mut known = BTreeSet::new();
        let mut later = Vec::new();
        for (number, story) in &mine {
            if known.insert(*story) && number.number() > seen {
                later.push((*number, *story));
            }
        }
        match pulled.after(at(seen)) {
            Ok(told) => prop_assert_eq!(told, later),
            Err(MarkExpired) => prop_assert!(pulled.floor() > StoryId::default()),
        }
    }
}
