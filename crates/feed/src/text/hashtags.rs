//! The hashtags of a text.

use rustc_hash::FxHashSet;
use unicode_normalization::char::is_combining_mark;

use super::fold::{fold, is_word_character};
use crate::limits::{HASHTAG_CHARACTERS_MAX, HASHTAGS_MAX};

/// The hashtags of a text without their `#`, each once, in order of appearance, at most [`HASHTAGS_MAX`].
///
/// A tag consists of letters, digits, marks and `_` of any script after a `#` (or the full-width one of Japanese
/// keyboards), with at least one letter: "#1" is a number. The `#` may not follow a character of a word, an `&` (an
/// HTML entity) or a `/` (a fragment of a URL). Tags are folded for comparison and returned in that form. A text of
/// more than [`HASHTAG_CHARACTERS_MAX`] characters is not a tag.
pub fn hashtags(text: &str) -> Vec<String> {
    let folded = fold(text);
    let mut seen = FxHashSet::default();
    folded
        .match_indices('#')
        .filter(|(at, _)| !folded[..*at].ends_with(joins_a_word))
        .filter_map(|(at, sign)| {
            let rest = &folded[at + sign.len()..];
            let end = rest
                .find(|character| !is_tag_character(character))
                .unwrap_or(rest.len());
            is_tag(&rest[..end]).then(|| rest[..end].to_owned())
        })
        .filter(|tag| seen.insert(tag.clone()))
        .take(HASHTAGS_MAX)
        .collect()
}

/// A mark at the start belongs to the `#`: together they are a keycap emoji and not a tag.
fn is_tag(word: &str) -> bool {
    !word.starts_with(is_combining_mark)
        && word.chars().any(char::is_alphabetic)
        && word.chars().count() <= HASHTAG_CHARACTERS_MAX
}

fn is_tag_character(character: char) -> bool {
    is_word_character(character) || character == '_'
}

fn joins_a_word(character: char) -> bool {
    is_tag_character(character) || matches!(character, '&' | '/')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check_hashtags(text: &str, expected: &[&str]) {
        assert_eq!(hashtags(text), expected, "{text:?}");
    }

    #[test]
    fn tags_of_every_script_are_found() {
        check_hashtags(
            "#서울 #봄_나들이, #東京タワー! (#Seoul2024)",
            &["서울", "봄_나들이", "東京タワー", "seoul2024"],
        );
        check_hashtags("＃ラーメン #สวัสดี ##again", &["ラーメン", "สวัสดี", "again"]);
        check_hashtags("#서울#부산", &["서울"]);
    }

    #[test]
    fn tags_that_differ_only_in_form_are_one() {
        check_hashtags("#Cafe\u{301} #CAFÉ #ｃａｆé", &["café"]);
        check_hashtags("#ﾗｰﾒﾝ #ラーメン", &["ラーメン"]);
    }

    #[test]
    fn numbers_entities_places_and_ends_of_words_are_no_tags() {
        check_hashtags("#1 #2024 #_ #1_2 # #! #️⃣key #", &[]);
        check_hashtags("a#b 가#나 &#x41; example.com/#top _#x", &[]);
    }

    #[test]
    fn long_tags_and_those_after_the_thirtieth_stay_plain_text() {
        check_hashtags(&format!("#{}", "가".repeat(51)), &[]);
        check_hashtags(
            &format!("#{}", "가".repeat(50)),
            &["가".repeat(50).as_str()],
        );
        let many: String = (0..60).map(|n| format!("#tag{n} #TAG{n} ")).collect();
        let found = hashtags(&many);
        assert_eq!((found.len(), found[29].as_str()), (HASHTAGS_MAX, "tag29"));
    }

    proptest! {
        #[test]
        fn every_tag_found_is_found_again_by_itself(text in "([#＃&/_ ]|\\w)*", wild in any::<String>()) {
            for tag in hashtags(&text).into_iter().chain(hashtags(&wild)) {
                prop_assert!((1..=HASHTAG_CHARACTERS_MAX).contains(&tag.chars().count()));
                let again = hashtags(&format!("#{tag}"));
                prop_assert_eq!(again, vec![tag]);
            }
        }
    }
}
