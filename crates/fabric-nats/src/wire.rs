//! The bytes of notices, log entries, orders and lists of people. All numbers are big-endian.
//!
//! Nodes of two versions run at the same time during an upgrade. So a message that this version does not understand is
//! no error: the caller treats it as a message with an unknown content.

use bytes::{Buf, BufMut, Bytes, BytesMut, TryGetError};
use sosik_fabric::peers::{Change, Notice, Own, Update};
use sosik_feed::orders::{Claim, ClaimName, Order, OrderKind};
use sosik_feed::pulled::LogEntry;
use sosik_feed::{Audience, CommitPosition, PersonId, StoryCounts, StoryId, Timestamp};

/// First byte of everything here. Other formats have another one.
const FORMAT: u8 = 1;

/// Largest notice. A larger one is replaced by [`Change::Everything`].
const NOTICE_BYTES_MAX: usize = 64 << 10;

/// The bytes cannot be understood.
#[derive(Debug)]
pub(crate) struct Unknown;

impl From<TryGetError> for Unknown {
    fn from(_too_short: TryGetError) -> Self {
        Self
    }
}

type Read<T> = Result<T, Unknown>;

const STORY: u8 = 1;
const PERSON: u8 = 2;
const CIRCLE_SHRANK: u8 = 3;
const CIRCLE_GREW: u8 = 4;
const SESSIONS_ENDED: u8 = 5;
const LIKES: u8 = 6;
const READ_POSITION: u8 = 7;
const EVERYTHING: u8 = 8;
const COUNTS: u8 = 1;
const COMMENT: u8 = 2;

/// A notice for an unknown effect.
pub(crate) fn everything() -> Notice {
    Notice {
        at: CommitPosition::LATEST,
        changes: vec![Change::Everything],
        updates: Vec::new(),
    }
}

/// Encodes a notice.
pub(crate) fn write_notice(notice: &Notice) -> Bytes {
    let mut bytes = BytesMut::with_capacity(64);
    bytes.put_u8(FORMAT);
    bytes.put_u64(notice.at.number());
    put_count(&mut bytes, notice.changes.len());
    notice
        .changes
        .iter()
        .for_each(|change| put_change(&mut bytes, change));
    put_count(&mut bytes, notice.updates.len());
    notice
        .updates
        .iter()
        .for_each(|update| put_update(&mut bytes, update));
    if bytes.len() > NOTICE_BYTES_MAX {
        return write_notice(&everything());
    }
    bytes.freeze()
}

/// Decodes a notice.
pub(crate) fn read_notice(mut bytes: &[u8]) -> Read<Notice> {
    let bytes = &mut bytes;
    check_format(bytes)?;
    let at = CommitPosition::new(bytes.try_get_u64()?);
    let changes = (0..bytes.try_get_u32()?)
        .map(|_| get_change(bytes))
        .collect::<Read<_>>()?;
    Ok(Notice {
        at,
        changes,
        updates: get_updates(bytes)?,
    })
}

fn put_change(bytes: &mut BytesMut, change: &Change) {
    let (tag, id) = match change {
        Change::Story(story) => (STORY, story.as_u64()),
        Change::Person(person) => (PERSON, person.as_u64()),
        Change::CircleShrank(reader) => (CIRCLE_SHRANK, reader.as_u64()),
        Change::CircleGrew(reader) => (CIRCLE_GREW, reader.as_u64()),
        Change::SessionsEnded(person, _) => (SESSIONS_ENDED, person.as_u64()),
        Change::Own(person, Own::Likes) => (LIKES, person.as_u64()),
        Change::Own(person, Own::ReadPosition(_)) => (READ_POSITION, person.as_u64()),
        Change::Everything => (EVERYTHING, 0),
    };
    bytes.put_u8(tag);
    bytes.put_u64(id);
    if let Change::Own(_, Own::ReadPosition(story)) = change {
        bytes.put_u64(story.as_u64());
    }
    if let Change::SessionsEnded(_, tokens) = change {
        put_count(bytes, tokens.len());
        tokens.iter().for_each(|token| bytes.put_slice(token));
    }
}

fn get_change(bytes: &mut &[u8]) -> Read<Change> {
    let (tag, id) = (bytes.try_get_u8()?, bytes.try_get_u64()?);
    let person = PersonId::from_u64(id);
    Ok(match tag {
        STORY => Change::Story(StoryId::from_u64(id)),
        PERSON => Change::Person(person),
        CIRCLE_SHRANK => Change::CircleShrank(person),
        CIRCLE_GREW => Change::CircleGrew(person),
        SESSIONS_ENDED => Change::SessionsEnded(person, get_tokens(bytes)?),
        LIKES => Change::Own(person, Own::Likes),
        READ_POSITION => {
            let story = StoryId::from_u64(bytes.try_get_u64()?);
            Change::Own(person, Own::ReadPosition(story))
        }
        EVERYTHING => Change::Everything,
        _ => return Err(Unknown),
    })
}

