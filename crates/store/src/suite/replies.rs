//! Replies to comments, and likes of comments.

use std::time::Duration;

use sosik_feed::{Audience, CommentId, NotificationId, PersonId, StoryId, Timestamp};

use super::world::World;
use crate::{
    COMMENT_LIKES_REMOVED_MAX, Idempotency, LikedComment, NewComment, NotificationKind, Posted,
};

impl World {
    fn new_reply(&self, author: PersonId, to: (StoryId, CommentId)) -> NewComment {
        NewComment {
            reply_to: Some(to.1),
            ..self.new_comment(author, to.0, "reply")
        }
    }

    /// Replies to a comment. Returns the reply and the people notified.
    async fn replies(
        &self,
        author: PersonId,
        to: (StoryId, CommentId),
    ) -> (CommentId, Vec<PersonId>) {
        let reply = self.new_reply(author, to);
        let id = reply.id;
        let (mut notified, _) = self.comments_new(reply).await;
        notified.sort_unstable();
        (id, notified)
    }

    /// The ids of the first comments of a story, with their numbers of replies and likes.
    async fn first(&self, story: StoryId) -> Vec<(CommentId, u32, u32)> {
        let comments = self.comments_of(story, CommentId::default(), 100).await;
        let comments = comments.unwrap().into_iter();
        comments
            .map(|one| (one.id, one.replies, one.likes))
            .collect()
    }

    /// The replies to a comment.
    async fn below(&self, parent: CommentId) -> Vec<CommentId> {
        let replies = self.replies_of(parent, CommentId::default(), 100).await;
        replies.unwrap().into_iter().map(|one| one.id).collect()
    }

    /// Likes an existing comment.
    pub(super) async fn likes_comment(&self, person: PersonId, comment: CommentId) -> LikedComment {
        let liked = self.comment_by_id(comment).await.unwrap().unwrap();
        let note = self.note(liked.author);
        self.like_comment(person, comment, note, self.now())
            .await
            .unwrap()
            .value
            .expect("the comment exists")
    }
}

fn sorted<const N: usize>(mut people: [PersonId; N]) -> Vec<PersonId> {
    people.sort_unstable();
    people.to_vec()
}

pub async fn replies_have_one_level_and_are_paged_oldest_first(world: &World) {
    let [mina, joon] = world.people(["mina", "joon"]).await;
    let story = world.posts(mina, "story").await;
    let parent = world.comments(joon, story, "parent").await;
    let other = world.comments(joon, story, "other").await;
    let (first, _) = world.replies(mina, (story, parent)).await;
    let (second, _) = world.replies(joon, (story, first)).await;
    world.replies(joon, (story, other)).await;
    let (third, _) = world.replies(joon, (story, second)).await;
    assert_eq!(world.first(story).await, [(parent, 3, 0), (other, 1, 0)]);
    assert_eq!(world.below(parent).await, [first, second, third]);
    let page = world.replies_of(parent, first, 1).await.unwrap();
    assert_eq!((page[0].id, page[0].parent), (second, Some(parent)));
    let known = world.comment_by_id(third).await.unwrap().unwrap();
    assert_eq!(known.parent, Some(parent));
    assert_eq!(world.story(story).await.unwrap().counts.comments, 6);
    let authors = world.reply_authors(&[parent, other], 2).await.unwrap();
    assert_eq!(authors, [(parent, mina), (parent, joon), (other, joon)]);
}

pub async fn only_an_existing_comment_of_the_same_story_can_be_answered(world: &World) {
    let [mina] = world.people(["mina"]).await;
    let (story, other) = (
        world.posts(mina, "story").await,
        world.posts(mina, "other").await,
    );
    let parent = world.comments(mina, story, "parent").await;
    let deleted = world.comments(mina, story, "deleted").await;
    world.delete_comment(deleted, mina).await.unwrap();
    let nothing = CommentId::from_u64(5);
    for to in [(other, parent), (story, deleted), (story, nothing)] {
        let reply = NewComment {
            idempotency: super::world::key("key", 1),
            ..world.new_reply(mina, to)
        };
        let (outcome, _) = world.comment(reply).await.unwrap().value;
        assert_eq!(outcome, Posted::NoSuchComment, "{to:?}");
    }
    assert_eq!(world.first(story).await, [(parent, 0, 0)]);
    assert_eq!(world.story(story).await.unwrap().counts.comments, 1);
}

