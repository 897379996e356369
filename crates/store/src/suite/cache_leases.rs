//! Leases on caches, and the log of changes.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use sosik_feed::{Audience, Change, CommitPosition, Own, PeerId, PersonId, SessionId, StoryId};

use super::comments::edit;
use super::sessions::session;
use super::world::{EmptyStore, World};
use crate::{
    CacheLease, CacheLeases, Horizon, JoiningMember, PasswordChange, ProfileChange, RenewedLease,
    Revocation, StoryEdit,
};

const HOLD: Duration = Duration::from_secs(3);

/// Changes that are not trimmed within this time count as never trimmed. Transactions of other tests on the same server
/// delay it.
const PATIENCE: Duration = Duration::from_secs(60);

/// An empty store with leases.
pub struct Leased {
    world: World,
    leases: Arc<dyn CacheLeases>,
}

impl Leased {
    /// A store, and its leases.
    pub fn new((store, leases): (Arc<dyn EmptyStore>, Arc<dyn CacheLeases>)) -> Self {
        Self {
            world: World::new(store),
            leases,
        }
    }

    /// The end of a behaviour.
    pub async fn finish(&self) {
        self.world.finish().await;
    }

    async fn lease(&self, peer: PeerId) -> Option<CacheLease> {
        let leases = self.leases.cache_leases().await.unwrap();
        leases.into_iter().find(|lease| lease.peer == peer)
    }

    /// A member that has renewed its lease once.
    async fn member(&self, number: u64) -> Node<'_> {
        let (node, first) = self.new_member(number).await;
        assert_eq!(first.changes.first(), Some(&Change::Everything));
        node
    }

    /// A member, and the result of its first renewal.
    async fn new_member(&self, number: u64) -> (Node<'_>, RenewedLease) {
        let member = joining(number, false);
        assert!(self.leases.join(member).await.unwrap());
        let mut node = Node {
            leases: &*self.leases,
            peer: member.peer,
            horizon: Horizon::default(),
        };
        let first = node.renew_with(&Horizon::default()).await.unwrap();
        (node, first)
    }
}

fn joining(number: u64, alone: bool) -> JoiningMember {
    JoiningMember {
        peer: PeerId::from_u64(number),
        hold: HOLD,
        alone,
        address: None,
    }
}

/// A member with its horizon.
struct Node<'a> {
    leases: &'a dyn CacheLeases,
    peer: PeerId,
    horizon: Horizon,
}

impl Node<'_> {
    /// Renews the lease after everything so far is settled.
    async fn renews(&mut self) -> Option<Vec<Change>> {
        let settled = self.horizon.clone();
        let renewed = self.renew_with(&settled).await?;
        assert!(!renewed.all_copies);
        Some(renewed.changes)
    }

    async fn renew_with(&mut self, settled: &Horizon) -> Option<RenewedLease> {
        let renewed = self.leases.renew(self.peer, &self.horizon, settled);
        let renewed = renewed.await.unwrap()?;
        self.horizon = renewed.horizon.clone();
        Some(renewed)
    }

    async fn sees(&mut self) -> Vec<Change> {
        self.renews().await.unwrap()
    }

    /// The stories whose counts changed, with their revisions.
    async fn sees_counts(&mut self) -> Vec<(StoryId, u64)> {
        let settled = self.horizon.clone();
        self.renew_with(&settled).await.unwrap().counts
    }

    /// The circles among the changes of the next renewal, each once, ascending.
    async fn sees_circles(&mut self) -> Vec<PersonId> {
        let circle = |change| match change {
            Change::CircleGrew(person) | Change::CircleShrank(person) => Some(person),
            _ => None,
        };
        let mut circles: Vec<_> = self.sees().await.into_iter().filter_map(circle).collect();
        circles.sort_unstable();
        circles.dedup();
        circles
    }
}

pub async fn a_member_that_joins_is_told_that_everything_may_be_outdated(leased: &Leased) {
    let mut node = leased.member(1).await;
    assert_eq!(node.sees().await, [], "nothing has changed since");
}

