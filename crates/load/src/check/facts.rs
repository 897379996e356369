//! What the writes of a history reveal about people and stories.

use std::collections::{BTreeMap, BTreeSet};

use foldhash::{HashMap, HashSet};

use super::history::{Act, Audience, Entry, Link, Moment, Outcome, Reading, Span, Write};
use super::register::Register;

/// A story, known by its id.
#[derive(Debug)]
pub(super) struct Story {
    pub(super) author: u64,
    /// The span of the request; the earliest if it was repeated.
    pub(super) posted: Span,
    pub(super) public: Register<bool>,
    pub(super) deleted: Register<bool>,
}

/// A comment, known by its id.
#[derive(Debug)]
pub(super) struct Comment {
    pub(super) author: u64,
    pub(super) story: u64,
    /// The span of the request; the earliest if it was repeated.
    pub(super) written: Span,
    pub(super) deleted: Register<bool>,
}

/// Everything that the history reveals.
#[derive(Debug, Default)]
pub(super) struct Facts {
    pub(super) stories: HashMap<u64, Story>,
    /// Acknowledged stories by author, in the order of their ids.
    pub(super) by_author: HashMap<u64, BTreeMap<u64, Moment>>,
    pub(super) friends: HashMap<(u64, u64), Register<bool>>,
    pub(super) follows: HashMap<(u64, u64), Register<bool>>,
    pub(super) blocks: HashMap<(u64, u64), Register<bool>>,
    pub(super) mutes: HashMap<(u64, u64), Register<bool>>,
    pub(super) likes: HashMap<(u64, u64), Register<bool>>,
    /// By story, everybody who ever liked it.
    pub(super) likers: HashMap<u64, HashSet<u64>>,
    pub(super) comments: HashMap<u64, Comment>,
    /// By story, its acknowledged comments.
    pub(super) comments_of: HashMap<u64, BTreeSet<u64>>,
    /// By story, the number of comments that may exist although no answer named their id.
    pub(super) comments_unknown: HashMap<u64, u64>,
    /// By reader, the authors whose stories they may have been entitled to at any time.
    pub(super) authors_of: HashMap<u64, BTreeSet<u64>>,
    /// Stories that were ever shown to anybody.
    pub(super) shown: HashSet<u64>,
}

/// Both ids in ascending order.
pub(super) const fn pair(one: u64, other: u64) -> (u64, u64) {
    if one < other {
        (one, other)
    } else {
        (other, one)
    }
}

impl Facts {
    pub(super) fn of(history: &[Entry]) -> Self {
        let mut facts = Self::default();
        // Stories first: a deletion may precede the post whose answer took longer.
        let first_tries = first_tries(history);
        for write in writes(history) {
            facts.note_story(write, &first_tries);
        }
        // Deletions next: they decide whether a refused like or comment may count.
        let deletions = writes(history).filter(|write| is_deletion(write));
        for write in deletions.filter(|write| write.outcome != Outcome::Refused) {
            facts.note(write);
        }
        for write in writes(history) {
            facts.note_comment(write, &first_tries);
        }
        for entry in history {
            match entry {
                Entry::Stands(link) => facts.note_standing(*link),
                Entry::Write(write) if is_deletion(write) => {}
                Entry::Write(write) if facts.may_have_happened(write) => facts.note(write),
                Entry::Read(read) => facts.shown.extend(read.items.iter().map(|item| item.story)),
                Entry::Opened {
                    story, found: true, ..
                } => {
                    facts.shown.insert(*story);
                }
                _ => {}
            }
        }
        facts
    }

    fn note_story(&mut self, write: &Write, first_tries: &HashMap<(u64, &str), Moment>) {
        let Act::Post {
            story: Some(id),
            audience,
            key,
            ..
        } = &write.act
        else {
            return;
        };
        let first_try = (key.as_deref()).and_then(|key| first_tries.get(&(write.who, key)));
        let begin = first_try.map_or(write.span.begin, |first| write.span.begin.min(*first));
        let known = self.stories.entry(*id).or_insert_with(|| Story {
            author: write.who,
            posted: write.span,
            public: Register::new(*audience == Audience::Public),
            deleted: Register::new(false),
        });
        known.posted.begin = known.posted.begin.min(begin);
        known.posted.end = known.posted.end.min(write.span.end);
        let end = known.posted.end;
        self.by_author
            .entry(write.who)
            .or_default()
            .insert(*id, end);
        self.authors_of
            .entry(write.who)
            .or_default()
            .insert(write.who);
    }

