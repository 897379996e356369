//! The password meter: zxcvbn, with a bound on its cost.
//!
//! zxcvbn tries every combination of letters that the symbols of a password can stand for: `(`, `{`, `[` and `<` for
//! `c`, `1`, `!` and `|` for `i`, and so on. A password of such symbols only takes seconds. Real passwords have few
//! combinations. Beyond [`COMBINATIONS_MAX`], symbols that stand for the same letter are treated as one symbol.

use std::borrow::Cow;

use zxcvbn::zxcvbn;

/// Only this many characters are judged. The cost grows faster than the length, and later characters only make a
/// password stronger.
const CHARACTERS_MAX: usize = 40;

/// Maximum number of combinations. `P@$$w0rd1!` and `1234567890` have 4 each. For each combination, every part of the
/// password is looked up.
const COMBINATIONS_MAX: usize = 8;

/// Symbols that stand for the same letter in zxcvbn. A letter with a single symbol adds no combination.
const ALIKE: [&str; 7] = ["4@", "({[<", "69", "1!|", "1|7", "5$", "7+"];

/// The decimal logarithm of the number of guesses that an attacker needs. `personal` is what the attacker knows about
/// the owner.
pub(super) fn guesses_log10(password: &str, personal: &[&str]) -> f64 {
    zxcvbn(&looked_at(password), personal).guesses_log10()
}

/// The part of a password that is judged.
fn looked_at(password: &str) -> Cow<'_, str> {
    let end = password.char_indices().nth(CHARACTERS_MAX);
    let password = &password[..end.map_or(password.len(), |(at, _)| at)];
    if combinations(password) <= COMBINATIONS_MAX {
        return password.into();
    }
    password.chars().map(taken_for).collect()
}

fn combinations(password: &str) -> usize {
    let present = |symbols: &str| {
        symbols
            .chars()
            .filter(|one| password.contains(*one))
            .count()
    };
    ALIKE
        .iter()
        .map(|symbols| present(symbols).max(1))
        .product()
}

const fn taken_for(character: char) -> char {
    match character {
        '@' => '4',
        '{' | '[' | '<' => '(',
        '!' | '|' => '1',
        '$' => '5',
        '+' => '7',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_judged_by_its_beginning_and_by_few_symbols() {
        assert_eq!(looked_at("P@$$w0rd!"), "P@$$w0rd!");
        assert_eq!(looked_at("!@#$%^&*()"), "!@#$%^&*()");
        assert_eq!(looked_at("a({[<|!1@$+%9"), "a((((111457%9");
        assert_eq!(looked_at(&"가".repeat(128)).chars().count(), CHARACTERS_MAX);
    }

    #[test]
    fn no_password_is_judged_with_more_combinations_or_characters_than_the_maximum() {
        const EVERY: &str = "4@({[<691!|75$+";
        const REPEATED: usize = 40;
        for set in 0..1_u32 << EVERY.len() {
            let symbols = EVERY.chars().enumerate();
            let chosen = symbols.filter(|(place, _)| set & (1 << place) != 0);
            let symbols: String = chosen.map(|(_, symbol)| symbol).collect();
            let password = symbols.repeat(REPEATED);
            let judged = looked_at(&password);
            assert!(combinations(&judged) <= COMBINATIONS_MAX, "{symbols}");
            assert!(judged.chars().count() <= CHARACTERS_MAX, "{symbols}");
        }
    }
}
