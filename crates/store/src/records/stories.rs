//! Stories, likes, comments and the notifications about them.

use std::sync::Arc;

use sosik_feed::{Audience, CommentId, NotificationId, PersonId, StoryId, Timestamp};

/// A repeated request is recognised by this.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Idempotency {
    /// As the client sent it.
    pub key: String,
    /// Hash of the request's body; the same key with another body is refused.
    pub fingerprint: u64,
}

/// A story to be kept.
#[derive(Debug, Clone)]
pub struct NewStory {
    /// Taken from the generator just now.
    pub id: StoryId,
    /// Who posts.
    pub author: PersonId,
    /// Checked.
    pub text: String,
    /// Who it is for.
    pub audience: Audience,
    /// Handles in the text, at most 50. The store keeps those that exist and tells the mentioned who may see it.
    pub mentions: Vec<String>,
    /// Tags in the text, normalised, at most 30.
    pub tags: Vec<String>,
    /// To recognise a repeat.
    pub idempotency: Option<Idempotency>,
    /// When.
    pub now: Timestamp,
    /// The delivery order is written with this claim, so that no second write is needed to claim it. Without one it is
    /// due at once and any worker may claim it.
    pub claim: Option<Claim>,
}

/// The name of one claim. No two claims of a store have the same name. A worker whose claim expired therefore changes
/// nothing about an order that was claimed again, not even when its own process claimed it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct ClaimName {
    /// Node number and epoch of the process. Never used by another process.
    pub process: u64,
    /// Counts the claims of the process, from 1.
    pub number: u64,
}

/// The right to work on an order for a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Claim {
    /// Which claim.
    pub name: ClaimName,
    /// When it expires. Any worker may claim the order after that.
    pub until: Timestamp,
}

/// What became of a post.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Posted<Id> {
    /// New, with the people who got a notification of it.
    New {
        /// Who has a new notification.
        notified: Vec<PersonId>,
    },
    /// The same request was answered before with this id.
    Repeated(Id),
    /// The key was used with another body.
    KeyReused,
    /// What it belongs to does not exist or may not be seen by the one who posts.
    NoSuchStory,
}

/// A mention of somebody who exists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mention {
    /// Who.
    pub person: PersonId,
    /// As it stands in the text, lower case.
    pub handle: String,
}

/// A story as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoryRecord {
    /// Which.
    pub id: StoryId,
    /// Whose.
    pub author: PersonId,
    /// Who it is for.
    pub audience: Audience,
    /// Its text.
    pub text: Arc<str>,
    /// By the clock, which the id may be ahead of: what people are shown.
    pub created_at: Timestamp,
    /// Last edit.
    pub edited_at: Option<Timestamp>,
    /// People in its text.
    pub mentions: Vec<Mention>,
    /// Tags in its text.
    pub tags: Vec<String>,
    /// Likes and comments.
    pub counts: StoryCounts,
}

/// Likes and comments of a story at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct StoryCounts {
    /// People who like it.
    pub likes: u32,
    /// Comments not deleted.
    pub comments: u32,
    /// Grows with every change of the two: the larger one is the newer truth.
    pub revision: u64,
}

/// Stories between two ids, both excluded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StorySpan {
    /// Only larger ids.
    pub above: StoryId,
    /// Only smaller ids.
    pub below: StoryId,
}

impl StorySpan {
    /// All stories below one; all there are when there is none.
    #[must_use]
    pub fn below(story: Option<StoryId>) -> Self {
        Self {
            above: StoryId::default(),
            below: story.unwrap_or(StoryId::from_i64(i64::MAX)),
        }
    }
}

/// A change of a story by its author; `None` leaves as it is.
#[derive(Debug, Clone)]
pub struct StoryEdit {
    /// Which.
    pub id: StoryId,
    /// Who asks; only the author's edit is done.
    pub author: PersonId,
    /// New text, with the mentions and tags that it has.
    pub text: Option<EditedText>,
    /// New audience.
    pub audience: Option<Audience>,
    /// When.
    pub now: Timestamp,
}

/// A new text with what was found in it.
#[derive(Debug, Clone)]
pub struct EditedText {
    /// Checked.
    pub text: String,
    /// Handles in the text.
    pub mentions: Vec<String>,
    /// Tags in the text.
    pub tags: Vec<String>,
}

/// How a like or its withdrawal ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Liked {
    /// The story's figures after it.
    pub counts: StoryCounts,
    /// Whether anything changed.
    pub changed: bool,
    /// The author, when a notification of theirs changed.
    pub notified: Option<PersonId>,
}

/// The newest likes of a person.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LikedStories {
    /// Story ids, ascending.
    pub stories: Vec<StoryId>,
    /// The list is complete from this id on (0: complete). Below it, ask the store.
    pub complete_from: StoryId,
}

/// A comment to be kept.
#[derive(Debug, Clone)]
pub struct NewComment {
    /// Taken from the generator just now.
    pub id: CommentId,
    /// On which story.
    pub story: StoryId,
    /// Who writes.
    pub author: PersonId,
    /// Checked.
    pub text: String,
    /// Handles in the text. Those who exist and may see the story are told.
    pub mentions: Vec<String>,
    /// To recognise a repeat.
    pub idempotency: Option<Idempotency>,
    /// When.
    pub now: Timestamp,
}

/// A comment as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommentRecord {
    /// Which.
    pub id: CommentId,
    /// On which story.
    pub story: StoryId,
    /// Whose.
    pub author: PersonId,
    /// Its text.
    pub text: String,
    /// By the clock, which the id may be ahead of: what people are shown.
    pub created_at: Timestamp,
    /// Last edit.
    pub edited_at: Option<Timestamp>,
}

/// What a notification tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NotificationKind {
    /// Somebody asks to be friends.
    FriendRequest,
    /// Somebody accepted.
    FriendAccepted,
    /// Somebody commented on my story.
    Comment,
    /// People like my story: one notification a story, which moves to the top as it grows.
    Like,
    /// Somebody mentioned me in a story or a comment.
    Mention,
}

/// A notification as it is kept. Its id is that of the act it tells of (story, comment, like, request), so that a
/// person has at most one notification of one act.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotificationRecord {
    /// Its place in the list.
    pub id: NotificationId,
    /// What it tells.
    pub kind: NotificationKind,
    /// Who did it; the latest of a group.
    pub actor: PersonId,
    /// How many others did the same (a group of likes), else 0.
    pub others: u32,
    /// About which story.
    pub story: Option<StoryId>,
    /// About which comment.
    pub comment: Option<CommentId>,
    /// When (of a group: the latest).
    pub at: Timestamp,
    /// Already read.
    pub read: bool,
}
