//! Korean names. Given names are romanised by rule, family names by custom: 이 signs as Lee, not as I.

use super::Name;
use crate::dice::Dice;

pub(super) fn family(dice: &mut Dice) -> Name {
    let weights: Vec<u32> = FAMILIES.iter().map(|&(_, _, weight)| weight).collect();
    let (written, latin, _) = FAMILIES[dice.weighted(&weights)];
    Name {
        written,
        latin: latin.to_owned(),
    }
}

pub(super) fn given(dice: &mut Dice) -> Name {
    let written = dice.pick(GIVEN);
    Name {
        written,
        latin: romanised(written),
    }
}

/// A given name in Latin letters: the Revised Romanization of Korean syllable by syllable, as its section on names
/// says (no sound changes between syllables), but 우 as `woo`, which is how most people write it.
fn romanised(name: &str) -> String {
    const INITIALS: [&str; 19] = [
        "g", "kk", "n", "d", "tt", "r", "m", "b", "pp", "s", "ss", "", "j", "jj", "ch", "k", "t",
        "p", "h",
    ];
    const VOWELS: [&str; 21] = [
        "a", "ae", "ya", "yae", "eo", "e", "yeo", "ye", "o", "wa", "wae", "oe", "yo", "u", "wo",
        "we", "wi", "yu", "eu", "ui", "i",
    ];
    const FINALS: [&str; 28] = [
        "", "k", "k", "k", "n", "n", "n", "t", "l", "k", "m", "l", "l", "l", "p", "l", "m", "p",
        "p", "t", "t", "ng", "t", "t", "k", "t", "p", "t",
    ];
    let mut latin = String::new();
    for syllable in name.chars().filter(|letter| ('가'..='힣').contains(letter)) {
        let place = (syllable as u32 - '가' as u32) as usize;
        let (initial, vowel, last) = (place / 588, place % 588 / 28, place % 28);
        latin.push_str(INITIALS[initial]);
        latin.push_str(if (initial, vowel) == (11, 13) {
            "woo"
        } else {
            VOWELS[vowel]
        });
        latin.push_str(FINALS[last]);
    }
    latin
}

/// Family names with their usual spelling and roughly how many of 100 Koreans bear them.
const FAMILIES: &[(&str, &str, u32)] = &[
    ("김", "kim", 21),
    ("이", "lee", 15),
    ("박", "park", 9),
    ("최", "choi", 5),
    ("정", "jung", 5),
    ("강", "kang", 2),
    ("조", "cho", 2),
    ("윤", "yoon", 2),
    ("장", "jang", 2),
    ("임", "lim", 2),
    ("한", "han", 2),
    ("오", "oh", 2),
    ("서", "seo", 2),
    ("신", "shin", 2),
    ("권", "kwon", 2),
    ("황", "hwang", 1),
    ("안", "ahn", 1),
    ("송", "song", 1),
    ("전", "jeon", 1),
    ("홍", "hong", 1),
    ("유", "yoo", 1),
    ("고", "ko", 1),
    ("문", "moon", 1),
    ("양", "yang", 1),
    ("손", "son", 1),
    ("배", "bae", 1),
    ("백", "baek", 1),
    ("허", "heo", 1),
    ("남", "nam", 1),
    ("심", "shim", 1),
    ("노", "noh", 1),
    ("하", "ha", 1),
    ("곽", "kwak", 1),
    ("성", "sung", 1),
    ("차", "cha", 1),
    ("주", "joo", 1),
    ("구", "koo", 1),
    ("민", "min", 1),
    ("류", "ryu", 1),
    ("나", "na", 1),
    ("지", "ji", 1),
    ("엄", "eom", 1),
    ("채", "chae", 1),
    ("원", "won", 1),
    ("천", "chun", 1),
    ("방", "bang", 1),
    ("공", "gong", 1),
    ("현", "hyun", 1),
    ("남궁", "namgung", 1),
    ("선우", "sunwoo", 1),
];

const GIVEN: &[&str] = &[
    "민준", "서준", "도윤", "예준", "시우", "하준", "지호", "주원", "지후", "준우", "준서", "도현",
    "건우", "현우", "우진", "지훈", "선우", "서진", "유준", "연우", "민재", "현준", "은우", "정우",
    "승우", "승현", "시윤", "준혁", "지환", "윤우", "승민", "유찬", "준영", "민성", "지원", "동현",
    "재윤", "태민", "한결", "상현", "영호", "성민", "재훈", "경수", "병철", "동욱", "태호", "진수",
    "정훈", "상철", "광수", "기범", "찬호", "범준", "무성", "서연", "서윤", "지우", "서현", "민서",
    "하은", "하윤", "윤서", "지민", "채원", "수아", "지아", "지유", "은서", "다은", "예은", "수빈",
    "소율", "예린", "지안", "소윤", "유나", "채은", "윤아", "예나", "시은", "가은", "유진", "다인",
    "수민", "하린", "나연", "민지", "혜진", "은지", "지현", "수진", "미경", "정희", "영숙", "은영",
    "현정", "보람", "슬기", "아름", "나래", "미선", "경희", "순자", "정숙", "혜원", "세아", "주연",
    "다현", "이안", "해인", "소연", "라온", "춘자", "말순", "옥희", "봉식", "덕수", "복순",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn given_names_are_romanised_syllable_by_syllable() {
        assert_eq!(romanised("민아"), "mina");
        assert_eq!(romanised("서연"), "seoyeon");
        assert_eq!(romanised("지우"), "jiwoo");
        assert_eq!(romanised("한결"), "hangyeol");
        assert_eq!(romanised("경희"), "gyeonghui");
    }
}