pub async fn every_shared_copy_may_be_outdated_if_no_member_has_settled_anything(leased: &Leased) {
    let (mut one, first) = leased.new_member(1).await;
    assert!(first.all_copies, "there was no member");
    let (other, first) = leased.new_member(2).await;
    assert!(first.all_copies, "the first one has not dropped them yet");
    one.sees().await;
    let (_, first) = leased.new_member(3).await;
    assert!(!first.all_copies, "the first one has dropped them");
    leased.leases.leave(one.peer).await.unwrap();
    assert!(leased.leases.join(joining(2, false)).await.unwrap());
    let mut again = Node {
        horizon: Horizon::default(),
        ..other
    };
    let first = again.renew_with(&Horizon::default()).await.unwrap();
    assert!(first.all_copies, "the others have settled nothing");
}

pub async fn a_member_that_joins_gets_what_a_dead_one_has_not_settled(leased: &Leased) {
    let world = &leased.world;
    let [mina, joon, hana] = world.people(["mina", "joon", "hana"]).await;
    let mut dead = leased.member(1).await;
    dead.sees().await;
    world.befriend(mina, joon).await;
    world.mutes(hana, joon).await;
    let hanas = session(hana, 1, world.now());
    world.add_session(hanas.clone(), 50).await.unwrap();
    world.end_session(hana, hanas.id).await.unwrap();
    // It has the changes, and does not drop the timelines.
    let settled = dead.horizon.clone();
    for _ in 0..3 {
        dead.renew_with(&settled).await.unwrap();
    }
    leased.leases.trim_changes(1_000).await.unwrap();
    let (mut heir, first) = leased.new_member(2).await;
    assert!(!first.all_copies);
    assert!(grown(&first).is_superset(&[mina, joon].into()));
    assert!(!grown(&first).contains(&hana), "nothing is missing there");
    assert!(
        first
            .changes
            .contains(&Change::SessionsEnded(hana, vec![hanas.token]))
    );
    assert!((first.changes.iter()).all(Change::outdates_a_copy));
    let dead = leased.lease(dead.peer).await.unwrap();
    assert_eq!(
        leased.leases.revoke(dead).await.unwrap(),
        Revocation::Revoked
    );
    let (_, third) = leased.new_member(3).await;
    assert!(third.all_copies, "the heir has not settled them yet");
    let settled = async {
        loop {
            heir.sees().await;
            let (_, next) = leased.new_member(4).await;
            assert!(!next.all_copies);
            if next.changes == [Change::Everything] {
                return;
            }
        }
    };
    tokio::time::timeout(PATIENCE, settled).await.unwrap();
}

fn grown(renewed: &RenewedLease) -> BTreeSet<PersonId> {
    let changes = renewed.changes.iter();
    let grown = changes.filter_map(|change| match change {
        Change::CircleGrew(person) => Some(*person),
        _ => None,
    });
    grown.collect()
}

pub async fn each_renewal_is_counted(leased: &Leased) {
    let mut node = leased.member(1).await;
    let first = leased.lease(node.peer).await.unwrap();
    assert_eq!(first.hold, HOLD);
    node.sees().await;
    let second = leased.lease(node.peer).await.unwrap();
    assert_eq!(second.renewals, first.renewals + 1);
}

pub async fn members_have_leases_of_their_own(leased: &Leased) {
    let [mina] = leased.world.people(["mina"]).await;
    let (mut one, mut other) = (leased.member(1).await, leased.member(2).await);
    let story = leased.world.posts(mina, "hello").await;
    leased.world.deletes(mina, story).await;
    assert_eq!(one.sees().await, [Change::Story(story)]);
    assert_eq!(one.sees().await, []);
    assert_eq!(other.sees().await, [Change::Story(story)]);
}

pub async fn a_lease_that_was_renewed_is_not_revoked(leased: &Leased) {
    let mut node = leased.member(1).await;
    let read = leased.lease(node.peer).await.unwrap();
    node.sees().await;
    let revoked = leased.leases.revoke(read).await.unwrap();
    assert_eq!(revoked, Revocation::Renewed);
    assert!(node.renews().await.is_some());
}

pub async fn a_member_without_a_lease_must_join_again(leased: &Leased) {
    let mut node = leased.member(1).await;
    let read = leased.lease(node.peer).await.unwrap();
    let revoked = leased.leases.revoke(read).await.unwrap();
    assert_eq!(revoked, Revocation::Revoked);
    assert_eq!(leased.lease(node.peer).await, None);
    assert_eq!(node.renews().await, None);
    leased.member(1).await;
}

