//! Entitlement: audiences, the circle of a reader, and the rule that decides who may see a story.
//!
//! The rule is applied **at read**, to every story of every page, whatever a queue or a cache still contains.
//!
//! The rule is written here and, on purpose, once more: for `verify` the store computes a feed in SQL, independently of
//! this code, so that an error here is found. The counts of hidden likes and comments find severed people in SQL, and
//! the contract suite compares them with [`Relation::severed`].

use serde::{Deserialize, Serialize};

use crate::id::PersonId;

/// The audience of a story. The default is the narrower one. A client that omits the audience then shows the story to
/// too few people, which the author can correct. Too wide an audience cannot be undone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Audience {
    /// Friends and followers of the author, and everybody who opens the author's page, also without an account.
    Public,
    /// Friends of the author only.
    #[default]
    Friends,
}

impl Audience {
    /// Whether people without an account may open a story with this audience.
    #[must_use]
    pub const fn is_open_to_strangers(self) -> bool {
        matches!(self, Self::Public)
    }
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

    /// Whether an act of the other person may notify me.
    #[must_use]
    pub const fn may_notify(self) -> bool {
        !self.severed() && !self.muted
    }

    /// Whether I may open a story of the other person with this audience. See [`Circle::may_open`].
    #[must_use]
    pub const fn may_open(self, audience: Audience) -> bool {
        !self.severed() && (self.friend || matches!(audience, Audience::Public))
    }
}

/// What decides whether a notification is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotificationCause {
    /// The person who caused it.
    pub actor: PersonId,
    /// Author and current audience of the story that it is about, if any.
    pub story: Option<(PersonId, Audience)>,
}

