//! The links, mentions and tags of a text: the one grammar of the server and of every client.
//!
//! [`entities`] reads a text once, from left to right. Notifications, the index of tags and the JSON of the API
//! all use its result, and clients only draw it, so they always agree about a text.
//!
//! - A link covers the whole address or does not exist. Nothing inside an address is a tag or a mention, even if the
//!   address is not a link (`ftp://…`, or `example.org/#top` without a scheme).
//! - The text that is drawn for a link shows the host that it leads to.
//! - Time is linear in the length of the text. Every rule looks at a bounded number of neighbours, or at characters
//!   that are then skipped.
//!
//! Refused: regular expressions, because these rules depend on context on both sides and a pattern for them is slow or
//! wrong. Refused: a list of top-level domains, which would be out of date. An address without a scheme is a link only
//! if it starts with `www.`.
//!
//! `tests/entities.json` lists inputs with their entities. To add a rule, add its inputs there first; then
//! `cargo xtask generate` updates the table in `docs/guide/text.md`.

mod address;
mod display;
mod host;
mod link;
mod mention;
mod tag;

use foldhash::HashSet;

pub use self::link::Link;
use crate::limits::{ENTITIES_MAX, HASHTAGS_MAX, LINKS_MAX, MENTIONS_MAX};
use crate::people::Handle;

/// A link, mention or tag in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entity {
    /// Its kind and target.
    pub kind: EntityKind,
    /// The position of its first character, in code points from the start of the text.
    pub start: u32,
    /// The position after its last character, in code points.
    pub end: u32,
}

/// The kind of an [`Entity`], with its target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EntityKind {
    /// A web address.
    Link(Link),
    /// The handle of a person. It is not checked whether the person exists.
    Mention(Handle),
    /// A hashtag, folded for comparison, without its `#`.
    Tag(String),
}

/// The entities of a text, ordered by position. They never overlap.
///
/// At most [`ENTITIES_MAX`], with at most [`LINKS_MAX`] links, [`MENTIONS_MAX`] different people and [`HASHTAGS_MAX`]
/// different tags. Everything beyond that is plain text.
#[must_use]
pub fn entities(text: &str) -> Vec<Entity> {
    let text: Vec<char> = text.chars().collect();
    let mut scanner = Scanner::new(&text);
    while scanner.at < text.len() && scanner.found.len() < ENTITIES_MAX {
        scanner.step();
    }
    scanner.found
}

/// The target of the first link of a text. Its preview is shown below the text.
#[must_use]
pub fn first_link(text: &str) -> Option<String> {
    let found = entities(text).into_iter();
    let mut links = found.filter_map(|entity| match entity.kind {
        EntityKind::Link(link) => Some(link.url),
        EntityKind::Mention(_) | EntityKind::Tag(_) => None,
    });
    links.next()
}

/// The people that a text mentions, each once, in order of appearance.
///
/// The caller checks whether the person exists and may be notified.
#[must_use]
pub fn mentions(text: &str) -> Vec<Handle> {
    let mut seen = HashSet::default();
    entities(text)
        .into_iter()
        .filter_map(|entity| match entity.kind {
            EntityKind::Mention(handle) => Some(handle),
            EntityKind::Link(_) | EntityKind::Tag(_) => None,
        })
        .filter(|handle| seen.insert(handle.clone()))
        .collect()
}

/// The hashtags of a text without their `#`, folded, each once, in order of appearance.
#[must_use]
pub fn hashtags(text: &str) -> Vec<String> {
    let mut seen = HashSet::default();
    entities(text)
        .into_iter()
        .filter_map(|entity| match entity.kind {
            EntityKind::Tag(tag) => Some(tag),
            EntityKind::Link(_) | EntityKind::Mention(_) => None,
        })
        .filter(|tag| seen.insert(tag.clone()))
        .collect()
}

/// The folded tag if the whole text is one, with or without its sign.
#[must_use]
pub fn hashtag(text: &str) -> Option<String> {
    let bare = text.strip_prefix(['#', '＃']).unwrap_or(text);
    let bare: Vec<char> = bare.chars().collect();
    let (tag, end) = tag::read(&bare, 0);
    tag.filter(|_| end == bare.len())
}