pub async fn one_of_many_writers_revokes_a_lease(leased: &Leased) {
    let node = leased.member(1).await;
    let read = leased.lease(node.peer).await.unwrap();
    let revoke = || leased.leases.revoke(read);
    let (one, other, third) = tokio::join!(revoke(), revoke(), revoke());
    let outcomes = [one, other, third].map(Result::unwrap);
    let revoked = |outcome: &&Revocation| **outcome == Revocation::Revoked;
    assert_eq!(outcomes.iter().filter(revoked).count(), 1);
    assert_eq!(revoke().await.unwrap(), Revocation::Absent);
}

pub async fn a_member_that_must_be_alone_joins_only_while_there_is_no_other(leased: &Leased) {
    let leases = &leased.leases;
    let node = leased.member(1).await;
    assert!(!leases.join(joining(2, true)).await.unwrap());
    leases.leave(node.peer).await.unwrap();
    assert!(leases.join(joining(2, true)).await.unwrap());
    assert!(
        leases.join(joining(2, true)).await.unwrap(),
        "the same member"
    );
    assert!(!leases.join(joining(3, false)).await.unwrap());
    assert!(!leases.join(joining(3, true)).await.unwrap());
    let peers: Vec<_> = leases.cache_leases().await.unwrap();
    assert_eq!(
        peers.iter().map(|lease| lease.alone).collect::<Vec<_>>(),
        [true]
    );
}

pub async fn a_member_that_leaves_has_no_lease(leased: &Leased) {
    let node = leased.member(1).await;
    leased.leases.leave(node.peer).await.unwrap();
    assert_eq!(leased.leases.cache_leases().await.unwrap(), []);
}

pub async fn members_that_serve_people_are_listed_with_their_addresses(leased: &Leased) {
    let at = |port| SocketAddr::from(([10, 0, 0, 1], port));
    let serves = async |number, address| {
        let member = JoiningMember {
            address,
            ..joining(number, false)
        };
        assert!(leased.leases.join(member).await.unwrap());
    };
    serves(1, Some(at(1))).await;
    serves(2, None).await;
    serves(3, Some("[2001:db8::1]:8420".parse().unwrap())).await;
    // A member that joins again may have another address.
    serves(1, Some(at(2))).await;
    let listed = async || -> BTreeSet<String> {
        let addresses = leased.leases.addresses().await.unwrap();
        addresses.iter().map(SocketAddr::to_string).collect()
    };
    let expected = ["10.0.0.1:2", "[2001:db8::1]:8420"].map(str::to_owned);
    assert_eq!(listed().await, expected.into());
    leased.leases.leave(PeerId::from_u64(1)).await.unwrap();
    assert_eq!(listed().await.len(), 1);
}

pub async fn changes_that_a_lease_may_not_have_seen_are_kept(leased: &Leased) {
    let [mina] = leased.world.people(["mina"]).await;
    let mut node = leased.member(1).await;
    let story = leased.world.posts(mina, "hello").await;
    leased.world.deletes(mina, story).await;
    leased.leases.trim_changes(1_000).await.unwrap();
    assert_eq!(node.sees().await, [Change::Story(story)]);
}

pub async fn changes_that_every_lease_has_seen_are_trimmed_up_to_the_limit(leased: &Leased) {
    let world = &leased.world;
    let [mina, joon] = world.people(["mina", "joon"]).await;
    let (mut one, mut other) = (leased.member(1).await, leased.member(2).await);
    for change in 0..3 {
        world.mutes(mina, joon).await;
        world.unmute(mina, joon).await.unwrap();
        assert_eq!(one.sees().await.len(), 2, "change {change}");
    }
    assert_eq!(
        leased.leases.trim_changes(1_000).await.unwrap(),
        0,
        "one lease has not seen them"
    );
    assert_eq!(other.sees().await.len(), 6);
    let mut trimmed = 0;
    let trim = async {
        while trimmed < 6 {
            one.sees().await;
            other.sees().await;
            let removed = leased.leases.trim_changes(4).await.unwrap();
            assert!(removed <= 4);
            trimmed += removed;
        }
    };
    tokio::time::timeout(PATIENCE, trim).await.unwrap();
    assert_eq!(leased.leases.trim_changes(1_000).await.unwrap(), 0);
}

