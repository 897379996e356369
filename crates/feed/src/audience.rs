//! Entitlement: audiences, the circle of a reader, and the rule that decides who may see a story.
//!
//! The rule is applied **at read**, to every story of every page, whatever a queue or a cache still contains.
//!
//! The rule is also written in SQL, in two places of the store. For notifications, the store decides who is notified of
//! a mention, and filters the notifications that a person reads and the unread count. For `verify`, the store computes
//! a feed independently, so that an error here is found. A change of the rule must change these statements, too.

use serde::{Deserialize, Serialize};

use crate::id::PersonId;

/// The audience of a story. The default is the narrower one. A client that omits the audience then shows the story to
/// too few people, which the author can correct. Too wide an audience cannot be undone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Audience {
    /// Friends and followers of the author, and everybody who opens the author's page.
    Public,
    /// Friends of the author only.
    #[default]
    Friends,
}

/// The relation between two people, as one of them sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "seven independent facts, each a row in the store"
)]
pub struct Relation {
    /// They are friends.
    pub friend: bool,
    /// I sent them a friend request, which is pending.
    pub requested: bool,
    /// They sent me a friend request, which is pending.
    pub asked: bool,
    /// I follow them.
    pub following: bool,
    /// I muted them.
    pub muted: bool,
    /// I blocked them.
    pub blocked: bool,
    /// They blocked me. Never shown to me.
    pub blocked_by: bool,
}

impl Relation {
    /// Neither may see the other.
    #[must_use]
    pub const fn severed(self) -> bool {
        self.blocked || self.blocked_by
    }
}

/// Everybody a reader has a relation with: the input of the entitlement rule, sorted for binary search.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Circle {
    friends: Box<[PersonId]>,
    follows: Box<[PersonId]>,
    muted: Box<[PersonId]>,
    severed: Box<[PersonId]>,
}

impl Circle {
    /// Sorts the lists. `severed` contains the people whom the reader blocked and those who blocked the reader.
    #[must_use]
    pub fn new(
        friends: Vec<PersonId>,
        follows: Vec<PersonId>,
        muted: Vec<PersonId>,
        severed: Vec<PersonId>,
    ) -> Self {
        let sorted = |mut people: Vec<PersonId>| {
            people.sort_unstable();
            people.dedup();
            people.into_boxed_slice()
        };
        Self {
            friends: sorted(friends),
            follows: sorted(follows),
            muted: sorted(muted),
            severed: sorted(severed),
        }
    }

    /// The reader's friends, ascending.
    #[must_use]
    pub fn friends(&self) -> &[PersonId] {
        &self.friends
    }

    /// The people whom the reader follows, ascending.
    #[must_use]
    pub fn follows(&self) -> &[PersonId] {
        &self.follows
    }

    /// Whether the two people are severed: neither may be shown to the other.
    #[must_use]
    pub fn is_severed_from(&self, other: PersonId) -> bool {
        self.severed.binary_search(&other).is_ok()
    }

    /// Whether anybody is severed from the reader. If not, no list hides anybody for this reason.
    #[must_use]
    pub fn is_severed_from_anybody(&self) -> bool {
        !self.severed.is_empty()
    }

    /// Whether the two are friends.
    #[must_use]
    pub fn is_friend(&self, other: PersonId) -> bool {
        self.friends.binary_search(&other).is_ok()
    }

    /// Whether a story of this author can be in the reader's home feed. The reader's own stories always are and are not
    /// covered here.
    #[must_use]
    pub fn subscribes_to(&self, author: PersonId) -> bool {
        (self.is_friend(author) || self.follows.binary_search(&author).is_ok())
            && !self.is_hidden(author)
    }

    /// Whether the author is blocked, in either direction, or muted.
    #[must_use]
    pub fn is_hidden(&self, author: PersonId) -> bool {
        self.is_severed_from(author) || self.muted.binary_search(&author).is_ok()
    }

    /// Whether a story of `author` belongs into the **home feed** of `reader`, to whom this circle belongs.
    #[must_use]
    pub fn entitles(&self, reader: PersonId, author: PersonId, audience: Audience) -> bool {
        if author == reader {
            return true;
        }
        if self.is_hidden(author) {
            return false;
        }
        self.is_friend(author)
            || (audience == Audience::Public && self.follows.binary_search(&author).is_ok())
    }

