//! The limits of every parameter and field in the document, from the constants that the code checks.
//!
//! One table by name instead of attributes at each field: an attribute requires a literal, which would be a second copy
//! of the number. A test fails for a text, list or number without a limit. To add a limit, add its line in
//! [`limits_of`].

use sosik_feed::cursor::seal;
use sosik_feed::limits::{
    ALT_TEXT_CHARACTERS_MAX, ATTACHMENTS_MAX, BIO_CHARACTERS_MAX, COMMENT_CHARACTERS_MAX,
    DISPLAY_NAME_CHARACTERS_MAX, ENTITIES_MAX, HANDLE_CHARACTERS_MAX, HANDLE_CHARACTERS_MIN,
    HASHTAG_CHARACTERS_MAX, HASHTAGS_MAX, HIDDEN_EXAMINED_MAX, IDEMPOTENCY_KEY_BYTES_MAX,
    INVITATION_DAYS_MAX, INVITATION_TOKEN_CHARACTERS, INVITATION_USES_MAX, INVITATIONS_MAX,
    LINK_DISPLAY_CHARACTERS_MAX, LINK_URL_BYTES_MAX, MENTIONS_MAX, PAGE_ITEMS_MAX,
    PASSWORD_CHARACTERS_MAX, PASSWORD_CHARACTERS_MIN, SEARCH_QUERY_CHARACTERS_MAX, SESSIONS_MAX,
    STORY_TEXT_CHARACTERS_MAX, SUGGESTION_FRIENDS_MAX, SUGGESTION_TAGS_MAX, SUGGESTIONS_MAX,
};
use sosik_feed::people::Language;
use sosik_service::feeds::stream::WATCHED_MAX;
use sosik_service::media::UPLOAD_BYTES_MAX;
use sosik_service::media::preview::{
    DESCRIPTION_CHARACTERS_MAX, SITE_CHARACTERS_MAX, TITLE_CHARACTERS_MAX,
};
use sosik_store::NotificationRecord;
use utoipa::openapi::schema::ArrayItems;
use utoipa::openapi::{KnownFormat, Object, OpenApi, RefOr, Schema, SchemaFormat};

use crate::media::FILE_BYTES_MAX;
use crate::people::handles::WANTED_CHARACTERS_MAX;
use crate::serve::HEAD_BYTES_MAX;

/// The owner of a parameter.
const PARAMETER: &str = "";

/// The longer side of the largest size of a photo.
const SIDE_PIXELS_MAX: usize = 2_048;

/// Bytes of a ThumbHash as base64.
const THUMBHASH_CHARACTERS_MAX: usize = 40;

/// `/media/` or `/avatars/`, an id, a slash, a digest of 64 letters, and an ending.
const FILE_PATH_CHARACTERS_MAX: usize = 100;

/// A digest of 64 letters, and an ending.
const FILE_NAME_CHARACTERS_MAX: usize = 70;

/// `sha256`, a space, and 32 bytes as base64.
const CHECKSUM_CHARACTERS_MAX: usize = 51;

/// The milliseconds of the longest video.
const DURATION_MS_MAX: usize = 600_000;

/// Sizes of a photo.
const SIZES_MAX: usize = 3;

/// The code of a rule. The longest has fewer.
const CODE_CHARACTERS_MAX: usize = 40;

/// The sentence of a rule. The longest about handles has fewer.
const MESSAGE_CHARACTERS_MAX: usize = 200;

/// The characters of a comment that a notification has, and `…`.
const EXCERPT_CHARACTERS_MAX: usize = NotificationRecord::TEXT_CHARACTERS_MAX as usize + 1;

/// The code of a language has two letters.
const LANGUAGE_CHARACTERS: usize = 2;

/// The limits on the values of a schema.
#[derive(Default)]
struct Limits {
    /// Minimum and maximum characters of a text.
    characters: Option<(usize, usize)>,
    pattern: Option<String>,
    format: Option<KnownFormat>,
    /// Minimum and maximum of a number.
    number: Option<(usize, usize)>,
    /// Maximum number of items of a list.
    items_max: Option<usize>,
    /// The limits on each item of a list.
    of_items: Option<Box<Self>>,
}

