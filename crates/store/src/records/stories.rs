//! Stories, likes, comments and the notifications about them.

use std::sync::Arc;

pub use sosik_feed::orders::{Claim, ClaimName};
use sosik_feed::{
    Audience, CommentId, NotificationId, PersonId, RawId, StoryCounts, StoryId, Timestamp,
};

use super::{Attachment, NewAttachment, NewPreview, StoryLink};

/// Identifies a repeated request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Idempotency {
    /// The key that the client sent.
    pub key: String,
    /// Hash of the request's body. The same key with another body is rejected.
    pub fingerprint: u64,
}

/// A story to insert.
#[derive(Debug, Clone)]
pub struct NewStory {
    /// Taken from the generator just now.
    pub id: StoryId,
    /// The author.
    pub author: PersonId,
    /// Checked.
    pub text: String,
    /// The audience.
    pub audience: Audience,
    /// Handles in the text, at most 50. The store keeps those that exist and whose people let the author mention them,
    /// and notifies those of them who may see the story.
    pub mentions: Vec<String>,
    /// Tags in the text, normalised, at most 30.
    pub tags: Vec<String>,
    /// Media of the author that belong to no story, in their order. The write fails with
    /// [`MediaRefused`](crate::StoreError::MediaRefused) if one of them cannot be attached. Imports ignore them.
    pub attachments: Vec<NewAttachment>,
    /// The preview to make of the first link of the text. Imports ignore it.
    pub link: Option<NewPreview>,
    /// The idempotency key, if the request has one.
    pub idempotency: Option<Idempotency>,
    /// The current time.
    pub now: Timestamp,
    /// The claim of the delivery order. Inserting the order with its claim saves a second write. An order without a
    /// claim is due at once, and any worker may claim it.
    pub claim: Option<Claim>,
}

/// The outcome of a post.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Posted<Id> {
    /// The row was inserted.
    New {
        /// The people who got a notification.
        notified: Vec<PersonId>,
        /// The people mentioned in the text who exist and let the author mention them.
        mentions: Vec<Mention>,
        /// The attachments of a story.
        attachments: Vec<Attachment>,
    },
    /// A repeat of a request whose result has this id.
    Repeated(Id),
    /// The idempotency key was used with another body.
    KeyReused,
    /// The story to comment on does not exist, or the author may not see it.
    NoSuchStory,
    /// The comment to reply to does not exist on this story.
    NoSuchComment,
}

/// A mention of somebody who exists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mention {
    /// The person mentioned.
    pub person: PersonId,
    /// The handle in the text, in lower case.
    pub handle: String,
}

/// A stored story.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoryRecord {
    /// The id of the story.
    pub id: StoryId,
    /// The author.
    pub author: PersonId,
    /// The audience.
    pub audience: Audience,
    /// The text.
    pub text: Arc<str>,
    /// The time that clients display, by the clock. The time in the id may be later.
    pub created_at: Timestamp,
    /// The time of the last edit.
    pub edited_at: Option<Timestamp>,
    /// People mentioned in the text.
    pub mentions: Vec<Mention>,
    /// Tags in the text.
    pub tags: Vec<String>,
    /// Photos and videos.
    pub attachments: Vec<Attachment>,
    /// The preview of its first link. `None` while it is made, and if there is nothing to show.
    pub link: Option<StoryLink>,
    /// Numbers of likes and comments.
    pub counts: StoryCounts,
}

/// Stories between two ids, both excluded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StorySpan {
    /// The exclusive lower bound.
    pub above: StoryId,
    /// The exclusive upper bound.
    pub below: StoryId,
}

impl StorySpan {
    /// All stories below this id, or all stories when there is none.
    #[must_use]
    pub fn below(story: Option<StoryId>) -> Self {
        Self {
            above: StoryId::default(),
            below: story.unwrap_or(StoryId::from_i64(i64::MAX)),
        }
    }
}

/// A change of a story by its author. `None` leaves a field unchanged.
#[derive(Debug, Clone)]
pub struct StoryEdit {
    /// The id of the story.
    pub id: StoryId,
    /// The person who edits. The edit is rejected unless this is the author of the story.
    pub author: PersonId,
    /// The new text, with its mentions and tags.
    pub text: Option<EditedText>,
    /// The new audience.
    pub audience: Option<Audience>,
    /// The new list: media that the story has, and media of the author that belong to no story. Those that the story had
    /// and that are left out are deleted. The edit fails as in [`NewStory::attachments`].
    pub attachments: Option<Vec<NewAttachment>>,
    /// The current time.
    pub now: Timestamp,
}

/// A new text with its mentions and tags.
#[derive(Debug, Clone)]
pub struct EditedText {
    /// Checked.
    pub text: String,
    /// Handles in the text.
    pub mentions: Vec<String>,
    /// Tags in the text.
    pub tags: Vec<String>,
    /// The preview to make of the first link of the text. If the story shows a preview of that link, it stays. All other
    /// previews of the story are deleted.
    pub link: Option<NewPreview>,
    /// Taken from the generator just now. Notifications of new mentions carry it, so they are the newest of their list.
    pub cause: RawId,
}

