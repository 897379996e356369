//! The JSON that clients meet: ids are decimal strings, times RFC 3339 in UTC with milliseconds.
//!
//! Pages of stories do not pass through these types on their way out (see `render`), but a test proves that their
//! bytes are what these types describe. Every type refuses unknown fields when it is read, so that a test which reads
//! an answer also proves that nothing undocumented is in it.

mod answers;
mod asks;
mod comment;
mod notification;
mod page;
mod person;
mod problem;
mod story;
mod words;

pub use answers::{Reaction, ReadPosition, Session, SignedIn, UnreadNotifications};
pub use asks::{
    ChangePassword, ChangeProfile, EditComment, EditStory, LogIn, MarkNotificationsRead, MarkRead,
    PostStory, SignUp, WriteComment,
};
pub use comment::Comment;
pub use notification::{Notification, NotificationKind};
pub use page::{CommentPage, FeedPage, NotificationPage, PersonPage, SessionPage, StoryPage};
pub use person::{Person, PersonCounts, Relation};
pub use problem::{FieldProblem, Problem};
pub use story::{Attachment, Mention, Story};
pub use words::{AudienceWord, LanguageWord};
