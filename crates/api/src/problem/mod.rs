//! Problems: the errors that clients see.
//!
//! Handlers and extractors return a [`Problem`]. The response carries it in its extensions to the
//! [middleware](crate::middleware), which knows the request id, writes the JSON, and logs internal errors once. So no
//! handler logs, and no internal detail is sent.
//!
//! To add a problem, add a variant, its line in [`Problem::status_and_code`], and its mention in the documentation of
//! the route.

mod answer;
mod from;
mod page;

use std::time::Duration;

use axum::http::StatusCode;
use sosik_feed::RuleBroken;
use sosik_service::media::MediaError;

pub(crate) use answer::{finish, take_problem};
pub(crate) use page::page;

/// An error with its causes, for the log.
pub(crate) type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// The reason why a request failed, in terms of the client.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Problem {
    #[error("sign in to do this: send a session token as a bearer token or as the cookie")]
    Unauthenticated,
    #[error("handle or password is wrong")]
    WrongCredentials,
    #[error("the current password is wrong")]
    WrongPassword,
    #[error(
        "this request came from another site: send it from a page of this one, or with a bearer token"
    )]
    CrossSite,
    #[error(
        "a web page sent this request: the administration listener accepts changes from programs only"
    )]
    SentByBrowser,
    #[error("send the administration token as a bearer token")]
    AdminTokenMissing,
    #[error("name the host of this service once, in the Host header or in :authority")]
    HostInvalid,
    #[error("the request has too many header fields: send at most 100")]
    HeaderFieldsTooMany,
    #[error(
        "the session cookie came with two different values: clear the cookies of this site, then log in"
    )]
    CookieAmbiguous,
    #[error("sign-up is closed: ask the operator of this service for an account")]
    RegistrationClosed,
    #[error("sign-up is by invitation only: open the link of a person who has an account here")]
    InvitationRequired,
    #[error(
        "the session does not belong to the person this request is for: reload, and sign in as that person"
    )]
    OtherPerson,
    #[error("there is no such {0}")]
    NotFound(&'static str),
    #[error("this method is not supported here")]
    MethodNotAllowed,
    #[error("the body is too large: at most {} KiB are read", .0 / 1024)]
    BodyTooLarge(usize),
    #[error("send the body as application/json")]
    UnsupportedMediaType,
    #[error("send the body as multipart/form-data")]
    NoForm,
    #[error(transparent)]
    Media(MediaError),
    #[error("send Tus-Resumable: 1.0.0: no other version of the protocol is supported")]
    UploadVersion,
    #[error("{0}")]
    UploadHeader(&'static str),
    #[error("send the body as application/offset+octet-stream")]
    UploadBodyType,
    #[error("the body did not arrive in time: send it at once, at 1 KiB a second or faster")]
    BodyTooSlow,
    #[error("the body did not arrive in full")]
    BodyUnreadable,
    #[error("the body is not JSON: {0}")]
    JsonInvalid(String),
    #[error("the body is invalid: {}", .0.message)]
    BodyInvalid(FieldError),
    #[error("the query is invalid: {}", .0.message)]
    QueryInvalid(FieldError),
    #[error("{0} is not a cursor of this list: omit it to start over")]
    CursorInvalid(&'static str),
    #[error(transparent)]
    RuleBroken(#[from] RuleBroken),
    #[error(
        "this idempotency key was used before with another body: use a new key for a new request"
    )]
    IdempotencyKeyReused,
    #[error("too many requests of this kind, try again in {} s", seconds_up(.0.retry_after))]
    TooManyRequests(RateExceeded),
    #[error("too many live streams are open for you: close one first")]
    TooManyStreams,
    #[error("too busy, try again in {} s", seconds_up(*.0))]
    Busy(Duration),
    #[error("this took too long and was cancelled; it may have taken effect")]
    TimedOut,
    #[error("this server is stopping, try again: another one takes over")]
    GoingAway,
    #[error("writes are not possible at the moment, reads are: try again later")]
    StorageFull,
    #[error(
        "photos and videos are not available at the moment, everything else is: try again later"
    )]
    MediaAway(#[source] BoxError),
    #[error("something went wrong on our side")]
    Internal(#[source] BoxError),
}

/// An error in one field of the body, or one parameter of the query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FieldError {
    /// Its name, with a path if it is nested; empty for the whole body.
    pub(crate) field: String,
    /// The error.
    pub(crate) message: String,
}

