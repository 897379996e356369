//! Mentions: `@mina`.

use super::run_end;
use crate::people::{Handle, is_handle_character};

/// Whether a character in front of the `@` makes it part of an e-mail address or of an address of another system.
pub(super) fn joins(before: char) -> bool {
    is_handle_character(before) || is_at_sign(before)
}

/// The handle that starts here, and where reading continues.
///
/// A handle ends at the first character that it cannot contain, because Korean and Japanese append particles directly:
/// `@mina야` mentions `mina`. A handle of another system (`@mina@social.example`, `@mina.example`) belongs to somebody
/// else.
pub(super) fn read(text: &[char], from: usize) -> (Option<Handle>, usize) {
    let end = run_end(text, from, is_handle_character);
    if is_foreign(&text[end..]) {
        return (None, end);
    }
    let handle: String = text[from..end].iter().collect();
    (Handle::lookup(&handle), end)
}

fn is_foreign(rest: &[char]) -> bool {
    match rest {
        [at, ..] if is_at_sign(*at) => true,
        ['.', next, ..] => next.is_ascii_alphanumeric(),
        _ => false,
    }
}

fn is_at_sign(character: char) -> bool {
    matches!(character, '@' | '＠')
}
