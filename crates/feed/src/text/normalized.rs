//! The normal form of texts.

use unicode_normalization::UnicodeNormalization;

use super::allowed::{Class, Reason, Refused, check, class, is_visible};

/// The error of a text, independent of its kind.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// More characters than allowed.
    TooLong {
        /// The number of characters.
        characters: usize,
    },
    /// A character that is not allowed.
    Characters(Refused),
}

/// The normal form of a text: NFC, `\n` for every kind of line break, at most one blank line in a row and none at the
/// start, no white space at the end, empty if no character is visible.
///
/// Among the rejected characters, PostgreSQL would reject NUL much later, and escape characters would reach an
/// operator's terminal.
pub(crate) fn normalized(text: &str, characters_max: usize) -> Result<String, Fault> {
    let mut kept = folded_lines(&text.nfc().collect::<String>());
    kept.truncate(kept.trim_end().len());
    let characters = kept.chars().count();
    if characters > characters_max {
        return Err(Fault::TooLong { characters });
    }
    let is_visible = kept.chars().any(is_visible);
    match check(&kept) {
        Ok(()) => {}
        // A text of invisible characters only is empty.
        Err(refused) if !is_visible && refused.reason == Reason::Invisible => {}
        Err(refused) => return Err(Fault::Characters(refused)),
    }
    if !is_visible {
        kept.clear();
    }
    Ok(kept)
}

/// The lines of a text, with one blank line for every run of them between two others.
fn folded_lines(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut follows_blank = false;
    for line in text.replace("\r\n", "\n").split(is_line_break) {
        if line.chars().all(is_unseen) {
            follows_blank = true;
            continue;
        }
        if !kept.is_empty() {
            kept.push_str(if follows_blank { "\n\n" } else { "\n" });
        }
        kept.push_str(line);
        follows_blank = false;
    }
    kept
}

/// Line breaks of every system: the mandatory breaks of UAX 14.
fn is_line_break(character: char) -> bool {
    matches!(
        character,
        '\n' | '\r' | '\u{B}' | '\u{C}' | '\u{85}' | '\u{2028}' | '\u{2029}'
    )
}

fn is_unseen(character: char) -> bool {
    matches!(class(character), Class::Blank | Class::Invisible)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check_written(text: &str, expected: &str) {
        assert_eq!(normalized(text, 100).as_deref(), Ok(expected), "{text:?}");
    }

    #[test]
    fn line_breaks_letters_and_the_end_have_one_form() {
        check_written("a\r\nb\rc\nd", "a\nb\nc\nd");
        check_written("a\u{b}b\u{c}c\u{85}d\u{2028}e\u{2029}f", "a\nb\nc\nd\ne\nf");
        check_written("  two  spaces\tand a tab \n\n", "  two  spaces\tand a tab");
        check_written("e\u{301}", "é");
        check_written("\u{1112}\u{1161}\u{11ab}\u{3000}", "한");
    }

    #[test]
    fn blank_lines_in_a_row_become_one_and_those_at_the_start_none() {
        check_written("a\n\nb", "a\n\nb");
        check_written("a\n\n\n\n\nb\r\n\r\n\r\nc", "a\n\nb\n\nc");
        check_written("a\n \n\u{3000}\t\n\u{200b}\n\u{3164}\nb", "a\n\nb");
        check_written("\n \n  a\n", "  a");
        check_written("a\n\u{2800}", "a");
    }

    #[test]
    fn a_text_of_which_nothing_can_be_seen_is_empty() {
        for text in [
            "",
            " \n\t",
            "\u{200b}",
            "\u{3164}\u{200d}",
            "\u{2800}\n",
            "\u{feff}",
            "\u{200b}\u{200b}\u{200b}\u{200b}\u{200b}\u{200b}",
        ] {
            check_written(text, "");
        }
        check_written("\u{f8ff}", "\u{f8ff}");
    }

    #[test]
    fn control_characters_are_refused_and_lengths_are_told() {
        for text in ["a\0", "\u{1b}[2Jx", "a\u{7f}b", "a\u{9b}b", "a\n\u{8}\nb"] {
            let fault = normalized(text, 100).unwrap_err();
            assert!(
                matches!(fault, Fault::Characters(refused) if refused.reason == Reason::Control),
                "{text:?}: {fault:?}"
            );
        }
        assert_eq!(normalized("abcd", 3), Err(Fault::TooLong { characters: 4 }));
        assert_eq!(normalized("abc   ", 3).as_deref(), Ok("abc"));
    }

    proptest! {
        #[test]
        fn writing_any_text_never_panics_and_writing_twice_changes_nothing(text in any::<String>(), tight in "[ae\\r\\n\\t \u{301}\u{1100}-\u{11ff}]*") {
            for text in [text, tight] {
                if let Ok(kept) = normalized(&text, 10_000) {
                    prop_assert!(!kept.contains('\r') && !kept.contains("\n\n\n") && !kept.starts_with('\n'));
                    prop_assert_eq!(normalized(&kept, 10_000), Ok(kept));
                }
            }
        }
    }
}
