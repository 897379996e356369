//! The handle: a person's address, `@mina`.
//!
//! Handles are ASCII only: people type an address, read it aloud and compare it by eye, and Unicode has too many
//! confusable characters for that. The skeleton detects the few confusable ASCII characters: handles that look alike
//! have the same one.

use super::reserved;
use crate::limits::{HANDLE_CHARACTERS_MAX, HANDLE_CHARACTERS_MIN};
use crate::rules::RuleBroken;
use crate::text::stored_text;

/// The address of a person: 3 to 20 of `a-z`, `0-9` and `_`, starting with a letter. Without the `@`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(transparent)]
pub struct Handle(String);

stored_text!(Handle, printed);

impl Handle {
    /// Checks a requested handle. One leading `@` is removed and upper case becomes lower case.
    ///
    /// Only the store knows whether the handle is free: it has a unique index on the handle and one on the
    /// [`skeleton`](Self::skeleton).
    ///
    /// # Errors
    /// [`RuleBroken::HandleCharacters`], [`RuleBroken::HandleTooShort`], [`RuleBroken::HandleTooLong`],
    /// [`RuleBroken::HandleReserved`], or [`RuleBroken::HandleConfusable`] if it looks like a reserved one.
    pub fn parse(text: &str) -> Result<Self, RuleBroken> {
        let handle = Self::well_formed(text)?;
        if reserved::is_reserved(&handle.0) {
            Err(RuleBroken::HandleReserved)
        } else if reserved::resembles_reserved(&handle.skeleton()) {
            Err(RuleBroken::HandleConfusable)
        } else {
            Ok(handle)
        }
    }

    /// Parses the handle of an existing person: at log-in, in a path, in a mention. `None` if nobody can have it.
    ///
    /// Unlike [`parse`](Self::parse) it accepts reserved words: the operator's own accounts have such handles, and a
    /// word that is reserved later must not lock out its owner.
    pub fn lookup(text: &str) -> Option<Self> {
        Self::well_formed(text).ok()
    }

    fn well_formed(text: &str) -> Result<Self, RuleBroken> {
        let bare = text.strip_prefix('@').unwrap_or(text);
        if !bare.chars().all(is_handle_character) {
            return Err(RuleBroken::HandleCharacters);
        }
        match bare.len() {
            ..HANDLE_CHARACTERS_MIN => Err(RuleBroken::HandleTooShort),
            HANDLE_CHARACTERS_MIN..=HANDLE_CHARACTERS_MAX => {
                let handle = bare.to_ascii_lowercase();
                let starts_well = handle.starts_with(|first: char| first.is_ascii_lowercase());
                starts_well
                    .then_some(Self(handle))
                    .ok_or(RuleBroken::HandleCharacters)
            }
            _ => Err(RuleBroken::HandleTooLong),
        }
    }

    /// The skeleton of the handle: two handles with equal skeletons may not both exist.
    ///
    /// The store has a unique index on it. By design `person_1` conflicts with `person_l`, and `mi_na` with `mina`. The
    /// mapping is part of the stored data: a change needs a migration.
    pub fn skeleton(&self) -> String {
        skeleton_of(&self.0)
    }
}

/// Whether a handle may contain this character. Upper case counts, too.
pub(crate) fn is_handle_character(character: char) -> bool {
    character.is_ascii_alphanumeric() || character == '_'
}

