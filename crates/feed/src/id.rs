//! Ids: 64 bits that sort by time, are generated without coordination, and contain the location of their row.
//!
//! Four fields, from the top: 41 bits of milliseconds since [`EPOCH`] (enough until 2093), 8 bits of node (2 of them
//! region), 6 bits of sequence, 8 bits of the owner's [`Bucket`]. The top bit stays zero, so an id fits a signed 64-bit
//! column. In JSON an id is a decimal string, because a JavaScript number ends at 2⁵³.
//!
//! The owner of a story, of its comments and of its delivery order is the author of the story. The owner of a
//! notification is its reader, and the owner of a session is the person who logged in. A generator makes an
//! [`UnownedId`], and only the constructor of a kind turns it into an id, because only that knows the owner.
//!
//! The three fields above the bucket never repeat. So an id keeps its place in the order with any bucket, and the ids
//! of a process rise for any owners.
//!
//! Rejected: auto-increment by *k* per primary (*k* changes when a primary is added) and 128-bit UUIDs (a timeline is
//! 800 ids for each of ten million people). The layout follows Twitter's Snowflake of 2010, with the bucket added
//! (`docs/decisions/0012-ids-carry-the-owners-bucket.md`).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::bucket::Bucket;
use crate::time::Timestamp;

/// Ids count milliseconds from here: 2024-01-01T00:00:00Z.
pub const EPOCH: Timestamp = Timestamp::from_millis(1_704_067_200_000);

/// Bits of an id that identify the generator.
pub const NODE_BITS: u32 = 8;
/// Bits of the node number that identify its region: the top ones.
pub const REGION_BITS: u32 = 2;
/// Bits of an id that count within one millisecond of one generator.
pub const SEQUENCE_BITS: u32 = 6;
/// Bits of an id that contain the bucket of its row.
pub const BUCKET_BITS: u32 = 8;
/// How many generators can work at the same time: 256.
pub const NODES: u16 = 1 << NODE_BITS;
/// Node numbers of a region: 64. The last one is [`node_of_imports`].
pub const NODES_PER_REGION: u16 = 1 << (NODE_BITS - REGION_BITS);
/// How many ids one generator makes within one millisecond: 64, for all buckets together.
pub const SEQUENCES: u16 = 1 << SEQUENCE_BITS;
/// The largest count of milliseconds since [`EPOCH`] that an id can carry.
pub const MILLIS_MAX: u64 = (1 << 41) - 1;

/// The node number that imports use for ids with a past time, in a region. It is never leased, so these ids never
/// collide with those of a generator.
#[must_use]
pub const fn node_of_imports(region: u16) -> u16 {
    (region + 1) * NODES_PER_REGION - 1
}

/// An id of unspecified kind, as timelines and cursors store them.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct RawId(u64);

/// A new id without the bucket of its owner. The constructor of a kind adds it: [`StoryId::of_author`] and others.
///
/// It cannot be copied, so each value of a generator becomes one id.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct UnownedId(RawId);

/// The text is not the decimal form of an id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an id is a decimal number between 1 and 9223372036854775807")]
pub struct NotAnId;

impl UnownedId {
    /// Combines the three fields. Each is truncated to its width.
    #[must_use]
    pub const fn from_fields(millis: u64, node: u16, sequence: u16) -> Self {
        Self(RawId::from_fields(millis, node, sequence, Bucket::FIRST))
    }

    /// The lowest id that this value can become.
    #[must_use]
    pub const fn lowest(&self) -> RawId {
        self.0
    }

    pub(crate) const fn owned_in(self, bucket: Bucket) -> RawId {
        self.0.moved_to(bucket)
    }
}

impl RawId {
    /// Combines the four fields, for a bound or an id of a test. Each is truncated to its width.
    #[must_use]
    pub const fn from_fields(millis: u64, node: u16, sequence: u16, bucket: Bucket) -> Self {
        let millis = millis & MILLIS_MAX;
        let node = (node % NODES) as u64;
        let sequence = (sequence % SEQUENCES) as u64;
        let unowned = millis << (NODE_BITS + SEQUENCE_BITS) | node << SEQUENCE_BITS | sequence;
        Self(unowned << BUCKET_BITS | bucket.number() as u64)
    }

    /// The lowest id of a millisecond, from any node and in any bucket: a bound for "older than".
    #[must_use]
    pub const fn first_at(at: Timestamp) -> Self {
        let millis = at.as_millis().saturating_sub(EPOCH.as_millis());
        Self::from_fields(millis, 0, 0, Bucket::FIRST)
    }

    /// The same fields with another bucket.
    const fn moved_to(self, bucket: Bucket) -> Self {
        Self((self.0 >> BUCKET_BITS) << BUCKET_BITS | bucket.number() as u64)
    }

    /// Accepts a number from the store. A negative number becomes 0, which is no valid id.
    #[must_use]
    pub const fn from_i64(value: i64) -> Self {
        Self(if value < 0 { 0 } else { value.cast_unsigned() })
    }