pub async fn a_deleted_comment_keeps_the_place_of_its_replies_and_goes_with_the_last(
    world: &World,
) {
    let [mina, joon] = world.people(["mina", "joon"]).await;
    let story = world.posts(mina, "story").await;
    let parent = world.comments(joon, story, "secret").await;
    let (one, _) = world.replies(mina, (story, parent)).await;
    let (two, _) = world.replies(mina, (story, one)).await;
    let deleted = world.delete_comment(parent, joon).await.unwrap().value;
    assert_eq!(deleted.unwrap().counts.comments, 2);
    let place = &world
        .comments_of(story, CommentId::default(), 9)
        .await
        .unwrap()[0];
    assert_eq!(
        (place.deleted, place.text.as_str(), place.replies),
        (true, "", 2)
    );
    assert!(world.comment_by_id(parent).await.unwrap().is_none());
    assert!(world.delete_comment(parent, joon).await.unwrap().is_none());
    let note = world.note(joon);
    let liked = world.like_comment(mina, parent, note, world.now()).await;
    assert!(liked.unwrap().is_none());
    let (outcome, _) = world
        .comment(world.new_reply(mina, (story, parent)))
        .await
        .unwrap()
        .value;
    assert_eq!(outcome, Posted::NoSuchComment);
    let (three, told) = world.replies(joon, (story, two)).await;
    assert_eq!(told, [mina], "the place has no author to notify");
    for (reply, left) in [(one, 2), (two, 1), (three, 0)] {
        let deleted = world.delete_comment(reply, mina).await.unwrap().value;
        assert_eq!(deleted.unwrap().counts.comments, left);
    }
    assert!(world.first(story).await.is_empty());
    assert!(world.notes(joon).await.is_empty() && world.notes(mina).await.is_empty());
}

pub async fn a_reply_notifies_whom_it_answers_once_and_as_far_as_they_may_see_it(world: &World) {
    let [mina, joon, yuna, muter, gone] = world
        .people(["mina", "joon", "yuna", "muter", "gone"])
        .await;
    for friend in [joon, yuna, muter, gone] {
        world.befriend(mina, friend).await;
    }
    let story = world.posts_for(mina, Audience::Friends, "story").await;
    let parent = world.comments(joon, story, "parent").await;
    let (of_yuna, told) = world.replies(yuna, (story, parent)).await;
    assert_eq!(told, sorted([mina, joon]));
    let note = &world.notes(joon).await[0];
    assert_eq!(
        (note.id, note.kind, note.actors[0], note.comment),
        (
            NotificationId::about(of_yuna.raw(), joon),
            NotificationKind::Reply,
            yuna,
            Some(of_yuna)
        )
    );
    assert_eq!(
        (note.parent, note.text.as_deref()),
        (Some(parent), Some("reply"))
    );
    let long = "가".repeat(1_001);
    let comment = world.comments(yuna, story, &long).await;
    let note = &world.notes(mina).await[0];
    let (about, text) = (note.comment, note.text.as_deref().unwrap());
    assert_eq!((about, note.parent), (Some(comment), None));
    assert_eq!(text.chars().count(), 1_000, "the beginning");
    assert_eq!(note.kind, NotificationKind::Comment);
    // Everybody is notified once, of what concerns them most; a mention adds nothing.
    let reply = NewComment {
        mentions: ["mina", "joon", "yuna"].map(str::to_owned).into(),
        ..world.new_reply(mina, (story, of_yuna))
    };
    let (mut told, _) = world.comments_new(reply).await;
    told.sort_unstable();
    assert_eq!(told, sorted([joon, yuna]));
    assert_eq!(world.notes(yuna).await[0].kind, NotificationKind::Reply);
    assert_eq!(world.replies(joon, (story, parent)).await.1, [mina]);
    let own = world.comments(mina, story, "mine").await;
    assert_eq!(world.replies(joon, (story, own)).await.1, [mina]);
    assert_eq!(world.notes(mina).await[0].kind, NotificationKind::Reply);
    // Neither a person who muted or blocked the author of the reply, nor one who may not open the story any more.
    let of_muter = world.comments(muter, story, "muter").await;
    world.mutes(muter, joon).await;
    assert_eq!(world.replies(joon, (story, of_muter)).await.1, [mina]);
    let of_gone = world.comments(gone, story, "gone").await;
    world.unfriend(gone, mina).await.unwrap();
    assert_eq!(world.replies(joon, (story, of_gone)).await.1, [mina]);
    let for_all = world.posts(mina, "for all").await;
    let blocked = world.comments(yuna, for_all, "blocked").await;
    world.blocks(yuna, joon).await;
    assert_eq!(world.replies(joon, (for_all, blocked)).await.1, [mina]);
}

