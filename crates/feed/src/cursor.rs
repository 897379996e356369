//! Cursors: where a client is in a list, as an opaque text that never expires.
//!
//! One type for all lists. The text is base64url of a version, a kind and variable-length numbers; it holds no right
//! to anything, so it is not signed: entitlement is decided when the page is read.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::id::{RawId, StoryId};
use crate::timeline::Mark;

/// The first byte of every cursor. A change of the format gets a new one; the old ones stay readable.
const VERSION: u8 = 1;

/// How many unsettled stories a cursor for "newer" carries. More than that, and a client whose timeline was lost
/// meanwhile is told to start over. Sixteen friends posting within the last ten seconds is a busy feed.
pub const RECENT_MAX: usize = 16;

/// Longest cursor text that is looked at: the longest we make is 317 characters.
const TEXT_MAX: usize = 400;

/// Room for a cursor with a few unsettled stories.
const USUAL_BYTES: usize = 64;

/// A place in a list that is ordered by a number and then an id, both descending.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// Milliseconds, mostly.
    pub key: u64,
    /// Tells equal keys apart.
    pub id: u64,
}

/// Where to go on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cursor {
    /// Behind this id, in a list with the largest id first.
    Below(RawId),
    /// Behind this id, in a list with the smallest id first.
    Above(RawId),
    /// Behind this place, in a list ordered by a number.
    Behind(Position),
    /// After what was seen of the home feed.
    Newer(Seen),
}

/// What a client has seen of its home feed, for asking what came since.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Seen {
    /// Which timeline it was; a rebuilt one has another number. 0: there was none.
    pub incarnation: u64,
    /// Up to where, in that timeline.
    pub mark: Mark,
    /// Up to this id everything had been delivered and seen then.
    pub settled: StoryId,
    /// Late stories up to this number had been delivered and seen then.
    pub late: u64,
    /// The stories above `settled` that were seen; `None` when they were more than [`RECENT_MAX`].
    pub recent: Option<Vec<StoryId>>,
}

/// The text is no cursor of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is not a cursor that the server gave out")]
pub struct NotACursor;

const BELOW: u8 = 1;
const ABOVE: u8 = 2;
const BEHIND: u8 = 3;
const NEWER: u8 = 4;

impl Cursor {
    /// The text for clients.
    #[must_use]
    pub fn encode(&self) -> String {
        let mut bytes = Vec::with_capacity(USUAL_BYTES);
        bytes.push(VERSION);
        match self {
            Self::Below(id) => put_all(&mut bytes, BELOW, [id.as_u64()]),
            Self::Above(id) => put_all(&mut bytes, ABOVE, [id.as_u64()]),
            Self::Behind(place) => put_all(&mut bytes, BEHIND, [place.key, place.id]),
            Self::Newer(seen) => seen.put(&mut bytes),
        }
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Reads a text that [`Cursor::encode`] made.
    ///
    /// # Errors
    /// `NotACursor` for everything else.
    pub fn decode(text: &str) -> Result<Self, NotACursor> {
        if text.len() > TEXT_MAX {
            return Err(NotACursor);
        }
        let Ok(bytes) = URL_SAFE_NO_PAD.decode(text) else {
            return Err(NotACursor);
        };
        let [VERSION, kind, rest @ ..] = bytes.as_slice() else {
            return Err(NotACursor);
        };
        let mut numbers = Numbers(rest);
        let cursor = match *kind {
            BELOW => Self::Below(RawId::from_u64(numbers.next()?)),
            ABOVE => Self::Above(RawId::from_u64(numbers.next()?)),
            BEHIND => Self::Behind(Position {
                key: numbers.next()?,
                id: numbers.next()?,
            }),
            NEWER => Self::Newer(Seen::take(&mut numbers)?),
            _ => return Err(NotACursor),
        };
        if numbers.0.is_empty() {
            Ok(cursor)
        } else {
            Err(NotACursor)
        }
    }
}

impl Seen {
    fn put(&self, bytes: &mut Vec<u8>) {
        let (newest, settled) = (self.mark.newest.as_u64(), self.settled.as_u64());
        put_all(
            bytes,
            NEWER,
            [
                self.incarnation,
                newest,
                u64::from(self.mark.late),
                settled,
                self.late,
            ],
        );
        // The count is one more than it is, so that 0 says "too many".
        let recent = self
            .recent
            .as_deref()
            .filter(|recent| recent.len() <= RECENT_MAX);
        put(bytes, recent.map_or(0, |recent| recent.len() as u64 + 1));
        for id in recent.unwrap_or_default() {
            put(bytes, id.as_u64().saturating_sub(settled));
        }
    }

