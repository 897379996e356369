//! The query of a search for people.

use unicode_normalization::UnicodeNormalization;

use super::form::searchable;
use super::keys::{TypedWord, typed};
use super::terms::{cut, is_cut_anywhere, suffixes, terms, words};
use crate::limits::{SEARCH_QUERY_CHARACTERS_MAX, SEARCH_WORDS_MAX};
use crate::people::{DisplayName, Handle};
use crate::rules::RuleBroken;
use crate::text::fold::is_word_character;

/// A search for people. Every word must begin a word of the handle or of the name, or be part of a Korean, Japanese or
/// Chinese word. The last syllable of a Korean word may be unfinished, and a consonant stands for a syllable that begins
/// with it. With a leading `@`, the handle must begin with it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Query {
    scope: Scope,
    /// Searchable, trimmed, without the `@`.
    text: String,
    words: Vec<String>,
    /// The words as they are typed, in the same order.
    typed: Vec<TypedWord>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Scope {
    Handle,
    HandleAndName,
}

/// The quality of a match, best first. Cursors contain the numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Rank {
    /// The query is the handle.
    ExactHandle = 0,
    /// The handle begins with the query.
    HandlePrefix = 1,
    /// The display name begins with the query.
    NamePrefix = 2,
    /// Any other match.
    Rest = 3,
}

impl Rank {
    /// The number of ranks.
    pub const COUNT: u8 = 4;
}

impl Query {
    /// Parses the text of a search. Width, case and surrounding white space do not matter. Words after the tenth
    /// ([`SEARCH_WORDS_MAX`]) are ignored. `@` alone is a handle that is about to be typed: its query
    /// [is empty](Self::is_empty).
    ///
    /// # Errors
    /// [`RuleBroken::SearchQueryInvalid`] without a letter, a digit or a leading `@`, or with more than
    /// [`SEARCH_QUERY_CHARACTERS_MAX`] characters.
    pub fn parse(text: &str) -> Result<Self, RuleBroken> {
        let typed = text.trim();
        if typed.nfc().count() > SEARCH_QUERY_CHARACTERS_MAX {
            return Err(RuleBroken::SearchQueryInvalid);
        }
        let folded = searchable(typed);
        let (scope, text) = match folded.trim().strip_prefix('@') {
            Some(handle) => (Scope::Handle, handle.trim()),
            None => (Scope::HandleAndName, folded.trim()),
        };
        let mut found: Vec<String> = Vec::new();
        for word in scope.words(text) {
            if found.len() < SEARCH_WORDS_MAX && !found.iter().any(|known| known == word) {
                found.push(word.to_owned());
            }
        }
        if found.is_empty() && scope == Scope::HandleAndName {
            return Err(RuleBroken::SearchQueryInvalid);
        }
        Ok(Self {
            scope,
            text: text.to_owned(),
            typed: found.iter().map(|word| TypedWord::new(word)).collect(),
            words: found,
        })
    }

    /// Whether the query has no word yet. Then it finds nobody.
    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// The words, each once, in the order of the text.
    pub fn words(&self) -> &[String] {
        &self.words
    }

    /// What to look up in the index. It is that of the word with the longest one, which the fewest people have; of the
    /// first of equals.
    pub fn lookup(&self) -> &str {
        let longest = (self.typed.iter().rev()).max_by_key(|word| word.lookup().chars().count());
        longest.map_or("", |word| cut(word.lookup()))
    }

    /// The terms that begin with [`lookup`](Self::lookup): from the first bound, inclusive, to the second, exclusive. For
    /// an index that compares bytes of UTF-8, which is the order of the characters.
    pub fn range(&self) -> (String, String) {
        let lookup = self.lookup();
        (lookup.to_owned(), first_after(lookup))
    }

    /// The least term of a person that begins with [`lookup`](Self::lookup): one person may have several, and is listed
    /// at this one.
    pub fn first_term(&self, handle: &Handle, display_name: &DisplayName) -> Option<String> {
        let terms = terms(handle, display_name).into_iter();
        terms.filter(|term| term.starts_with(self.lookup())).min()
    }

    /// The handle that the query is, if anybody can have it.
    pub fn handle(&self) -> Option<Handle> {
        Handle::lookup(&self.text)
    }

    /// Whether the query is this handle.
    pub fn is_handle(&self, handle: &Handle) -> bool {
        handle.as_str() == self.text
    }

    /// Whether this person matches.
    pub fn matches(&self, handle: &Handle, display_name: &DisplayName) -> bool {
        match self.scope {
            Scope::Handle => {
                !self.is_empty()
                    && (self.words.iter()).all(|word| handle.as_str().starts_with(word))
            }
            Scope::HandleAndName => {
                let name = searchable(display_name.as_str());
                let in_name = |word: &TypedWord| words(&name).any(|part| is_in(word, part));
                let mut words_and_typed = self.words.iter().zip(&self.typed);
                words_and_typed.all(|(word, typed)| {
                    words(handle.as_str()).any(|part| part.starts_with(word)) || in_name(typed)
                })
            }
        }
    }

