//! The JSON of the API: ids are decimal strings, times RFC 3339 in UTC with milliseconds.
//!
//! Pages of stories are rendered without these types (see `render`), but a test proves that their bytes match them.
//! Every type rejects unknown fields when it is parsed, so a test that parses a response also proves that it contains
//! nothing undocumented.

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
