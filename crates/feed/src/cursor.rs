//! Cursors: the position of a client in a list, as an opaque text that never expires.
//!
//! A cursor contains ids and times, also of rows that its reader was not shown. Therefore clients get it
//! [sealed](seal): encrypted, and bound to its list and reader. It grants no access: entitlement is decided when the
//! page is read.

pub mod seal;

use crate::id::{PersonId, RawId, StoryId};
use crate::limits::SEARCH_TERM_BYTES_MAX;
use crate::pulled::LogPosition;
use crate::timeline::Mark;

/// Maximum number of unsettled stories in a cursor for "newer". A client with more of them starts over if its timeline
/// is lost. Sixteen stories by friends within ten seconds make a busy feed.
pub const RECENT_MAX: usize = 16;

/// A position in a list that is sorted by a number and then by an id, both descending.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The number, usually milliseconds.
    pub key: u64,
    /// Breaks ties between equal keys.
    pub id: u64,
}

/// Where the next page starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cursor {
    /// After this id, in a list with the largest id first.
    Below(RawId),
    /// After this id, in a list with the smallest id first.
    Above(RawId),
    /// After this position, in a list sorted by a number.
    Behind(Position),
    /// After this state of the home feed.
    Newer(Seen),
    /// After this story of the home feed.
    Older(Older),
    /// After this person in the results of a search.
    Found(Found),
}

/// A position in the results of a search for people. They are sorted by group, then by key, then by person.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Found {
    /// The group, best first.
    pub group: u8,
    /// The order within the group, at most [`SEARCH_TERM_BYTES_MAX`] bytes.
    pub key: String,
    /// The person.
    pub person: PersonId,
}

/// Where the next page of older stories of a home feed starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Older {
    /// Below this story.
    pub below: StoryId,
    /// The last position in the log of large authors that the previous page may include; `NONE` if it includes none. A
    /// node whose tail ends before it catches up first. It is the position of an entry that this reader takes, so the
    /// cursor of a page does not change when the log grows by other entries.
    pub log: LogPosition,
}

/// The stories above the watermark that a client has seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Recent {
    /// These, at most [`RECENT_MAX`].
    Named(Vec<StoryId>),
    /// Too many to list, or unknown.
    TooMany {
        /// The newest story that the client has seen.
        newest: StoryId,
    },
}

/// It is unknown what was seen, so a client with this state starts over.
impl Default for Recent {
    fn default() -> Self {
        let newest = StoryId::default();
        Self::TooMany { newest }
    }
}

/// The part of a home feed that a client has seen. The input for reading newer stories.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Seen {
    /// The incarnation of the timeline. A rebuilt timeline has a new one. 0: there was no timeline.
    pub incarnation: u64,
    /// The position in that timeline.
    pub mark: Mark,
    /// Every story up to this id had been delivered and seen.
    pub watermark: StoryId,
    /// Every late story up to this number had been delivered and seen.
    pub late: u64,
    /// The stories of large authors up to this position in their log had been seen. Belongs to `incarnation`, as `mark`
    /// does.
    pub log: LogPosition,
    /// The stories above `watermark` that were seen.
    pub recent: Recent,
}

/// The text is not a cursor of this list for this reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is not a cursor that the server gave out here")]
pub struct NotACursor;

const BELOW: u8 = 1;
const ABOVE: u8 = 2;
const BEHIND: u8 = 3;
const NEWER: u8 = 4;
const OLDER: u8 = 5;
const FOUND: u8 = 6;

/// A kind and a number.
const ID_BYTES: usize = 1 + 8;
/// A kind and two numbers.
const POSITION_BYTES: usize = 1 + 8 + 8;
/// A kind, five numbers, the count of late arrivals, the count of unsettled stories, and space for the maximum of
/// these.
const SEEN_BYTES: usize = 1 + 5 * 8 + 4 + 1 + RECENT_MAX * 8;

/// A kind, a group, the length of the key, space for the longest key, and a number.
const FOUND_BYTES: usize = 1 + 1 + 1 + SEARCH_TERM_BYTES_MAX + 8;

/// The value of the count of unsettled stories that stands for "too many to list".
const TOO_MANY: u8 = u8::MAX;

/// A cursor in plain form. All cursors of a kind have the same length, so the length reveals neither the size of an id
/// nor the number of recent stories.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Plain {
    bytes: [u8; SEEN_BYTES],
    length: usize,
}

impl Plain {
    const fn new() -> Self {
        Self {
            bytes: [0; SEEN_BYTES],
            length: 0,
        }
    }

    fn put(&mut self, bytes: &[u8]) {
        let end = self.length + bytes.len();
        if let Some(room) = self.bytes.get_mut(self.length..end) {
            room.copy_from_slice(bytes);
            self.length = end;
        }
    }

    fn put_number(&mut self, number: u64) {
        self.put(&number.to_be_bytes());
    }

    fn as_slice(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }
}

