//! Passwords that consist of one common word: the word itself, decorated with digits and signs, doubled, reversed, with
//! digits instead of letters, or typed with the keyboard set to the other language.
//!
//! The word list covers Korean, Japanese and English. A test generates `common-passwords.txt` from `words/` (each word
//! as it is written, and Korean words also as the keys of a Latin keyboard). The check strips decorations from a
//! password, and the surname from a Korean name, so the list needs no combinations. There are no false positives: a
//! rejected password *is* a decorated word of the list. To add words, add lines in `words/` and run
//! `cargo xtask generate`.

use std::sync::LazyLock;

use foldhash::HashSet;
use unicode_normalization::UnicodeNormalization;

use super::dubeolsik::{has_hangul, typed_on_latin_keys};

/// Maximum number of digits and signs that count as a decoration of a word. A date has eight digits; two more allow a
/// sign at each end. A longer run of random digits is a secret in itself.
const DECORATION_CHARACTERS_MAX: usize = 10;

/// A password of digits only, up to this length, is treated as a date, a telephone number or similar.
const DIGITS_MAX: usize = 11;

static LISTED: LazyLock<HashSet<&'static str>> =
    LazyLock::new(|| include_str!("common-passwords.txt").lines().collect());

const SURNAMES_OF_KOREA: &str = include_str!("words/korean-surnames.txt");
const GIVEN_NAMES_OF_KOREA: &str = include_str!("words/korean-given-names.txt");

/// Surnames, as they are written and as they come out of a Latin keyboard.
static SURNAMES: LazyLock<Vec<String>> = LazyLock::new(|| both_forms(SURNAMES_OF_KOREA).collect());

/// Given names, in both forms.
static GIVEN_NAMES: LazyLock<HashSet<String>> =
    LazyLock::new(|| both_forms(GIVEN_NAMES_OF_KOREA).collect());

/// The words of a file as they are written, and as they come out of a Latin keyboard.
fn both_forms(file: &'static str) -> impl Iterator<Item = String> {
    words_of(file).flat_map(|word| [word.to_owned(), typed_on_latin_keys(word)])
}