    /// The rank of a person who matches. Sort by rank, then by handle.
    pub fn rank(&self, handle: &Handle, display_name: &DisplayName) -> Rank {
        if self.is_handle(handle) {
            Rank::ExactHandle
        } else if handle.as_str().starts_with(&self.text) {
            Rank::HandlePrefix
        } else if self.begins(display_name) {
            Rank::NamePrefix
        } else {
            Rank::Rest
        }
    }

    /// Whether the query is a prefix of the name. Spaces do not matter: Korean names are written with and without.
    fn begins(&self, display_name: &DisplayName) -> bool {
        let name: String = words(&searchable(display_name.as_str())).collect();
        let text: String = words(&self.text).collect();
        self.scope == Scope::HandleAndName && TypedWord::new(&text).begins(&typed(&name))
    }
}

/// Whether the word of a query begins a word of a name, or a part of one without spaces.
fn is_in(word: &TypedWord, name: &str) -> bool {
    let starts = match is_cut_anywhere(name) {
        true => usize::MAX,
        false => 1,
    };
    let name = typed(name);
    suffixes(&name).take(starts).any(|part| word.begins(part))
}

impl Scope {
    /// A handle with underscores is one word. In a search for both, an underscore separates words like a space.
    fn words(self, text: &str) -> impl Iterator<Item = &str> {
        text.split(move |character| {
            !is_word_character(character) && (self == Self::HandleAndName || character != '_')
        })
        .filter(|word| word.contains(is_word_character))
    }
}

/// The smallest text that is greater than every text beginning with `prefix`. It increments the last character. If that
/// has no successor, it removes the character and increments the one before it.
fn first_after(prefix: &str) -> String {
    let mut bound = prefix.to_owned();
    while let Some(last) = bound.pop() {
        if let Some(next) = next_character(last) {
            bound.push(next);
            return bound;
        }
    }
    // Reached only for an empty prefix and for one that consists of U+10FFFF; neither is a word.
    char::MAX.to_string()
}

