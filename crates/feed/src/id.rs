//! Ids: 64 bits that sort by time, made anywhere without asking anyone.
//!
//! Three fields, from the top: 41 bits of milliseconds since [`EPOCH`] (enough until 2093), 10 bits of node
//! (2 of them region), 12 bits of clock sequence. The top bit stays zero, so an id fits a signed 64-bit column.
//! In JSON an id is a decimal string, because a JavaScript number ends at 2⁵³.
//!
//! Refused: auto-increment by *k* per primary (*k* changes when a primary is added) and 128-bit UUIDs (a
//! timeline is 800 ids for each of ten million people). The layout follows Twitter's Snowflake of 2010.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::time::Timestamp;

/// Ids count milliseconds from here: 2024-01-01T00:00:00Z.
pub const EPOCH: Timestamp = Timestamp::from_millis(1_704_067_200_000);

/// Bits of an id that say which generator made it.
pub const NODE_BITS: u32 = 10;
/// Bits of an id that count within one millisecond of one generator.
pub const SEQUENCE_BITS: u32 = 12;
/// How many generators can work at the same time: 1,024.
pub const NODES: u16 = 1 << NODE_BITS;
/// How many ids one generator makes within one millisecond: 4,096.
pub const SEQUENCES: u16 = 1 << SEQUENCE_BITS;
/// The largest count of milliseconds since [`EPOCH`] that an id can carry.
pub const MILLIS_MAX: u64 = (1 << 41) - 1;

/// An id whose kind does not matter, as generators make them and timelines keep them.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct RawId(u64);

/// The text is not the decimal form of an id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an id is a decimal number between 1 and 9223372036854775807")]
pub struct NotAnId;

impl RawId {
    /// Puts the three fields together. Each is cut to its width.
    #[must_use]
    pub const fn from_fields(millis: u64, node: u16, sequence: u16) -> Self {
        let millis = millis & MILLIS_MAX;
        let node = (node % NODES) as u64;
        let sequence = (sequence % SEQUENCES) as u64;
        Self(millis << (NODE_BITS + SEQUENCE_BITS) | node << SEQUENCE_BITS | sequence)
    }

    /// The smallest id that an instant can have: a bound for "older than".
    #[must_use]
    pub const fn first_at(at: Timestamp) -> Self {
        Self::from_fields(at.as_millis().saturating_sub(EPOCH.as_millis()), 0, 0)
    }

    /// Takes a number as it came back from the store. A negative one becomes 0, which is nobody's id.
    #[must_use]
    pub const fn from_i64(value: i64) -> Self {
        Self(if value < 0 { 0 } else { value.cast_unsigned() })
    }

    /// The number as a signed column keeps it.
    #[must_use]
    pub const fn as_i64(self) -> i64 {
        self.0.cast_signed()
    }

    /// Takes any number; the top bit is dropped.
    #[must_use]
    pub const fn from_u64(value: u64) -> Self {
        Self(value & (u64::MAX >> 1))
    }

    /// The bare number.
    #[must_use]
    pub const fn as_u64(self) -> u64 {
        self.0
    }

    /// Milliseconds since [`EPOCH`].
    #[must_use]
    pub const fn millis(self) -> u64 {
        self.0 >> (NODE_BITS + SEQUENCE_BITS)
    }

    /// When it was made, by the clock of the node that made it.
    #[must_use]
    pub const fn time(self) -> Timestamp {
        Timestamp::from_millis(EPOCH.as_millis() + self.millis())
    }

    /// Which generator made it.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, reason = "masked to ten bits")]
    pub const fn node(self) -> u16 {
        (self.0 >> SEQUENCE_BITS) as u16 & (NODES - 1)
    }

    /// Its place within its millisecond.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, reason = "masked to twelve bits")]
    pub const fn sequence(self) -> u16 {
        self.0 as u16 & (SEQUENCES - 1)
    }
}

impl fmt::Debug for RawId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Display for RawId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl FromStr for RawId {
    type Err = NotAnId;

    /// Digits only: no sign, no spaces, no leading zero, so that an id has one spelling.
    fn from_str(text: &str) -> Result<Self, NotAnId> {
        if text.starts_with('0') || !text.bytes().all(|b| b.is_ascii_digit()) {
            return Err(NotAnId);
        }
        match text.parse::<i64>() {
            Ok(value) => Ok(Self(value.cast_unsigned())),
            Err(_out_of_range) => Err(NotAnId),
        }
    }
}

macro_rules! kinds_of_id {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
        pub struct $name(RawId);

        impl $name {
            /// Gives a bare id its kind.
            #[must_use]
            pub const fn new(raw: RawId) -> Self { Self(raw) }
            /// The bare id.
            #[must_use]
            pub const fn raw(self) -> RawId { self.0 }
            /// Takes a number as it came back from the store.
            #[must_use]
            pub const fn from_i64(value: i64) -> Self { Self(RawId::from_i64(value)) }
            /// The number as a signed column keeps it.
            #[must_use]
            pub const fn as_i64(self) -> i64 { self.0.as_i64() }
            /// Takes any number; the top bit is dropped.
            #[must_use]
            pub const fn from_u64(value: u64) -> Self { Self(RawId::from_u64(value)) }
            /// The bare number.
            #[must_use]
            pub const fn as_u64(self) -> u64 { self.0.as_u64() }
            /// When it was made, by the clock of the node that made it.
            #[must_use]
            pub const fn time(self) -> Timestamp { self.0.time() }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }

        impl FromStr for $name {
            type Err = NotAnId;
            fn from_str(text: &str) -> Result<Self, NotAnId> { text.parse().map(Self) }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    )*};
}

kinds_of_id! {
    /// Names a person for ever; handles may change.
    PersonId;
    /// Names a story. Newest first is largest first.
    StoryId;
    /// Names a comment. Oldest first is smallest first.
    CommentId;
    /// Names a session in the list of a person's devices. It is no secret and opens nothing.
    SessionId;
    /// Names a notification; a grouped one gets a new id when it grows, so that it moves to the top.
    NotificationId;
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_fields_of_an_id_sort_by_time_first() {
        let older = RawId::from_fields(5, 1023, 4095);
        let newer = RawId::from_fields(6, 0, 0);
        assert!(older < newer);
        assert_eq!(
            (older.millis(), older.node(), older.sequence()),
            (5, 1023, 4095)
        );
    }

    #[test]
    fn an_id_in_json_is_a_decimal_string() {
        let id = StoryId::from_u64(9_007_199_254_740_993);
        let json = serde_json::to_string(&id).unwrap();
        assert_eq!(json, "\"9007199254740993\"");
        assert_eq!(serde_json::from_str::<StoryId>(&json).unwrap(), id);
    }

    #[test]
    fn what_is_not_a_decimal_number_is_refused() {
        for text in [
            "",
            "0",
            "01",
            "-1",
            "+1",
            " 1",
            "1 ",
            "1.0",
            "9223372036854775808",
            "٣",
            "x",
        ] {
            assert_eq!(text.parse::<RawId>(), Err(NotAnId), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn fields_and_text_come_back_as_they_were(millis in 0..=MILLIS_MAX, node in 0..NODES, sequence in 0..SEQUENCES) {
            let id = RawId::from_fields(millis, node, sequence);
            prop_assert_eq!((id.millis(), id.node(), id.sequence()), (millis, node, sequence));
            prop_assert_eq!(RawId::from_i64(id.as_i64()), id);
            if id.as_u64() > 0 {
                prop_assert_eq!(id.to_string().parse::<RawId>(), Ok(id));
            }
        }
    }
}
