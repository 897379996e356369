//! Names of keys.
//!
//! A timeline is `t1:{17}:123`: the layout, the slot group in the braces that Redis Cluster hashes, and the reader. The
//! nodes of a site must use the same names. A change of the layout or of the groups needs a new prefix, and nodes of
//! both kinds must not run at the same time: one would deliver to keys that the other does not read.

use std::fmt;

use redis::{RedisWrite, ToRedisArgs};
use sosik_feed::PersonId;
use sosik_feed::bucket::BUCKETS;

/// Groups of readers whose keys share a slot of Redis Cluster, and so can share a script. Each group has four buckets of
/// people. Fewer groups make deliveries cheaper, more allow for more shards: 64 shards are the most that the store has.
const SLOT_GROUPS: u16 = 64;

/// What every key of a timeline begins with.
pub(crate) const TIMELINES_PREFIX: &str = "t1:{";

/// The slot group of a reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct SlotGroup(u16);

impl SlotGroup {
    pub(crate) fn of(reader: PersonId) -> Self {
        let bucket = u16::from(reader.raw().bucket().number());
        Self(bucket / (BUCKETS / SLOT_GROUPS))
    }
}

/// The key of a reader's timeline.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TimelineKey(pub(crate) PersonId);

impl fmt::Display for TimelineKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let SlotGroup(group) = SlotGroup::of(self.0);
        write!(formatter, "{TIMELINES_PREFIX}{group}}}:{}", self.0.as_u64())
    }
}

impl ToRedisArgs for TimelineKey {
    fn write_redis_args<W: ?Sized + RedisWrite>(&self, out: &mut W) {
        out.write_arg_fmt(self);
    }
}

/// The key of a rate limit.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RateKey(pub(crate) u64);

impl fmt::Display for RateKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "r1:{:x}", self.0)
    }
}

impl ToRedisArgs for RateKey {
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
        let key = TimelineKey(somebody).to_string();
        assert_eq!(key, format!("t1:{{17}}:{}", somebody.as_u64()));
    }
}
