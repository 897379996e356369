//! The log of changes that outdate cached values. A write adds its changes in its own transaction.

use std::collections::BTreeSet;

use sosik_feed::{Change, Own, PersonId, StoryId};
use sosik_store::{StoreResult, StoryCounts};

use super::row::{Row, bytes};
use super::sql::{Query, Value, bind, statements};

statements! {
    CHANGES_INSERT = "INSERT INTO changes (kind, subject, detail, token)
        SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bytea[])";
}

/// A change as a row. A change with several tokens has several rows.
#[derive(Default)]
struct Entry {
    kind: i64,
    subject: i64,
    detail: i64,
    token: Vec<u8>,
}

const STORY: i64 = 1;
const PERSON: i64 = 2;
const CIRCLE_SHRANK: i64 = 3;
const CIRCLE_GREW: i64 = 4;
const SESSION_ENDED: i64 = 5;
const OWN_LIKES: i64 = 6;
const OWN_READ_POSITION: i64 = 7;
const EVERYTHING: i64 = 8;
const COUNTS: i64 = 9;

/// The log was cut here: what it had before may have outdated any copy in the shared fabric. Members have applied it, so
/// it tells them nothing.
pub(crate) const CUT: i64 = 10;

/// The kinds of changes that outdate no copy in the shared fabric. A kind that this executable does not know may outdate
/// all copies.
pub(crate) const NO_COPY: [i64; 6] = [
    STORY,
    PERSON,
    CIRCLE_SHRANK,
    OWN_LIKES,
    OWN_READ_POSITION,
    COUNTS,
];

/// Adds changes to the log.
pub(crate) fn log(changes: &[Change]) -> Query {
    insert(&changes.iter().flat_map(entries).collect::<Vec<_>>())
}

/// Adds the new counts of a story, and changes of the same write.
pub(crate) fn log_counts(story: StoryId, counts: StoryCounts, changes: &[Change]) -> Query {
    let outdated = Entry {
        kind: COUNTS,
        subject: story.as_i64(),
        detail: counts.revision.cast_signed(),
        ..Entry::default()
    };
    let changes = changes.iter().flat_map(entries);
    insert(&changes.chain([outdated]).collect::<Vec<_>>())
}

fn insert(entries: &[Entry]) -> Query {
    let column = |value: fn(&Entry) -> i64| entries.iter().map(value).collect::<Vec<_>>();
    bind!(
        CHANGES_INSERT,
        column(|entry| entry.kind),
        column(|entry| entry.subject),
        column(|entry| entry.detail),
        Value::ManyBytes(entries.iter().map(|entry| entry.token.clone()).collect())
    )
}

/// Records that the log was cut.
pub(crate) fn log_cut() -> Query {
    insert(&[Entry {
        kind: CUT,
        ..Entry::default()
    }])
}

/// The same change of the circles of two people.
pub(crate) fn log_both(people: [PersonId; 2], change: fn(PersonId) -> Change) -> Query {
    log(&people.map(change))
}

/// Sessions of one person that ended.
pub(crate) fn log_ended(person: PersonId, tokens: &[[u8; 32]]) -> Query {
    log(&[Change::SessionsEnded(person, tokens.to_vec())])
}

/// People whose circles grew. All of them are logged: each has a timeline to drop.
pub(crate) fn log_grown(people: impl Iterator<Item = PersonId>) -> Query {
    let people: BTreeSet<_> = people.collect();
    let grown: Vec<_> = people.into_iter().map(Change::CircleGrew).collect();
    log(&grown)
}

fn entries(change: &Change) -> Vec<Entry> {
    let of = |kind, subject| {
        vec![Entry {
            kind,
            subject,
            ..Entry::default()
        }]
    };
    match change {
        Change::Story(story) => of(STORY, story.as_i64()),
        Change::Person(person) => of(PERSON, person.as_i64()),
        Change::CircleShrank(person) => of(CIRCLE_SHRANK, person.as_i64()),
        Change::CircleGrew(person) => of(CIRCLE_GREW, person.as_i64()),
        Change::SessionsEnded(person, tokens) => ended(*person, tokens),
        Change::Own(person, Own::Likes) => of(OWN_LIKES, person.as_i64()),
        Change::Own(person, Own::ReadPosition(story)) => vec![Entry {
            kind: OWN_READ_POSITION,
            subject: person.as_i64(),
            detail: story.as_i64(),
            ..Entry::default()
        }],
        Change::Everything => of(EVERYTHING, 0),
    }
}

fn ended(person: PersonId, tokens: &[[u8; 32]]) -> Vec<Entry> {
    let entry = |token: &[u8; 32]| Entry {
        kind: SESSION_ENDED,
        subject: person.as_i64(),
        token: token.to_vec(),
        ..Entry::default()
    };
    tokens.iter().map(entry).collect()
}

/// The story whose counts changed, and their revision. `None` for a row that logs a [`Change`].
pub(crate) fn counts(row: &Row, first: usize) -> StoreResult<Option<(StoryId, u64)>> {
    if row.get::<i64>(first)? != COUNTS {
        return Ok(None);
    }
    let revision: i64 = row.get(first + 2)?;
    Ok(Some((row.get(first + 1)?, revision.cast_unsigned())))
}

/// The change in the columns kind, subject, detail and token from `first` on. A kind that this executable does not know,
/// written by a newer one, may concern everything.
pub(crate) fn change(row: &Row, first: usize) -> StoreResult<Change> {
    let (person, story): (PersonId, StoryId) = (row.get(first + 1)?, row.get(first + 1)?);
    Ok(match row.get(first)? {
        STORY => Change::Story(story),
        PERSON => Change::Person(person),
        CIRCLE_SHRANK => Change::CircleShrank(person),
        CIRCLE_GREW => Change::CircleGrew(person),
        SESSION_ENDED => Change::SessionsEnded(person, vec![bytes(row, first + 3)?]),
        OWN_LIKES => Change::Own(person, Own::Likes),
        OWN_READ_POSITION => Change::Own(person, Own::ReadPosition(row.get(first + 2)?)),
        _ => Change::Everything,
    })
}
