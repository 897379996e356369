//! The mentions of a text.

use rustc_hash::FxHashSet;

use crate::limits::MENTIONS_MAX;
use crate::people::{Handle, is_handle_character};

/// The people that a text mentions, each once, in order of appearance, at most [`MENTIONS_MAX`].
///
/// The handle ends at the first character that a handle cannot contain, because Korean and Japanese append particles
/// directly: "@mina야" mentions `mina`. The `@` may follow anything except ASCII letters, digits and `_./@`, which
/// indicate e-mail addresses, paths and addresses of other systems. The caller checks whether the person exists and may
/// be notified.
pub fn mentions(text: &str) -> Vec<Handle> {
    let mut seen = FxHashSet::default();
    text.match_indices('@')
        .filter(|(at, _)| !text[..*at].ends_with(joins_an_address))
        .filter_map(|(at, sign)| {
            let rest = &text[at + sign.len()..];
            let end = rest
                .find(|character| !is_handle_character(character))
                .unwrap_or(rest.len());
            Handle::lookup(&rest[..end])
        })
        .filter(|handle| seen.insert(handle.clone()))
        .take(MENTIONS_MAX)
        .collect()
}

fn joins_an_address(character: char) -> bool {
    is_handle_character(character) || matches!(character, '.' | '/' | '@')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check_mentions(text: &str, expected: &[&str]) {
        let found = mentions(text);
        assert_eq!(
            found.iter().map(Handle::as_str).collect::<Vec<_>>(),
            expected,
            "{text:?}"
        );
    }

    #[test]
    fn people_are_mentioned_by_handle_in_any_script_around_it() {
        check_mentions("@mina hello", &["mina"]);
        check_mentions("hi @Mina, and (@bo_1)!", &["mina", "bo_1"]);
        check_mentions("안녕@mina야 @joon이랑", &["mina", "joon"]);
        check_mentions("@minaさんと@yukiさん、@花子", &["mina", "yuki"]);
        check_mentions("@mina\n@mina @MINA", &["mina"]);
        check_mentions("'@mina'-@joon…@bora", &["mina", "joon", "bora"]);
        check_mentions("see @sosik", &["sosik"]);
    }

    #[test]
    fn addresses_and_malformed_handles_are_no_mentions() {
        check_mentions("a@b.com mina.kim@example.com x_@mina", &[]);
        check_mentions("https://example.com/@mina ./@mina", &[]);
        check_mentions("@@mina @ mina @", &[]);
        check_mentions("@me @1mina @_mina @abcdefghij01234567890", &[]);
    }

    #[test]
    fn at_most_fifty_people_are_mentioned_by_one_text() {
        let text: String = (0..80)
            .flat_map(|n| [format!("@friend{n} "), format!("@friend{n} ")])
            .collect();
        let found = mentions(&text);
        assert_eq!(found.len(), MENTIONS_MAX);
        assert_eq!(found[49].as_str(), "friend49");
    }

    proptest! {
        #[test]
        fn every_mention_is_a_handle_that_stands_in_the_text(text in "([@a-zA-Z0-9_./ 가-힣あ-ん]|@mina)*", wild in any::<String>()) {
            for text in [text, wild] {
                let small = text.to_ascii_lowercase();
                for handle in mentions(&text) {
                    prop_assert_eq!(Handle::lookup(handle.as_str()), Some(handle.clone()));
                    let address = format!("@{}", handle.as_str());
                    prop_assert!(small.contains(&address));
                }
            }
        }

        #[test]
        fn a_handle_between_words_of_another_script_is_mentioned(handle in "[a-z][a-z0-9_]{2,19}", before in "[가-힣 ]*", after in "[가-힣 ]*") {
            let found = mentions(&format!("{before}@{handle}{after}"));
            prop_assert_eq!(found, vec![Handle::from_stored(handle)]);
        }
    }
}
