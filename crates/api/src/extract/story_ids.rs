//! A list of story ids in a query.

use sosik_feed::StoryId;

use crate::problem::{FieldError, Problem};

/// Separates ids.
const SEPARATOR: char = ',';

/// Parses ids, and drops repeated ones.
///
/// # Errors
/// `QueryInvalid` for a text that is no id, for none, and for more than `most`.
pub(crate) fn story_ids(field: &str, text: &str, most: usize) -> Result<Vec<StoryId>, Problem> {
    let ids: Result<Vec<StoryId>, _> = text
        .split(SEPARATOR)
        .take(most + 1)
        .map(str::parse)
        .collect();
    match ids {
        Ok(mut ids) if ids.len() <= most => {
            drop_repeated(&mut ids);
            Ok(ids)
        }
        Ok(_) | Err(_) => Err(Problem::QueryInvalid(FieldError {
            field: field.to_owned(),
            message: format!("send 1 to {most} ids of stories, separated by commas"),
        })),
    }
}

/// The lists are short, so a set would cost more.
fn drop_repeated(ids: &mut Vec<StoryId>) {
    let mut seen = Vec::with_capacity(ids.len());
    ids.retain(|id| {
        let is_new = !seen.contains(id);
        if is_new {
            seen.push(*id);
        }
        is_new
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Option<Vec<u64>> {
        let ids = story_ids("ids", text, 3).ok()?;
        Some(ids.into_iter().map(StoryId::as_u64).collect())
    }

    #[test]
    fn ids_keep_their_order_and_repeated_ones_are_dropped() {
        assert_eq!(parsed("3,1,3"), Some(vec![3, 1]));
        assert_eq!(parsed("7"), Some(vec![7]));
    }

    #[test]
    fn no_ids_too_many_and_what_is_no_id_are_refused() {
        for text in [
            "",
            ",",
            "1,",
            "1,,2",
            "x",
            "01",
            "-1",
            "1, 2",
            "1,2,3,4",
            "9999999999999999999",
        ] {
            assert_eq!(parsed(text), None, "{text}");
        }
    }
}
