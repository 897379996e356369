//! Writes notifications, in the transaction of the write that causes them. A notification is in the bucket of its
//! reader.
//!
//! Nobody is notified of their own acts. The other rules are those of [`sosik_feed::Relation`].

use std::collections::BTreeSet;

use sosik_feed::{Audience, CommentId, NotificationId, PersonId, Relation, StoryId};

use super::relations::{relation, relation_in, relation_query};
use super::sql::{Query, Value, bind, statements};
use super::stranger_mentions;
use super::tx::Tx;
use sosik_store::engine::{
    MentionSource, NewNotification, comment_act_number, notification_kind_number,
};
use sosik_store::{Mention, NotificationKind, PersonLimits, StoreResult};

statements! {
    NOTIFICATION_INSERT = "INSERT INTO notifications (bucket, person, id, kind, actor, story, comment, at, comment_act)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING";
    MENTIONS_INSERT = "INSERT INTO notifications (bucket, person, id, kind, actor, story, comment, at)
        SELECT bucket, person, id, 5, $4::bigint, $5::bigint, $6::bigint, $7::bigint
        FROM unnest($1::smallint[], $2::bigint[], $3::bigint[]) AS told (bucket, person, id)
        ON CONFLICT (person, id, bucket) DO NOTHING RETURNING person";
    /// Inserts the notification of likes of a story, or moves it to the top.
    LIKES_NOTIFICATION_RAISE = "INSERT INTO notifications (bucket, person, id, kind, actor, story, comment, at)
        VALUES ($1, $2, $3, 4, $4, $5, NULL, $6)
        ON CONFLICT (story, person, bucket) WHERE kind = 4
        DO UPDATE SET id = excluded.id, actor = excluded.actor, at = excluded.at";
    LIKES_NOTIFICATION_DELETE = "DELETE FROM notifications
        WHERE bucket = $1 AND person = $2 AND story = $3 AND kind = 4";
    LIKES_NOTIFICATION = "SELECT id FROM notifications
        WHERE bucket = $1 AND person = $2 AND story = $3 AND kind = 4";
    /// Inserts the notification of likes of a comment, or moves it to the top.
    COMMENT_LIKES_NOTIFICATION_RAISE = "INSERT INTO notifications
            (bucket, person, id, kind, actor, story, comment, at, comment_act)
        VALUES ($1, $2, $3, 3, $4, $5, $6, $7, 2)
        ON CONFLICT (comment, person, bucket) WHERE comment_act = 2
        DO UPDATE SET id = excluded.id, actor = excluded.actor, at = excluded.at";
    COMMENT_LIKES_NOTIFICATION_DELETE = "DELETE FROM notifications
        WHERE bucket = $1 AND person = $2 AND comment = $3 AND comment_act = 2";
    COMMENT_LIKES_NOTIFICATION = "SELECT id FROM notifications
        WHERE bucket = $1 AND person = $2 AND comment = $3 AND comment_act = 2";
    NOTIFICATION_DELETE = "DELETE FROM notifications WHERE bucket = $1 AND person = $2 AND id = $3";
    MENTIONS_TOLD_OF_STORY = "SELECT person FROM notifications
        WHERE story = $1 AND comment IS NULL AND kind = 5 AND person = ANY($2) AND bucket = ANY($3)";
    MENTIONS_TOLD_OF_COMMENT = "SELECT person FROM notifications
        WHERE story = $1 AND comment = $2 AND (kind = 5 OR comment_act = 1) AND person = ANY($3) AND bucket = ANY($4)";
    /// The readers have different buckets.
    COMMENT_NOTIFICATIONS_DELETE = "DELETE FROM notifications WHERE story = $1 AND comment = $2 RETURNING person";
}

/// Notifies one person. Returns whether they have a new notification.
pub(crate) async fn notify(tx: &Tx, notification: &NewNotification) -> StoreResult<bool> {
    let (person, actor) = (notification.person, notification.actor);
    Ok(
        may_notify(person, actor, relation(tx, person, actor).await?)
            && tx.changes(insert(notification)).await?,
    )
}

