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

/// The decimal logarithm of the number of guesses that an attacker needs who knows `personal` about the owner.
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
    use std::time::Instant;

    use argon2::Argon2;
    use argon2::password_hash::PasswordHasher;

    use super::*;

    #[test]
    fn a_password_is_judged_by_its_beginning_and_by_few_symbols() {
        assert_eq!(looked_at("P@$$w0rd!"), "P@$$w0rd!");
        assert_eq!(looked_at("!@#$%^&*()"), "!@#$%^&*()");
        assert_eq!(looked_at("a({[<|!1@$+%9"), "a((((111457%9");
        assert_eq!(looked_at(&"가".repeat(128)).chars().count(), CHARACTERS_MAX);
    }

    /// The most expensive passwords for the meter: a sample of those with the maximum number of combinations.
    fn costly() -> impl Iterator<Item = String> {
        const EVERY: &str = "4@({[<691!|75$+";
        const SAMPLED: usize = 23;
        let subset = |set: u32| {
            let symbols = EVERY.chars().enumerate();
            let chosen = symbols.filter(move |(place, _)| set & (1 << place) != 0);
            chosen.map(|(_, symbol)| symbol).collect::<String>()
        };
        let subsets = (0..1_u32 << EVERY.len()).map(subset);
        let many = subsets.filter(|symbols| combinations(symbols) == COMBINATIONS_MAX);
        let many = many
            .step_by(SAMPLED)
            .map(|symbols| format!("{symbols}0238%").repeat(20));
        many.chain([
            "4@8({[<36#9!1/|0$5+7%2".repeat(6),
            "1234567890".repeat(13),
            "a".repeat(128),
            "il1!|".repeat(26),
            "p4$$w0rd1@".repeat(13),
            "19901231".repeat(16),
        ])
    }

    #[test]
    #[ignore = "prints what the worst passwords cost beside a hash: `--run-ignored all --no-capture`"]
    #[expect(clippy::disallowed_methods, reason = "measures")]
    fn what_the_worst_password_costs_beside_a_hash() {
        let once = |work: &dyn Fn()| {
            let started = Instant::now();
            work();
            started.elapsed()
        };
        let timed = |work: &dyn Fn()| (0..5).map(|_| once(work)).min().unwrap_or_default();
        let judge = |password: &str| {
            guesses_log10(password, &["mina"]);
        };
        let hash = timed(&|| {
            let hashed = Argon2::default().hash_password(b"blue-kettle-on-a-hill-42");
            assert!(hashed.is_ok());
        });
        let usual = timed(&|| judge("blue-kettle-on-a-hill-42"));
        let (_, password) = costly()
            .map(|password| (once(&|| judge(&password)), password))
            .max()
            .unwrap();
        let worst = timed(&|| judge(&password));
        let unbounded = "4@8({[<36#9!1/|0$5+7%2".repeat(6);
        let unbounded = timed(&|| drop(zxcvbn(&unbounded, &["mina"])));
        println!(
            "hash {hash:?}, usual password {usual:?}, worst {worst:?} ({password}), without the bound {unbounded:?}"
        );
    }
}
