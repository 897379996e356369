//! Pages of lists. All have `items`, the cursors `before` and `after` for the next call, and `end`.
//!
//! A null cursor means that there is no page in that direction. A short page is not the end; `end` marks the end.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Comment, Notification, Person, Session, Story};

/// A page of the home feed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FeedPage {
    /// Newest first.
    pub items: Vec<Story>,
    /// The cursor for older stories.
    pub before: Option<String>,
    /// The cursor for newer stories, on the first page and on pages of newer stories. It never expires.
    pub after: Option<String>,
    /// Whether there is nothing more in the requested direction.
    pub end: bool,
    /// Number of stories of others above your read position, counted up to a maximum. Only on the first page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unread: Option<u32>,
    /// True if the stories after `after` could not be determined. Then this is the first page; replace your stories
    /// with it. Omitted otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reset: Option<bool>,
}

/// A page of stories, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StoryPage {
    /// Newest first.
    pub items: Vec<Story>,
    /// The cursor for older stories.
    pub before: Option<String>,
    /// Always null: read the first page again to see newer ones.
    pub after: Option<String>,
    /// Whether there is nothing older.
    pub end: bool,
}

/// A page of people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PersonPage {
    /// Newest relation first; in a search, friends first.
    pub items: Vec<Person>,
    /// The cursor for the next page.
    pub before: Option<String>,
    /// Always null: read the first page again to see newer ones.
    pub after: Option<String>,
    /// Whether this is the end of the list.
    pub end: bool,
    /// In lists of likes: the number of likes that you cannot see, counted up to 10,000. The story's `likes` includes
    /// them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hidden: Option<u32>,
}

/// A page of comments.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CommentPage {
    /// Oldest first.
    pub items: Vec<Comment>,
    /// Always null: read the first page again to see earlier ones.
    pub before: Option<String>,
    /// The cursor for later comments.
    pub after: Option<String>,
    /// Whether there is nothing later.
    pub end: bool,
    /// The number of comments on the story, or of replies to the comment, that you cannot see, counted up to 10,000. The
    /// number of the story or comment includes them.
    pub hidden: u32,
}

/// A page of notifications.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NotificationPage {
    /// Newest first.
    pub items: Vec<Notification>,
    /// The cursor for older notifications.
    pub before: Option<String>,
    /// Always null: read the first page again to see newer ones.
    pub after: Option<String>,
    /// Whether there is nothing older.
    pub end: bool,
    /// The number of unread notifications, counted up to a maximum.
    pub unread: u32,
}

/// Your sessions. There are at most 50, so this is the complete list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SessionPage {
    /// Most recently used first.
    pub items: Vec<Session>,
    /// Always null.
    pub before: Option<String>,
    /// Always null.
    pub after: Option<String>,
    /// Always true.
    pub end: bool,
}