    /// Whether the reader may open this story elsewhere (its page, its author's page, a tag). A mute hides stories from
    /// the home feed only.
    #[must_use]
    pub fn may_open(&self, reader: PersonId, author: PersonId, audience: Audience) -> bool {
        author == reader
            || (!self.is_severed_from(author)
                && (audience == Audience::Public || self.is_friend(author)))
    }

    /// The authors whose stories can be in the home feed, each once, with the part of their stories that the reader may
    /// see. Omits hidden authors and the reader.
    pub fn authors(&self) -> impl Iterator<Item = (PersonId, Visibility)> + '_ {
        let friends = self
            .friends
            .iter()
            .map(|&author| (author, Visibility::Everything));
        let follows = self
            .follows
            .iter()
            .filter(|author| !self.is_friend(**author))
            .map(|&author| (author, Visibility::Public));
        friends
            .chain(follows)
            .filter(|(author, _)| !self.is_hidden(*author))
    }

    /// Bytes of heap memory, for caches with a budget.
    #[must_use]
    pub fn heap_bytes(&self) -> usize {
        (self.friends.len() + self.follows.len() + self.muted.len() + self.severed.len())
            * size_of::<PersonId>()
    }
}

/// The part of an author's stories that a reader may see.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Visibility {
    /// Friends: both audiences.
    Everything,
    /// Followers: public stories only.
    Public,
}

#[cfg(test)]
mod tests {
    use super::*;

    const READER: PersonId = PersonId::from_u64(1);
    const FRIEND: PersonId = PersonId::from_u64(2);
    const FOLLOWED: PersonId = PersonId::from_u64(3);
    const MUTED: PersonId = PersonId::from_u64(4);
    const SEVERED: PersonId = PersonId::from_u64(5);
    const STRANGER: PersonId = PersonId::from_u64(6);

    fn circle() -> Circle {
        Circle::new(
            vec![SEVERED, MUTED, FRIEND],
            vec![FOLLOWED, MUTED, SEVERED],
            vec![MUTED],
            vec![SEVERED],
        )
    }

    #[track_caller]
    fn check_home(author: PersonId, public: bool, friends: bool) {
        assert_eq!(
            circle().entitles(READER, author, Audience::Public),
            public,
            "public story of {author}"
        );
        assert_eq!(
            circle().entitles(READER, author, Audience::Friends),
            friends,
            "friends' story of {author}"
        );
    }

    #[track_caller]
    fn check_opens(author: PersonId, public: bool, friends: bool) {
        assert_eq!(
            circle().may_open(READER, author, Audience::Public),
            public,
            "public story of {author}"
        );
        assert_eq!(
            circle().may_open(READER, author, Audience::Friends),
            friends,
            "friends' story of {author}"
        );
    }

    #[test]
    fn the_home_feed_has_own_friends_and_followed_public_stories_and_nothing_else() {
        check_home(READER, true, true);
        check_home(FRIEND, true, true);
        check_home(FOLLOWED, true, false);
        check_home(MUTED, false, false);
        check_home(SEVERED, false, false);
        check_home(STRANGER, false, false);
    }

    #[test]
    fn a_story_can_be_opened_by_friends_and_when_public_by_all_but_the_blocked() {
        check_opens(READER, true, true);
        check_opens(FRIEND, true, true);
        check_opens(FOLLOWED, true, false);
        check_opens(MUTED, true, true);
        check_opens(SEVERED, false, false);
        check_opens(STRANGER, true, false);
    }

    #[test]
    fn a_friend_who_is_also_followed_is_one_author_and_hidden_ones_are_none() {
        let circle = Circle::new(
            vec![FRIEND, MUTED],
            vec![FRIEND, FOLLOWED],
            vec![MUTED],
            vec![],
        );
        let authors: Vec<_> = circle.authors().collect();
        assert_eq!(
            authors,
            [
                (FRIEND, Visibility::Everything),
                (FOLLOWED, Visibility::Public)
            ]
        );
    }
}
