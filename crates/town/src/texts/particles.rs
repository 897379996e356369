//! Korean particles. The choice between two forms depends on the last sound of the word before.

/// The last sound of a word in Korean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ending {
    Vowel,
    /// ㄹ: counts as a consonant for every particle but `으로/로`.
    Rieul,
    Consonant,
}

/// Returns the form of `pair` that fits `word`. A pair has the form after a consonant first: `은/는`, `이/가`, `을/를`,
/// `과/와`, `으로/로`, `이랑/랑`, `이에요/예요`. A pair without a slash is returned unchanged.
pub(super) fn particle<'a>(word: &str, pair: &'a str) -> &'a str {
    let Some((after_consonant, after_vowel)) = pair.split_once('/') else {
        return pair;
    };
    match ending(word) {
        Ending::Vowel => after_vowel,
        Ending::Rieul if after_consonant == "으로" => after_vowel,
        Ending::Rieul | Ending::Consonant => after_consonant,
    }
}

/// Determines the ending by the last letter or digit; quotation marks and the like are not spoken. Letters and digits
/// of other scripts count as Korean readers pronounce them, approximately for the Latin alphabet.
fn ending(word: &str) -> Ending {
    match word.chars().rev().find(|letter| letter.is_alphanumeric()) {
        Some(syllable @ '가'..='힣') => match (syllable as u32 - '가' as u32) % 28 {
            0 => Ending::Vowel,
            8 => Ending::Rieul,
            _ => Ending::Consonant,
        },
        Some('1' | '7' | '8' | 'l' | 'L' | 'r' | 'R') => Ending::Rieul,
        Some('0' | '3' | '6') => Ending::Consonant,
        Some('b' | 'c' | 'd' | 'g' | 'k' | 'm' | 'n' | 'p' | 't' | 'x') => Ending::Consonant,
        Some('M' | 'N') => Ending::Consonant,
        _ => Ending::Vowel,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(word: &str, pair: &str, expected: &str) {
        assert_eq!(particle(word, pair), expected, "{word}");
    }

    #[test]
    fn a_particle_fits_the_end_of_its_word() {
        check("김치찌개", "을/를", "를");
        check("비빔밥", "을/를", "을");
        check("엄마", "이/가", "가");
        check("동생", "이/가", "이");
        check("고양이", "은/는", "는");
        check("치킨", "과/와", "과");
        check("할머니", "이랑/랑", "랑");
        check("삼촌", "이에요/예요", "이에요");
    }

    #[test]
    fn toward_takes_the_short_form_after_rieul() {
        check("서울", "으로/로", "로");
        check("시장", "으로/로", "으로");
        check("바다", "으로/로", "로");
        check("서울", "을/를", "을");
    }

    #[test]
    fn quotes_figures_and_latin_letters_are_read_aloud() {
        check("『느린 우체국』", "을/를", "을");
        check("7", "으로/로", "로");
        check("3", "을/를", "을");
        check("FC", "이/가", "가");
        check("OST", "을/를", "를");
    }

    #[test]
    fn a_text_without_a_choice_stays() {
        check("집", "에서", "에서");
    }
}
