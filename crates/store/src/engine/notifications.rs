//! Notifications, between the write that causes them and their table.

use sosik_feed::{Audience, CommentId, NotificationId, PersonId, RawId, StoryId, Timestamp};

use crate::{NewComment, NewStory, NotificationKind};

/// A notification of one person.
#[derive(Debug, Clone, Copy)]
pub struct NewNotification {
    /// The person who is notified.
    pub person: PersonId,
    /// Its id.
    pub id: NotificationId,
    /// Its kind.
    pub kind: NotificationKind,
    /// The author of the act.
    pub actor: PersonId,
    /// The story that it is about.
    pub story: Option<StoryId>,
    /// The comment that it is about.
    pub comment: Option<CommentId>,
    /// The time of the act.
    pub at: Timestamp,
}

impl NewNotification {
    /// A notification about a person, without a story.
    #[must_use]
    pub const fn about_people(
        person: PersonId,
        id: NotificationId,
        kind: NotificationKind,
        actor: PersonId,
        at: Timestamp,
    ) -> Self {
        Self {
            person,
            id,
            kind,
            actor,
            story: None,
            comment: None,
            at,
        }
    }
}

/// The write that mentions people: a story, or a comment on it.
#[derive(Debug, Clone, Copy)]
pub struct MentionSource {
    /// The id of the story, the comment, or the edit.
    pub id: RawId,
    /// The author of the story or comment.
    pub actor: PersonId,
    /// The story.
    pub story: StoryId,
    /// The author of the story.
    pub story_author: PersonId,
    /// The audience of the story.
    pub audience: Audience,
    /// The comment, if it is one.
    pub comment: Option<CommentId>,
    /// The time of the write.
    pub at: Timestamp,
}

impl MentionSource {
    /// A new story.
    #[must_use]
    pub const fn story(story: &NewStory) -> Self {
        Self {
            id: story.id.raw(),
            actor: story.author,
            story: story.id,
            story_author: story.author,
            audience: story.audience,
            comment: None,
            at: story.now,
        }
    }

    /// A new comment on a story with this author and audience.
    #[must_use]
    pub const fn comment(
        comment: &NewComment,
        (story_author, audience): (PersonId, Audience),
    ) -> Self {
        Self {
            id: comment.id.raw(),
            actor: comment.author,
            story: comment.story,
            story_author,
            audience,
            comment: Some(comment.id),
            at: comment.now,
        }
    }

    /// The id of the notification that a person gets about it.
    #[must_use]
    pub const fn notification_of(&self, person: PersonId) -> NotificationId {
        NotificationId::about(self.id, person)
    }

    /// The notification that a person gets about it.
    #[must_use]
    pub const fn notification(&self, person: PersonId, kind: NotificationKind) -> NewNotification {
        NewNotification {
            person,
            id: self.notification_of(person),
            kind,
            actor: self.actor,
            story: Some(self.story),
            comment: self.comment,
            at: self.at,
        }
    }
}

/// An act that notifies a person and can be withdrawn.
#[derive(Debug, Clone, Copy)]
pub struct Cause {
    /// The author of the act.
    pub actor: PersonId,
    /// The kind of the notification.
    pub kind: NotificationKind,
    /// The id of the person who got the request, or of the liked story or comment.
    pub target: i64,
}

impl Cause {
    /// A friend request.
    #[must_use]
    pub const fn friend_request(asker: PersonId, asked: PersonId) -> Self {
        Self {
            actor: asker,
            kind: NotificationKind::FriendRequest,
            target: asked.as_i64(),
        }
    }

    /// A like of a comment. Its id is no story's.
    #[must_use]
    pub const fn comment_like(person: PersonId, comment: CommentId) -> Self {
        Self {
            actor: person,
            kind: NotificationKind::Like,
            target: comment.as_i64(),
        }
    }

    /// A like of a story.
    #[must_use]
    pub const fn like(person: PersonId, story: StoryId) -> Self {
        Self {
            actor: person,
            kind: NotificationKind::Like,
            target: story.as_i64(),
        }
    }
}