    /// The number for a signed column.
    #[must_use]
    pub const fn as_i64(self) -> i64 {
        self.0.cast_signed()
    }

    /// Accepts any number and drops the top bit.
    #[must_use]
    pub const fn from_u64(value: u64) -> Self {
        Self(value & (u64::MAX >> 1))
    }

    /// The number.
    #[must_use]
    pub const fn as_u64(self) -> u64 {
        self.0
    }

    /// Milliseconds since [`EPOCH`].
    #[must_use]
    pub const fn millis(self) -> u64 {
        self.0 >> (NODE_BITS + SEQUENCE_BITS + BUCKET_BITS)
    }

    /// The time of its creation, by the clock of the node that generated it.
    #[must_use]
    pub const fn time(self) -> Timestamp {
        Timestamp::from_millis(EPOCH.as_millis() + self.millis())
    }

    /// The number of the generator.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, reason = "masked to eight bits")]
    pub const fn node(self) -> u16 {
        (self.0 >> (SEQUENCE_BITS + BUCKET_BITS)) as u16 & (NODES - 1)
    }

    /// Its number within its millisecond.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, reason = "masked to six bits")]
    pub const fn sequence(self) -> u16 {
        (self.0 >> BUCKET_BITS) as u16 & (SEQUENCES - 1)
    }

    /// The bucket of its row.
    #[must_use]
    pub const fn bucket(self) -> Bucket {
        let [.., bucket] = self.0.to_be_bytes();
        Bucket::new(bucket)
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
            /// Adds the kind to an id, or makes a bound of a list.
            #[must_use]
            pub const fn new(raw: RawId) -> Self { Self(raw) }
            /// The id without its kind.
            #[must_use]
            pub const fn raw(self) -> RawId { self.0 }
            /// Accepts a number from the store.
            #[must_use]
            pub const fn from_i64(value: i64) -> Self { Self(RawId::from_i64(value)) }
            /// The number for a signed column.
            #[must_use]
            pub const fn as_i64(self) -> i64 { self.0.as_i64() }
            /// Accepts any number and drops the top bit.
            #[must_use]
            pub const fn from_u64(value: u64) -> Self { Self(RawId::from_u64(value)) }
            /// The number.
            #[must_use]
            pub const fn as_u64(self) -> u64 { self.0.as_u64() }
            /// The time of its creation, by the clock of the node that generated it.
            #[must_use]
            pub const fn time(self) -> Timestamp { self.0.time() }
            /// The bucket of its row.
            #[must_use]
            pub const fn bucket(self) -> Bucket { self.0.bucket() }
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
    /// Identifies a person permanently; handles can change.
    PersonId;
    /// Identifies a story. A newer story has a larger id. Its comments and its delivery order are in its bucket.
    StoryId;
    /// Identifies a comment. An older comment has a smaller id.
    CommentId;
    /// Identifies a session in the list of a person's devices. It is not secret and grants no access.
    SessionId;
    /// Identifies an invitation in the list of its inviter. It is not secret and invites nobody.
    InvitationId;
    /// Identifies an uploaded photo or video. It is in the bucket of its owner.
    MediaId;
    /// Identifies a notification. A grouped one gets a new id when it grows, so that it moves to the top.
    NotificationId;
}

impl PersonId {
    /// The id of a new person in a bucket that [`BucketCycle`](crate::bucket::BucketCycle) drew.
    #[must_use]
    pub const fn in_bucket(bucket: Bucket, id: UnownedId) -> Self {
        Self(id.owned_in(bucket))
    }
}

impl StoryId {
    /// The id of a new story, in the bucket of its author.
    #[must_use]
    pub const fn of_author(author: PersonId, id: UnownedId) -> Self {
        Self(id.owned_in(author.bucket()))
    }
}

impl CommentId {
    /// The id of a new comment, in the bucket of its story.
    #[must_use]
    pub const fn on_story(story: StoryId, id: UnownedId) -> Self {
        Self(id.owned_in(story.bucket()))
    }
}

impl SessionId {
    /// The id of a new session, in the bucket of its person.
    #[must_use]
    pub const fn of_person(person: PersonId, id: UnownedId) -> Self {
        Self(id.owned_in(person.bucket()))
    }
}

impl InvitationId {
    /// The id of a new invitation, in the bucket of its inviter.
    #[must_use]
    pub const fn of_inviter(inviter: PersonId, id: UnownedId) -> Self {
        Self(id.owned_in(inviter.bucket()))
    }
}

impl MediaId {
    /// The id of a new upload, in the bucket of its owner.
    #[must_use]
    pub const fn of_owner(owner: PersonId, id: UnownedId) -> Self {
        Self(id.owned_in(owner.bucket()))
    }
}

impl NotificationId {
    /// The id of a new notification, in the bucket of its reader.
    #[must_use]
    pub const fn for_reader(reader: PersonId, id: UnownedId) -> Self {
        Self(id.owned_in(reader.bucket()))
    }

