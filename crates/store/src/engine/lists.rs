//! Lists in a column of a story. An empty list is an empty text.

use serde::Serialize;
use serde::de::DeserializeOwned;
use sosik_feed::PersonId;

use crate::{Mention, StoreError, StoreResult};

/// Mentions as stored in their column: `[[1, "mina"]]`.
///
/// # Errors
/// When they cannot be written as JSON, which is a bug.
pub fn mentions_json(mentions: &[Mention]) -> StoreResult<String> {
    let pairs: Vec<_> = mentions
        .iter()
        .map(|mention| (mention.person.as_i64(), mention.handle.as_str()))
        .collect();
    json(&pairs)
}

/// Tags as stored in their column: `["seoul"]`.
///
/// # Errors
/// When they cannot be written as JSON, which is a bug.
pub fn tags_json(tags: &[String]) -> StoreResult<String> {
    json(tags)
}

/// Parses mentions.
///
/// # Errors
/// When the column contains something else.
pub fn mentions_of_json(text: &str) -> StoreResult<Vec<Mention>> {
    let pairs: Vec<(i64, String)> = of_json(text)?;
    let mention = |(person, handle)| Mention {
        person: PersonId::from_i64(person),
        handle,
    };
    Ok(pairs.into_iter().map(mention).collect())
}

/// Parses tags.
///
/// # Errors
/// When the column contains something else.
pub fn tags_of_json(text: &str) -> StoreResult<Vec<String>> {
    of_json(text)
}

pub(super) fn json<T: Serialize>(list: &[T]) -> StoreResult<String> {
    if list.is_empty() {
        return Ok(String::new());
    }
    serde_json::to_string(list).map_err(|error| StoreError::failed("write a list", error))
}

pub(super) fn of_json<T: DeserializeOwned>(text: &str) -> StoreResult<Vec<T>> {
    if text.is_empty() {
        return Ok(Vec::new());
    }
    serde_json::from_str(text).map_err(|error| StoreError::failed("read a list", error))
}
