//! People, their sessions and their relations.

use sosik_feed::people::Language;
use sosik_feed::{AllowedActors, AllowedAskers, PersonId, Privacy, SessionId, Timestamp};

use super::Avatar;

/// SHA-256 of a session token. The token itself is nowhere in the store.
pub type TokenHash = [u8; 32];

/// A person as others may see them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonRecord {
    /// The id of the person.
    pub id: PersonId,
    /// Lower case, unique.
    pub handle: String,
    /// The name to show, in any script.
    pub display_name: String,
    /// May be empty.
    pub bio: String,
    /// The picture, if they have one.
    pub avatar: Option<Avatar>,
    /// The language of the interface, and the `lang` attribute of their texts.
    pub language: Language,
    /// Grows with every change of the profile. Of two copies, the one with the larger revision is newer.
    pub revision: u64,
    /// Who may mention them, comment on their stories and send them friend requests. Only they see it.
    pub privacy: Privacy,
}

/// A place in the index of search terms: rows are sorted by term, then by person.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct TermPlace {
    /// The term.
    pub term: String,
    /// The person who has it.
    pub person: PersonId,
}

/// A row of the index of search terms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundByTerm {
    /// The term in the range.
    pub term: String,
    /// The person who has it. One person can have several.
    pub person: PersonRecord,
}

/// Whether a handle can be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HandleUse {
    /// Nobody has it or one that looks like it.
    Free,
    /// A person has it.
    Taken,
    /// A person has one that looks like it.
    Confusable,
}

/// A new account.
#[derive(Debug, Clone)]
pub struct NewPerson {
    /// Taken from the generator.
    pub id: PersonId,
    /// Checked by the rules of handles.
    pub handle: String,
    /// The form that look-alike handles share. Unique among people.
    pub skeleton: String,
    /// Checked.
    pub display_name: String,
    /// The language of the interface.
    pub language: Language,
    /// Argon2id in PHC form. Empty when nobody can log in (imported people).
    pub password_hash: String,
    /// The terms by which people search finds this person (see `sosik_feed::search`).
    pub search_terms: Vec<String>,
    /// The time of the clock. The time in the id may be later.
    pub created_at: Timestamp,
}

/// All friends of a person, to fill a store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FriendsOf {
    /// The person.
    pub person: PersonId,
    /// Each friend, with the start of the friendship, in ascending order of id.
    pub friends: Vec<(PersonId, Timestamp)>,
}

/// The outcome of a sign-up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignUp {
    /// The account was created.
    Created,
    /// The handle, or one that looks like it, is in use.
    HandleTaken,
    /// The invitation is not open: it is unknown, revoked, expired or used up.
    InvitationInvalid,
}

/// The stored credentials that a log-in is checked against.
#[derive(Debug, Clone)]
pub struct Credentials {
    /// The owner of the password.
    pub person: PersonId,
    /// Argon2id in PHC form; empty when nobody can log in.
    pub password_hash: String,
}

/// A new password, as the owner of the account asked for it.
#[derive(Debug, Clone)]
pub struct PasswordChange {
    /// The owner.
    pub person: PersonId,
    /// The stored hash that the current password was checked against.
    pub checked: String,
    /// The hash of the new password.
    pub hash: String,
    /// The session of the request. It stays.
    pub session: SessionId,
}

/// A change of a profile. `None` leaves a field unchanged.
#[derive(Debug, Clone, Default)]
pub struct ProfileChange {
    /// New display name.
    pub display_name: Option<String>,
    /// New bio; empty removes it.
    pub bio: Option<String>,
    /// New language.
    pub language: Option<Language>,
    /// The search terms that go with the new display name.
    pub search_terms: Option<Vec<String>>,
    /// New privacy settings.
    pub privacy: PrivacyChange,
}

/// A change of privacy settings. `None` leaves a setting unchanged.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PrivacyChange {
    /// Who may mention the person.
    pub mentions: Option<AllowedActors>,
    /// Who may comment on the person's stories.
    pub comments: Option<AllowedActors>,
    /// Who may send the person a friend request.
    pub requests: Option<AllowedAskers>,
}

