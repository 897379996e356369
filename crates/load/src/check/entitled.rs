//! The entitlement of readers to stories over time: the definition of the home feed.
//!
//! A reader is entitled to a story that is not deleted and whose author is the reader, a friend, or, if the story is
//! public, followed. Neither has blocked the other, and the reader has not muted the author.

use foldhash::HashMap;

use super::facts::{Comment, Facts, Story, pair};
use super::history::{Audience, Item, Span};
use super::register::Register;

/// Why a story may not be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Denied {
    /// It was deleted.
    Deleted,
    /// The reader is not entitled.
    Stranger,
}

impl Facts {
    /// Whether an item may be shown at some moment of the span, or the reason why not.
    pub(super) fn may_show(&self, reader: u64, item: &Item, span: Span) -> Result<(), Denied> {
        let story = self.stories.get(&item.story);
        if story.is_some_and(|story| !story.deleted.may_be(false, span)) {
            return Err(Denied::Deleted);
        }
        if reader == item.author {
            return Ok(());
        }
        let public = match story {
            Some(story) => story.public.may(span),
            None => item.audience == Audience::Public,
        };
        let reads = may(&self.friends, pair(reader, item.author), span)
            || public && may(&self.follows, (reader, item.author), span);
        let denied = self.bars(reader, item.author).any(|bar| bar.must(span));
        if reads && !denied {
            Ok(())
        } else {
            Err(Denied::Stranger)
        }
    }

    /// Whether a story must be shown at every moment of the span.
    pub(super) fn must_show(&self, reader: u64, story: &Story, span: Span) -> bool {
        if story.deleted.may(span) {
            return false;
        }
        if reader == story.author {
            return true;
        }
        let reads = must(&self.friends, pair(reader, story.author), span)
            || story.public.must(span) && must(&self.follows, (reader, story.author), span);
        reads && !self.bars(reader, story.author).any(|bar| bar.may(span))
    }

    /// Whether the story may be deleted at some moment of the span. Its likes and comments are deleted with it, and an
    /// answer that overlaps the deletion may show the story without them.
    pub(super) fn may_be_deleted(&self, story: u64, span: Span) -> bool {
        let story = self.stories.get(&story);
        story.is_some_and(|story| story.deleted.may(span))
    }

    /// Blocks in both directions, and the reader's mute.
    fn bars(&self, reader: u64, author: u64) -> impl Iterator<Item = &Register<bool>> {
        [
            self.blocks.get(&(reader, author)),
            self.blocks.get(&(author, reader)),
            self.mutes.get(&(reader, author)),
        ]
        .into_iter()
        .flatten()
    }
}

/// Reads of one story by its id. Public stories are open to everybody who is not blocked, and a mute hides nothing.
impl Facts {
    /// Whether the story may be opened at some moment of the span.
    pub(super) fn may_open(&self, reader: u64, story: &Story, span: Span) -> Result<(), Denied> {
        if !story.deleted.may_be(false, span) {
            return Err(Denied::Deleted);
        }
        let reads = reader == story.author
            || story.public.may(span)
            || may(&self.friends, pair(reader, story.author), span);
        let blocked = self
            .blocks_between(reader, story.author)
            .any(|bar| bar.must(span));
        if reads && !blocked {
            Ok(())
        } else {
            Err(Denied::Stranger)
        }
    }

    /// Whether it must be possible to open the story at every moment of the span.
    pub(super) fn must_open(&self, reader: u64, story: &Story, span: Span) -> bool {
        let reads = reader == story.author
            || story.public.must(span)
            || must(&self.friends, pair(reader, story.author), span);
        let blocked = self
            .blocks_between(reader, story.author)
            .any(|bar| bar.may(span));
        reads && !blocked && !story.deleted.may(span)
    }

    /// Whether the comment may be shown to a reader of its story at some moment of the span. Blocks in both directions
    /// hide it; a mute does not.
    pub(super) fn may_show_comment(
        &self,
        reader: u64,
        id: u64,
        author: u64,
        span: Span,
    ) -> Result<(), Denied> {
        let comment = self.comments.get(&id);
        if comment.is_some_and(|comment| !comment.deleted.may_be(false, span)) {
            return Err(Denied::Deleted);
        }
        let mut bars = self.blocks_between(reader, author);
        match bars.any(|bar| bar.must(span)) {
            true => Err(Denied::Stranger),
            false => Ok(()),
        }
    }

    /// Whether a reader of its story must be shown the comment at every moment of the span.
    pub(super) fn must_show_comment(&self, reader: u64, comment: &Comment, span: Span) -> bool {
        let mut bars = self.blocks_between(reader, comment.author);
        !comment.deleted.may(span) && !bars.any(|bar| bar.may(span))
    }

    fn blocks_between(&self, one: u64, other: u64) -> impl Iterator<Item = &Register<bool>> {
        [(one, other), (other, one)]
            .into_iter()
            .filter_map(|key| self.blocks.get(&key))
    }
}

type Registers = HashMap<(u64, u64), Register<bool>>;

fn may(registers: &Registers, key: (u64, u64), span: Span) -> bool {
    registers
        .get(&key)
        .is_some_and(|register| register.may(span))
}

fn must(registers: &Registers, key: (u64, u64), span: Span) -> bool {
    registers
        .get(&key)
        .is_some_and(|register| register.must(span))
}