impl Cursor {
    fn plain(&self) -> Plain {
        let mut plain = Plain::new();
        match self {
            Self::Below(id) => {
                plain.put(&[BELOW]);
                plain.put_number(id.as_u64());
            }
            Self::Above(id) => {
                plain.put(&[ABOVE]);
                plain.put_number(id.as_u64());
            }
            Self::Behind(place) => {
                plain.put(&[BEHIND]);
                plain.put_number(place.key);
                plain.put_number(place.id);
            }
            Self::Older(older) => {
                plain.put(&[OLDER]);
                plain.put_number(older.below.as_u64());
                plain.put_number(older.log.as_u64());
            }
            Self::Found(found) => {
                plain.put(&[FOUND]);
                found.put(&mut plain);
            }
            Self::Newer(seen) => {
                plain.put(&[NEWER]);
                seen.put(&mut plain);
                plain.length = SEEN_BYTES;
            }
        }
        plain
    }

    fn of_plain(bytes: &[u8]) -> Result<Self, NotACursor> {
        let mut numbers = Numbers(bytes.get(1..).unwrap_or_default());
        match (bytes.first(), bytes.len()) {
            (Some(&BELOW), ID_BYTES) => Ok(Self::Below(RawId::from_u64(numbers.next()?))),
            (Some(&ABOVE), ID_BYTES) => Ok(Self::Above(RawId::from_u64(numbers.next()?))),
            (Some(&BEHIND), POSITION_BYTES) => Ok(Self::Behind(Position {
                key: numbers.next()?,
                id: numbers.next()?,
            })),
            (Some(&OLDER), POSITION_BYTES) => Ok(Self::Older(Older {
                below: StoryId::from_u64(numbers.next()?),
                log: LogPosition::from_u64(numbers.next()?),
            })),
            (Some(&FOUND), FOUND_BYTES) => Ok(Self::Found(Found::take(&mut numbers)?)),
            (Some(&NEWER), SEEN_BYTES) => Ok(Self::Newer(Seen::take(&mut numbers)?)),
            _ => Err(NotACursor),
        }
    }
}

impl Found {
    fn put(&self, plain: &mut Plain) {
        // Keys are terms and handles, which are not longer.
        let key = &self.key[..self.key.floor_char_boundary(SEARCH_TERM_BYTES_MAX)];
        plain.put(&[self.group, u8::try_from(key.len()).unwrap_or(0)]);
        plain.put(key.as_bytes());
        plain.put(&[0; SEARCH_TERM_BYTES_MAX][key.len()..]);
        plain.put_number(self.person.as_u64());
    }

    fn take(numbers: &mut Numbers<'_>) -> Result<Self, NotACursor> {
        let [group, length] = numbers.take()?;
        let key: [u8; SEARCH_TERM_BYTES_MAX] = numbers.take()?;
        let key = key.get(..usize::from(length)).ok_or(NotACursor)?;
        let key = std::str::from_utf8(key).map_err(|_not_text| NotACursor)?;
        Ok(Self {
            group,
            key: key.to_owned(),
            person: PersonId::from_u64(numbers.next()?),
        })
    }
}

impl Seen {
    fn put(&self, plain: &mut Plain) {
        plain.put_number(self.incarnation);
        plain.put_number(self.mark.newest.as_u64());
        plain.put(&self.mark.late.to_be_bytes());
        plain.put_number(self.watermark.as_u64());
        plain.put_number(self.late);
        plain.put_number(self.log.as_u64());
        match &self.recent {
            Recent::Named(ids) if ids.len() <= RECENT_MAX => {
                plain.put(&[u8::try_from(ids.len()).unwrap_or(TOO_MANY)]);
                ids.iter().for_each(|id| plain.put_number(id.as_u64()));
            }
            Recent::Named(ids) => {
                let newest = ids.iter().copied().max();
                put_too_many(plain, newest.unwrap_or_default());
            }
            Recent::TooMany { newest } => put_too_many(plain, *newest),
        }
    }

    fn take(numbers: &mut Numbers<'_>) -> Result<Self, NotACursor> {
        let incarnation = numbers.next()?;
        let newest = StoryId::from_u64(numbers.next()?);
        let late = u32::from_be_bytes(numbers.take()?);
        let watermark = StoryId::from_u64(numbers.next()?);
        let late_stories = numbers.next()?;
        let log = LogPosition::from_u64(numbers.next()?);
        let recent = match numbers.take()? {
            [TOO_MANY] => Recent::TooMany {
                newest: StoryId::from_u64(numbers.next()?),
            },
            [count] if usize::from(count) <= RECENT_MAX => {
                let ids = (0..count).map(|_| numbers.next().map(StoryId::from_u64));
                Recent::Named(ids.collect::<Result<_, _>>()?)
            }
            _ => return Err(NotACursor),
        };
        Ok(Self {
            incarnation,
            mark: Mark { newest, late },
            watermark,
            late: late_stories,
            log,
            recent,
        })
    }
}

fn put_too_many(plain: &mut Plain, newest: StoryId) {
    plain.put(&[TOO_MANY]);
    plain.put_number(newest.as_u64());
}

/// The unread bytes of a plain form.
struct Numbers<'a>(&'a [u8]);

impl Numbers<'_> {
    fn next(&mut self) -> Result<u64, NotACursor> {
        self.take().map(u64::from_be_bytes)
    }

    fn take<const N: usize>(&mut self) -> Result<[u8; N], NotACursor> {
        let (first, rest) = self.0.split_first_chunk().ok_or(NotACursor)?;
        self.0 = rest;
        Ok(*first)
    }
}