    fn take(numbers: &mut Numbers<'_>) -> Result<Self, NotACursor> {
        let incarnation = numbers.next()?;
        let newest = StoryId::from_u64(numbers.next()?);
        let Ok(late) = u32::try_from(numbers.next()?) else {
            return Err(NotACursor);
        };
        let settled = numbers.next()?;
        let late_stories = numbers.next()?;
        let recent = match numbers.next()? {
            0 => None,
            count if count <= RECENT_MAX as u64 + 1 => {
                let ids = (1..count).map(|_| {
                    numbers
                        .next()
                        .map(|above| StoryId::from_u64(settled.saturating_add(above)))
                });
                Some(ids.collect::<Result<_, _>>()?)
            }
            _ => return Err(NotACursor),
        };
        Ok(Self {
            incarnation,
            mark: Mark { newest, late },
            settled: StoryId::from_u64(settled),
            late: late_stories,
            recent,
        })
    }
}

fn put_all<const N: usize>(bytes: &mut Vec<u8>, kind: u8, numbers: [u64; N]) {
    bytes.push(kind);
    for number in numbers {
        put(bytes, number);
    }
}

/// LEB128: seven bits a byte, the low ones first.
#[expect(clippy::cast_possible_truncation, reason = "masked to seven bits")]
fn put(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push(number as u8 & 0x7f | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

struct Numbers<'a>(&'a [u8]);

impl Numbers<'_> {
    fn next(&mut self) -> Result<u64, NotACursor> {
        let mut number = 0u64;
        for shift in (0..64).step_by(7) {
            let [byte, rest @ ..] = self.0 else {
                return Err(NotACursor);
            };
            self.0 = rest;
            let bits = u64::from(byte & 0x7f);
            number |= bits
                .checked_shl(shift)
                .filter(|shifted| shifted >> shift == bits)
                .ok_or(NotACursor)?;
            if byte & 0x80 == 0 {
                return Ok(number);
            }
        }
        Err(NotACursor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TOP: u64 = u64::MAX >> 1;

    fn cursors() -> impl Strategy<Value = Cursor> {
        let seen = (
            any::<u64>(),
            0..=TOP,
            any::<u32>(),
            0..=TOP / 2,
            any::<u64>(),
        )
            .prop_flat_map(|(incarnation, newest, late, settled, late_stories)| {
                let recent = prop::option::of(prop::collection::vec(settled..=TOP, 0..=RECENT_MAX));
                recent.prop_map(move |recent| Seen {
                    incarnation,
                    mark: Mark {
                        newest: StoryId::from_u64(newest),
                        late,
                    },
                    settled: StoryId::from_u64(settled),
                    late: late_stories,
                    recent: recent.map(|ids| ids.into_iter().map(StoryId::from_u64).collect()),
                })
            });
        prop_oneof![
            (0..=TOP).prop_map(|id| Cursor::Below(RawId::from_u64(id))),
            (0..=TOP).prop_map(|id| Cursor::Above(RawId::from_u64(id))),
            any::<(u64, u64)>().prop_map(|(key, id)| Cursor::Behind(Position { key, id })),
            seen.prop_map(Cursor::Newer),
        ]
    }

    proptest! {
        #[test]
        fn a_cursor_comes_back_as_it_was(cursor in cursors()) {
            let text = cursor.encode();
            prop_assert!(text.len() <= TEXT_MAX, "{} characters", text.len());
            prop_assert_eq!(Cursor::decode(&text), Ok(cursor));
        }

        #[test]
        fn any_text_is_read_or_refused_but_never_a_panic(text in ".{0,60}", bytes in prop::collection::vec(any::<u8>(), 0..60)) {
            let _ = Cursor::decode(&text);
            let _ = Cursor::decode(&URL_SAFE_NO_PAD.encode(bytes));
        }
    }

    #[test]
    fn a_text_with_something_behind_it_is_no_cursor() {
        let mut bytes = URL_SAFE_NO_PAD
            .decode(Cursor::Below(RawId::from_u64(300)).encode())
            .unwrap();
        bytes.push(0);
        assert_eq!(
            Cursor::decode(&URL_SAFE_NO_PAD.encode(bytes)),
            Err(NotACursor)
        );
    }
}
