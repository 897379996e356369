//! Rejects display names that imitate the service or its staff.
//!
//! Names are compared by skeleton (UTS 39): look-alikes share one skeleton across scripts, widths and cases.
//! A name is not a handle and need not be unique, so only a short list of claims is rejected.
//!
//! To add a claim, add a line to the right list and an example to the tests.

use std::sync::LazyLock;

use foldhash::HashSet;
use unicode_normalization::UnicodeNormalization;
use unicode_security::confusable_detection::skeleton;

use super::handle::skeleton_of;
use crate::text::fold::is_word_character;

/// The name of the service. No word of a name may begin or end with it.
const BRAND: &str = "sosik";

/// Words that claim an official role. No word of a name may be one of them.
const CLAIMS: &[&str] = &[
    "admin",
    "admins",
    "administrator",
    "administrators",
    "sysadmin",
    "moderator",
    "moderators",
    "official",
];

/// Claims in scripts without spaces. No part of a name may be one of them.
const CLAIMS_WITHOUT_SPACES: &[&str] = &[
    "운영자",
    "운영팀",
    "운영진",
    "관리자",
    "공식",
    "고객센터",
    "公式",
    "官方",
    "運営",
    "管理者",
    "管理人",
    "管理员",
    "オフィシャル",
];

/// Words that negate the claim that they contain.
const DENIALS: &[&str] = &["비공식", "非公式", "非官方"];

/// Words that are a claim only if the name contains nothing else.
const CLAIMS_ALONE: &[&str] = &[
    "help",
    "helpdesk",
    "mod",
    "operator",
    "root",
    "safety",
    "security",
    "service",
    "staff",
    "support",
    "system",
    "team",
    "verified",
    "소식",
    "소식팀",
    "관리",
    "운영",
    "공지",
    "スタッフ",
    "サポート",
    "ソシク",
    "お知らせ",
];

struct Skeletons {
    brand: String,
    claims: HashSet<String>,
    without_spaces: Vec<String>,
    denials: Vec<String>,
    alone: HashSet<String>,
}

static SKELETONS: LazyLock<Skeletons> = LazyLock::new(|| Skeletons {
    brand: lower_first(BRAND),
    claims: skeletons_of(CLAIMS).collect(),
    without_spaces: skeletons_of(CLAIMS_WITHOUT_SPACES).collect(),
    denials: skeletons_of(DENIALS).collect(),
    alone: skeletons_of(CLAIMS)
        .chain(skeletons_of(CLAIMS_WITHOUT_SPACES))
        .chain(skeletons_of(CLAIMS_ALONE))
        .chain(skeletons_of(&[BRAND]))
        .collect(),
});

fn skeletons_of(words: &'static [&'static str]) -> impl Iterator<Item = String> {
    words.iter().map(|word| lower_first(word))
}

/// Whether a name can be mistaken for the service or its staff.
pub(super) fn imitates_the_service(name: &str) -> bool {
    let plain: String = name.chars().map(boxed_letter).nfkc().collect();
    // Upper and lower case of a letter have different look-alikes, so both orders are tried.
    [lower_first, skeleton_first]
        .into_iter()
        .any(|form| claims(&plain, form))
}

fn claims(name: &str, form: fn(&str) -> String) -> bool {
    let known = &*SKELETONS;
    let words: Vec<String> = name
        .split(|character| !is_word_character(character))
        .map(|word| form(word.trim_end_matches(|last: char| last.is_ascii_digit())))
        .filter(|word| !word.is_empty())
        .collect();
    let whole = words.concat();
    let affirmed = known
        .denials
        .iter()
        .fold(whole.clone(), |text, denial| text.replace(denial, ""));
    words.iter().any(|word| {
        known.claims.contains(word)
            || word.starts_with(&known.brand)
            || word.ends_with(&known.brand)
    }) || known.alone.contains(&whole)
        || (!words.is_empty() && words.iter().all(|word| known.alone.contains(word)))
        || known
            .without_spaces
            .iter()
            .any(|claim| affirmed.contains(claim))
}

fn lower_first(text: &str) -> String {
    let small: String = text.nfkc().flat_map(char::to_lowercase).collect();
    squashed(&skeleton(&small).collect::<String>())
}

fn skeleton_first(text: &str) -> String {
    squashed(&skeleton(text).collect::<String>().to_lowercase())
}

/// Only the letters and digits, with the look-alikes of ASCII mapped to one spelling.
fn squashed(text: &str) -> String {
    let letters: String = text
        .chars()
        .filter(|character| character.is_alphanumeric())
        .collect();
    skeleton_of(&letters)
}

/// Maps letters in boxes and discs, and the letters of flags, to plain letters. Compatibility forms do not change them.
fn boxed_letter(character: char) -> char {
    let first = match character {
        '\u{1F150}'..='\u{1F169}' => 0x1F150,
        '\u{1F170}'..='\u{1F189}' => 0x1F170,
        '\u{1F1E6}'..='\u{1F1FF}' => 0x1F1E6,
        // This letter looks like a small k. The table of Unicode has no look-alike for it.
        '\u{138}' => return 'k',
        _ => return character,
    };
    char::from_u32(u32::from('a') + u32::from(character) - first).unwrap_or(character)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_pass_for_the_service_or_its_staff_are_recognised() {
        for name in [
            "sosıĸ",
            "Аdmin",
            "АDMIN",
            "аdmіn",
            "Admin",
            "ADMIN 2",
            "adm1n",
            "A.d.m.i.n",
            "Ad min",
            "Ádmin",
            "ΑDΜΙΝ",
            "𝓐𝓭𝓶𝓲𝓷",
            "Ⓐⓓⓜⓘⓝ",
            "🅰🅳🅼🅸🅽",
            "🇦🇩🇲🇮🇳",
            "ADMIŊ",
            "MODEƦATOƦ",
            "Ａｄｍｉｎ",
            "Mina (Official)",
            "BTS_Official",
            "Ｓｏｓｉｋ",
            "ѕоѕіk",
            "Sosik",
            "SosikTeam",
            "Sosik 고객지원",
            "s0sik",
            "Support Team",
            "Staff",
            "운영자",
            "운영자 미나",
            "소식 운영팀",
            "소식",
            "관리자7",
            "공식 계정",
            "さくら公式",
            "公式アカウント",
            "運営チーム",
            "サポート",
        ] {
            assert!(imitates_the_service(name), "{name}");
        }
    }

    #[test]
    fn ordinary_names_are_none_of_them() {
        for name in [
            "Mina",
            "김민아",
            "봄 소식",
            "오늘의 소식통",
            "Badminton Kim",
            "Support Your Local Cat",
            "Service Dog Bori",
            "unofficial mina",
            "비공식 계정",
            "非公式さくら",
            "山田花子",
            "Teamo",
            "Мария",
            "محمد",
            "☕ 커피",
            "7",
            "Modi",
            "🇰🇷 Mina",
        ] {
            assert!(!imitates_the_service(name), "{name}");
        }
    }
}