/// The counts on a profile page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PersonCounts {
    /// Friends, at most 5,000.
    pub friends: u32,
    /// People they follow, at most 5,000.
    pub follows: u32,
    /// Followers, without a limit.
    pub followers: u32,
    /// Stories of either audience that are not deleted.
    pub stories: u32,
    /// Public stories that are not deleted.
    pub public_stories: u32,
}

/// A session as the store keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionRecord {
    /// For the list of devices and for revoking.
    pub id: SessionId,
    /// The person who is logged in.
    pub person: PersonId,
    /// SHA-256 of the token.
    pub token: TokenHash,
    /// Log-in time.
    pub created_at: Timestamp,
    /// Last use, coarse: written at most every few minutes.
    pub used_at: Timestamp,
    /// The session expires at this time, even when it is in use.
    pub expires_at: Timestamp,
    /// The name that the client gives itself, for the list of devices. Cut to 200 characters.
    pub client: String,
}

/// The outcome of a change of a relation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RelationChange {
    /// The relation changed.
    Changed,
    /// The relation changed without a notification: it repeats or undoes a recent change.
    ChangedQuietly,
    /// The relation was already in this state, or there was nothing to undo.
    Unchanged,
    /// A friend request became a friendship, since the other had asked before.
    BecameFriends,
    /// The other person does not exist, or one has blocked the other.
    NoSuchPerson,
    /// The friend request does not exist.
    NoSuchRequest,
    /// The acting person has reached their limit.
    LimitReached,
    /// The other person has reached their friend limit.
    TheirLimitReached,
}

impl RelationChange {
    /// `Changed` or `Unchanged`.
    #[must_use]
    pub const fn changed_if(changed: bool) -> Self {
        if changed {
            Self::Changed
        } else {
            Self::Unchanged
        }
    }
}

/// The direction of the friend requests to list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RequestSide {
    /// Requests that the person received.
    Incoming,
    /// Requests that the person sent.
    Outgoing,
}

/// A list of people a person has a relation with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PeopleList {
    /// Friends, newest friendship first.
    Friends,
    /// People whom the person follows, newest first.
    Follows,
    /// Followers of the person, newest first.
    Followers,
    /// People whom the person blocked, newest first.
    Blocks,
    /// People whom the person muted, newest first.
    Mutes,
    /// Friend requests, newest first.
    Requests(RequestSide),
}

/// One entry of a [`PeopleList`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RelatedPerson {
    /// The person listed.
    pub person: PersonId,
    /// The start of the relation.
    pub since: Timestamp,
}

/// Limits that the store enforces in the transaction of the write.
#[derive(Debug, Clone, Copy)]
pub struct RelationLimits {
    /// Friends of either person. A constraint of the schema rejects more than 5,000 in any case.
    pub friends_max: u32,
    /// People whom one person follows. A constraint of the schema rejects more than 5,000 in any case.
    pub follows_max: u32,
    /// People whom one person blocks.
    pub blocks_max: u32,
    /// People whom one person mutes.
    pub mutes_max: u32,
    /// Pending friend requests of one person.
    pub requests_max: u32,
}

/// The number of readers from which an author is large, with hysteresis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LargeAuthorLimits {
    /// An author with more friends and followers than this becomes large.
    pub above: u32,
    /// A large author with fewer than this becomes normal again. Smaller than `above`.
    pub below: u32,
}

impl LargeAuthorLimits {
    /// An author with more readers than this is large until fewer than 80 % of them are left. Without that gap, one
    /// follower who comes and goes would switch the author back and forth.
    #[must_use]
    pub const fn above(above: u32) -> Self {
        Self {
            above,
            below: above - above.div_ceil(5),
        }
    }

    /// Whether an author with this many friends and followers is large. Between the two bounds the mark stays unchanged.
    #[must_use]
    pub const fn is_large(self, readers: u32, was_large: bool) -> bool {
        if was_large {
            readers >= self.below
        } else {
            readers > self.above
        }
    }
}