/// The next Unicode scalar value. Skips the surrogates.
fn next_character(character: char) -> Option<char> {
    match character {
        '\u{D7FF}' => Some('\u{E000}'),
        other => char::from_u32(u32::from(other) + 1),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::terms;
    use super::*;
    use crate::limits::SEARCH_TERM_BYTES_MAX;

    fn person(handle: &str, name: &str) -> (Handle, DisplayName) {
        (
            Handle::from_stored(handle.into()),
            DisplayName::parse(name).unwrap(),
        )
    }

    /// Searches like a store: a term in the range, then all words.
    fn finds(query: &str, handle: &str, name: &str) -> bool {
        let query = Query::parse(query).unwrap();
        let (handle, name) = person(handle, name);
        let (from, to) = query.range();
        terms(&handle, &name)
            .into_iter()
            .any(|term| from <= term && term < to)
            && query.matches(&handle, &name)
    }

    fn check_finds(query: &str, handle: &str, name: &str) {
        assert!(
            finds(query, handle, name),
            "{query:?} finds @{handle} {name}"
        );
    }

    fn check_misses(query: &str, handle: &str, name: &str) {
        assert!(
            !finds(query, handle, name),
            "{query:?} misses @{handle} {name}"
        );
    }

    fn check_rank(query: &str, handle: &str, name: &str, expected: Rank) {
        let (handle, name) = person(handle, name);
        assert_eq!(
            Query::parse(query).unwrap().rank(&handle, &name),
            expected,
            "{query:?} {handle} {name}"
        );
    }

    #[test]
    fn latin_names_and_handles_are_found_by_the_beginnings_of_words() {
        for query in [
            "m",
            "MINA",
            "kim",
            "ki mi",
            "mina_k",
            "ｍｉｎａ",
            "mina mina",
            "lee, mina",
        ] {
            check_finds(query, "mina_kim", "Mina Lee");
        }
        for query in ["ina", "minak", "mina park", "kim_mina x"] {
            check_misses(query, "mina_kim", "Mina Lee");
        }
        check_finds("jose\u{301}", "pepe", "JOSÉ");
    }

    #[test]
    fn korean_japanese_and_chinese_names_are_found_by_any_piece() {
        for query in ["김미나", "미나", "나", "김", "미", "나 김"] {
            check_finds(query, "mn1", "김미나");
        }
        check_finds("\u{1106}\u{1175}", "mn1", "김미나");
        check_finds("田花", "hana", "山田花子");
        check_finds("ﾅ", "hana", "ミナ");
        check_misses("미김", "mn1", "김미나");
        check_misses("김나", "mn1", "김미나");
    }

    #[test]
    fn an_at_sign_searches_handles_only() {
        for query in ["@mina", "@MINA_K", "＠mina_", " @ mina"] {
            check_finds(query, "mina_kim", "Lee");
        }
        for query in ["@kim", "@lee", "@mina kim", "@미나"] {
            check_misses(query, "mina_kim", "Lee 미나");
        }
    }

    #[test]
    fn a_query_without_a_word_or_of_too_many_characters_is_refused() {
        for query in ["", " ", "!?", "🎉", &"가".repeat(201)] {
            assert_eq!(
                Query::parse(query),
                Err(RuleBroken::SearchQueryInvalid),
                "{query:?}"
            );
        }
        assert!(Query::parse(&"가".repeat(200)).is_ok());
        assert!(Query::parse(&"\u{1100}\u{1161}".repeat(200)).is_ok());
    }

    #[test]
    fn an_at_sign_alone_is_the_begin_of_a_handle_and_finds_nobody() {
        for query in ["@", "＠", " @ ", "@_"] {
            let query = Query::parse(query).unwrap();
            assert!(query.is_empty(), "{query:?}");
            let (handle, name) = person("mina", "Mina");
            assert!(!query.matches(&handle, &name));
        }
    }

    #[test]
    fn accents_and_special_letters_need_not_be_typed() {
        for (query, name) in [
            ("jose", "José"),
            ("josé", "Jose"),
            ("strasse", "Straße"),
            ("straße", "STRASSE"),
            ("ｊｏｓｅ", "JOSÉ"),
            ("АЛЕНА", "Алёна"),
            ("σωκρατης", "ΣΩΚΡΆΤΗΣ"),
        ] {
            check_finds(query, "someone", name);
        }
    }

    #[test]
    fn korean_is_found_while_it_is_typed_and_by_initial_consonants() {
        for query in [
            "ㄱ",
            "기",
            "김",
            "김ㅁ",
            "김미",
            "김민",
            "ㄱㅁ",
            "ㄱㅁㄴ",
            "ㅁㄴ",
            "미ㄴ",
            "ㄴ",
            "김ㅁㄴ",
        ] {
            check_finds(query, "mn1", "김미나");
            check_finds(query, "mn1", "서 김미나");
        }
        for query in ["간", "ㄴㄷ", "낟"] {
            check_finds(query, "mn1", "가나다");
        }
        check_finds("가", "mn1", "강민");
        check_finds("깅", "mn1", "기영");
        check_misses("깅", "mn1", "김영");
        check_misses("ㄱㄴ", "mn1", "김미나");
    }

    #[test]
    fn a_person_is_listed_at_the_least_of_their_terms_in_the_range() {
        let (handle, name) = person("mina_kim", "Mina Minari");
        let first = |query| Query::parse(query).unwrap().first_term(&handle, &name);
        assert_eq!(first("min").as_deref(), Some("mina"));
        assert_eq!(first("mina_").as_deref(), Some("mina"));
        assert_eq!(first("@mina_").as_deref(), Some("mina_kim"));
        assert_eq!(first("x"), None);
    }

    #[test]
    fn the_longest_word_is_looked_up_and_the_first_of_equals() {
        assert_eq!(Query::parse("a Park mina a").unwrap().lookup(), "park");
        assert_eq!(
            Query::parse("a Park mina a").unwrap().words(),
            ["a", "park", "mina"]
        );
        assert_eq!(Query::parse("가 abc").unwrap().lookup(), "abc");
        assert_eq!(
            Query::parse("a b c d e f g h i j k l")
                .unwrap()
                .words()
                .len(),
            SEARCH_WORDS_MAX
        );
    }

    #[test]
    fn the_bound_after_a_word_skips_what_is_no_character() {
        assert_eq!(first_after("mina"), "minb");
        assert_eq!(first_after("힣"), "\u{D7A4}");
        assert_eq!(first_after("\u{D7FF}"), "\u{E000}");
        assert_eq!(first_after("a\u{10FFFF}\u{10FFFF}"), "b");
        assert_eq!(first_after("z\u{7F}"), "z\u{80}");
    }

    #[test]
    fn better_matches_rank_before_others() {
        check_rank("mina", "mina", "x", Rank::ExactHandle);
        check_rank("@Mina", "mina", "x", Rank::ExactHandle);
        check_rank("mi_na", "mi_na", "x", Rank::ExactHandle);
        check_rank("mina", "mina_kim", "Mina", Rank::HandlePrefix);
        check_rank("김미", "mn1", "김 미나", Rank::NamePrefix);
        check_rank("mina k", "mk1", "Mina Kim", Rank::NamePrefix);
        check_rank("미나", "mn1", "김미나", Rank::Rest);
        check_rank("kim", "mina_kim", "Mina Kim", Rank::Rest);
        assert!(Rank::ExactHandle < Rank::HandlePrefix && Rank::HandlePrefix < Rank::NamePrefix);
        assert!(Rank::NamePrefix < Rank::Rest);
    }

    /// A part of a name, in characters.
    fn piece(name: &str, start: prop::sample::Index, length: prop::sample::Index) -> String {
        let all: Vec<char> = name.chars().collect();
        let start = start.index(all.len());
        let length = 1 + length.index(all.len() - start);
        all[start..start + length].iter().collect()
    }

    proptest! {
        #[test]
        fn every_piece_of_a_name_without_spaces_finds_it(
            name in "[가-힣一-龥ぁ-んァ-ヶａ-ｚa-z]{0,20}[가-힣一-龥ァ-ヶ][가-힣一-龥ぁ-んァ-ヶａ-ｚa-z]{0,19}",
            start in any::<prop::sample::Index>(), length in any::<prop::sample::Index>(),
        ) {
            let piece = piece(&name, start, length);
            prop_assert!(finds(&piece, "x_1", &name), "{piece:?} finds {name:?}");
        }

        #[test]
        fn a_person_matches_when_every_word_begins_one_of_their_terms(
            query in "[abc田 _]{1,6}", handle in "[ab][ab_]{2,6}", name in "[ab田子]{1,4}( [ab田子]{1,4}){0,2}",
        ) {
            let Ok(query) = Query::parse(&query) else { return Ok(()) };
            let (handle, name) = person(&handle, &name);
            let terms = terms(&handle, &name);
            let begun = query.words().iter().all(|word| terms.iter().any(|term| term.starts_with(word)));
            prop_assert_eq!(query.matches(&handle, &name), begun);
        }

        #[test]
        fn a_name_is_found_by_every_state_of_its_typing_and_by_its_initial_consonants(
            name in "[가-힣]{1,10}", length in any::<prop::sample::Index>(), initial in prop::collection::vec(any::<bool>(), 10),
        ) {
            use unicode_normalization::UnicodeNormalization;
            // As far as typed, letter by letter: canonical letters compose to the syllables that a keyboard shows.
            let letters: Vec<char> = name.nfd().collect();
            let state: String = letters[..=length.index(letters.len())].iter().copied().nfc().collect();
            prop_assert!(finds(&state, "x_1", &name), "{state:?} finds {name:?}");
            // Any of the syllables but the last by their initial consonants.
            let syllables = name.chars().zip(initial);
            let mixed: String = syllables.map(|(syllable, initial)| match initial {
                true => syllable.nfd().next().unwrap_or(syllable),
                false => syllable,
            }).collect();
            prop_assert!(finds(&mixed, "x_1", &name), "{mixed:?} finds {name:?}");
        }

        #[test]
        fn whoever_matches_has_a_term_in_the_range(
            query in "@?[ab가나간갃ㄱㄴㄳㅋ _]{1,6}", handle in "[ab][ab_]{2,6}",
            name in "[ab가나사간ㄱㅋ]{1,4}( [ab가나각]{1,4}){0,2}",
        ) {
            let Ok(query) = Query::parse(&query) else { return Ok(()) };
            let (handle, name) = person(&handle, &name);
            let (from, to) = query.range();
            if query.matches(&handle, &name) {
                prop_assert!(terms(&handle, &name).into_iter().any(|term| from <= term && term < to));
            }
        }

        #[test]
        fn a_term_is_in_the_range_exactly_when_it_begins_with_the_lead(
            prefix in "\\PC{1,4}", other in any::<String>(), rest in any::<String>(),
        ) {
            let bound = first_after(&prefix);
            let longer = format!("{prefix}{rest}");
            prop_assert!(prefix <= longer && longer < bound);
            let highest = format!("{prefix}{}", char::MAX);
            prop_assert!(highest < bound);
            prop_assert_eq!(prefix <= other && other < bound, other.starts_with(&prefix));
        }

        #[test]
        fn reading_any_query_never_panics_and_gives_words_in_bounds(text in any::<String>(), close in "[@_ a-cＡ가\u{FDFA}]{0,50}") {
            for text in [text, close] {
                let Ok(query) = Query::parse(&text) else { continue };
                prop_assert_eq!(query.is_empty(), query.words().is_empty());
                if query.is_empty() { continue }
                prop_assert!(query.words().len() <= SEARCH_WORDS_MAX);
                prop_assert!(query.words().iter().all(|word| !word.is_empty()));
                prop_assert!((1..=SEARCH_TERM_BYTES_MAX).contains(&query.lookup().len()));
                let (from, to) = query.range();
                prop_assert!(from < to);
            }
        }
    }
}