/// Whether an act of `actor` notifies the person.
pub(crate) fn may_notify(person: PersonId, actor: PersonId, relation: Relation) -> bool {
    person != actor && relation.may_notify()
}

/// Inserts a notification, unless the person has it. For likes: unless the person has one of the story.
pub(crate) fn insert(notification: &NewNotification) -> Query {
    bind!(
        NOTIFICATION_INSERT,
        notification.person.bucket(),
        notification.person,
        notification.id,
        notification_kind_number(notification.kind),
        notification.actor,
        notification.story,
        notification.comment,
        notification.at,
        comment_act_number(notification.kind)
    )
}

/// Moves the notification of likes of a comment to the top, or inserts it.
pub(crate) fn raise_comment_likes(notification: &NewNotification) -> Query {
    bind!(
        COMMENT_LIKES_NOTIFICATION_RAISE,
        notification.person.bucket(),
        notification.person,
        notification.id,
        notification.actor,
        notification.story,
        notification.comment,
        notification.at
    )
}

/// Looks up the author's notification of likes of a comment. The answer is its id.
pub(crate) fn comment_likes_notification(author: PersonId, comment: CommentId) -> Query {
    bind!(COMMENT_LIKES_NOTIFICATION, author.bucket(), author, comment)
}

/// Deletes the notification of likes of a comment.
pub(crate) fn remove_comment_likes(author: PersonId, comment: CommentId) -> Query {
    bind!(
        COMMENT_LIKES_NOTIFICATION_DELETE,
        author.bucket(),
        author,
        comment
    )
}

/// Notifies the authors of the comments that a reply answers, as far as they may open the story. Returns the people
/// notified.
pub(crate) async fn notify_answered(
    tx: &Tx,
    act: &MentionSource,
    authors: [Option<PersonId>; 2],
) -> StoreResult<Vec<PersonId>> {
    let mut told = Vec::new();
    for person in authors.into_iter().flatten() {
        let notification = act.notification(person, NotificationKind::Reply);
        let opens = person == act.story_author
            || relation(tx, person, act.story_author)
                .await?
                .may_open(act.audience);
        if opens && notify(tx, &notification).await? {
            told.push(person);
        }
    }
    Ok(told)
}

/// Moves the notification of likes of a story to the top, or inserts it.
pub(crate) fn raise_likes(notification: &NewNotification, story: StoryId) -> Query {
    bind!(
        LIKES_NOTIFICATION_RAISE,
        notification.person.bucket(),
        notification.person,
        notification.id,
        notification.actor,
        story,
        notification.at
    )
}

/// Looks up the author's notification of likes of a story. The answer is its id.
pub(crate) fn likes_notification(author: PersonId, story: StoryId) -> Query {
    bind!(LIKES_NOTIFICATION, author.bucket(), author, story)
}

/// Deletes the notification of likes of a story.
pub(crate) fn remove_likes(author: PersonId, story: StoryId) -> Query {
    bind!(LIKES_NOTIFICATION_DELETE, author.bucket(), author, story)
}

/// Deletes a notification.
pub(crate) fn remove(person: PersonId, id: NotificationId) -> Query {
    bind!(NOTIFICATION_DELETE, person.bucket(), person, id)
}

/// Deletes every notification of a comment. The answer is the people who had one.
pub(crate) fn remove_comment(story: StoryId, comment: CommentId) -> Query {
    bind!(COMMENT_NOTIFICATIONS_DELETE, story, comment)
}

/// These people without those severed from the other.
pub(crate) async fn without_severed(
    tx: &Tx,
    people: Vec<PersonId>,
    other: PersonId,
) -> StoreResult<Vec<PersonId>> {
    let relations = people.iter().map(|person| relation_query(*person, other));
    let relations = tx.each(relations.collect()).await?;
    let mut kept = Vec::with_capacity(people.len());
    for (person, relation) in people.into_iter().zip(&relations) {
        if !relation_in(relation)?.severed() {
            kept.push(person);
        }
    }
    Ok(kept)
}

