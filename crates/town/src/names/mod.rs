//! Names of people: a family name shared by a household, a given name, and handles made of them.

mod japanese;
mod korean;

use std::sync::LazyLock;

use serde::Deserialize;
use sosik_feed::people::Language;

use super::data::{self, Lines};
use super::dice::Dice;

/// A name in its own script and in lower-case Latin letters that a handle can contain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Name {
    pub(super) written: &'static str,
    pub(super) latin: String,
}

static NAMES: LazyLock<Names> =
    LazyLock::new(|| data::read(include_str!("../../texts/names.toml")));

/// The content of the file of names.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Names {
    /// Words appended to a handle that is already in use.
    handle_words: Lines,
    korean: korean::Names,
    english: English,
    japanese: japanese::Names,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct English {
    families: Lines,
    given: Lines,
}

/// Draws a family name.
pub(super) fn family(language: Language, dice: &mut Dice) -> Name {
    match language {
        Language::Ko => NAMES.korean.family(dice),
        Language::En => listed(dice.pick(&NAMES.english.families)),
        Language::Ja => NAMES.japanese.family(dice),
    }
}

/// Draws a given name.
pub(super) fn given(language: Language, dice: &mut Dice) -> Name {
    match language {
        Language::Ko => NAMES.korean.given(dice),
        Language::En => listed(dice.pick(&NAMES.english.given)),
        Language::Ja => NAMES.japanese.given(dice),
    }
}

/// The full name in the order of the language.
pub(super) fn full(language: Language, family: &Name, given: &Name) -> String {
    match language {
        Language::Ko => format!("{}{}", family.written, given.written),
        Language::En => format!("{} {}", given.written, family.written),
        Language::Ja => format!("{} {}", family.written, given.written),
    }
}

/// Proposes a handle for a person of this name. Each call draws another one. A larger `attempt` adds more digits, so
/// that a free handle is found even in a town full of Kim Minjuns.
pub(super) fn handle_idea(family: &Name, given: &Name, attempt: u32, dice: &mut Dice) -> String {
    let (family, given) = (family.latin.as_str(), given.latin.as_str());
    let initial = &family[..1];
    let year = dice.between(48, 108) % 100;
    let idea = match dice.below(8) + attempt.min(40) / 2 {
        0 | 1 => given.to_owned(),
        2 => format!("{given}_{family}"),
        3 => format!("{family}_{given}"),
        4 => format!("{given}_{initial}"),
        5 => format!("{given}_{}", dice.pick(&NAMES.handle_words)),
        6 => format!("{}_{given}", dice.pick(&NAMES.handle_words)),
        7 => format!("{given}{year:02}"),
        8..=10 => format!("{initial}{given}{year:02}"),
        11..=14 => format!("{given}_{}{year:02}", dice.pick(&NAMES.handle_words)),
        _ => format!("{given}{}", dice.between(100, 9_999)),
    };
    idea.chars().filter(char::is_ascii).take(20).collect()
}

fn listed(written: &'static str) -> Name {
    let latin = written
        .chars()
        .filter(char::is_ascii_alphabetic)
        .collect::<String>();
    Name {
        written,
        latin: latin.to_ascii_lowercase(),
    }
}

#[cfg(test)]
mod tests {
    use sosik_feed::people::Handle;

    use super::*;

    #[test]
    fn every_name_gives_well_formed_handles() {
        let mut dice = Dice::new(5, 1);
        for language in Language::ALL {
            for attempt in 0..2_000 {
                let (family, given) = (family(language, &mut dice), given(language, &mut dice));
                let idea = handle_idea(&family, &given, attempt % 60, &mut dice);
                let handle = Handle::lookup(&idea);
                assert!(
                    handle.is_some() || idea.len() < 3,
                    "{idea} for {}",
                    given.written
                );
            }
        }
    }

    #[test]
    fn names_are_written_in_the_order_of_their_language() {
        let mut dice = Dice::new(5, 2);
        let full_name = |language, dice: &mut Dice| {
            full(language, &family(language, dice), &given(language, dice))
        };
        assert!(!full_name(Language::Ko, &mut dice).contains(' '));
        assert!(full_name(Language::Ja, &mut dice).contains(' '));
        assert!(full_name(Language::En, &mut dice).is_ascii());
    }
}