fn get_tokens(bytes: &mut &[u8]) -> Read<Vec<[u8; 32]>> {
    let count = bytes.try_get_u32()?;
    let token = |_| {
        let mut token = [0; 32];
        bytes.try_copy_to_slice(&mut token)?;
        Ok(token)
    };
    (0..count).map(token).collect()
}

fn put_update(bytes: &mut BytesMut, update: &Update) {
    match update {
        Update::Counts(story, counts) => {
            bytes.put_u8(COUNTS);
            bytes.put_u64(story.as_u64());
            bytes.put_u32(counts.likes);
            bytes.put_u32(counts.comments);
            bytes.put_u64(counts.revision);
        }
        Update::Comment { story, author } => {
            bytes.put_u8(COMMENT);
            bytes.put_u64(story.as_u64());
            bytes.put_u64(author.as_u64());
        }
    }
}

/// The updates up to the first one of a kind that only a newer version knows. Its length is unknown, and a node may miss
/// updates: it reads what is new from the store and its log of changes.
fn get_updates(bytes: &mut &[u8]) -> Read<Vec<Update>> {
    let mut updates = Vec::new();
    for _ in 0..bytes.try_get_u32()? {
        match get_update(bytes)? {
            Some(update) => updates.push(update),
            None => break,
        }
    }
    Ok(updates)
}

/// `None` for an update of a kind that this version does not know.
fn get_update(bytes: &mut &[u8]) -> Read<Option<Update>> {
    let (tag, story) = (bytes.try_get_u8()?, bytes.try_get_u64()?);
    let story = StoryId::from_u64(story);
    Ok(Some(match tag {
        COUNTS => {
            let counts = StoryCounts {
                likes: bytes.try_get_u32()?,
                comments: bytes.try_get_u32()?,
                revision: bytes.try_get_u64()?,
            };
            Update::Counts(story, counts)
        }
        COMMENT => Update::Comment {
            story,
            author: PersonId::from_u64(bytes.try_get_u64()?),
        },
        _ => return Ok(None),
    }))
}

/// Encodes an entry of the log.
pub(crate) fn write_entry(entry: &LogEntry) -> Bytes {
    let mut bytes = BytesMut::with_capacity(18);
    bytes.put_u8(FORMAT);
    bytes.put_u64(entry.story.as_u64());
    bytes.put_u64(entry.author.as_u64());
    bytes.put_u8(match entry.audience {
        Audience::Public => 0,
        Audience::Friends => 1,
    });
    bytes.freeze()
}

/// Decodes an entry of the log.
pub(crate) fn read_entry(mut bytes: &[u8]) -> Read<LogEntry> {
    let bytes = &mut bytes;
    check_format(bytes)?;
    Ok(LogEntry {
        story: StoryId::from_u64(bytes.try_get_u64()?),
        author: PersonId::from_u64(bytes.try_get_u64()?),
        audience: match bytes.try_get_u8()? {
            0 => Audience::Public,
            1 => Audience::Friends,
            _ => return Err(Unknown),
        },
    })
}

/// Encodes an order.
pub(crate) fn write_order(order: &Order) -> Bytes {
    let mut bytes = BytesMut::with_capacity(62);
    bytes.put_u8(FORMAT);
    bytes.put_u8(match order.kind {
        OrderKind::Deliver => 0,
        OrderKind::Purge => 1,
    });
    bytes.put_u64(order.story.as_u64());
    bytes.put_u64(order.author.as_u64());
    bytes.put_u64(order.done_to.as_u64());
    bytes.put_u32(order.attempts);
    bytes.put_u64(order.created_at.as_millis());
    bytes.put_u64(order.claim.name.process);
    bytes.put_u64(order.claim.name.number);
    bytes.put_u64(order.claim.until.as_millis());
    bytes.freeze()
}

/// Decodes an order.
pub(crate) fn read_order(mut bytes: &[u8]) -> Read<Order> {
    let bytes = &mut bytes;
    check_format(bytes)?;
    Ok(Order {
        kind: match bytes.try_get_u8()? {
            0 => OrderKind::Deliver,
            1 => OrderKind::Purge,
            _ => return Err(Unknown),
        },
        story: StoryId::from_u64(bytes.try_get_u64()?),
        author: PersonId::from_u64(bytes.try_get_u64()?),
        done_to: PersonId::from_u64(bytes.try_get_u64()?),
        attempts: bytes.try_get_u32()?,
        created_at: Timestamp::from_millis(bytes.try_get_u64()?),
        claim: Claim {
            name: ClaimName {
                process: bytes.try_get_u64()?,
                number: bytes.try_get_u64()?,
            },
            until: Timestamp::from_millis(bytes.try_get_u64()?),
        },
    })
}

