//! People, their sessions and what they are to each other.

use sosik_feed::people::Language;
use sosik_feed::{PersonId, SessionId, Timestamp};

/// SHA-256 of a session token. The token itself is nowhere in the store.
pub type TokenHash = [u8; 32];

/// A person as others may see them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonRecord {
    /// Who.
    pub id: PersonId,
    /// Lower case, unique.
    pub handle: String,
    /// In their own script.
    pub display_name: String,
    /// May be empty.
    pub bio: String,
    /// Of the interface, and of the `lang` attribute of their texts.
    pub language: Language,
    /// Grows with every change of the profile; tells an older copy from a newer.
    pub revision: u64,
}

/// A new account.
#[derive(Debug, Clone)]
pub struct NewPerson {
    /// Taken from the generator.
    pub id: PersonId,
    /// Checked by the rules of handles.
    pub handle: String,
    /// What look-alike handles have in common; unique among people.
    pub skeleton: String,
    /// Checked.
    pub display_name: String,
    /// Of the interface.
    pub language: Language,
    /// Argon2id in PHC form. Empty: nobody can log in (imported people).
    pub password_hash: String,
    /// What people search finds this person by (see `sosik_feed::search`).
    pub search_terms: Vec<String>,
    /// By the clock, which the id may be ahead of.
    pub created_at: Timestamp,
}

/// All friends of a person, for filling a store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FriendsOf {
    /// Whose.
    pub person: PersonId,
    /// Each friend with the time since when, ascending by friend.
    pub friends: Vec<(PersonId, Timestamp)>,
}

/// What became of a sign-up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignUp {
    /// The account exists now.
    Created,
    /// The handle, or one that looks like it, belongs to somebody.
    HandleTaken,
}

/// What a log-in is checked against.
#[derive(Debug, Clone)]
pub struct Credentials {
    /// Whose.
    pub person: PersonId,
    /// Argon2id in PHC form; empty when nobody can log in.
    pub password_hash: String,
}

/// A change of a profile; `None` leaves as it is.
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
}

/// Figures on a profile page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PersonCounts {
    /// Friends, at most 5,000.
    pub friends: u32,
    /// Whom they follow, at most 5,000.
    pub follows: u32,
    /// Who follows them: any number.
    pub followers: u32,
    /// Stories not deleted, of either audience.
    pub stories: u32,
    /// Those of them that are public.
    pub public_stories: u32,
}

/// A session as the store keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionRecord {
    /// For the list of devices and for revoking.
    pub id: SessionId,
    /// Whose.
    pub person: PersonId,
    /// Of the token.
    pub token: TokenHash,
    /// Log-in time.
    pub created_at: Timestamp,
    /// Last use, coarse: written at most every few minutes.
    pub used_at: Timestamp,
    /// Ends at the latest then, however much it is used.
    pub expires_at: Timestamp,
    /// What the client calls itself, for the list of devices; cut to 200 characters.
    pub client: String,
}

/// How a change of a relation ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RelationChange {
    /// It is different now.
    Changed,
    /// It is different now, and no news to the other: it repeats or undoes what was done and undone shortly before.
    ChangedQuietly,
    /// It was so already (or there was nothing to undo).
    Unchanged,
    /// A friend request became a friendship, since the other had asked before.
    BecameFriends,
    /// The other person does not exist, or one has blocked the other.
    NoSuchPerson,
    /// There is no such friend request to answer.
    NoSuchRequest,
    /// The limit of the one who acts is reached.
    LimitReached,
    /// The friend limit of the other one is reached.
    TheirLimitReached,
}

/// Which side of the friend requests to list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RequestSide {
    /// They asked me.
    Incoming,
    /// I asked them.
    Outgoing,
}

/// A list of people a person has a relation with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PeopleList {
    /// Friends, newest friendship first.
    Friends,
    /// Whom the person follows, newest first.
    Follows,
    /// Who follows the person, newest first.
    Followers,
    /// Whom the person blocked, newest first.
    Blocks,
    /// Whom the person muted, newest first.
    Mutes,
    /// Friend requests, newest first.
    Requests(RequestSide),
}

/// One entry of a [`PeopleList`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RelatedPerson {
    /// Who.
    pub person: PersonId,
    /// Since when.
    pub since: Timestamp,
}

/// Limits that the store holds in the transaction of the write.
#[derive(Debug, Clone, Copy)]
pub struct RelationLimits {
    /// Friends on either side. Above 5,000 a constraint of the store refuses in any case.
    pub friends_max: u32,
    /// Whom one person follows. Above 5,000 a constraint of the store refuses in any case.
    pub follows_max: u32,
    /// Whom one person blocks.
    pub blocks_max: u32,
    /// Whom one person mutes.
    pub mutes_max: u32,
    /// Friend requests of one person that wait for an answer.
    pub requests_max: u32,
}

/// From how many readers on an author is large, with hysteresis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LargeAuthorLimits {
    /// Above so many friends and followers an author becomes large.
    pub above: u32,
    /// Below so many a large author stops being one. Smaller than `above`.
    pub below: u32,
}