impl Limits {
    fn put(self, schema: &mut Schema) {
        match schema {
            Schema::Object(object) => self.put_into(object),
            Schema::Array(array) => {
                array.max_items = self.items_max;
                if let (Some(limits), ArrayItems::RefOrSchema(items)) =
                    (self.of_items, &mut array.items)
                    && let RefOr::T(items) = &mut **items
                {
                    limits.put(items);
                }
            }
            // Named schemas and choices between them: the limits are on their own fields.
            _ => {}
        }
    }

    fn put_into(self, object: &mut Object) {
        if let Some((least, most)) = self.characters {
            (object.min_length, object.max_length) = (Some(least), Some(most));
        }
        if let Some((least, most)) = self.number {
            (object.minimum, object.maximum) = (Some(least.into()), Some(most.into()));
        }
        if let Some(format) = self.format {
            object.format = Some(SchemaFormat::KnownFormat(format));
        }
        object.pattern = self.pattern;
    }
}

/// Adds the limits to a document.
pub(super) fn add(document: &mut OpenApi) {
    for item in document.paths.paths.values_mut() {
        for (_, operation) in super::operations(item) {
            for parameter in operation.parameters.iter_mut().flatten() {
                if let RefOr::T(parameter) = parameter
                    && let Some(RefOr::T(schema)) = &mut parameter.schema
                {
                    put(PARAMETER, &parameter.name, schema);
                }
            }
        }
    }
    let components = document.components.iter_mut();
    for (owner, schema) in components.flat_map(|components| &mut components.schemas) {
        if let RefOr::T(Schema::Object(object)) = schema {
            for (name, field) in &mut object.properties {
                if let RefOr::T(field) = field {
                    put(owner, name, field);
                }
            }
        }
    }
}

fn put(owner: &str, name: &str, schema: &mut Schema) {
    if let Some(limits) = limits_of(owner, name, schema) {
        limits.put(schema);
    }
}