/// The words of a file. Lines that begin with `#` are comments.
fn words_of(file: &'static str) -> impl Iterator<Item = &'static str> {
    let lines = file.lines().filter(|line| !line.starts_with('#'));
    lines.flat_map(str::split_whitespace)
}

/// Whether this password is a common word, or the handle or name of its owner, with a decoration.
pub(super) fn is_listed(password: &str, personal: &[&str]) -> bool {
    let plain = plain(password);
    let signs = plain.chars().filter(|sign| !sign.is_alphabetic()).count();
    let is_number = plain.chars().all(|digit| digit.is_ascii_digit());
    if is_number && signs <= DIGITS_MAX {
        return true;
    }
    let own: Vec<String> = personal.iter().flat_map(|text| spellings(text)).collect();
    let is_known = |word: &str| LISTED.contains(word) || own.iter().any(|own| own == word);
    signs <= DECORATION_CHARACTERS_MAX && cores(&plain).iter().any(|core| is_word(core, &is_known))
}

/// The normal form: compatibility characters and upper case are folded.
fn plain(text: &str) -> String {
    text.nfkc().flat_map(char::to_lowercase).nfkc().collect()
}

/// The spellings of a name or handle that people use in passwords.
fn spellings(text: &str) -> Vec<String> {
    let letters = letters(&plain(text));
    let typed = typed_on_latin_keys(&letters);
    [letters, typed]
        .into_iter()
        .filter(|word| word.chars().count() > 1)
        .collect()
}

fn letters(text: &str) -> String {
    text.chars().filter(|sign| sign.is_alphabetic()).collect()
}

/// Candidates for the word in a password: its letters, and its letters with some of the digits read as letters.
fn cores(plain: &str) -> Vec<String> {
    let mut cores = vec![letters(plain)];
    let start = plain.trim_start_matches(|sign: char| !sign.is_alphabetic() && !is_leet(sign));
    let mut rest = start;
    loop {
        for one in ['i', 'l'] {
            cores.push(letters(&read_digits(rest, one)));
        }
        match rest.char_indices().next_back() {
            Some((at, sign)) if !sign.is_alphabetic() => rest = &rest[..at],
            _ => break,
        }
    }
    cores
}

fn is_leet(sign: char) -> bool {
    read_digits(sign.encode_utf8(&mut [0; 4]), 'i')
        .chars()
        .all(char::is_alphabetic)
}

/// Digits and signs that stand for letters, as letters.
fn read_digits(text: &str, one: char) -> String {
    text.chars()
        .map(|sign| match sign {
            '0' => 'o',
            '1' | '!' | '|' => one,
            '3' => 'e',
            '4' | '@' => 'a',
            '5' | '$' => 's',
            '7' | '+' => 't',
            '8' => 'b',
            '9' => 'g',
            other => other,
        })
        .collect()
}

fn is_word(core: &str, is_known: &impl Fn(&str) -> bool) -> bool {
    let known_in_some_form = |word: &str| {
        is_known(word)
            || is_full_name(word)
            || (has_hangul(word) && is_known(&typed_on_latin_keys(word)))
            || is_known(&word.chars().rev().collect::<String>())
    };
    !core.is_empty() && (known_in_some_form(core) || half_of(core).is_some_and(known_in_some_form))
}

/// A common surname of Korea with a common given name.
fn is_full_name(word: &str) -> bool {
    let given = |surname: &String| word.strip_prefix(surname.as_str());
    SURNAMES
        .iter()
        .filter_map(given)
        .any(|given| GIVEN_NAMES.contains(given))
}

/// The half of a text that consists of the same half twice.
fn half_of(text: &str) -> Option<&str> {
    let middle = text.len() / 2;
    let (first, second) = text.split_at_checked(middle)?;
    (first == second).then_some(first)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::PathBuf;

    use super::*;

    const WORDS: [&str; 6] = [
        include_str!("words/english.txt"),
        include_str!("words/korean.txt"),
        GIVEN_NAMES_OF_KOREA,
        include_str!("words/korean-romanised.txt"),
        include_str!("words/japanese.txt"),
        include_str!("words/japanese-romanised.txt"),
    ];

    fn generated() -> String {
        let mut list = BTreeSet::new();
        for word in WORDS.into_iter().flat_map(words_of) {
            let word = letters(&plain(word));
            if has_hangul(&word) {
                list.insert(typed_on_latin_keys(&word));
            }
            list.insert(word);
        }
        list.into_iter().map(|word| word + "\n").collect()
    }

    #[test]
    fn the_list_is_what_the_words_make() {
        let path =
            PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src/accounts/common-passwords.txt");
        if std::env::var_os("UPDATE_COMMON_PASSWORDS").is_some() {
            std::fs::write(&path, generated()).unwrap();
        }
        let written = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(
            written == generated(),
            "common-passwords.txt is stale: run `cargo xtask generate`"
        );
    }

    #[test]
    fn words_with_decorations_are_refused_in_three_languages() {
        for password in [
            "tkfkdgo1004",
            "qlalfqjsgh1",
            "dkssud123",
            "naver1234",
            "비밀번호1234",
            "sakura123",
            "Password2026!",
            "Summer2026!",
            "2026여름!!",
            "봄2026",
            "사랑해1004",
            "ㅔㅁㄴㄴ잭ㅇ12",
            "s4kur4!",
            "P@$$w0rd",
            "drowssap99",
            "naverNAVER",
            "대한민국만세1",
            "eogksalsrnr1!",
            "arigatou39",
            "ありがとう39",
            "ｎａｖｅｒ１２３４",
            "i love you 2",
            "19900101",
            "01012345678",
            "rlaalsdk12",
            "mina_kim_77",
        ] {
            assert!(is_listed(password, &["mina_kim", "김민아"]), "{password}");
        }
    }

    #[test]
    fn common_names_of_korea_are_refused_with_and_without_their_surname_on_both_keyboards() {
        for password in [
            "rlaxorl123",
            "rlaxogml1!",
            "김태희1234",
            "dlwlgns1004",
            "QKRtjdus99!",
            "xogml1234",
            "chlalswnschlalswns",
        ] {
            assert!(is_listed(password, &[]), "{password}");
        }
        for password in ["rlaxkrwkswl7", "김밥두줄주세요12", "rlatkdwkdml1"] {
            assert!(!is_listed(password, &[]), "{password}");
        }
    }

    #[test]
    fn pass_phrases_and_random_ones_are_accepted_in_three_languages() {
        for password in [
            "correct horse battery staple",
            "river-7-lantern",
            "tuesdaymoon42",
            "my dog likes rain",
            "blue kettle 19",
            "blue-kettle-on-a-hill",
            "seven pancakes at dawn",
            "Quiet.Harbour.Tin",
            "the 4 geese came back",
            "kV9#tq2Lx1",
            "xkq83-vmznw",
            "naver 83920571946",
            "오늘은맑음이네요",
            "비밀번호는길어요",
            "창밖의비를보며커피",
            "고양이는 오후에 잔다",
            "어제산우산을잃었다",
            "파란주전자와언덕",
            "할머니의 된장은 짜다",
            "우리동네 빵집은 일곱시",
            "dhsmfdmsakrdmadlsp",
            "tjdnfdml qkaqkfka",
            "ひみつのことばです",
            "さくらの木の下で待つ",
            "夜明けの珈琲と猫",
            "あしたは雨がふるらしい",
            "三丁目の豆腐屋さん",
            "aoi sora to kumo",
            "yukino furu machi",
            "neko ga nemuru engawa",
        ] {
            assert!(!is_listed(password, &["mina_kim", "김민아"]), "{password}");
        }
    }
}