/// Appends people.
pub(crate) fn put_people(bytes: &mut BytesMut, people: &[PersonId]) {
    put_count(bytes, people.len());
    people
        .iter()
        .for_each(|person| bytes.put_u64(person.as_u64()));
}

/// Reads people.
pub(crate) fn get_people(bytes: &mut &[u8]) -> Read<Vec<PersonId>> {
    let count = bytes.try_get_u32()?;
    let person = |_| Ok(PersonId::from_u64(bytes.try_get_u64()?));
    (0..count).map(person).collect()
}

/// Lists are far shorter than 2^32. A longer one would be read as malformed.
fn put_count(bytes: &mut BytesMut, count: usize) {
    bytes.put_u32(u32::try_from(count).unwrap_or(u32::MAX));
}

fn check_format(bytes: &mut &[u8]) -> Read<()> {
    match bytes.try_get_u8()? {
        FORMAT => Ok(()),
        _ => Err(Unknown),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn notice() -> Notice {
        let (person, story) = (PersonId::from_u64(7), StoryId::from_u64(9));
        let counts = StoryCounts {
            likes: 1,
            comments: 2,
            revision: 3,
        };
        Notice {
            at: CommitPosition::new(5),
            changes: vec![
                Change::Story(story),
                Change::Person(person),
                Change::CircleShrank(person),
                Change::CircleGrew(person),
                Change::SessionsEnded(person, vec![[1; 32], [2; 32]]),
                Change::Own(person, Own::Likes),
                Change::Own(person, Own::ReadPosition(story)),
                Change::Everything,
            ],
            updates: vec![
                Update::Counts(story, counts),
                Update::Comment {
                    story,
                    author: person,
                },
            ],
        }
    }

    fn order() -> Order {
        Order {
            story: StoryId::from_u64(1),
            kind: OrderKind::Purge,
            author: PersonId::from_u64(2),
            done_to: PersonId::from_u64(3),
            attempts: 4,
            created_at: Timestamp::from_millis(5),
            claim: Claim {
                name: ClaimName {
                    process: 6,
                    number: 7,
                },
                until: Timestamp::from_millis(8),
            },
        }
    }

    #[test]
    fn everything_written_is_read_again() {
        assert_eq!(read_notice(&write_notice(&notice())).unwrap(), notice());
        assert_eq!(read_order(&write_order(&order())).unwrap(), order());
        for audience in [Audience::Public, Audience::Friends] {
            let entry = LogEntry {
                story: StoryId::from_u64(1),
                author: PersonId::from_u64(2),
                audience,
            };
            assert_eq!(read_entry(&write_entry(&entry)).unwrap(), entry);
        }
    }

    #[test]
    fn a_message_cut_short_or_of_another_format_is_unknown_and_never_a_panic() {
        let (notice, order) = (write_notice(&notice()), write_order(&order()));
        for length in 0..notice.len() {
            assert!(read_notice(&notice[..length]).is_err());
        }
        for length in 0..order.len() {
            assert!(read_order(&order[..length]).is_err());
        }
        let mut other = notice.to_vec();
        other[0] = FORMAT + 1;
        assert!(read_notice(&other).is_err());
    }

    #[test]
    fn an_update_of_a_newer_version_is_ignored_and_the_changes_before_it_are_not() {
        let mut newer = BytesMut::from(&write_notice(&notice())[..]);
        let known = Update::Comment {
            story: StoryId::from_u64(9),
            author: PersonId::from_u64(7),
        };
        let mut last = BytesMut::new();
        put_update(&mut last, &known);
        let tag = newer.len() - last.len();
        newer[tag] = u8::MAX;
        let mut expected = notice();
        assert_eq!(expected.updates.pop(), Some(known));
        assert_eq!(read_notice(&newer).unwrap(), expected);
    }

    #[test]
    fn a_count_larger_than_the_message_allocates_nothing() {
        let mut bytes = BytesMut::new();
        bytes.put_u32(u32::MAX);
        assert!(get_people(&mut &bytes[..]).is_err());
    }

    #[test]
    fn a_notice_too_large_to_send_becomes_one_that_covers_it() {
        let tokens = vec![[0; 32]; NOTICE_BYTES_MAX / 32];
        let large = Notice {
            changes: vec![Change::SessionsEnded(PersonId::from_u64(1), tokens)],
            ..Notice::default()
        };
        assert_eq!(read_notice(&write_notice(&large)).unwrap(), everything());
    }
}