    /// The id of a notification about a story or a comment: the id of its cause, in the bucket of its reader. A reader
    /// has one for each cause.
    #[must_use]
    pub const fn about(cause: RawId, reader: PersonId) -> Self {
        Self(cause.moved_to(reader.bucket()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_fields_of_an_id_sort_by_time_first_and_by_bucket_last() {
        let older = RawId::from_fields(5, 255, 63, Bucket::LAST);
        let newer = RawId::from_fields(6, 0, 0, Bucket::FIRST);
        assert!(older < newer);
        assert_eq!(
            (
                older.millis(),
                older.node(),
                older.sequence(),
                older.bucket()
            ),
            (5, 255, 63, Bucket::LAST)
        );
        let behind_all_buckets = RawId::from_fields(5, 7, 4, Bucket::FIRST);
        assert!(RawId::from_fields(5, 7, 3, Bucket::LAST) < behind_all_buckets);
    }

    #[test]
    fn an_id_has_41_bits_of_time_8_of_node_6_of_sequence_and_8_of_bucket() {
        let id = RawId::from_fields(MILLIS_MAX, 0, 0, Bucket::FIRST);
        assert_eq!(id.as_u64(), ((1 << 41) - 1) << 22);
        let fields = |node, sequence, bucket| {
            RawId::from_fields(0, node, sequence, Bucket::new(bucket)).as_u64()
        };
        assert_eq!(fields(255, 0, 0), 0xFF << 14);
        assert_eq!(fields(0, 63, 0), 0x3F << 8);
        assert_eq!(fields(0, 0, 255), 0xFF);
    }

    #[test]
    fn the_first_id_of_a_millisecond_is_the_lowest_of_all_nodes_and_buckets() {
        let at = Timestamp::from_millis(EPOCH.as_millis() + 9);
        assert_eq!(
            RawId::first_at(at),
            RawId::from_fields(9, 0, 0, Bucket::FIRST)
        );
        let before = RawId::from_u64(RawId::first_at(at).as_u64() - 1);
        assert_eq!(before, RawId::from_fields(8, 255, 63, Bucket::LAST));
    }

    #[test]
    fn imports_make_ids_under_the_last_number_of_their_region() {
        assert_eq!([0, 1, 2, 3].map(node_of_imports), [63, 127, 191, 255]);
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

    fn unowned(place: &Place) -> UnownedId {
        UnownedId::from_fields(place.millis, place.node, place.sequence)
    }

    #[derive(Debug, Clone)]
    struct Place {
        millis: u64,
        node: u16,
        sequence: u16,
    }

    fn places() -> impl Strategy<Value = Place> {
        (0..=MILLIS_MAX, 0..NODES, 0..SEQUENCES).prop_map(|(millis, node, sequence)| Place {
            millis,
            node,
            sequence,
        })
    }

    proptest! {
        #[test]
        fn fields_and_text_come_back_as_they_were(place in places(), bucket: u8) {
            let Place { millis, node, sequence } = place;
            let bucket = Bucket::new(bucket);
            let id = RawId::from_fields(millis, node, sequence, bucket);
            let fields = (id.millis(), id.node(), id.sequence(), id.bucket());
            prop_assert_eq!(fields, (millis, node, sequence, bucket));
            prop_assert!(id.as_i64() >= 0, "an id fits 63 bits");
            prop_assert_eq!(RawId::from_i64(id.as_i64()), id);
            if id.as_u64() > 0 {
                prop_assert_eq!(id.to_string().parse::<RawId>(), Ok(id));
            }
        }

        #[test]
        fn every_kind_carries_the_bucket_of_its_owner(places in prop::collection::vec(places(), 5), bucket: u8, other: u8) {
            let (bucket, other) = (Bucket::new(bucket), Bucket::new(other));
            let author = PersonId::in_bucket(bucket, unowned(&places[0]));
            let reader = PersonId::in_bucket(other, unowned(&places[1]));
            let story = StoryId::of_author(author, unowned(&places[2]));
            let comment = CommentId::on_story(story, unowned(&places[3]));
            prop_assert_eq!([author.bucket(), story.bucket(), comment.bucket()], [bucket; 3]);
            let session = SessionId::of_person(reader, unowned(&places[4]));
            let invitation = InvitationId::of_inviter(reader, unowned(&places[4]));
            prop_assert_eq!(invitation.bucket(), other);
            let own = NotificationId::for_reader(reader, unowned(&places[4]));
            let about = NotificationId::about(comment.raw(), reader);
            prop_assert_eq!([session.bucket(), own.bucket(), about.bucket()], [other; 3]);
            prop_assert_eq!(story.raw().moved_to(Bucket::FIRST), unowned(&places[2]).lowest());
            prop_assert_eq!(about.raw().moved_to(bucket), comment.raw());
        }

        #[test]
        fn ids_keep_their_order_in_any_bucket(one in places(), other in places(), buckets: (u8, u8)) {
            prop_assume!(unowned(&one) < unowned(&other));
            let (first, second) = (Bucket::new(buckets.0), Bucket::new(buckets.1));
            prop_assert!(unowned(&one).owned_in(first) < unowned(&other).owned_in(second));
        }
    }
}