pub async fn the_deletion_of_a_comment_returns_whose_notification_went_away(world: &World) {
    let [mina, joon, yuna, muter, blocker] = world
        .people(["mina", "joon", "yuna", "muter", "blocker"])
        .await;
    let story = world.posts(mina, "story").await;
    let [of_joon, of_muter] = [
        world.comments(joon, story, "parent").await,
        world.comments(muter, story, "parent").await,
    ];
    world.mutes(muter, yuna).await;
    let deleted = async |comment| {
        let deleted = world.delete_comment(comment, yuna).await.unwrap().value;
        let mut notified = deleted.expect("the comment exists").notified;
        notified.sort_unstable();
        notified
    };
    let mentioning = NewComment {
        mentions: vec!["blocker".to_owned()],
        ..world.new_reply(yuna, (story, of_joon))
    };
    let id = mentioning.id;
    world.comments_new(mentioning).await;
    world.blocks(blocker, yuna).await;
    assert_eq!(deleted(id).await, sorted([mina, joon]));
    let (quiet, told) = world.replies(yuna, (story, of_muter)).await;
    assert_eq!(told, [mina]);
    world.mutes(mina, yuna).await;
    assert_eq!(deleted(quiet).await, [mina], "a mute hides no notification");
    let (unseen, _) = world.replies(yuna, (story, of_muter)).await;
    assert_eq!(deleted(unseen).await, []);
}

pub async fn an_earlier_comment_is_found_by_its_key(world: &World) {
    let [mina, joon] = world.people(["mina", "joon"]).await;
    let story = world.posts(mina, "story").await;
    let [key, other] = [1, 2].map(|print| super::world::key("key", print).unwrap());
    let earlier = async |author, key: &Idempotency| {
        let earlier = world.earlier_comment(author, key.clone()).await;
        earlier.unwrap()
    };
    assert_eq!(earlier(mina, &key).await, None);
    let comment = NewComment {
        idempotency: Some(key.clone()),
        ..world.new_comment(mina, story, "comment")
    };
    let id = comment.id;
    world.comments_new(comment).await;
    assert_eq!(earlier(mina, &key).await, Some(Posted::Repeated(id)));
    assert_eq!(earlier(mina, &other).await, Some(Posted::KeyReused));
    assert_eq!(earlier(joon, &key).await, None);
}

pub async fn a_like_of_a_comment_counts_once_and_can_be_taken_back(world: &World) {
    let [mina, joon, yuna] = world.people(["mina", "joon", "yuna"]).await;
    let story = world.posts(mina, "story").await;
    let comment = world.comments(joon, story, "comment").await;
    let other = world.comments(joon, story, "other").await;
    let first = world.likes_comment(mina, comment).await;
    assert_eq!(
        (first.likes, first.changed, first.notified),
        (1, true, Some(joon))
    );
    let again = world.likes_comment(mina, comment).await;
    assert_eq!(
        (again.likes, again.changed, again.notified),
        (1, false, None)
    );
    assert_eq!(world.likes_comment(joon, comment).await.notified, None);
    assert_eq!(world.likes_comment(yuna, comment).await.likes, 3);
    let among = world.liked_comments_among(mina, &[comment, other]).await;
    assert_eq!(among.unwrap(), [comment]);
    assert_eq!(
        world.first(story).await,
        [(comment, 0, 3), (other, 0, 0)],
        "the story has other likes"
    );
    assert_eq!(world.story(story).await.unwrap().counts.likes, 0);
    let likers = world.comment_likers(comment, None, 2).await.unwrap();
    let likers: Vec<_> = likers.into_iter().map(|liker| liker.person).collect();
    assert_eq!(likers, [yuna, joon]);
    let back = world.unlike_comment(yuna, comment).await.unwrap().value;
    assert_eq!(back.unwrap().likes, 2);
    let back = world.unlike_comment(yuna, comment).await.unwrap().value;
    assert!(!back.unwrap().changed);
    let nothing = CommentId::from_u64(5);
    let (note, now) = (world.note(joon), world.now());
    let liked = world.like_comment(mina, nothing, note, now).await;
    assert!(liked.unwrap().is_none());
    assert!(world.unlike_comment(mina, nothing).await.unwrap().is_none());
}