/// The limits of a value of this name.
fn limits_of(owner: &str, name: &str, schema: &Schema) -> Option<Limits> {
    Some(match (owner, name) {
        (PARAMETER, "limit") => number(1, PAGE_ITEMS_MAX),
        (PARAMETER, "ids" | "watch") => story_ids(),
        (PARAMETER, "q") => text(1, SEARCH_QUERY_CHARACTERS_MAX),
        (PARAMETER, "tag") => text(1, HASHTAG_CHARACTERS_MAX + "#".len()),
        (PARAMETER, "Idempotency-Key") => matching("^[!-~]+$", 1, IDEMPOTENCY_KEY_BYTES_MAX),
        // Several tags in a list; the maximum is that of a whole request head.
        (PARAMETER, "If-None-Match" | "If-Range" | "Range") => text(0, HEAD_BYTES_MAX as usize),
        (PARAMETER, "Last-Event-ID" | "last_event_id") => cursor_text(),
        (_, "before" | "after") => cursor_text(),
        (PARAMETER, "invitation") => id(),
        (PARAMETER, "person" | "story" | "media" | "comment" | "session" | "Sosik-Person") => id(),
        (_, "id" | "story" | "comment" | "parent" | "reply_to" | "media" | "notification") => id(),
        ("HandleCheck", "code") => text(1, CODE_CHARACTERS_MAX),
        ("HandleCheck", "message") => text(1, MESSAGE_CHARACTERS_MAX),
        (PARAMETER, "wanted") => text(1, WANTED_CHARACTERS_MAX),
        (PARAMETER | "SignUp" | "LogIn", "handle") => asked_handle(),
        (_, "handle") => handle(),
        ("SignUp" | "ChangeProfile", "display_name") => {
            matching(r"\S", 1, DISPLAY_NAME_CHARACTERS_MAX)
        }
        (_, "display_name") => text(1, DISPLAY_NAME_CHARACTERS_MAX),
        (_, "bio") => text(0, BIO_CHARACTERS_MAX),
        (_, "language") => language(),
        ("SignUp", "password") | ("ChangePassword", "new") => {
            text(PASSWORD_CHARACTERS_MIN, PASSWORD_CHARACTERS_MAX)
        }
        ("LogIn", "password") | ("ChangePassword" | "DeleteAccount", "current") => {
            text(0, PASSWORD_CHARACTERS_MAX)
        }
        ("PostStory" | "EditStory" | "Story", "text") => text(0, STORY_TEXT_CHARACTERS_MAX),
        ("WriteComment" | "EditComment", "text") => matching(r"\S", 1, COMMENT_CHARACTERS_MAX),
        ("Comment", "text") => text(0, COMMENT_CHARACTERS_MAX),
        ("Notification", "excerpt") => text(0, EXCERPT_CHARACTERS_MAX),
        ("Attachment" | "AttachMedia", "alt") => text(0, ALT_TEXT_CHARACTERS_MAX),
        (_, "attachments") => list(ATTACHMENTS_MAX),
        ("Attachment" | "AttachmentSize" | "LinkPicture" | "Media", "width" | "height") => {
            number(0, SIDE_PIXELS_MAX)
        }
        ("Attachment" | "LinkPicture" | "Media", "thumbhash") => text(1, THUMBHASH_CHARACTERS_MAX),
        ("Attachment" | "Media", "duration_ms") => number(0, DURATION_MS_MAX),
        ("Attachment" | "LinkPicture", "sizes") => list(SIZES_MAX),
        ("Attachment", "video") | ("AttachmentSize", "webp" | "jpeg") => {
            text(1, FILE_PATH_CHARACTERS_MAX)
        }
        ("Avatar", "small" | "large") => text(1, FILE_PATH_CHARACTERS_MAX),
        ("MediaProblem", "code") => text(1, CODE_CHARACTERS_MAX),
        ("MediaProblem", "detail") => text(1, MESSAGE_CHARACTERS_MAX),
        ("UploadMedia", "file") => text(1, FILE_BYTES_MAX),
        (PARAMETER, "Tus-Resumable") => matching(r"^1\.0\.0$", 5, 5),
        (PARAMETER, "Upload-Length") => number(1, bytes(UPLOAD_BYTES_MAX)),
        (PARAMETER, "Upload-Offset") => number(0, bytes(UPLOAD_BYTES_MAX)),
        (PARAMETER, "Upload-Checksum") => text(1, CHECKSUM_CHARACTERS_MAX),
        (PARAMETER, "upload") => id(),
        (PARAMETER, "file") => text(1, FILE_NAME_CHARACTERS_MAX),
        ("Story", "mentions") => list(MENTIONS_MAX),
        (_, "entities" | "bio_entities") => list(ENTITIES_MAX),
        ("Entity", "start" | "end") => number(0, STORY_TEXT_CHARACTERS_MAX),
        ("LinkPreview", "title") => text(1, TITLE_CHARACTERS_MAX),
        ("LinkPreview", "description") => text(1, DESCRIPTION_CHARACTERS_MAX),
        ("LinkPreview", "site") => text(1, SITE_CHARACTERS_MAX),
        ("Entity" | "LinkPreview", "url") => text(1, LINK_URL_BYTES_MAX),
        ("Entity", "display") => text(1, LINK_DISPLAY_CHARACTERS_MAX),
        ("Entity", "person") => id(),
        ("Entity", "tag") => text(1, HASHTAG_CHARACTERS_MAX),
        ("Story", "tags") => Limits {
            of_items: Some(Box::new(text(1, HASHTAG_CHARACTERS_MAX))),
            ..list(HASHTAGS_MAX)
        },
        ("SessionPage", "items") => list(SESSIONS_MAX as usize),
        ("SuggestionPage", "items") => list(SUGGESTIONS_MAX),
        ("InvitationPage", "items") => list(INVITATIONS_MAX as usize),
        ("StoryStates", "items") => list(WATCHED_MAX),
        (_, "items") => list(PAGE_ITEMS_MAX),
        (_, "hidden") => number(0, HIDDEN_EXAMINED_MAX as usize),
        ("SignUp", "invitation") | ("OpenInvitation" | "Invitation", "token") => {
            text(INVITATION_TOKEN_CHARACTERS, INVITATION_TOKEN_CHARACTERS)
        }
        ("MakeInvitation" | "Invitation", "people") => number(1, INVITATION_USES_MAX as usize),
        ("MakeInvitation", "days") => number(1, INVITATION_DAYS_MAX as usize),
        ("Invitation", "used") => number(0, INVITATION_USES_MAX as usize),
        ("Suggestion", "common_friends") => number(0, SUGGESTION_FRIENDS_MAX),
        ("Suggestion", "tags") => Limits {
            of_items: Some(Box::new(text(1, HASHTAG_CHARACTERS_MAX))),
            ..list(SUGGESTION_TAGS_MAX)
        },
        (_, "since") => time(),
        (_, name) if name.ends_with("_at") => time(),
        (_, "revision") => number(0, usize::MAX >> 1),
        _ if is_count(schema) => number(0, i32::MAX.cast_unsigned() as usize),
        _ => return None,
    })
}