/// Notifies the mentioned people who may open the story, except its author and the author of the act. People without a
/// connection to the author of the act are notified up to a daily limit. Returns the people notified.
///
/// The transaction has locked the counts of the author of the act: see [`stranger_mentions`].
pub(crate) async fn notify_mentioned(
    tx: &Tx,
    act: &MentionSource,
    mentions: &[Mention],
    limits: &PersonLimits,
) -> StoreResult<Vec<PersonId>> {
    let mut people: Vec<PersonId> = Vec::with_capacity(mentions.len());
    for mention in mentions {
        let person = mention.person;
        if person != act.story_author && person != act.actor && !people.contains(&person) {
            people.push(person);
        }
    }
    let relations = people.iter().flat_map(|person| {
        [act.story_author, act.actor].map(|other| relation_query(*person, other))
    });
    let relations = tx.each(relations.collect()).await?;
    let mut reached = Vec::with_capacity(people.len());
    for (person, relations) in people.into_iter().zip(relations.chunks_exact(2)) {
        let [to_author, to_actor] = [relation_in(&relations[0])?, relation_in(&relations[1])?];
        reached.push((person, reach(act.audience, to_author, to_actor)));
    }
    reached.retain(|(_, reach)| *reach != Reach::Nobody);
    let strangers = reached
        .iter()
        .filter(|(_, reach)| *reach == Reach::Stranger);
    let strangers = strangers.count();
    let mut left = match strangers {
        0 => 0,
        wanted => stranger_mentions::take(tx, act.actor, act.at, wanted, limits).await?,
    };
    reached.retain(|(_, reach)| {
        let within = *reach == Reach::Connected || left > 0;
        left -= usize::from(within && *reach == Reach::Stranger);
        within
    });
    let told = reached.into_iter().map(|(person, _)| person).collect();
    insert_mentions(tx, act, told).await
}

/// Whether a mention reaches a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reach {
    /// The person may not open the story, or gets no notifications of the author of the act.
    Nobody,
    /// A friend or follower of the author of the act.
    Connected,
    /// Within the daily limit.
    Stranger,
}

fn reach(audience: Audience, to_author: Relation, to_actor: Relation) -> Reach {
    if !to_author.may_open(audience) || !to_actor.may_notify() {
        return Reach::Nobody;
    }
    if to_actor.friend || to_actor.following {
        return Reach::Connected;
    }
    Reach::Stranger
}

/// Returns the people who did not have the notification, in the given order.
async fn insert_mentions(
    tx: &Tx,
    act: &MentionSource,
    people: Vec<PersonId>,
) -> StoreResult<Vec<PersonId>> {
    if people.is_empty() {
        return Ok(people);
    }
    let ids = people.iter().map(|person| act.notification_of(*person));
    let ids: Vec<i64> = ids.map(NotificationId::as_i64).collect();
    let inserted = tx.column::<PersonId>(bind!(
        MENTIONS_INSERT,
        Value::buckets(people.iter().map(|person| person.bucket())),
        &people,
        ids,
        act.actor,
        act.story,
        act.comment,
        act.at
    ));
    let inserted: BTreeSet<_> = inserted.await?.into_iter().collect();
    let told = people.into_iter();
    Ok(told.filter(|person| inserted.contains(person)).collect())
}

/// Notifies the people whom an edit mentions, except those who were notified of this story or comment before.
pub(crate) async fn notify_newly_mentioned(
    tx: &Tx,
    act: &MentionSource,
    mut mentions: Vec<Mention>,
    limits: &PersonLimits,
) -> StoreResult<Vec<PersonId>> {
    if mentions.is_empty() {
        return Ok(Vec::new());
    }
    let people: Vec<PersonId> = mentions.iter().map(|mention| mention.person).collect();
    let buckets = Value::buckets(people.iter().map(|person| person.bucket()));
    let told = match act.comment {
        None => bind!(MENTIONS_TOLD_OF_STORY, act.story, people, buckets),
        Some(comment) => bind!(
            MENTIONS_TOLD_OF_COMMENT,
            act.story,
            comment,
            people,
            buckets
        ),
    };
    let told: Vec<PersonId> = tx.column(told).await?;
    mentions.retain(|mention| !told.contains(&mention.person));
    notify_mentioned(tx, act, &mentions, limits).await
}