pub async fn likes_of_a_comment_are_one_notification_that_moves_to_the_top(world: &World) {
    let [mina, joon, yuna, hana] = world.people(["mina", "joon", "yuna", "hana"]).await;
    let story = world.posts(mina, "story").await;
    let (comment, other) = (
        world.comments(mina, story, "comment").await,
        world.comments(mina, story, "other").await,
    );
    world.likes(joon, story).await;
    world.likes_comment(joon, comment).await;
    world.likes_comment(joon, other).await;
    assert_eq!(
        world.likes_comment(yuna, comment).await.notified,
        Some(mina)
    );
    world.likes_comment(mina, comment).await;
    let told = world.notes(mina).await;
    let told: Vec<_> = told
        .iter()
        .map(|note| (note.kind, note.comment, note.actors.clone(), note.others))
        .collect();
    assert_eq!(
        told,
        [
            (
                NotificationKind::CommentLike,
                Some(comment),
                vec![yuna, joon],
                1
            ),
            (NotificationKind::CommentLike, Some(other), vec![joon], 0),
            (NotificationKind::Like, None, vec![joon], 0),
        ]
    );
    // A like that is repeated soon after it was taken back is no news; the last one takes the notification away.
    world.unlike_comment(joon, other).await.unwrap();
    assert_eq!(world.notes(mina).await.len(), 2);
    assert_eq!(world.likes_comment(joon, other).await.notified, None);
    assert_eq!(world.notes(mina).await[1].comment, Some(other));
    // Nobody is notified by somebody whom they muted, or about a story that they may not open any more.
    world.mutes(mina, hana).await;
    assert_eq!(world.likes_comment(hana, other).await.notified, None);
    world.befriend(mina, yuna).await;
    let for_friends = world.posts_for(mina, Audience::Friends, "friends").await;
    let of_yuna = world.comments(yuna, for_friends, "yuna").await;
    world.unfriend(mina, yuna).await.unwrap();
    assert_eq!(world.likes_comment(mina, of_yuna).await.notified, None);
}

pub async fn many_who_like_and_reply_at_once_are_all_counted(world: &World) {
    let [mina] = world.people(["mina"]).await;
    let story = world.posts(mina, "story").await;
    let comment = world.comments(mina, story, "comment").await;
    let mut acts = tokio::task::JoinSet::new();
    for person in world.crowd(20).await {
        let (store, note, now) = (world.shared(), world.note(mina), world.now());
        let reply = world.new_reply(person, (story, comment));
        acts.spawn(async move {
            store
                .like_comment(person, comment, note, now)
                .await
                .unwrap();
            store.comment(reply).await.unwrap();
            store.unlike_comment(person, comment).await.unwrap();
            store
                .like_comment(person, comment, note, now)
                .await
                .unwrap();
        });
    }
    acts.join_all().await;
    assert_eq!(world.first(story).await, [(comment, 20, 20)]);
}

pub async fn likes_and_replies_that_meet_the_deletion_of_their_comment_leave_nothing(
    world: &World,
) {
    let [mina] = world.people(["mina"]).await;
    let story = world.posts(mina, "story").await;
    let comment = world.comments(mina, story, "comment").await;
    let crowd = world.crowd(12).await;
    let mut acts = tokio::task::JoinSet::new();
    for (number, person) in crowd.into_iter().enumerate() {
        let (store, note, now) = (world.shared(), world.note(mina), world.now());
        let reply = world.new_reply(person, (story, comment));
        acts.spawn(async move {
            let liked = store.like_comment(person, comment, note, now).await;
            liked.unwrap();
            let id = reply.id;
            if number == 6 {
                store.delete_comment(comment, mina).await.unwrap();
            }
            store.comment(reply).await.unwrap();
            store.delete_comment(id, person).await.unwrap();
            store.unlike_comment(person, comment).await.unwrap();
        });
    }
    acts.join_all().await;
    assert!(world.first(story).await.is_empty());
    assert_eq!(world.story(story).await.unwrap().counts.comments, 0);
    assert_eq!(world.purge_comment_likes(100).await.unwrap(), 0);
}

pub async fn the_likes_of_a_deleted_comment_are_removed_a_few_at_a_time(world: &World) {
    let [mina] = world.people(["mina"]).await;
    let story = world.posts(mina, "story").await;
    let comment = world.comments(mina, story, "comment").await;
    let more = 30;
    let number = usize::try_from(COMMENT_LIKES_REMOVED_MAX).unwrap() + more;
    let at = Timestamp::from_millis(1);
    let likes = world.crowd(number).await.into_iter();
    let likes: Vec<_> = likes.map(|person| (person, comment, at)).collect();
    let made = world.like_comments_many(likes).await.unwrap();
    assert_eq!(usize::try_from(made).unwrap(), number);
    world.delete_comment(comment, mina).await.unwrap();
    assert!(world.first(story).await.is_empty());
    assert!(world.comment_by_id(comment).await.unwrap().is_none());
    let left = world.comment_likers(comment, None, 100).await.unwrap();
    assert_eq!(left.len(), more);
    for removed in [20, 10, 0] {
        assert_eq!(world.purge_comment_likes(20).await.unwrap(), removed);
    }
    let left = world.comment_likers(comment, None, 100).await.unwrap();
    assert!(left.is_empty());
}

