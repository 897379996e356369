//! The hash that distributes ids over the shards of caches and timelines.
//!
//! Ids of one node differ in their time, which is in their upper bits; their lower bits are mostly equal. A hash that
//! only multiplies leaves a third of its bits equal for all of them. If such bits select the shard, all ids share one
//! shard: an eighth of a cache is used, and all requests wait for one lock. So shards are selected by a hash in which
//! every bit depends on the whole id.

/// Hashes ids; every bit of the hash is equally good. It is the same in every process: nobody outside chooses ids, so
/// nobody can make them collide.
pub type IdHash = foldhash::quality::FixedState;
