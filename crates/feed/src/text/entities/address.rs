//! Where an address begins and ends.
//!
//! The rules follow UTS 58 (*Unicode Link Detection and Formatting*): brackets balance, and punctuation at the end
//! belongs to the sentence. They differ where people write without spaces: an address ends at East Asian punctuation,
//! at an emoji behind a word, and in front of a Korean or Japanese particle behind an ASCII word.

use unicode_properties::{GeneralCategory, GeneralCategoryGroup, UnicodeGeneralCategory};

use super::host::{read_authority, read_host};
use super::link::Link;
use super::{run_end, starts_with};
use crate::text::{Class, class};

/// An address, or another word that contains no tag and no mention.
#[derive(Debug)]
pub(super) struct Address {
    pub(super) start: usize,
    pub(super) end: usize,
    /// `None` if it is not a link.
    pub(super) link: Option<Link>,
}

/// Reads the ASCII word that starts here, and the address that it begins.
pub(super) fn read(text: &[char], from: usize) -> Address {
    let word_end = run_end(text, from, is_word_of_address);
    if starts_with(text, word_end, "://") {
        return with_scheme(text, from, word_end);
    }
    if starts_with(text, from, "www.") && !continues(text, from) {
        return without_scheme(text, from, word_end);
    }
    let end = if is_host(&text[from..word_end]) && leads_on(text.get(word_end)) {
        tail_end(text, from, word_end)
    } else {
        word_end
    };
    Address {
        start: from,
        end,
        link: None,
    }
}

fn with_scheme(text: &[char], from: usize, scheme_end: usize) -> Address {
    let letters = text[from..scheme_end]
        .iter()
        .rev()
        .take_while(|character| character.is_ascii_alphabetic());
    let start = scheme_end - letters.count();
    let scheme: String = text[start..scheme_end].iter().collect();
    let authority = read_authority(text, scheme_end + "://".len());
    let end = address_end(text, start, authority.end);
    let is_web = ["http", "https"].contains(&scheme.to_ascii_lowercase().as_str());
    // `git+https` is another scheme.
    let is_other = text[from..start]
        .last()
        .is_some_and(|before| *before == '+' || before.is_ascii_digit());
    let link = (is_web && !is_other)
        .then(|| {
            let address: String = text[start..end].iter().collect();
            Link::parse(&address, &text[authority.host_start..authority.host_end])
        })
        .flatten();
    Address { start, end, link }
}

/// An address that starts with `www.` and has at least two more labels.
fn without_scheme(text: &[char], from: usize, word_end: usize) -> Address {
    let authority = read_host(text, from);
    let end = address_end(text, from, authority.end);
    let host = &text[authority.host_start..authority.host_end];
    let dots = host.iter().filter(|character| **character == '.').count();
    let link = (dots >= 2)
        .then(|| {
            let address: String = "https://"
                .chars()
                .chain(text[from..end].iter().copied())
                .collect();
            Link::parse(&address, host)
        })
        .flatten();
    Address {
        start: from,
        // Without a link nothing of the word is read again.
        end: if link.is_some() {
            end
        } else {
            end.max(word_end)
        },
        link,
    }
}

/// The characters of schemes and of ASCII hosts.
fn is_word_of_address(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '+' | '-' | '.' | '_')
}

/// Whether the word continues an e-mail address, a host or a path.
fn continues(text: &[char], from: usize) -> bool {
    matches!(
        text[..from].last(),
        Some('@' | '＠' | '.' | '/' | '\\' | '-')
    )
}

/// Whether an ASCII word looks like a host with a top-level domain.
fn is_host(word: &[char]) -> bool {
    let letters = word
        .iter()
        .rev()
        .take_while(|character| character.is_ascii_alphabetic())
        .count();
    letters >= 2 && word.len() > letters + 1 && word[word.len() - letters - 1] == '.'
}

fn leads_on(next: Option<&char>) -> bool {
    matches!(next, Some('/' | '?' | '#'))
}