/// Everybody a reader has a relation with: the input of the entitlement rule, sorted for binary search.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Circle {
    friends: Box<[PersonId]>,
    follows: Box<[PersonId]>,
    muted: Box<[PersonId]>,
    severed: Box<[PersonId]>,
    /// `None`: everybody who is not severed. Otherwise more people blocked the reader than `severed` contains. These
    /// people did not, and others count as severed until the store was asked.
    open: Option<Box<[PersonId]>>,
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
        Self {
            friends: sorted(friends),
            follows: sorted(follows),
            muted: sorted(muted),
            severed: sorted(severed),
            open: None,
        }
    }

    /// The same circle of a reader whom more people blocked than it contains. Friends and people whom the reader follows
    /// are not among the others, because a block ends both.
    #[must_use]
    pub fn with_more_blockers(self) -> Self {
        Self {
            open: Some(Box::default()),
            ..self
        }
    }

    /// Those of these people of whom only the store knows whether they blocked the reader. Each once, ascending.
    pub fn undecided(&self, people: impl IntoIterator<Item = PersonId>) -> Vec<PersonId> {
        if self.open.is_none() {
            return Vec::new();
        }
        let is_listed = |person: &PersonId| self.severed.binary_search(person).is_ok();
        let people = people.into_iter();
        let undecided = people.filter(|one| self.is_severed_from(*one) && !is_listed(one));
        sorted(undecided.collect()).into_vec()
    }

    /// The same circle, which knows of these people that they did not block the reader.
    #[must_use]
    pub fn with_open(&self, people: Vec<PersonId>) -> Self {
        let known = self.open.iter().flatten().copied();
        Self {
            open: Some(sorted(known.chain(people).collect())),
            ..self.clone()
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
            || self
                .open
                .as_ref()
                .is_some_and(|open| !self.is_open(open, other))
    }

    fn is_open(&self, open: &[PersonId], other: PersonId) -> bool {
        [&self.friends, &self.follows, open]
            .iter()
            .any(|people| people.binary_search(&other).is_ok())
    }

    /// Whether anybody is severed from the reader. If not, no list hides anybody for this reason.
    #[must_use]
    pub fn is_severed_from_anybody(&self) -> bool {
        !self.severed.is_empty() || self.open.is_some()
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

    /// Whether a public story of this author is on the reader's page of public stories.
    #[must_use]
    pub fn shows_in_public(&self, reader: PersonId, author: PersonId) -> bool {
        author == reader || !self.is_hidden(author)
    }

    /// Whether a notification is shown to the reader. What was written while it was allowed is hidden as soon as the two
    /// are severed or the reader may no longer open the story. A mute stops new notifications and hides no old ones.
    #[must_use]
    pub fn shows_notification(&self, reader: PersonId, cause: NotificationCause) -> bool {
        !self.is_severed_from(cause.actor)
            && (cause.story)
                .is_none_or(|(author, audience)| self.may_open(reader, author, audience))
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
        let open = self.open.as_ref().map_or(0, |open| open.len());
        (self.friends.len() + self.follows.len() + self.muted.len() + self.severed.len() + open)
            * size_of::<PersonId>()
    }
}

/// Sorted for binary search, each person once.
fn sorted(mut people: Vec<PersonId>) -> Box<[PersonId]> {
    people.sort_unstable();
    people.dedup();
    people.into_boxed_slice()
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
    fn with_more_blockers_than_it_lists_a_circle_hides_everybody_who_was_not_checked() {
        let circle = circle().with_more_blockers();
        let unlisted = [READER, SEVERED, STRANGER, FRIEND, FOLLOWED, STRANGER];
        assert_eq!(circle.undecided(unlisted), [READER, STRANGER]);
        assert!(circle.is_severed_from(STRANGER) && circle.is_severed_from(SEVERED));
        assert!(!circle.is_severed_from(FRIEND) && !circle.is_severed_from(FOLLOWED));
        assert!(!circle.may_open(READER, STRANGER, Audience::Public));
        assert!(circle.is_severed_from_anybody());
        let checked = circle.with_open(vec![STRANGER]);
        assert!(checked.may_open(READER, STRANGER, Audience::Public));
        assert!(checked.is_severed_from(SEVERED) && checked.is_severed_from(PersonId::from_u64(7)));
        assert_eq!(checked.undecided(unlisted), [READER]);
    }

    /// Every relation, also those that the store never has, such as a friendship across a block.
    fn relations() -> impl Iterator<Item = Relation> {
        (0..1 << 7).map(|bits: u32| {
            let bit = |place: u32| bits >> place & 1 == 1;
            Relation {
                friend: bit(0),
                requested: bit(1),
                asked: bit(2),
                following: bit(3),
                muted: bit(4),
                blocked: bit(5),
                blocked_by: bit(6),
            }
        })
    }

    /// The circle of a reader who knows one person.
    fn circle_with(other: PersonId, relation: Relation) -> Circle {
        let list = |is_in: bool| if is_in { vec![other] } else { vec![] };
        Circle::new(
            list(relation.friend),
            list(relation.following),
            list(relation.muted),
            list(relation.severed()),
        )
    }

    #[test]
    fn in_every_relation_nobody_hears_of_the_severed_and_the_muted_notify_nobody() {
        let mut notify = 0;
        for relation in relations() {
            let stopped = relation.blocked || relation.blocked_by || relation.muted;
            assert_eq!(relation.may_notify(), !stopped, "{relation:?}");
            notify += u32::from(relation.may_notify());
            let hidden = circle_with(FRIEND, relation).is_hidden(FRIEND);
            assert_eq!(relation.may_notify(), !hidden, "{relation:?}");
        }
        assert_eq!(notify, 16, "of 128");
    }

    #[test]
    fn in_every_relation_a_relation_opens_what_the_circle_opens() {
        for relation in relations() {
            let circle = circle_with(FRIEND, relation);
            for audience in [Audience::Public, Audience::Friends] {
                let severed = relation.blocked || relation.blocked_by;
                let opens = !severed && (audience == Audience::Public || relation.friend);
                assert_eq!(
                    relation.may_open(audience),
                    opens,
                    "{relation:?} {audience:?}"
                );
                assert_eq!(
                    circle.may_open(READER, FRIEND, audience),
                    opens,
                    "{relation:?}"
                );
            }
        }
    }

    #[test]
    fn in_every_relation_the_public_page_has_no_muted_and_no_severed_author() {
        for relation in relations() {
            let circle = circle_with(FRIEND, relation);
            let hidden = relation.blocked || relation.blocked_by || relation.muted;
            assert_eq!(
                circle.shows_in_public(READER, FRIEND),
                !hidden,
                "{relation:?}"
            );
            assert!(circle.shows_in_public(READER, READER));
        }
    }

    #[test]
    fn a_stranger_opens_what_somebody_without_any_relation_opens() {
        for audience in [Audience::Public, Audience::Friends] {
            let opens = audience == Audience::Public;
            assert_eq!(audience.is_open_to_strangers(), opens);
            assert_eq!(Relation::default().may_open(audience), opens);
        }
    }

    #[test]
    fn in_every_relation_a_notification_is_shown_unless_its_actor_or_its_story_is_hidden() {
        for (to_actor, to_author) in
            relations().flat_map(|one| relations().map(move |two| (one, two)))
        {
            let severed = |relation: Relation| relation.blocked || relation.blocked_by;
            let list = |is_in: fn(Relation) -> bool| {
                let people = [(FRIEND, to_actor), (FOLLOWED, to_author)].into_iter();
                people
                    .filter(|(_, relation)| is_in(*relation))
                    .map(|(person, _)| person)
                    .collect()
            };
            let circle = Circle::new(
                list(|relation| relation.friend),
                list(|relation| relation.following),
                list(|relation| relation.muted),
                list(severed),
            );
            let shows = |story| {
                circle.shows_notification(
                    READER,
                    NotificationCause {
                        actor: FRIEND,
                        story,
                    },
                )
            };
            let of_actor = !severed(to_actor);
            assert_eq!(shows(None), of_actor);
            for audience in [Audience::Public, Audience::Friends] {
                assert_eq!(shows(Some((READER, audience))), of_actor, "one's own story");
                let opens =
                    !severed(to_author) && (audience == Audience::Public || to_author.friend);
                assert_eq!(
                    shows(Some((FOLLOWED, audience))),
                    of_actor && opens,
                    "{to_actor:?} {to_author:?}"
                );
            }
        }
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