/// Removes underscores, then maps look-alikes to one spelling: `0`→`o`, `1` and `i`→`l`, `5`→`s`, `rn`→`m`, `vv`→`w`.
///
/// Every `w` is split before pairs of `v` are joined. Otherwise `vw` and `wv`, which look the same, would differ. No
/// step produces a new `r` or `n`, so a second application changes nothing.
pub(super) fn skeleton_of(handle: &str) -> String {
    let mut plain = String::with_capacity(handle.len() + 4);
    for character in handle.chars() {
        match character {
            '_' => {}
            '0' => plain.push('o'),
            '1' | 'i' => plain.push('l'),
            '5' => plain.push('s'),
            'w' => plain.push_str("vv"),
            other => plain.push(other),
        }
    }
    plain.replace("rn", "m").replace("vv", "w")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check_parse(text: &str, expected: Result<&str, RuleBroken>) {
        assert_eq!(
            Handle::parse(text).as_ref().map(Handle::as_str),
            expected.as_ref().copied(),
            "{text:?}"
        );
    }

    fn check_alike(left: &str, right: &str) {
        assert_eq!(
            skeleton_of(left),
            skeleton_of(right),
            "{left} and {right} look alike"
        );
    }

    #[test]
    fn a_handle_is_read_without_its_at_sign_and_in_small_letters() {
        check_parse("mina", Ok("mina"));
        check_parse("@Mina_92", Ok("mina_92"));
        check_parse("a_b", Ok("a_b"));
        check_parse("abcdefghij0123456789", Ok("abcdefghij0123456789"));
    }

    #[test]
    fn a_malformed_handle_is_refused_with_the_rule_it_breaks() {
        check_parse("", Err(RuleBroken::HandleTooShort));
        check_parse("@", Err(RuleBroken::HandleTooShort));
        check_parse("me", Err(RuleBroken::HandleTooShort));
        check_parse("abcdefghij01234567890", Err(RuleBroken::HandleTooLong));
        for text in [
            "@@mina",
            "mina ",
            "mi-na",
            "mi.na",
            "미나미나",
            "ｍｉｎａ",
            "minа",
            "1mina",
            "_mina",
            "mina\0",
        ] {
            check_parse(text, Err(RuleBroken::HandleCharacters));
        }
    }

    #[test]
    fn a_reserved_word_and_its_look_alikes_are_refused() {
        for word in [
            "admin", "@Admin", "sosik", "support", "settings", "login", "api", "no_reply",
        ] {
            check_parse(word, Err(RuleBroken::HandleReserved));
        }
        for word in [
            "adm1n",
            "a_d_m_i_n",
            "so5ik",
            "sos1k",
            "s0s1k_",
            "r00t",
            "adrnin",
            "nevvs",
            "noreply_",
        ] {
            check_parse(word, Err(RuleBroken::HandleConfusable));
        }
    }

    #[test]
    fn a_reserved_handle_can_still_be_looked_up() {
        assert_eq!(
            Handle::lookup("@Sosik"),
            Some(Handle::from_stored("sosik".into()))
        );
        assert_eq!(Handle::lookup("not a handle"), None);
    }

    #[test]
    fn handles_that_look_alike_have_one_skeleton() {
        check_alike("person_1", "person_l");
        check_alike("person_1", "person_i");
        check_alike("mina", "m_i_n_a_");
        check_alike("mina", "rnina");
        check_alike("mina", "r_nina");
        check_alike("o0o0o", "ooooo");
        check_alike("window", "vvindovv");
        check_alike("avwa", "awva");
        check_alike("s5s", "sss");
        assert_ne!(skeleton_of("mina"), skeleton_of("nina"));
        assert_ne!(skeleton_of("mina1"), skeleton_of("mina2"));
    }

    #[test]
    fn a_handle_is_a_plain_string_in_json() {
        assert_eq!(
            serde_json::to_string(&Handle::parse("mina").unwrap()).unwrap(),
            "\"mina\""
        );
    }

    proptest! {
        #[test]
        fn reading_any_text_never_panics_and_reading_twice_changes_nothing(text in "\\PC*") {
            if let Ok(handle) = Handle::parse(&text) {
                prop_assert_eq!(Handle::parse(handle.as_str()), Ok(handle));
            }
        }

        #[test]
        fn every_well_formed_text_is_a_handle_somebody_may_have(text in "[a-zA-Z][a-zA-Z0-9_]{2,19}") {
            let handle = Handle::lookup(&text).unwrap();
            prop_assert_eq!(handle.as_str(), text.to_ascii_lowercase());
        }

        #[test]
        fn a_skeleton_is_its_own_skeleton(text in "[a-z][a-z0-9_]{2,19}", dense in "[rnmvwi1l_]{3,20}") {
            for handle in [text, dense] {
                let skeleton = skeleton_of(&handle);
                prop_assert_eq!(skeleton_of(&skeleton), skeleton);
            }
        }

        #[test]
        fn underscores_and_look_alikes_never_change_the_skeleton(text in "[a-z][a-z0-9]{2,19}", at in 0_usize..3) {
            let skeleton = skeleton_of(&text);
            let mut spaced = text.clone();
            spaced.insert(at, '_');
            prop_assert_eq!(skeleton_of(&spaced), skeleton.clone());
            let dressed = text.replace('o', "0").replace('l', "1").replace('m', "rn").replace('w', "vv");
            prop_assert_eq!(skeleton_of(&dressed), skeleton);
        }
    }
}
