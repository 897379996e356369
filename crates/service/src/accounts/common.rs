//! Common passwords: those that an attacker guesses first.
//!
//! The built-in list comes first: common Korean, Japanese and English words with decorations. Then zxcvbn estimates the
//! guesses. It carries 30,000 common passwords, names and words, and recognises keyboard patterns, dates, repeats and
//! the usual replacements of letters. No mix of character classes is required: NIST SP 800-63B advises against such
//! rules and recommends a list like this.

use super::listed::is_listed;
use super::meter::guesses_log10;

/// A password that is found with fewer guesses than this power of ten is rejected. It is about 30,000: the number of
/// guesses that an attacker makes against one account in a day, at one guess every three seconds. Common passwords with
/// the usual decorations are below it, two unrelated words are above it.
const GUESSES_LOG10_MIN: f64 = 4.5;

/// Whether an attacker guesses this password early. `personal` is what the attacker knows about the owner; it is tried
/// too.
pub(super) fn is_common(password: &str, personal: &[&str]) -> bool {
    is_listed(password, personal) || guesses_log10(password, personal) < GUESSES_LOG10_MIN
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_that_everybody_tries_are_refused() {
        let known = ["mina_kim", "Mina Kim", "sosik"];
        for password in [
            "password",
            "12345678",
            "qwerty123",
            "iloveyou",
            "password1",
            "P@ssw0rd",
            "aaaaaaaa",
            "abcdefgh",
            "11112222",
            "qwertyuiop",
            "1q2w3e4r",
            "mina_kim",
            "mina kim",
            "sosiksosik",
            "football1",
        ] {
            assert!(
                is_common(password, &known),
                "{password}: {}",
                guesses_log10(password, &known)
            );
        }
    }

    #[test]
    fn ordinary_pass_phrases_are_accepted() {
        let known = ["mina_kim", "Mina Kim", "sosik"];
        for password in [
            "correct horse battery staple",
            "river-7-lantern",
            "tuesdaymoon42",
            "오늘은맑음이네요",
            "비밀번호는길어요",
            "kV9#tq2Lx1",
            "ひみつのことばです",
            "my dog likes rain",
            "blue kettle 19",
        ] {
            assert!(
                !is_common(password, &known),
                "{password}: {}",
                guesses_log10(password, &known)
            );
        }
    }

    #[test]
    fn a_password_of_the_greatest_length_is_judged_by_its_beginning() {
        assert!(is_common(&"a".repeat(128), &[]));
        assert!(!is_common(&"가나다라마바사아자차카타파하".repeat(9), &[]));
    }
}
