//! Korean text typed on a Latin keyboard with the standard layout (KS X 5002, two sets).
//!
//! Many Korean passwords are Korean words typed without switching the keyboard: `tkfkdgo` is 사랑해.

use unicode_normalization::UnicodeNormalization;

/// Keys of the initial consonants, from U+1100.
const INITIALS: [&str; 19] = [
    "r", "R", "s", "e", "E", "f", "a", "q", "Q", "t", "T", "d", "w", "W", "c", "z", "x", "v", "g",
];

/// Keys of the vowels, from U+1161.
const VOWELS: [&str; 21] = [
    "k", "o", "i", "O", "j", "p", "u", "P", "h", "hk", "ho", "hl", "y", "n", "nj", "np", "nl", "b",
    "m", "ml", "l",
];

/// Keys of the final consonants, from U+11A8.
const FINALS: [&str; 27] = [
    "r", "R", "rt", "s", "sw", "sg", "e", "f", "fr", "fa", "fq", "ft", "fx", "fv", "fg", "a", "q",
    "qt", "t", "T", "d", "w", "c", "z", "x", "v", "g",
];

/// The text with every Hangul letter replaced by the keys that type it, in lower case.
pub(super) fn typed_on_latin_keys(text: &str) -> String {
    let mut keys = String::with_capacity(text.len());
    for letter in text.nfkd() {
        match keys_of(letter) {
            Some(typed) => keys.push_str(typed),
            None => keys.push(letter),
        }
    }
    keys.to_lowercase()
}

/// Whether the text contains a Hangul letter.
pub(super) fn has_hangul(text: &str) -> bool {
    text.nfkd().any(|letter| keys_of(letter).is_some())
}

fn keys_of(letter: char) -> Option<&'static str> {
    let code = u32::from(letter);
    let at = |first: u32, keys: &[&'static str]| {
        let index = usize::try_from(code.checked_sub(first)?).ok()?;
        keys.get(index).copied()
    };
    at(0x1100, &INITIALS)
        .or_else(|| at(0x1161, &VOWELS))
        .or_else(|| at(0x11A8, &FINALS))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn korean_words_become_the_keys_that_type_them() {
        for (word, keys) in [
            ("사랑해", "tkfkdgo"),
            ("비밀번호", "qlalfqjsgh"),
            ("안녕", "dkssud"),
            ("까치", "rkcl"),
            ("앉아", "dkswdk"),
            ("왕비", "dhkdql"),
            ("ㅔㅁㄴㄴ잭ㅇ", "password"),
            ("mina민아", "minaalsdk"),
        ] {
            assert_eq!(typed_on_latin_keys(word), keys, "{word}");
        }
        assert!(has_hangul("ㅋ") && !has_hangul("サ가".trim_end_matches('가')));
    }
}
