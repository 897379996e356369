//! How ids are spread over the parts of what is kept in memory.
//!
//! Ids that one node gives out differ in their time, which is in their upper bits; the lower ones are mostly the same. A
//! hash that only multiplies, as rustc-hash does, leaves a third of its bits the same for all of them, and where a part
//! is chosen by such bits there is only one part: an eighth of a cache in use, one lock for everybody. So parts
//! are chosen by a hash every bit of which depends on all of the id.

/// Hashes ids, all bits of the hash alike. The same in every process: ids are ours, nobody can choose them to collide.
pub(crate) type IdHash = foldhash::quality::FixedState;