/// Reads a text. The methods that handle one kind of sign return the position where reading continues.
struct Scanner<'a> {
    text: &'a [char],
    at: usize,
    found: Vec<Entity>,
    links: usize,
    people: HashSet<Handle>,
    tags: HashSet<String>,
}

impl<'a> Scanner<'a> {
    fn new(text: &'a [char]) -> Self {
        Self {
            text,
            at: 0,
            found: Vec::new(),
            links: 0,
            people: HashSet::default(),
            tags: HashSet::default(),
        }
    }

    fn step(&mut self) {
        self.at = match self.text[self.at] {
            '@' | '＠' => self.mention(),
            '#' | '＃' => self.tag(),
            character if character.is_ascii_alphanumeric() => self.word(),
            _ => self.at + 1,
        };
    }

    /// An ASCII word. Only such a word can start an address.
    fn word(&mut self) -> usize {
        let address = address::read(self.text, self.at);
        if let Some(link) = address.link
            && self.links < LINKS_MAX
        {
            self.links += 1;
            self.put(EntityKind::Link(link), address.start, address.end);
        }
        address.end
    }

    fn mention(&mut self) -> usize {
        let start = self.at;
        let before = self.before(start);
        if before.is_some_and(mention::joins) || (before == Some('/') && !self.divides(start)) {
            return start + 1;
        }
        let (handle, end) = mention::read(self.text, start + 1);
        if let Some(handle) = handle
            && admit(&mut self.people, &handle, MENTIONS_MAX)
        {
            self.put(EntityKind::Mention(handle), start, end);
        }
        end
    }

    fn tag(&mut self) -> usize {
        let start = self.at;
        let before = self.before(start);
        let continues = self.follows_tag(start);
        let is_joined = before.is_some_and(tag::joins) && !continues;
        if is_joined || (before == Some('/') && !self.divides(start)) {
            return start + 1;
        }
        let (tag, end) = tag::read(self.text, start + 1);
        if let Some(tag) = tag
            && admit(&mut self.tags, &tag, HASHTAGS_MAX)
        {
            self.put(EntityKind::Tag(tag), start, end);
        }
        end
    }

    fn before(&self, at: usize) -> Option<char> {
        self.text[..at].last().copied()
    }

    /// Whether the slash in front of this position only divides two mentions or tags: `#봄/#여름`. Any other slash
    /// belongs to a path.
    fn divides(&self, at: usize) -> bool {
        self.found
            .last()
            .is_some_and(|last| last.end as usize + 1 == at)
    }

    fn follows_tag(&self, at: usize) -> bool {
        self.found
            .last()
            .is_some_and(|last| matches!(last.kind, EntityKind::Tag(_)) && last.end as usize == at)
    }

    fn put(&mut self, kind: EntityKind, start: usize, end: usize) {
        // A text is shorter than a request body, so the positions fit.
        let position = |at| u32::try_from(at).unwrap_or(u32::MAX);
        let (start, end) = (position(start), position(end));
        self.found.push(Entity { kind, start, end });
    }
}

/// Counts a new target. Returns false for a target beyond the limit.
fn admit<T: Clone + Eq + std::hash::Hash>(
    known: &mut HashSet<T>,
    target: &T,
    targets_max: usize,
) -> bool {
    known.contains(target) || (known.len() < targets_max && known.insert(target.clone()))
}

/// The end of the longest run of such characters that starts here.
fn run_end(text: &[char], from: usize, belongs: impl Fn(char) -> bool) -> usize {
    text[from..]
        .iter()
        .position(|character| !belongs(*character))
        .map_or(text.len(), |length| from + length)
}

fn starts_with(text: &[char], at: usize, word: &str) -> bool {
    let mut rest = text[at.min(text.len())..].iter();
    word.chars().all(|expected| {
        rest.next()
            .is_some_and(|found| found.eq_ignore_ascii_case(&expected))
    })
}

#[cfg(test)]
mod tests;
