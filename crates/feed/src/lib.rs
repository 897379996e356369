//! The domain of a news feed: ids, people, stories, audiences, timelines. No I/O, no clock, no async.

pub mod audience;
pub mod bucket;
pub mod changes;
pub mod commit;
pub mod counts;
pub mod cursor;
pub mod generator;
pub mod id;
pub mod limits;
pub mod orders;
pub mod peer;
pub mod people;
pub mod privacy;
pub mod pulled;
pub mod rules;
pub mod search;
pub mod text;
pub mod time;
pub mod timeline;

pub use audience::{Audience, Circle, NotificationCause, Relation, Visibility};
pub use bucket::Bucket;
pub use changes::{Change, Own};
pub use commit::{CommitPosition, Committed};
pub use counts::StoryCounts;
pub use cursor::{Cursor, Position};
pub use id::{
    CommentId, InvitationId, MediaId, NotificationId, PersonId, RawId, SessionId, StoryId,
    UnownedId,
};
pub use peer::PeerId;
pub use privacy::{AllowedActors, AllowedAskers, Permission, Privacy};
pub use rules::RuleBroken;
pub use time::Timestamp;
