//! What goes into the store and what comes out of it, in the product's words.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

pub use sosik_feed::Position;
use sosik_feed::cursor::seal::KEY_BYTES;
use sosik_feed::people::Language;
use sosik_feed::{Audience, CommentId, NotificationId, PersonId, SessionId, StoryId, Timestamp};

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

/// A repeated request is recognised by this.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Idempotency {
    /// As the client sent it.
    pub key: String,
    /// Hash of the request's body; the same key with another body is refused.
    pub fingerprint: u64,
}

/// A story to be kept.
#[derive(Debug, Clone)]
pub struct NewStory {
    /// Taken from the generator just now.
    pub id: StoryId,
    /// Who posts.
    pub author: PersonId,
    /// Checked.
    pub text: String,
    /// Who it is for.
    pub audience: Audience,
    /// Handles in the text, at most 50. The store keeps those that exist and tells the mentioned who may see it.
    pub mentions: Vec<String>,
    /// Tags in the text, normalised, at most 30.
    pub tags: Vec<String>,
    /// To recognise a repeat.
    pub idempotency: Option<Idempotency>,
    /// When.
    pub now: Timestamp,
    /// The delivery order is written with this claim, so that no second write is needed to claim it. Without one it is
    /// due at once and any worker may claim it.
    pub claim: Option<Claim>,
}

/// The name of one claim. No two claims of a store have the same name. A worker whose claim expired therefore changes
/// nothing about an order that was claimed again, not even when its own process claimed it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct ClaimName {
    /// Node number and epoch of the process. Never used by another process.
    pub process: u64,
    /// Counts the claims of the process, from 1.
    pub number: u64,
}

/// The right to work on an order for a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Claim {
    /// Which claim.
    pub name: ClaimName,
    /// When it expires. Any worker may claim the order after that.
    pub until: Timestamp,
}

/// What became of a post.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Posted<Id> {
    /// New, with the people who got a notification of it.
    New {
        /// Who has a new notification.
        notified: Vec<PersonId>,
    },
    /// The same request was answered before with this id.
    Repeated(Id),
    /// The key was used with another body.
    KeyReused,
    /// What it belongs to does not exist or may not be seen by the one who posts.
    NoSuchStory,
}

/// A mention of somebody who exists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mention {
    /// Who.
    pub person: PersonId,
    /// As it stands in the text, lower case.
    pub handle: String,
}

/// A story as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoryRecord {
    /// Which.
    pub id: StoryId,
    /// Whose.
    pub author: PersonId,
    /// Who it is for.
    pub audience: Audience,
    /// Its text.
    pub text: Arc<str>,
    /// By the clock, which the id may be ahead of: what people are shown.
    pub created_at: Timestamp,
    /// Last edit.
    pub edited_at: Option<Timestamp>,
    /// People in its text.
    pub mentions: Vec<Mention>,
    /// Tags in its text.
    pub tags: Vec<String>,
    /// Likes and comments.
    pub counts: StoryCounts,
}

/// Likes and comments of a story at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct StoryCounts {
    /// People who like it.
    pub likes: u32,
    /// Comments not deleted.
    pub comments: u32,
    /// Grows with every change of the two: the larger one is the newer truth.
    pub revision: u64,
}

/// Stories between two ids, both excluded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StorySpan {
    /// Only larger ids.
    pub above: StoryId,
    /// Only smaller ids.
    pub below: StoryId,
}

impl StorySpan {
    /// All stories below one; all there are when there is none.
    #[must_use]
    pub fn below(story: Option<StoryId>) -> Self {
        Self {
            above: StoryId::default(),
            below: story.unwrap_or(StoryId::from_i64(i64::MAX)),
        }
    }
}

/// A change of a story by its author; `None` leaves as it is.
#[derive(Debug, Clone)]
pub struct StoryEdit {
    /// Which.
    pub id: StoryId,
    /// Who asks; only the author's edit is done.
    pub author: PersonId,
    /// New text, with the mentions and tags that it has.
    pub text: Option<EditedText>,
    /// New audience.
    pub audience: Option<Audience>,
    /// When.
    pub now: Timestamp,
}

/// A new text with what was found in it.
#[derive(Debug, Clone)]
pub struct EditedText {
    /// Checked.
    pub text: String,
    /// Handles in the text.
    pub mentions: Vec<String>,
    /// Tags in the text.
    pub tags: Vec<String>,
}

