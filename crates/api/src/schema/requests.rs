//! Request bodies. Unknown fields are rejected.

use serde::Deserialize;
use sosik_feed::{
    AllowedActors, AllowedAskers, Audience, CommentId, MediaId, NotificationId, StoryId,
};
use sosik_store::PrivacyChange;
use utoipa::ToSchema;

/// `POST /v1/people`.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignUp {
    /// 3 to 20 of a-z, 0-9 and _; starts with a letter.
    #[schema(example = "mina")]
    pub handle: String,
    /// 1 to 50 characters as people count them (graphemes), at most 200 code points.
    #[schema(example = "김미나")]
    pub display_name: String,
    /// 8 to 128 characters, not a common password.
    #[schema(example = "blue-kettle-on-a-hill", format = Password)]
    pub password: String,
    /// ko, en or ja. Default: en.
    #[schema(example = "ko")]
    pub language: Option<String>,
    /// The token of an invitation. Required where sign-up is by invitation only.
    #[serde(default)]
    pub invitation: Option<String>,
}

/// `POST /v1/sessions`.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LogIn {
    /// With or without `@`.
    #[schema(example = "mina")]
    pub handle: String,
    /// The password. The example is that of every account in `sosik demo`.
    #[schema(example = "magpie-at-the-gate", format = Password)]
    pub password: String,
}

/// `POST /v1/me/password`.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangePassword {
    /// The current password.
    #[schema(format = Password)]
    pub current: String,
    /// The new password: 8 to 128 characters, not a common password.
    #[schema(format = Password)]
    pub new: String,
}

/// `POST /v1/me/deletion`.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DeleteAccount {
    /// The current password.
    #[schema(format = Password)]
    pub current: String,
}

/// `PATCH /v1/me`: omitted fields stay unchanged.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeProfile {
    /// 1 to 50 characters as people count them (graphemes), at most 200 code points.
    pub display_name: Option<String>,
    /// At most 300 characters; empty removes it.
    pub bio: Option<String>,
    /// ko, en or ja.
    pub language: Option<String>,
    /// The privacy settings to change.
    pub privacy: Option<ChangePrivacy>,
}

/// A change of privacy settings: omitted settings stay unchanged.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangePrivacy {
    /// Who may mention you.
    #[schema(value_type = Option<super::AllowedActorsSchema>)]
    pub mentions: Option<AllowedActors>,
    /// Who may comment on your stories.
    #[schema(value_type = Option<super::AllowedActorsSchema>)]
    pub comments: Option<AllowedActors>,
    /// Who may send you a friend request.
    #[schema(value_type = Option<super::AllowedAskersSchema>)]
    pub requests: Option<AllowedAskers>,
}

impl From<ChangePrivacy> for PrivacyChange {
    fn from(change: ChangePrivacy) -> Self {
        let ChangePrivacy {
            mentions,
            comments,
            requests,
        } = change;
        Self {
            mentions,
            comments,
            requests,
        }
    }
}

/// `POST /v1/stories`.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PostStory {
    /// 1 to 5,000 characters. May be empty beside a photo.
    #[schema(example = "첫 소식! #sosik")]
    pub text: String,
    /// Audience of the story. Default: `friends`.
    #[schema(value_type = Option<super::AudienceSchema>)]
    pub audience: Option<Audience>,
    /// Your uploads that belong to no story, in their order, at most 10.
    #[serde(default)]
    pub attachments: Vec<AttachMedia>,
}

/// A photo for a story.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AttachMedia {
    /// The id of the upload.
    #[schema(value_type = String)]
    pub media: MediaId,
    /// Description for people who cannot see it: at most 500 characters.
    #[serde(default)]
    pub alt: String,
}

/// `POST /v1/media`.
#[derive(ToSchema)]
#[expect(
    dead_code,
    reason = "the form is read field by field; this documents it"
)]
pub struct UploadMedia {
    /// The photo or video, at most 20 MB.
    #[schema(value_type = String, format = Binary)]
    file: Vec<u8>,
}

/// The body of a request that begins or continues an upload.
#[derive(ToSchema)]
#[schema(value_type = String, format = Binary)]
#[expect(
    dead_code,
    reason = "the body is read piece by piece; this documents it"
)]
pub struct PartOfUpload(Vec<u8>);

/// `PATCH /v1/stories/{story}`: omitted fields stay unchanged.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EditStory {
    /// 1 to 5,000 characters. May be empty beside a photo.
    pub text: Option<String>,
    /// The new audience of the story.
    #[schema(value_type = Option<super::AudienceSchema>)]
    pub audience: Option<Audience>,
    /// The new list of photos and videos, in its order, at most 10. One that is left out is deleted.
    pub attachments: Option<Vec<AttachMedia>>,
}

/// `POST /v1/stories/{story}/comments`.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WriteComment {
    /// 1 to 1,000 characters.
    pub text: String,
    /// The comment on the same story that it answers. An answer to a reply joins the replies to the same comment.
    #[schema(value_type = Option<String>)]
    pub reply_to: Option<CommentId>,
}

/// `PATCH /v1/comments/{comment}`.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EditComment {
    /// 1 to 1,000 characters.
    pub text: String,
}

/// `PUT /v1/feed/read-position`.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MarkRead {
    /// The newest story seen.
    #[schema(value_type = String)]
    pub story: StoryId,
}

/// `PUT /v1/notifications/read-position`.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MarkNotificationsRead {
    /// The newest notification seen.
    #[schema(value_type = String)]
    pub notification: NotificationId,
}