/// Whether this is a number that the server counts, which is documented as a 32 bit integer.
fn is_count(schema: &Schema) -> bool {
    let count = Some(SchemaFormat::KnownFormat(KnownFormat::Int32));
    matches!(schema, Schema::Object(object) if object.format == count && object.maximum.is_none())
}

fn bytes(bytes: u64) -> usize {
    usize::try_from(bytes).unwrap_or(usize::MAX)
}

fn text(least: usize, most: usize) -> Limits {
    Limits {
        characters: Some((least, most)),
        ..Limits::default()
    }
}

fn matching(pattern: &str, least: usize, most: usize) -> Limits {
    Limits {
        pattern: Some(pattern.to_owned()),
        ..text(least, most)
    }
}

fn number(least: usize, most: usize) -> Limits {
    Limits {
        number: Some((least, most)),
        ..Limits::default()
    }
}

fn list(most: usize) -> Limits {
    Limits {
        items_max: Some(most),
        ..Limits::default()
    }
}

fn cursor_text() -> Limits {
    matching("^[A-Za-z0-9_-]+$", 1, seal::TEXT_MAX)
}

/// A positive number of 63 bits as decimal digits.
fn id() -> Limits {
    matching("^[1-9][0-9]*$", 1, i64::MAX.to_string().len())
}

/// Ids separated by commas. The pattern leaves out ids of 19 digits that begin with 9, because some of them are too large;
/// the generator reaches these in this form only after the year 2090.
fn story_ids() -> Limits {
    let id = "([1-9][0-9]{0,17}|[1-8][0-9]{18})";
    let pattern = format!("^{id}(,{id}){{0,{}}}$", WATCHED_MAX - 1);
    let characters = i64::MAX.to_string().len() + ",".len();
    matching(&pattern, 1, WATCHED_MAX * characters)
}

fn time() -> Limits {
    let characters = "2026-03-01T09:30:00.000Z".len();
    Limits {
        format: Some(KnownFormat::DateTime),
        ..text(characters, characters)
    }
}

fn language() -> Limits {
    let codes: Vec<_> = Language::ALL.iter().map(|one| one.as_str()).collect();
    let pattern = format!("^({})$", codes.join("|"));
    matching(&pattern, LANGUAGE_CHARACTERS, LANGUAGE_CHARACTERS)
}

/// A handle as the server writes it.
fn handle() -> Limits {
    let (least, most) = (HANDLE_CHARACTERS_MIN, HANDLE_CHARACTERS_MAX);
    let pattern = format!("^[a-z][a-z0-9_]{{{},{}}}$", least - 1, most - 1);
    matching(&pattern, least, most)
}

/// A handle as people type it: upper case and a leading `@` are accepted.
fn asked_handle() -> Limits {
    let (least, most) = (HANDLE_CHARACTERS_MIN, HANDLE_CHARACTERS_MAX);
    let pattern = format!("^@?[A-Za-z][A-Za-z0-9_]{{{},{}}}$", least - 1, most - 1);
    matching(&pattern, least, most + "@".len())
}