/// How a like or its withdrawal ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Liked {
    /// The story's figures after it.
    pub counts: StoryCounts,
    /// Whether anything changed.
    pub changed: bool,
    /// The author, when a notification of theirs changed.
    pub notified: Option<PersonId>,
}

/// The newest likes of a person.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LikedStories {
    /// Story ids, ascending.
    pub stories: Vec<StoryId>,
    /// The list is complete from this id on (0: complete). Below it, ask the store.
    pub complete_from: StoryId,
}

/// A comment to be kept.
#[derive(Debug, Clone)]
pub struct NewComment {
    /// Taken from the generator just now.
    pub id: CommentId,
    /// On which story.
    pub story: StoryId,
    /// Who writes.
    pub author: PersonId,
    /// Checked.
    pub text: String,
    /// Handles in the text. Those who exist and may see the story are told.
    pub mentions: Vec<String>,
    /// To recognise a repeat.
    pub idempotency: Option<Idempotency>,
    /// When.
    pub now: Timestamp,
}

/// A comment as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommentRecord {
    /// Which.
    pub id: CommentId,
    /// On which story.
    pub story: StoryId,
    /// Whose.
    pub author: PersonId,
    /// Its text.
    pub text: String,
    /// By the clock, which the id may be ahead of: what people are shown.
    pub created_at: Timestamp,
    /// Last edit.
    pub edited_at: Option<Timestamp>,
}

/// What a notification tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NotificationKind {
    /// Somebody asks to be friends.
    FriendRequest,
    /// Somebody accepted.
    FriendAccepted,
    /// Somebody commented on my story.
    Comment,
    /// People like my story: one notification a story, which moves to the top as it grows.
    Like,
    /// Somebody mentioned me in a story or a comment.
    Mention,
}

/// A notification as it is kept. Its id is that of the act it tells of (story, comment, like, request), so that a
/// person has at most one notification of one act.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotificationRecord {
    /// Its place in the list.
    pub id: NotificationId,
    /// What it tells.
    pub kind: NotificationKind,
    /// Who did it; the latest of a group.
    pub actor: PersonId,
    /// How many others did the same (a group of likes), else 0.
    pub others: u32,
    /// About which story.
    pub story: Option<StoryId>,
    /// About which comment.
    pub comment: Option<CommentId>,
    /// When (of a group: the latest).
    pub at: Timestamp,
    /// Already read.
    pub read: bool,
}

/// What an order asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OrderKind {
    /// Put the story into the timelines of its readers.
    Deliver,
    /// Remove what a deleted story leaves behind: comments, likes, tags, mentions, notifications.
    Purge,
}

/// A durable order: work that a committed write has promised.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// The story it is about. At most one order of each kind a story.
    pub story: StoryId,
    /// What to do.
    pub kind: OrderKind,
    /// Whose story.
    pub author: PersonId,
    /// Readers up to this one are served; work goes on behind it.
    pub done_to: PersonId,
    /// Attempts that failed so far.
    pub attempts: u32,
    /// When it was given.
    pub created_at: Timestamp,
    /// The claim under which the caller has it.
    pub claim: Claim,
}

impl Order {
    /// The order as the holder of its claim names it.
    #[must_use]
    pub const fn held(&self) -> HeldOrder {
        HeldOrder {
            story: self.story,
            kind: self.kind,
            claim: self.claim.name,
        }
    }
}

/// An order and the claim under which a worker has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HeldOrder {
    /// The story it is about.
    pub story: StoryId,
    /// What to do.
    pub kind: OrderKind,
    /// The claim of the worker.
    pub claim: ClaimName,
}

/// A failed attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailedOrder {
    /// The order.
    pub held: HeldOrder,
    /// Why it failed. Cut to 500 characters.
    pub error: String,
    /// When to try again.
    pub due: Timestamp,
}

/// Up to where deliveries have come, and what waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Watermark {
    /// The oldest story with a delivery that is not done. Dead orders do not count: they would hold the watermark back
    /// for good, and a replay is a late delivery. `None`: every story is delivered.
    pub oldest_undelivered: Option<StoryId>,
    /// Late stories up to this number are delivered, except those whose order is dead.
    pub late: u64,
    /// Since when the delivery that waits longest in the store is due. Deliveries that failed before do not count.
    pub due_since: Option<Timestamp>,
}