pub async fn every_change_of_a_circle_is_logged_for_both_sides(leased: &Leased) {
    let world = &leased.world;
    let [mina, joon] = world.people(["mina", "joon"]).await;
    let mut node = leased.member(1).await;
    world.befriend(mina, joon).await;
    assert_eq!(node.sees_circles().await, [mina, joon], "a friendship");
    world.unfriend(mina, joon).await.unwrap();
    assert_eq!(node.sees_circles().await, [mina, joon], "its end");
    world.follows(mina, joon).await;
    assert!(node.sees_circles().await.contains(&mina), "a follow");
    world.unfollow(mina, joon).await.unwrap();
    assert!(node.sees_circles().await.contains(&mina), "its end");
    world.blocks(mina, joon).await;
    assert_eq!(node.sees_circles().await, [mina, joon], "a block");
    world.unblock(mina, joon).await.unwrap();
    assert_eq!(node.sees_circles().await, [mina, joon], "its end");
    world.mutes(mina, joon).await;
    assert!(node.sees_circles().await.contains(&mina), "a mute");
    world.unmute(mina, joon).await.unwrap();
    assert!(node.sees_circles().await.contains(&mina), "its end");
    world.follows(joon, mina).await;
    world.blocks(mina, joon).await;
    assert_eq!(
        node.sees_circles().await,
        [mina, joon],
        "a block of a follower"
    );
}

pub async fn every_change_of_a_story_or_a_profile_is_logged(leased: &Leased) {
    let world = &leased.world;
    let [mina] = world.people(["mina"]).await;
    let story = world.posts(mina, "hello").await;
    let mut node = leased.member(1).await;
    let edit = StoryEdit {
        id: story,
        author: mina,
        text: None,
        attachments: None,
        audience: Some(Audience::Friends),
        now: world.now(),
    };
    world.edit_story(edit).await.unwrap();
    assert_eq!(node.sees().await, [Change::Story(story)]);
    world.deletes(mina, story).await;
    assert_eq!(node.sees().await, [Change::Story(story)]);
    let change = ProfileChange {
        bio: Some("hello".to_owned()),
        ..ProfileChange::default()
    };
    world.change_profile(mina, change).await.unwrap();
    assert_eq!(node.sees().await, [Change::Person(mina)]);
}

pub async fn every_end_of_a_session_is_logged(leased: &Leased) {
    let world = &leased.world;
    let [mina] = world.people(["mina"]).await;
    for number in 1..=5 {
        let session = session(mina, number, world.now());
        world.add_session(session, 50).await.unwrap();
    }
    let mut node = leased.member(1).await;
    let ended =
        |numbers: &[u8]| -> Vec<[u8; 32]> { numbers.iter().map(|number| [*number; 32]).collect() };
    world
        .end_session(mina, SessionId::from_u64(1))
        .await
        .unwrap();
    assert_eq!(tokens(node.sees().await), ended(&[1]));
    world
        .add_session(session(mina, 6, world.now()), 4)
        .await
        .unwrap();
    assert_eq!(tokens(node.sees().await), ended(&[2]), "one too many");
    let checked = world.credentials_of(mina).await.unwrap().unwrap();
    let change = PasswordChange {
        person: mina,
        checked: checked.password_hash,
        hash: "another".to_owned(),
        session: SessionId::from_u64(6),
    };
    world.change_password(change).await.unwrap();
    assert_eq!(
        tokens(node.sees().await),
        ended(&[3, 4, 5]),
        "a new password"
    );
    world
        .add_session(session(mina, 7, world.now()), 50)
        .await
        .unwrap();
    world
        .end_other_sessions(mina, SessionId::from_u64(7))
        .await
        .unwrap();
    assert_eq!(tokens(node.sees().await), ended(&[6]));
    let later = world.now().plus(Duration::from_hours(24));
    let removed = world.remove_stale_sessions(later, later, 50).await.unwrap();
    assert_eq!((removed, tokens(node.sees().await)), (1, ended(&[7])));
}