fn address_end(text: &[char], start: usize, authority_end: usize) -> usize {
    match leads_on(text.get(authority_end)) {
        true => tail_end(text, start, authority_end),
        false => authority_end,
    }
}

/// The effect of a character of a path, query or fragment.
#[derive(Debug, PartialEq, Eq)]
enum Part {
    /// Part of the address.
    Inside,
    /// Part of the address if more of it follows.
    Soft,
    /// Opens a bracket that this character closes.
    Open(char),
    Close,
    /// Ends the address in front of it.
    Hard,
}

/// The end of the path, query and fragment of the address that starts at `start`; they start at `from`.
fn tail_end(text: &[char], start: usize, from: usize) -> usize {
    let quote = text[..start]
        .last()
        .and_then(|before| closing_quote(*before));
    let (mut end, mut open) = (from, Vec::new());
    for (at, &character) in text.iter().enumerate().skip(from) {
        let is_adjacent = end == at;
        match part(&text[..at], character, text.get(at + 1), is_adjacent) {
            _ if Some(character) == quote => break,
            Part::Inside => end = at + 1,
            Part::Soft if divides_addresses(text, at) => break,
            Part::Soft => {}
            Part::Open(closing) => open.push(closing),
            Part::Close if open.pop() == Some(character) => end = at + 1,
            Part::Close | Part::Hard => break,
        }
    }
    particle_start(text, from, end)
}

/// A quotation mark in front of the address ends it.
fn closing_quote(before: char) -> Option<char> {
    match before {
        '\'' => Some('\''),
        '‘' => Some('’'),
        _ => None,
    }
}

/// Whether a new address follows the sign: `https://a.example/x,https://b.example`. Behind the other signs an address
/// may contain another one.
fn divides_addresses(text: &[char], at: usize) -> bool {
    !matches!(text[at], '?' | '#' | '&' | ':' | '\'')
        && (starts_with(text, at + 1, "https://") || starts_with(text, at + 1, "http://"))
}

fn part(before: &[char], character: char, next: Option<&char>, is_adjacent: bool) -> Part {
    if character.is_ascii() {
        return ascii_part(character);
    }
    match class(character) {
        Class::Blank | Class::Control | Class::Direction | Class::Unusable => Part::Hard,
        Class::Tag | Class::TagEnd => hard_unless(is_adjacent),
        Class::Mark => hard_unless(is_adjacent),
        Class::Invisible => hard_unless(is_adjacent && joins(character, next)),
        Class::FlagBase => symbol_part(before),
        Class::Visible => visible_part(before, character),
    }
}

fn hard_unless(is_inside: bool) -> Part {
    if is_inside { Part::Inside } else { Part::Hard }
}

fn ascii_part(character: char) -> Part {
    match character {
        '(' => Part::Open(')'),
        '[' => Part::Open(']'),
        '{' => Part::Open('}'),
        ')' | ']' | '}' => Part::Close,
        '.' | ',' | ':' | ';' | '!' | '?' | '\'' | '*' | '~' | '|' | '&' | '#' => Part::Soft,
        // No address may contain these (RFC 3986).
        '"' | '<' | '>' | '\\' | '`' => Part::Hard,
        _ if character.is_ascii_graphic() => Part::Inside,
        _ => Part::Hard,
    }
}

/// Variation selectors, and the joiners of emoji and of letters. Other invisible characters divide words.
fn joins(character: char, next: Option<&char>) -> bool {
    match character {
        '\u{200C}' | '\u{200D}' => next.is_some_and(|next| {
            !next.is_ascii() && matches!(class(*next), Class::Visible | Class::Mark)
        }),
        _ => character.general_category() == GeneralCategory::NonspacingMark,
    }
}

