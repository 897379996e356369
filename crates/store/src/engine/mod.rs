//! What the engines with tables share: the numbers of kinds in columns, the records between a write and its notifications,
//! and the decisions that depend on values they have read. No I/O and no SQL.

mod attachments;
mod avatars;
mod idempotency;
mod lists;
pub mod migrations;
mod nodes;
mod notifications;
mod numbers;
mod previews;
pub mod transfer;
mod written;

pub use attachments::{
    KnownMedia, MEDIA_DELETED, attach, attachments_json, attachments_of_json, facts_of_json,
    media_files, media_kind_number, media_kind_of_number, media_state_number,
    media_state_of_number, processed, result_columns,
};
pub use avatars::{avatar_json, avatar_mark, avatar_of_json, media_kind_of_columns};
pub use idempotency::{Earlier, Operation};
pub use lists::{mentions_json, mentions_of_json, tags_json, tags_of_json};
pub use migrations::Migration;
pub use nodes::{KnownNode, choose_node};
pub use notifications::{Cause, MentionSource, NewNotification};
pub use numbers::{
    audience_number, audience_of_number, comment_act_number, notification_kind_number,
    notification_kind_of_numbers, order_kind_number, order_kind_of_number,
};
pub use previews::{
    PREVIEW_DELETED, PREVIEW_DUE, PREVIEW_SHOWN, card_json, card_of_json, preview_files,
    story_link_json, story_link_of_json,
};
pub use written::{Written, bytes_of};

/// Maximum number of late stories. After a timeline is lost, a reader queries those after its cursor. Reading all of
/// them takes at most a few milliseconds. A cursor that is further behind starts over.
pub const LATE_STORIES_KEPT: i64 = 4_096;

/// Whether friends get a late story, too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LateReaders {
    /// Friends and followers.
    FriendsToo,
    /// Only followers: the friends have it already.
    FollowersOnly,
}