/// A story that readers get although later ones were delivered already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LateStory {
    /// Counts late stories, from 1, without gaps, in the order of their commits.
    pub number: u64,
    /// Which.
    pub story: StoryId,
    /// Whose.
    pub author: PersonId,
    /// It is late for friends too. Otherwise only for followers, since friends have it.
    pub to_friends: bool,
}

/// What an operator sees of the orders.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct OrderFigures {
    /// Waiting or being worked on.
    pub pending: u64,
    /// Given up after too many attempts; kept until somebody asks to try again.
    pub dead: u64,
    /// When the oldest pending one was given.
    pub oldest: Option<Timestamp>,
}

/// An order that was given up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadOrder {
    /// What it asks for.
    pub order: Order,
    /// The last failure.
    pub error: String,
}

/// Readers of an author, in ascending order of id: one chunk of the walk.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ReaderChunk {
    /// Friends, and followers when the story is public.
    pub readers: Vec<PersonId>,
    /// Nobody is left behind the last one.
    pub last: bool,
}

/// Asks for the readers of one author.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReadersAsk {
    /// Whose.
    pub author: PersonId,
    /// Of stories for whom.
    pub audience: Audience,
    /// Behind this one.
    pub after: PersonId,
}

/// How many readers to answer at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReadersMax {
    /// Of each author.
    pub each: u32,
    /// No further author is looked at once this many are found. Bounds how long the read takes.
    pub total: usize,
}

/// The right to make ids under a node number for a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NodeLease {
    /// 0 to 1,023.
    pub node: u16,
    /// Grows with every holder of the number: an older epoch is refused (fencing).
    pub epoch: u64,
    /// Ids must be later than this moment: the previous holder may have used everything up to it, or the store holds an id
    /// of it.
    pub ids_after: Timestamp,
    /// Ids must not be later than this moment, until the lease is renewed.
    pub ids_until: Timestamp,
}

/// Asks for a lease.
#[derive(Debug, Clone)]
pub struct LeaseRequest {
    /// Region, 0 to 3: the top two bits of the node number.
    pub region: u16,
    /// Who asks, for people who read the table.
    pub holder: String,
    /// Now, by the clock of the one who asks.
    pub now: Timestamp,
    /// For how long.
    pub span: Duration,
}

/// A story id that is taken, and by what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoryPlace {
    /// Which.
    pub id: StoryId,
    /// Whose.
    pub author: PersonId,
    /// As it is now; empty when it was deleted.
    pub text: String,
    /// It was edited or deleted, so its words may have been others.
    pub changed: bool,
}

/// What mending some people has found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct MendedPeople {
    /// The last one looked at; `None` when there was nobody left.
    pub last: Option<PersonId>,
    /// How many were looked at.
    pub checked: u64,
    /// Their stories, counted.
    pub stories: u64,
    /// People whose figures were wrong.
    pub figures: u64,
    /// People whose search terms were wrong.
    pub terms: u64,
    /// People whose mark as a large author was wrong.
    pub large: u64,
}

/// What mending some stories has found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct MendedStories {
    /// The last one looked at; `None` when there was none left.
    pub last: Option<StoryId>,
    /// How many were looked at, not counting deleted ones.
    pub checked: u64,
    /// Stories whose figures were wrong.
    pub figures: u64,
    /// Tags that did not lead to their story, or for another audience than it has.
    pub tags: u64,
}

/// How a store is doing, for metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct StoreFigures {
    /// Size of the write-ahead log.
    pub log_bytes: u64,
    /// How often the log was larger than its limit and was emptied.
    pub log_emptied: u64,
    /// How often it could not be, since a read was in the way.
    pub log_blocked: u64,
    /// How often it could not be, since the disk failed.
    pub log_failed: u64,
    /// Writes that wait for the writer.
    pub writes_waiting: u64,
    /// Transactions committed.
    pub write_batches: u64,
    /// Writes answered by them.
    pub writes: u64,
    /// How often the connection that writes was replaced after the disk had failed.
    pub reopened: u64,
    /// Room on its disk; `None` when the system does not tell.
    pub disk_free_bytes: Option<u64>,
}

/// A key that seals cursors.
#[derive(Clone, PartialEq, Eq)]
pub struct CursorKey {
    /// Part of every cursor that it sealed.
    pub number: u8,
    /// Random.
    pub secret: [u8; KEY_BYTES],
    /// When it was added.
    pub created_at: Timestamp,
}

impl fmt::Debug for CursorKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CursorKey({}, …)", self.number)
    }
}
