//! Korean names. Given names are romanized by rule, family names by custom: 이 becomes Lee, not I.

use serde::Deserialize;

use super::Name;
use crate::data::Lines;
use crate::dice::Dice;

/// The Korean names.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Names {
    /// With their usual spelling, and roughly the percentage of Koreans who have them.
    families: Vec<(String, String, u32)>,
    given: Lines,
}

impl Names {
    pub(super) fn family(&'static self, dice: &mut Dice) -> Name {
        let weights: Vec<u32> = self.families.iter().map(|(_, _, weight)| *weight).collect();
        let (written, latin, _) = &self.families[dice.weighted(&weights)];
        Name {
            written,
            latin: latin.clone(),
        }
    }

    pub(super) fn given(&self, dice: &mut Dice) -> Name {
        let written = dice.pick(&self.given);
        Name {
            written,
            latin: romanised(written),
        }
    }
}

/// Romanizes a given name: the Revised Romanization, syllable by syllable without sound changes, as its section on
/// names requires. Exception: 우 becomes `woo`, as most people write it.
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