/// An exceeded rate limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RateExceeded {
    /// Time until the next request is allowed.
    pub(crate) retry_after: Duration,
}

impl Problem {
    /// The status and the stable code. Both are part of the API.
    pub(crate) fn status_and_code(&self) -> (StatusCode, &'static str) {
        match self {
            Self::Unauthenticated => (StatusCode::UNAUTHORIZED, "unauthenticated"),
            Self::WrongCredentials => (StatusCode::UNAUTHORIZED, "wrong_credentials"),
            Self::WrongPassword => (StatusCode::UNPROCESSABLE_ENTITY, "wrong_password"),
            Self::CrossSite => (StatusCode::FORBIDDEN, "cross_site"),
            Self::SentByBrowser => (StatusCode::FORBIDDEN, "cross_site"),
            Self::AdminTokenMissing => (StatusCode::UNAUTHORIZED, "admin_token_required"),
            Self::HostInvalid => (StatusCode::BAD_REQUEST, "host_invalid"),
            Self::HeaderFieldsTooMany => (
                StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
                "header_fields_too_many",
            ),
            Self::CookieAmbiguous => (StatusCode::BAD_REQUEST, "cookie_ambiguous"),
            Self::RegistrationClosed => (StatusCode::FORBIDDEN, "registration_closed"),
            Self::InvitationRequired => (StatusCode::FORBIDDEN, "invitation_required"),
            Self::OtherPerson => (StatusCode::CONFLICT, "other_person"),
            Self::NotFound(_) => (StatusCode::NOT_FOUND, "not_found"),
            Self::MethodNotAllowed => (StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed"),
            Self::BodyTooLarge(_) => (StatusCode::PAYLOAD_TOO_LARGE, "body_too_large"),
            Self::UnsupportedMediaType => {
                (StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type")
            }
            Self::UploadVersion => (StatusCode::PRECONDITION_FAILED, "upload_version"),
            Self::UploadHeader(_) => (StatusCode::BAD_REQUEST, "upload_header_invalid"),
            Self::UploadBodyType => (StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type"),
            Self::NoForm => (StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type"),
            Self::Media(MediaError::Off) => (StatusCode::FORBIDDEN, "media_off"),
            Self::Media(MediaError::Kind(_)) => {
                (StatusCode::UNSUPPORTED_MEDIA_TYPE, "media_type_unsupported")
            }
            Self::Media(MediaError::TooLarge { .. }) => {
                (StatusCode::PAYLOAD_TOO_LARGE, "media_too_large")
            }
            Self::Media(MediaError::Quota) => (StatusCode::PAYLOAD_TOO_LARGE, "media_quota"),
            Self::Media(MediaError::VideosWait { .. }) => (StatusCode::CONFLICT, "videos_wait"),
            Self::Media(MediaError::Full) => {
                (StatusCode::INSUFFICIENT_STORAGE, "media_storage_full")
            }
            Self::Media(MediaError::Unknown) => (StatusCode::NOT_FOUND, "media_not_yours"),
            Self::Media(MediaError::Used | MediaError::Shown) => {
                (StatusCode::CONFLICT, "media_used")
            }
            Self::Media(MediaError::Unfinished) => (StatusCode::CONFLICT, "media_unfinished"),
            Self::Media(MediaError::UploadsTooMany { .. }) => {
                (StatusCode::CONFLICT, "uploads_too_many")
            }
            Self::Media(MediaError::UploadOffset { .. }) => (StatusCode::CONFLICT, "upload_offset"),
            Self::Media(MediaError::UploadBusy) => (StatusCode::LOCKED, "upload_busy"),
            Self::Media(MediaError::UploadChecksum) => (checksum_mismatch(), "upload_checksum"),
            Self::Media(MediaError::UploadTooLong { .. }) => {
                (StatusCode::PAYLOAD_TOO_LARGE, "upload_too_long")
            }
            Self::Media(MediaError::UploadSpent) => (StatusCode::GONE, "upload_spent"),
            Self::BodyTooSlow => (StatusCode::REQUEST_TIMEOUT, "body_too_slow"),
            Self::BodyUnreadable => (StatusCode::BAD_REQUEST, "body_unreadable"),
            Self::JsonInvalid(_) => (StatusCode::BAD_REQUEST, "json_invalid"),
            Self::BodyInvalid(_) => (StatusCode::UNPROCESSABLE_ENTITY, "body_invalid"),
            Self::QueryInvalid(_) => (StatusCode::BAD_REQUEST, "query_invalid"),
            Self::CursorInvalid(_) => (StatusCode::BAD_REQUEST, "cursor_invalid"),
            Self::RuleBroken(rule) => (status_of(rule), rule.code()),
            Self::IdempotencyKeyReused => {
                (StatusCode::UNPROCESSABLE_ENTITY, "idempotency_key_reused")
            }
            Self::TooManyRequests(_) => (StatusCode::TOO_MANY_REQUESTS, "too_many_requests"),
            Self::TooManyStreams => (StatusCode::TOO_MANY_REQUESTS, "too_many_streams"),
            Self::Busy(_) => (StatusCode::SERVICE_UNAVAILABLE, "busy"),
            Self::TimedOut => (StatusCode::SERVICE_UNAVAILABLE, "timed_out"),
            Self::GoingAway => (StatusCode::SERVICE_UNAVAILABLE, "going_away"),
            Self::StorageFull => (StatusCode::SERVICE_UNAVAILABLE, "storage_full"),
            Self::MediaAway(_) => (StatusCode::SERVICE_UNAVAILABLE, "media_away"),
            Self::Internal(_) => (StatusCode::INTERNAL_SERVER_ERROR, "internal"),
        }
    }

    /// The field or parameter that causes the error, if it is known.
    pub(crate) fn field_error(&self) -> Option<FieldError> {
        match self {
            Self::BodyInvalid(error) | Self::QueryInvalid(error) => {
                Some(error.clone()).filter(|error| !error.field.is_empty())
            }
            Self::CursorInvalid(field) => Some(self.in_field(field)),
            Self::RuleBroken(rule) => rule.field().map(|field| self.in_field(field)),
            Self::WrongPassword => Some(self.in_field("current")),
            Self::Unauthenticated
            | Self::WrongCredentials
            | Self::CrossSite
            | Self::OtherPerson
            | Self::SentByBrowser
            | Self::AdminTokenMissing
            | Self::HostInvalid
            | Self::HeaderFieldsTooMany
            | Self::CookieAmbiguous
            | Self::RegistrationClosed
            | Self::InvitationRequired
            | Self::NotFound(_)
            | Self::MethodNotAllowed
            | Self::BodyTooLarge(_)
            | Self::UnsupportedMediaType
            | Self::NoForm
            | Self::Media(_)
            | Self::UploadVersion
            | Self::UploadHeader(_)
            | Self::UploadBodyType
            | Self::BodyTooSlow
            | Self::BodyUnreadable
            | Self::JsonInvalid(_)
            | Self::IdempotencyKeyReused
            | Self::TooManyRequests(_)
            | Self::TooManyStreams
            | Self::Busy(_)
            | Self::TimedOut
            | Self::GoingAway
            | Self::StorageFull
            | Self::MediaAway(_)
            | Self::Internal(_) => None,
        }
    }

    fn in_field(&self, field: &str) -> FieldError {
        FieldError {
            field: field.to_owned(),
            message: self.to_string(),
        }
    }

    /// The time after which a retry can succeed.
    pub(crate) fn retry_after(&self) -> Option<Duration> {
        /// A person closes another stream within seconds, or not at all.
        const STREAM_RETRY: Duration = Duration::from_secs(10);
        const SOON: Duration = Duration::from_secs(1);
        /// The other request that appends to the upload usually ends within seconds.
        const HOLD_RETRY: Duration = Duration::from_secs(2);
        /// An outage of an object store usually ends within seconds.
        const AWAY_RETRY: Duration = Duration::from_secs(5);
        /// An operator must free space first.
        const ROOM_RETRY: Duration = Duration::from_secs(30);
        match self {
            Self::TooManyRequests(exceeded) => Some(exceeded.retry_after),
            Self::TooManyStreams => Some(STREAM_RETRY),
            Self::Busy(after) => Some(*after),
            Self::TimedOut | Self::GoingAway => Some(SOON),
            Self::StorageFull => Some(ROOM_RETRY),
            Self::MediaAway(_) => Some(AWAY_RETRY),
            Self::Media(MediaError::UploadBusy) => Some(HOLD_RETRY),
            Self::Unauthenticated
            | Self::WrongCredentials
            | Self::WrongPassword
            | Self::CrossSite
            | Self::OtherPerson
            | Self::SentByBrowser
            | Self::AdminTokenMissing
            | Self::HostInvalid
            | Self::HeaderFieldsTooMany
            | Self::CookieAmbiguous
            | Self::RegistrationClosed
            | Self::InvitationRequired
            | Self::NotFound(_)
            | Self::MethodNotAllowed
            | Self::BodyTooLarge(_)
            | Self::UnsupportedMediaType
            | Self::NoForm
            | Self::Media(_)
            | Self::UploadVersion
            | Self::UploadHeader(_)
            | Self::UploadBodyType
            | Self::BodyTooSlow
            | Self::BodyUnreadable
            | Self::JsonInvalid(_)
            | Self::BodyInvalid(_)
            | Self::QueryInvalid(_)
            | Self::CursorInvalid(_)
            | Self::RuleBroken(_)
            | Self::IdempotencyKeyReused
            | Self::Internal(_) => None,
        }
    }
}

/// 460: the status that tus defines for a wrong checksum. HTTP does not define it.
fn checksum_mismatch() -> StatusCode {
    StatusCode::from_u16(460).unwrap_or(StatusCode::BAD_REQUEST)
}

/// A name that is taken or a limit that is reached conflicts with existing data; all other rules mean an invalid
/// request.
fn status_of(rule: &RuleBroken) -> StatusCode {
    match rule {
        RuleBroken::HandleTaken
        | RuleBroken::HandleConfusable
        | RuleBroken::FriendLimitYours
        | RuleBroken::FriendLimitTheirs
        | RuleBroken::FollowLimit
        | RuleBroken::BlockLimit
        | RuleBroken::MuteLimit
        | RuleBroken::RequestLimit
        | RuleBroken::StoryQuota
        | RuleBroken::CommentQuota
        | RuleBroken::TextQuota
        | RuleBroken::SavedLimit
        | RuleBroken::InvitationLimit => StatusCode::CONFLICT,
        RuleBroken::CommentsLimited | RuleBroken::RequestsLimited => StatusCode::FORBIDDEN,
        RuleBroken::HandleTooShort
        | RuleBroken::HandleTooLong
        | RuleBroken::HandleCharacters
        | RuleBroken::HandleReserved
        | RuleBroken::DisplayNameEmpty
        | RuleBroken::DisplayNameTooLong { .. }
        | RuleBroken::DisplayNameCharacters(_)
        | RuleBroken::DisplayNameTooWide
        | RuleBroken::DisplayNameReserved
        | RuleBroken::BioTooLong { .. }
        | RuleBroken::BioCharacters(_)
        | RuleBroken::LanguageUnknown
        | RuleBroken::PasswordTooShort
        | RuleBroken::PasswordTooLong
        | RuleBroken::PasswordCommon
        | RuleBroken::StoryTextEmpty
        | RuleBroken::StoryTextTooLong { .. }
        | RuleBroken::StoryTextCharacters(_)
        | RuleBroken::AttachmentsTooMany
        | RuleBroken::AltTextTooLong { .. }
        | RuleBroken::AltTextCharacters(_)
        | RuleBroken::CommentTextEmpty
        | RuleBroken::CommentTextTooLong { .. }
        | RuleBroken::CommentTextCharacters(_)
        | RuleBroken::IdempotencyKeyInvalid
        | RuleBroken::SearchQueryInvalid
        | RuleBroken::PageLimitInvalid
        | RuleBroken::InvitationInvalid
        | RuleBroken::InvitationUsesInvalid
        | RuleBroken::InvitationDaysInvalid
        | RuleBroken::Yourself => StatusCode::UNPROCESSABLE_ENTITY,
    }
}

/// Whole seconds, at least 1: `Retry-After: 0` would be useless.
pub(crate) fn seconds_up(span: Duration) -> u64 {
    let seconds = span.as_secs() + u64::from(span.subsec_nanos() > 0);
    seconds.max(1)
}
