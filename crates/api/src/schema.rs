//! The JSON of the API: ids are decimal strings, times RFC 3339 in UTC with milliseconds.
//!
//! Pages of stories are rendered without these types (see `render`), but a test proves that their bytes match them.
//! Every type rejects unknown fields when it is parsed, so a test that parses a response also proves that it contains
//! nothing undocumented.

mod comment;
mod entity;
mod enums;
mod invitation;
mod link;
mod media;
mod notification;
mod page;
mod person;
mod problem;
mod requests;
mod responses;
mod start;
mod story;

pub use comment::Comment;
pub use entity::{Entity, Kind};
pub use enums::{AllowedActorsSchema, AllowedAskersSchema, AudienceSchema, LanguageSchema};
pub use invitation::{
    Invitation, InvitationPage, MakeInvitation, OpenInvitation, OpenedInvitation, RegistrationInfo,
    RegistrationMode, Suggestion, SuggestionPage,
};
pub use link::{LinkPicture, LinkPreview};
pub use media::{Attachment, AttachmentSize, Media, MediaKind, MediaProblem, MediaState};
pub use notification::{Notification, NotificationKind};
pub use page::{CommentPage, FeedPage, NotificationPage, PersonPage, SessionPage, StoryPage};
pub use person::{Avatar, Person, PersonCounts, Privacy, Relation};
pub use problem::{FieldProblem, Problem};
pub use requests::{
    AttachMedia, ChangePassword, ChangePrivacy, ChangeProfile, DeleteAccount, EditComment,
    EditStory, LogIn, MarkNotificationsRead, MarkRead, PartOfUpload, PostStory, SignUp,
    UploadMedia, WriteComment,
};
pub use responses::{
    Availability, CommentReaction, HandleCheck, Reaction, ReadPosition, Session, SignedIn,
    UnreadNotifications,
};
pub use start::Start;
pub use story::{Mention, Story, StoryState, StoryStates};
