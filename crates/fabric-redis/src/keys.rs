//! Names of keys.
//!
//! A timeline is `t1:{17}:123`: the layout, the slot group in the braces that Redis Cluster hashes, and the reader. A
//! session is `c1:{17}:s:0f…`, with the hash of its token. Its slot groups are those of timelines, because all servers of
//! a cluster are found by them. The nodes of a site must use the same names. A change of the layout or of the groups needs a new prefix, and nodes of
//! both kinds must not run at the same time: one would deliver to keys that the other does not read.

use std::fmt;

use redis::{RedisWrite, ToRedisArgs};
use sosik_fabric::SharedKey;
use sosik_feed::PersonId;
use sosik_feed::bucket::BUCKETS;

/// Groups of readers whose keys share a slot of Redis Cluster, and so can share a script. Each group has four buckets of
/// people. Fewer groups make deliveries cheaper, more allow for more shards: 64 shards are the most that the store has.
const SLOT_GROUPS: u16 = 64;

/// What every key of a timeline begins with.
pub(crate) const TIMELINES_PREFIX: &str = "t1:{";

/// What every key of the shared cache begins with.
pub(crate) const ENTRIES_PREFIX: &str = "c1:{";

/// The slot group of a reader, or of an entry of the shared cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct SlotGroup(u16);

impl SlotGroup {
    pub(crate) const FIRST: Self = Self(0);

    pub(crate) fn of(reader: PersonId) -> Self {
        let bucket = u16::from(reader.bucket().number());
        Self(bucket / (BUCKETS / SLOT_GROUPS))
    }

    /// A hash has its first byte in place of a bucket.
    fn of_hash(hash: &[u8; 32]) -> Self {
        Self(u16::from(hash[0]) / (BUCKETS / SLOT_GROUPS))
    }

    pub(crate) fn all() -> impl Iterator<Item = Self> {
        (0..SLOT_GROUPS).map(Self)
    }
}

/// A key. Commands about it go to the server that has it.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Key {
    /// The timeline of a reader.
    Timeline(PersonId),
    /// A rate limit.
    Rate(u64),
    /// An entry of the shared cache.
    Entry(SharedKey),
    /// The active people of a day. All days are in one slot, so that they can be counted together.
    Day(u64),
    /// No key, but a place among the timelines of a slot group.
    Group(SlotGroup),
}

impl fmt::Display for Key {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Timeline(reader) => {
                let SlotGroup(group) = SlotGroup::of(*reader);
                write!(formatter, "{TIMELINES_PREFIX}{group}}}:{}", reader.as_u64())
            }
            Self::Rate(key) => write!(formatter, "r1:{key:x}"),
            Self::Entry(SharedKey::Session(hash)) => {
                let SlotGroup(group) = SlotGroup::of_hash(hash);
                write!(formatter, "{ENTRIES_PREFIX}{group}}}:s:")?;
                hash.iter()
                    .try_for_each(|byte| write!(formatter, "{byte:02x}"))
            }
            Self::Day(day) => write!(formatter, "a1:{{0}}:{day}"),
            Self::Group(SlotGroup(group)) => write!(formatter, "{TIMELINES_PREFIX}{group}}}:"),
        }
    }
}

impl ToRedisArgs for Key {
    fn write_redis_args<W: ?Sized + RedisWrite>(&self, out: &mut W) {
        out.write_arg_fmt(self);
    }
}

#[cfg(test)]
mod tests {
    use sosik_feed::{Bucket, RawId};

    use super::*;

    fn reader(bucket: u8) -> PersonId {
        PersonId::new(RawId::from_fields(1, 2, 3, Bucket::new(bucket)))
    }

    #[test]
    fn four_neighbouring_buckets_share_a_slot_and_the_key_names_the_reader() {
        let groups: Vec<u16> = (0..=255)
            .map(|bucket| SlotGroup::of(reader(bucket)).0)
            .collect();
        let expected: Vec<u16> = (0..256).map(|bucket| bucket / 4).collect();
        assert_eq!(groups, expected);
        let somebody = reader(70);
        let key = Key::Timeline(somebody).to_string();
        assert_eq!(key, format!("t1:{{17}}:{}", somebody.as_u64()));
    }

    #[test]
    fn sessions_are_spread_over_all_slot_groups_and_the_key_names_the_hash() {
        let key = |first| {
            let mut hash = [0x0f; 32];
            hash[0] = first;
            Key::Entry(SharedKey::Session(hash)).to_string()
        };
        assert_eq!(key(0), format!("c1:{{0}}:s:00{}", "0f".repeat(31)));
        assert!(key(255).starts_with("c1:{63}:s:ff0f"));
    }
}
