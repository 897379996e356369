//! Avatars in the tables: the column of a person, and the kind of a medium from its two columns.

use super::media_kind_of_number;
use crate::{Avatar, MediaKind, StoreError, StoreResult};

/// The avatar of a person as stored in their column. Nothing is an empty text.
///
/// # Errors
/// When it cannot be written as JSON, which is a bug.
pub fn avatar_json(avatar: Option<&Avatar>) -> StoreResult<String> {
    let Some(avatar) = avatar else {
        return Ok(String::new());
    };
    serde_json::to_string(avatar).map_err(|error| StoreError::failed("write an avatar", error))
}

/// Parses the column of a person.
///
/// # Errors
/// When the column contains something else.
pub fn avatar_of_json(text: &str) -> StoreResult<Option<Avatar>> {
    if text.is_empty() {
        return Ok(None);
    }
    let avatar = serde_json::from_str(text);
    avatar.map_err(|error| StoreError::failed("read an avatar", error))
}

/// The kind of a medium, from the number of its kind and the mark of an avatar.
#[must_use]
pub const fn media_kind_of_columns(number: i64, is_avatar: i64) -> MediaKind {
    match is_avatar {
        0 => media_kind_of_number(number),
        _ => MediaKind::Avatar,
    }
}

/// The mark of an avatar in the tables.
#[must_use]
pub const fn avatar_mark(kind: MediaKind) -> i64 {
    match kind {
        MediaKind::Avatar => 1,
        MediaKind::Photo | MediaKind::Video => 0,
    }
}