    fn note_comment(&mut self, write: &Write, first_tries: &HashMap<(u64, &str), Moment>) {
        let Act::Comment {
            comment,
            story,
            key,
            ..
        } = &write.act
        else {
            return;
        };
        let Some(id) = comment else {
            if self.may_have_happened(write) {
                *self.comments_unknown.entry(*story).or_default() += 1;
            }
            return;
        };
        let first_try = (key.as_deref()).and_then(|key| first_tries.get(&(write.who, key)));
        let begin = first_try.map_or(write.span.begin, |first| write.span.begin.min(*first));
        let known = self.comments.entry(*id).or_insert_with(|| Comment {
            author: write.who,
            story: *story,
            written: write.span,
            deleted: Register::new(false),
        });
        known.written.begin = known.written.begin.min(begin);
        known.written.end = known.written.end.min(write.span.end);
        self.comments_of.entry(*story).or_default().insert(*id);
    }

    /// Whether the write may have had an effect. A like or a comment that overlaps the deletion of its story may be
    /// refused after its commit, because the story is gone when the answer is made.
    fn may_have_happened(&self, write: &Write) -> bool {
        let on_story = match write.act {
            Act::Like { story } | Act::Unlike { story } | Act::Comment { story, .. } => Some(story),
            _ => None,
        };
        write.outcome != Outcome::Refused
            || on_story.is_some_and(|story| self.may_be_deleted(story, write.span))
    }

    fn note_standing(&mut self, link: Link) {
        self.may_read(link);
        self.register(link).stands(true);
    }

    fn note(&mut self, write: &Write) {
        match &write.act {
            Act::Post { .. } | Act::Comment { .. } => {}
            Act::Readdress { story, audience } => {
                if let Some(story) = self.stories.get_mut(story) {
                    change(&mut story.public, write, *audience == Audience::Public);
                }
            }
            Act::Delete { story } => {
                if let Some(story) = self.stories.get_mut(story) {
                    change(&mut story.deleted, write, true);
                }
            }
            Act::DeleteComment { comment } => {
                if let Some(comment) = self.comments.get_mut(comment) {
                    change(&mut comment.deleted, write, true);
                }
            }
            Act::Like { story } => self.note_like(write, *story, true),
            Act::Unlike { story } => self.note_like(write, *story, false),
            Act::Begin(link) => {
                self.may_read(*link);
                change(self.register(*link), write, true);
                if let Link::Blocks { from, to } = *link {
                    self.end_all(write, from, to);
                }
            }
            Act::End(link) => change(self.register(*link), write, false),
        }
    }

    fn note_like(&mut self, write: &Write, story: u64, likes: bool) {
        self.likers.entry(story).or_default().insert(write.who);
        let register = self
            .likes
            .entry((write.who, story))
            .or_insert_with(|| Register::new(false));
        change(register, write, likes);
    }

    /// A block ends friendship and follows in both directions.
    fn end_all(&mut self, write: &Write, one: u64, other: u64) {
        for link in [
            Link::Friends { one, other },
            Link::Follows {
                from: one,
                to: other,
            },
            Link::Follows {
                from: other,
                to: one,
            },
        ] {
            change(self.register(link), write, false);
        }
    }

    fn may_read(&mut self, link: Link) {
        let mut reads = |reader, author| {
            self.authors_of.entry(reader).or_default().insert(author);
        };
        match link {
            Link::Friends { one, other } => {
                reads(one, other);
                reads(other, one);
            }
            Link::Follows { from, to } => reads(from, to),
            Link::Blocks { .. } | Link::Mutes { .. } => {}
        }
    }

    fn register(&mut self, link: Link) -> &mut Register<bool> {
        let (registers, key) = match link {
            Link::Friends { one, other } => (&mut self.friends, pair(one, other)),
            Link::Follows { from, to } => (&mut self.follows, (from, to)),
            Link::Blocks { from, to } => (&mut self.blocks, (from, to)),
            Link::Mutes { from, to } => (&mut self.mutes, (from, to)),
        };
        registers.entry(key).or_insert_with(|| Register::new(false))
    }
}

/// When each key was first used. A repeat may be answered with the result of an unanswered request long before.
fn first_tries(history: &[Entry]) -> HashMap<(u64, &str), Moment> {
    let mut first = HashMap::default();
    for write in writes(history) {
        if let Act::Post { key: Some(key), .. } | Act::Comment { key: Some(key), .. } = &write.act {
            let begin = first
                .entry((write.who, key.as_str()))
                .or_insert(write.span.begin);
            *begin = write.span.begin.min(*begin);
        }
    }
    first
}

pub(super) fn writes(history: &[Entry]) -> impl Iterator<Item = &Write> {
    history.iter().filter_map(|entry| match entry {
        Entry::Write(write) => Some(write),
        _ => None,
    })
}

/// Whether a page is the first of its view or replaces all before.
pub(super) const fn begins_anew(ask: Reading) -> bool {
    matches!(ask, Reading::Top | Reading::Reset)
}

fn is_deletion(write: &Write) -> bool {
    matches!(write.act, Act::Delete { .. })
}

fn change(register: &mut Register<bool>, write: &Write, value: bool) {
    match write.outcome {
        Outcome::Acknowledged => register.changed(write.span, value),
        // A refused write counts only if it may have happened anyway.
        Outcome::Unknown | Outcome::Refused => register.may_have_changed(write.span.begin, value),
    }
}