fn tokens(changes: Vec<Change>) -> Vec<[u8; 32]> {
    let of = |change| match change {
        Change::SessionsEnded(_, tokens) => tokens,
        _ => Vec::new(),
    };
    let mut tokens: Vec<_> = changes.into_iter().flat_map(of).collect();
    tokens.sort_unstable();
    tokens
}

pub async fn what_a_person_changed_for_themselves_is_logged(leased: &Leased) {
    let world = &leased.world;
    let [mina, joon] = world.people(["mina", "joon"]).await;
    let story = world.posts(mina, "hello").await;
    let mut node = leased.member(1).await;
    world.likes(joon, story).await;
    assert_eq!(node.sees().await, [Change::Own(joon, Own::Likes)]);
    world.unlike(joon, story).await.unwrap();
    assert_eq!(node.sees().await, [Change::Own(joon, Own::Likes)]);
    world.advance_read_position(joon, story).await.unwrap();
    assert_eq!(
        node.sees().await,
        [Change::Own(joon, Own::ReadPosition(story))]
    );
}

pub async fn every_change_of_the_counts_of_a_story_is_logged(leased: &Leased) {
    let world = &leased.world;
    let [mina, joon] = world.people(["mina", "joon"]).await;
    let story = world.posts(mina, "hello").await;
    let mut node = leased.member(1).await;
    let counted = world
        .comments_new(world.new_comment(joon, story, "hi"))
        .await
        .1;
    assert_eq!(
        node.sees_counts().await,
        [(story, counted.revision)],
        "a comment"
    );
    let comment = world.comments(joon, story, "again").await;
    node.sees().await;
    let deleted = world
        .delete_comment(comment, joon)
        .await
        .unwrap()
        .value
        .unwrap();
    assert_eq!(
        node.sees_counts().await,
        [(story, deleted.counts.revision)],
        "its deletion"
    );
    let liked = world.likes(joon, story).await;
    assert_eq!(
        node.sees_counts().await,
        [(story, liked.counts.revision)],
        "a like"
    );
    let unliked = world.unlike(joon, story).await.unwrap().value.unwrap();
    assert_eq!(
        node.sees_counts().await,
        [(story, unliked.counts.revision)],
        "its end"
    );
    assert!(unliked.counts.revision > counted.revision);
}

pub async fn imports_log_what_they_outdate(leased: &Leased) {
    let world = &leased.world;
    let people = world.crowd(2_000).await;
    let [mina, joon] = world.people(["mina", "joon"]).await;
    let story = world.posts(mina, "hello").await;
    let mut node = leased.member(1).await;
    let like = (joon, story, world.now());
    world.like_many(vec![like]).await.unwrap();
    assert_eq!(node.sees().await, [Change::Own(joon, Own::Likes)]);
    let follows = people.iter().map(|person| (*person, mina)).collect();
    world.follow_many(follows, world.now()).await.unwrap();
    assert_eq!(
        node.sees_circles().await,
        people,
        "each has a timeline to drop"
    );
}

pub async fn what_outdates_nothing_is_not_logged(leased: &Leased) {
    let world = &leased.world;
    let [mina, joon] = world.people(["mina", "joon"]).await;
    let mut node = leased.member(1).await;
    let story = world.posts(mina, "hello").await;
    assert_eq!(node.sees().await, [], "no cache has it");
    let comment = world.comments(joon, story, "hi").await;
    world.likes(joon, story).await;
    node.sees().await;
    let edited = world.edit_comment(edit(comment, joon, "hello", world));
    assert!(edited.await.unwrap().is_some());
    world.likes(joon, story).await;
    assert_eq!(node.sees_counts().await, []);
}

pub async fn what_a_node_logs_by_itself_reaches_the_others(leased: &Leased) {
    let [mina] = leased.world.people(["mina"]).await;
    let (mut one, mut other) = (leased.member(1).await, leased.member(2).await);
    let grew = [Change::CircleGrew(mina)];
    let at = leased.leases.log_changes(&grew).await.unwrap();
    assert!(at > CommitPosition::START);
    assert_eq!(one.sees().await, grew);
    assert_eq!(other.sees().await, grew);
}