/// A change of a comment by its author.
#[derive(Debug, Clone)]
pub struct CommentEdit {
    /// The id of the comment.
    pub id: CommentId,
    /// The person who edits. The edit is rejected unless this is the author of the comment.
    pub author: PersonId,
    /// The new text. Checked.
    pub text: String,
    /// Handles in the new text that the old text does not contain.
    pub mentions: Vec<String>,
    /// As [`EditedText::cause`].
    pub cause: RawId,
    /// The current time.
    pub now: Timestamp,
}

/// An edited story or comment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edited<T> {
    /// The record after the edit.
    pub record: T,
    /// The people who got a notification, because only the new text mentions them.
    pub notified: Vec<PersonId>,
}

/// A comment that was deleted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeletedComment {
    /// Its story.
    pub story: StoryId,
    /// The story's counts after the deletion.
    pub counts: StoryCounts,
    /// The people whose notification of the comment went away, except those severed from its author: they saw none.
    pub notified: Vec<PersonId>,
}

/// The outcome of a like or unlike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Liked {
    /// The story's counts after a like or unlike.
    pub counts: StoryCounts,
    /// Whether anything changed.
    pub changed: bool,
    /// The author, if one of their notifications changed.
    pub notified: Option<PersonId>,
}

/// The outcome of a like or unlike of a comment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LikedComment {
    /// The story that the comment is on.
    pub story: StoryId,
    /// Number of likes of the comment afterwards.
    pub likes: u32,
    /// Whether anything changed.
    pub changed: bool,
    /// The author of the comment, if one of their notifications changed.
    pub notified: Option<PersonId>,
}

/// The newest likes of a person.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LikedStories {
    /// Story ids, ascending.
    pub stories: Vec<StoryId>,
    /// The list is complete from this id on; 0 means that it is complete. Query the store for smaller ids.
    pub complete_from: StoryId,
}

/// A comment to insert.
#[derive(Debug, Clone)]
pub struct NewComment {
    /// Taken from the generator just now.
    pub id: CommentId,
    /// The story commented on.
    pub story: StoryId,
    /// The comment that it answers. A reply to a reply belongs to the same parent as that reply.
    pub reply_to: Option<CommentId>,
    /// The author of the comment.
    pub author: PersonId,
    /// Checked.
    pub text: String,
    /// Handles in the text. The store notifies those people who exist and may see the story.
    pub mentions: Vec<String>,
    /// The idempotency key, if the request has one.
    pub idempotency: Option<Idempotency>,
    /// The current time.
    pub now: Timestamp,
}

/// A stored comment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommentRecord {
    /// The id of the comment.
    pub id: CommentId,
    /// The story commented on.
    pub story: StoryId,
    /// The comment that it replies to. Such a comment has no parent itself.
    pub parent: Option<CommentId>,
    /// The author.
    pub author: PersonId,
    /// The text.
    pub text: String,
    /// The time that clients display, by the clock. The time in the id may be later.
    pub created_at: Timestamp,
    /// The time of the last edit.
    pub edited_at: Option<Timestamp>,
    /// Number of replies that are not deleted.
    pub replies: u32,
    /// Number of likes.
    pub likes: u32,
    /// It was deleted while it had replies. The text is empty.
    pub deleted: bool,
}

/// The kind of a notification.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NotificationKind {
    /// A person sent a friend request.
    FriendRequest,
    /// A person accepted a friend request.
    FriendAccepted,
    /// A person commented on a story of the recipient.
    Comment,
    /// People like a story of the recipient. There is one per story; a new like moves it to the top.
    Like,
    /// A person replied to a comment of the recipient.
    Reply,
    /// People like a comment of the recipient. There is one per comment; a new like moves it to the top.
    CommentLike,
    /// A person mentioned the recipient in a story or a comment.
    Mention,
}

/// A stored notification. Its id is the id of its cause (story, comment, like, request) in the bucket of the recipient,
/// so a person has at most one notification for each cause.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotificationRecord {
    /// The position in the list.
    pub id: NotificationId,
    /// The kind.
    pub kind: NotificationKind,
    /// The person who caused it. For likes, the newest likers except the recipient, newest first, at most
    /// [`LIKERS_MAX`](Self::LIKERS_MAX).
    pub actors: Vec<PersonId>,
    /// The number of other people in a group of likes; otherwise 0.
    pub others: u32,
    /// The story concerned, with its current audience.
    pub story: Option<NotifiedStory>,
    /// The comment concerned.
    pub comment: Option<CommentId>,
    /// The comment that it is a reply to.
    pub parent: Option<CommentId>,
    /// The beginning of its text, at most [`TEXT_CHARACTERS_MAX`](Self::TEXT_CHARACTERS_MAX).
    pub text: Option<String>,
    /// The time of the cause; of the latest one in a group.
    pub at: Timestamp,
    /// The recipient has read it.
    pub read: bool,
}

impl NotificationRecord {
    /// Likers that come with a notification. If the recipient may see none of the four, the caller reads the list of
    /// likers.
    pub const LIKERS_MAX: u32 = 4;

    /// Characters of a comment that come with a notification: more than the lines that a list shows, also of characters
    /// that consist of several.
    pub const TEXT_CHARACTERS_MAX: u32 = 1_000;
}

/// The story of a notification.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotifiedStory {
    /// Its id.
    pub id: StoryId,
    /// Its author.
    pub author: PersonId,
    /// Its audience now.
    pub audience: Audience,
}

/// Which notifications of a person are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotificationList {
    /// All of them.
    All,
    /// Those above the position up to which they are marked as read.
    Unread,
}