pub async fn likes_that_went_with_a_story_do_not_stop_the_clean_up_of_others(world: &World) {
    let [mina] = world.people(["mina"]).await;
    let (gone, other) = (
        world.posts(mina, "gone").await,
        world.posts(mina, "other").await,
    );
    let comments = [
        world.comments(mina, gone, "first").await,
        world.comments(mina, other, "second").await,
    ];
    let more = 30;
    let number = usize::try_from(COMMENT_LIKES_REMOVED_MAX).unwrap() + more;
    let crowd = world.crowd(number).await;
    for comment in comments {
        let likes = crowd.iter().map(|person| (*person, comment, world.now()));
        world.like_comments_many(likes.collect()).await.unwrap();
        world.delete_comment(comment, mina).await.unwrap();
    }
    world.deletes(mina, gone).await;
    assert!(!world.purge_story(gone, 10).await.unwrap());
    assert_eq!(world.purge_comment_likes(100).await.unwrap(), 20 + 30);
    assert_eq!(world.purge_comment_likes(100).await.unwrap(), 0);
    assert!(world.purge_story(gone, 100).await.unwrap());
}

pub async fn replies_and_likes_of_comments_go_with_their_story(world: &World) {
    let [mina, joon] = world.people(["mina", "joon"]).await;
    let story = world.posts(mina, "story").await;
    let parent = world.comments(joon, story, "parent").await;
    let (reply, _) = world.replies(mina, (story, parent)).await;
    world.likes_comment(mina, parent).await;
    world.likes_comment(joon, reply).await;
    let place = world.comments(joon, story, "place").await;
    world.replies(mina, (story, place)).await;
    world.delete_comment(place, joon).await.unwrap();
    world.deletes(mina, story).await;
    assert!(world.below(parent).await.is_empty());
    let (note, now) = (world.note(joon), world.now());
    let liked = world.like_comment(mina, reply, note, now).await;
    assert!(liked.unwrap().is_none());
    let mut steps = 0;
    while !world.purge_story(story, 1).await.unwrap() {
        steps += 1;
        assert!(steps < 100, "the purge ends");
    }
    assert!(steps >= 6, "each step is bounded: {steps}");
    for comment in [parent, reply, place] {
        let likers = world.comment_likers(comment, None, 9).await.unwrap();
        assert!(likers.is_empty());
    }
    assert!(
        world
            .reply_authors(&[parent, place], 9)
            .await
            .unwrap()
            .is_empty()
    );
    assert_eq!(world.person_counts(joon).await.unwrap().stories, 0);
}

pub async fn imported_replies_and_likes_of_comments_are_counted_and_told_to_nobody(world: &World) {
    let [mina, joon] = world.people(["mina", "joon"]).await;
    let (story, other) = (
        world.posts(mina, "story").await,
        world.posts(mina, "other").await,
    );
    let before = world.comments(mina, story, "before").await;
    let parent = world.new_comment(mina, story, "parent");
    let of_parent = world.new_reply(joon, (story, parent.id));
    let comments = vec![
        parent.clone(),
        of_parent.clone(),
        world.new_reply(joon, (story, before)),
        world.new_reply(joon, (other, before)),
        world.new_reply(joon, (story, of_parent.id)),
        world.new_reply(joon, (story, CommentId::from_u64(5))),
    ];
    assert_eq!(world.comment_many(comments).await.unwrap(), 3);
    let (nobody, nothing) = (PersonId::from_u64(5), CommentId::from_u64(5));
    let at = world.now().plus(Duration::from_secs(1));
    let likes = [
        (joon, parent.id),
        (mina, parent.id),
        (joon, parent.id),
        (joon, of_parent.id),
        (nobody, parent.id),
        (joon, nothing),
    ];
    let likes = likes.map(|(person, comment)| (person, comment, at));
    assert_eq!(world.like_comments_many(likes.into()).await.unwrap(), 3);
    assert_eq!(
        world.first(story).await,
        [(before, 1, 0), (parent.id, 1, 2)]
    );
    assert!(world.notes(mina).await.is_empty());
}
