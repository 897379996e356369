//! The beginning of a text, for places outside of this service: previews of links.

use unicode_segmentation::UnicodeSegmentation;

use super::allowed::{Class, class};

/// The beginning of a text on one line, at most `graphemes_max` characters as people count them, with `…` if more
/// follow. Runs of white space become one space. Characters that would change the text around it are omitted: texts from
/// before the rules may contain them.
#[must_use]
pub fn beginning(text: &str, graphemes_max: usize) -> String {
    let mut out = String::new();
    let (mut count, mut space) = (0, false);
    for grapheme in text.graphemes(true) {
        // White space with a mark is one grapheme.
        space |= !out.is_empty() && grapheme.contains(char::is_whitespace);
        let shown = |one: &char| !one.is_whitespace() && !is_unsafe(*one);
        let mut shown = grapheme.chars().filter(shown).peekable();
        if shown.peek().is_none() {
            continue;
        }
        if count >= graphemes_max {
            out.push('…');
            break;
        }
        if std::mem::take(&mut space) {
            out.push(' ');
            count += 1;
        }
        out.extend(shown);
        count += 1;
    }
    out
}

fn is_unsafe(character: char) -> bool {
    match class(character) {
        Class::Control | Class::Direction | Class::Unusable => true,
        Class::Visible
        | Class::Blank
        | Class::Mark
        | Class::Invisible
        | Class::Tag
        | Class::TagEnd
        | Class::FlagBase => false,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        assert_eq!(beginning(text, 5), expected, "{text:?}");
    }

    #[test]
    fn white_space_is_folded_and_the_end_is_marked() {
        check("", "");
        check(" \n\t", "");
        check("abc", "abc");
        check("  a\n\n b\u{2028}c ", "a b c");
        check("abcde", "abcde");
        check("abcde  ", "abcde");
        check("abcdef", "abcde…");
        check("abcd ef", "abcd e…");
        check("a\r\nb", "a b");
        check(" \u{301}a \u{301}b", "\u{301}a \u{301}b");
    }

    #[test]
    fn what_people_count_as_one_character_is_never_cut() {
        check("👩‍👩‍👧‍👦👩‍👩‍👧‍👦👩‍👩‍👧‍👦👩‍👩‍👧‍👦👩‍👩‍👧‍👦👩‍👩‍👧‍👦", "👩‍👩‍👧‍👦👩‍👩‍👧‍👦👩‍👩‍👧‍👦👩‍👩‍👧‍👦👩‍👩‍👧‍👦…");
        check(
            "e\u{301}e\u{301}e\u{301}e\u{301}e\u{301}e\u{301}",
            "e\u{301}e\u{301}e\u{301}e\u{301}e\u{301}…",
        );
    }

    #[test]
    fn characters_that_change_the_text_around_are_omitted() {
        check("\u{202e}ab\u{2066}c\u{0}d\u{202c}", "abcd");
        check("a\u{b}b\u{85}c", "a b c");
    }

    proptest! {
        #[test]
        fn it_is_one_line_of_at_most_that_many_characters(text in any::<String>(), most in 1_usize..20) {
            let line = beginning(&text, most);
            // A space may join what stands on its two sides, never separate it.
            prop_assert!(line.graphemes(true).count() <= most + 2, "{line:?}");
            prop_assert!(!line.chars().any(|one| one.is_control() || class(one) == Class::Direction));
            prop_assert_eq!(line.trim(), &line);
        }
    }
}