fn visible_part(before: &[char], character: char) -> Part {
    let is_behind_ascii_word = before.last().is_some_and(char::is_ascii_alphanumeric);
    match character {
        // The object particle of Japanese starts no word.
        'を' if is_behind_ascii_word => Part::Hard,
        // Titles contain these signs: スター・ウォーズ, Michelson–Morley, L’Équipe.
        '・' | '･' => match before.last() {
            Some(last) if !last.is_ascii() => Part::Soft,
            _ => Part::Hard,
        },
        '·' | '‐' | '–' | '’' => Part::Soft,
        // Signs between sentences, in Korean and Japanese without spaces around them.
        '…' | '‥' | '—' | '―' | '～' => Part::Hard,
        _ => match character.general_category_group() {
            GeneralCategoryGroup::Punctuation => punctuation_part(character),
            GeneralCategoryGroup::Symbol => match character.general_category() {
                GeneralCategory::MathSymbol | GeneralCategory::CurrencySymbol => Part::Soft,
                _ => symbol_part(before),
            },
            _ => Part::Inside,
        },
    }
}

/// Quotation marks, brackets and East Asian punctuation end an address. Other punctuation does at its end only.
fn punctuation_part(character: char) -> Part {
    let is_east_asian = matches!(
        character,
        '\u{3000}'..='\u{30FF}' | '\u{FE10}'..='\u{FE6F}' | '\u{FF00}'..='\u{FFEF}'
    );
    match character.general_category() {
        _ if is_east_asian => Part::Hard,
        GeneralCategory::OpenPunctuation
        | GeneralCategory::ClosePunctuation
        | GeneralCategory::InitialPunctuation
        | GeneralCategory::FinalPunctuation => Part::Hard,
        _ => Part::Soft,
    }
}

/// An emoji behind a word belongs to the sentence. Behind a sign of the address, it is a part of it.
fn symbol_part(before: &[char]) -> Part {
    let is_inside = before.last().is_some_and(|last| match last {
        '/' | '=' | '-' | '_' | '+' | '%' => true,
        _ => {
            !last.is_ascii()
                && (matches!(class(*last), Class::Invisible | Class::TagEnd)
                    || last.general_category_group() == GeneralCategoryGroup::Symbol)
        }
    });
    hard_unless(is_inside)
}

/// Particles, and forms of the verb *to be*, that Korean and Japanese write directly behind an address.
const PARTICLES: &[&str] = &[
    "은",
    "는",
    "이",
    "가",
    "을",
    "를",
    "에",
    "의",
    "로",
    "와",
    "과",
    "도",
    "만",
    "랑",
    "에서",
    "에는",
    "에도",
    "에서는",
    "에서도",
    "에게",
    "으로",
    "으로는",
    "이랑",
    "하고",
    "부터",
    "까지",
    "이나",
    "처럼",
    "보다",
    "라고",
    "이라고",
    "인데",
    "이고",
    "입니다",
    "이에요",
    "예요",
    "이다",
    "임",
    "참고",
    "참조",
    "に",
    "は",
    "が",
    "で",
    "と",
    "も",
    "の",
    "へ",
    "から",
    "まで",
    "より",
    "です",
    "だ",
    "には",
    "では",
];

/// The length of the longest of [`PARTICLES`].
const PARTICLE_CHARACTERS_MAX: usize = 3;

pub(super) fn is_particle(word: &[char]) -> bool {
    word.len() <= PARTICLE_CHARACTERS_MAX
        && PARTICLES
            .iter()
            .any(|particle| particle.chars().eq(word.iter().copied()))
}

/// Where the particle at the end starts, or the end. Only an ASCII word and the slash behind the host can have one:
/// in `…/w/은` the last word is the title of a page.
fn particle_start(text: &[char], from: usize, end: usize) -> usize {
    let letters = text[from..end]
        .iter()
        .rev()
        .take(PARTICLE_CHARACTERS_MAX + 1)
        .take_while(|character| !character.is_ascii())
        .count();
    let start = end - letters;
    let is_behind_word =
        start > from && (text[start - 1].is_ascii_alphanumeric() || start == from + 1);
    if is_behind_word && is_particle(&text[start..end]) {
        start
    } else {
        end
    }
}
