//! Writes notifications, in the transaction of the write that causes them.
//!
//! Nobody is notified of their own acts. The other rules are those of [`sosik_feed::Relation`].

use rusqlite::params;
use sosik_feed::{Audience, CommentId, NotificationId, PersonId, StoryId};

use super::db::Db;
use super::relations::relation;
use super::statement::statements;
use super::stranger_mentions;
use sosik_store::engine::{
    MentionSource, NewNotification, comment_act_number, notification_kind_number,
};
use sosik_store::{Mention, NotificationKind, PersonLimits, StoreResult};

statements! {
    NOTIFICATION_INSERT = "INSERT INTO notifications (person, id, kind, actor, story, comment, at, comment_act)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT (person, id) DO NOTHING";
    NOTIFICATION_DELETE = "DELETE FROM notifications WHERE person = ?1 AND id = ?2";
    LIKES_NOTIFICATION_DELETE = "DELETE FROM notifications WHERE person = ?1 AND story = ?2 AND kind = 4";
    LIKES_NOTIFICATION = "SELECT id FROM notifications WHERE person = ?1 AND story = ?2 AND kind = 4";
    COMMENT_LIKES_NOTIFICATION_DELETE = "DELETE FROM notifications WHERE comment = ?2 AND person = ?1 AND comment_act = 2";
    COMMENT_LIKES_NOTIFICATION = "SELECT id FROM notifications WHERE comment = ?2 AND person = ?1 AND comment_act = 2";
    MENTION_NOTIFIED = "SELECT 1 FROM notifications
        WHERE story = ?1 AND comment IS ?2 AND person = ?3 AND (kind = 5 OR comment_act = 1)";
    COMMENT_NOTIFICATIONS_DELETE = "DELETE FROM notifications WHERE story = ?1 AND comment = ?2 RETURNING person";
}

/// Notifies one person. Returns whether they have a new notification.
pub(super) fn notify(db: &Db<'_>, notification: &NewNotification) -> StoreResult<bool> {
    Ok(may_notify(db, notification.person, notification.actor)? && insert(db, notification)?)
}

/// Notifies an author of likes of a story: the notification moves to the top. Returns whether it did.
pub(super) fn notify_like(
    db: &Db<'_>,
    notification: &NewNotification,
    story: StoryId,
) -> StoreResult<bool> {
    if !may_notify(db, notification.person, notification.actor)? {
        return Ok(false);
    }
    remove_likes(db, notification.person, story)?;
    insert(db, notification)
}

/// Restores the notification of likes of a story at its position, unless there is one.
pub(super) fn restore_like(
    db: &Db<'_>,
    notification: &NewNotification,
    story: StoryId,
) -> StoreResult<()> {
    let exists = likes_notification(db, notification.person, story)?.is_some();
    if !exists && may_notify(db, notification.person, notification.actor)? {
        insert(db, notification)?;
    }
    Ok(())
}

/// Notifies an author of likes of a comment: the notification moves to the top. Returns whether it did.
pub(super) fn notify_comment_like(
    db: &Db<'_>,
    notification: &NewNotification,
    comment: CommentId,
) -> StoreResult<bool> {
    if !may_notify(db, notification.person, notification.actor)? {
        return Ok(false);
    }
    remove_comment_likes(db, notification.person, comment)?;
    insert(db, notification)
}

/// Restores the notification of likes of a comment at its position, unless there is one.
pub(super) fn restore_comment_like(
    db: &Db<'_>,
    notification: &NewNotification,
    comment: CommentId,
) -> StoreResult<()> {
    let stands = comment_likes_notification(db, notification.person, comment)?.is_some();
    if !stands && may_notify(db, notification.person, notification.actor)? {
        insert(db, notification)?;
    }
    Ok(())
}

/// The author's notification of likes of a comment.
pub(super) fn comment_likes_notification(
    db: &Db<'_>,
    author: PersonId,
    comment: CommentId,
) -> StoreResult<Option<NotificationId>> {
    let key = [author.as_i64(), comment.as_i64()];
    db.row(COMMENT_LIKES_NOTIFICATION, key, |row| {
        Ok(NotificationId::from_i64(row.get(0)?))
    })
}

/// Deletes the notification of likes of a comment. Returns whether there was one.
pub(super) fn remove_comment_likes(
    db: &Db<'_>,
    author: PersonId,
    comment: CommentId,
) -> StoreResult<bool> {
    let key = [author.as_i64(), comment.as_i64()];
    db.changes(COMMENT_LIKES_NOTIFICATION_DELETE, key)
}

/// Notifies the authors of the comments that a reply answers, as far as they may open the story. Returns the people
/// notified.
pub(super) fn notify_answered(
    db: &Db<'_>,
    act: &MentionSource,
    authors: [Option<PersonId>; 2],
) -> StoreResult<Vec<PersonId>> {
    let mut told = Vec::new();
    for person in authors.into_iter().flatten() {
        let notification = act.notification(person, NotificationKind::Reply);
        if opens(db, person, act.story_author, act.audience)? && notify(db, &notification)? {
            told.push(person);
        }
    }
    Ok(told)
}

/// Whether a person may open a story of the author, which may be their own.
pub(super) fn opens(
    db: &Db<'_>,
    person: PersonId,
    author: PersonId,
    audience: Audience,
) -> StoreResult<bool> {
    Ok(person == author || may_open(db, person, author, audience)?)
}

/// The author's notification of likes of a story.
pub(super) fn likes_notification(
    db: &Db<'_>,
    author: PersonId,
    story: StoryId,
) -> StoreResult<Option<NotificationId>> {
    db.row(
        LIKES_NOTIFICATION,
        [author.as_i64(), story.as_i64()],
        |row| Ok(NotificationId::from_i64(row.get(0)?)),
    )
}

/// Notifies the mentioned people who may open the story, except its author and the author of the act. People without a
/// connection to the author of the act are notified up to a daily limit. Returns the people notified.
pub(super) fn notify_mentioned(
    db: &Db<'_>,
    act: &MentionSource,
    mentions: &[Mention],
    limits: &PersonLimits,
) -> StoreResult<Vec<PersonId>> {
    let mut notified = Vec::new();
    for &Mention { person, .. } in mentions {
        if person == act.story_author
            || notified.contains(&person)
            || !may_open(db, person, act.story_author, act.audience)?
            || !may_mention(db, person, act, limits)?
        {
            continue;
        }
        let notification = act.notification(person, NotificationKind::Mention);
        if insert(db, &notification)? {
            notified.push(person);
        }
    }
    Ok(notified)
}

/// Notifies the people whom an edit mentions, except those who were notified of this story or comment before.
pub(super) fn notify_newly_mentioned(
    db: &Db<'_>,
    act: &MentionSource,
    mentions: Vec<Mention>,
    limits: &PersonLimits,
) -> StoreResult<Vec<PersonId>> {
    let mut fresh = Vec::with_capacity(mentions.len());
    for mention in mentions {
        let key = params![
            act.story.as_i64(),
            act.comment.map(CommentId::as_i64),
            mention.person.as_i64()
        ];
        if !db.exists(MENTION_NOTIFIED, key)? {
            fresh.push(mention);
        }
    }
    notify_mentioned(db, act, &fresh, limits)
}

/// Deletes a notification.
pub(super) fn remove(db: &Db<'_>, person: PersonId, id: NotificationId) -> StoreResult<()> {
    db.execute(NOTIFICATION_DELETE, [person.as_i64(), id.as_i64()])?;
    Ok(())
}

/// Deletes the notification of likes of a story. Returns whether there was one.
pub(super) fn remove_likes(db: &Db<'_>, author: PersonId, story: StoryId) -> StoreResult<bool> {
    db.changes(LIKES_NOTIFICATION_DELETE, [author.as_i64(), story.as_i64()])
}

/// Deletes every notification of a comment. Returns the people who had one and are not severed from its author.
pub(super) fn remove_comment(
    db: &Db<'_>,
    story: StoryId,
    comment: CommentId,
    author: PersonId,
) -> StoreResult<Vec<PersonId>> {
    let key = [story.as_i64(), comment.as_i64()];
    let had = db.rows(COMMENT_NOTIFICATIONS_DELETE, key, |row| {
        Ok(PersonId::from_i64(row.get(0)?))
    })?;
    let mut told = Vec::with_capacity(had.len());
    for person in had {
        if !relation(db, person, author)?.severed() {
            told.push(person);
        }
    }
    Ok(told)
}

fn may_notify(db: &Db<'_>, person: PersonId, actor: PersonId) -> StoreResult<bool> {
    Ok(person != actor && relation(db, person, actor)?.may_notify())
}

/// Whether a mention notifies the person. Friends and followers of the actor are notified of every mention, others up
/// to the daily limit.
fn may_mention(
    db: &Db<'_>,
    person: PersonId,
    act: &MentionSource,
    limits: &PersonLimits,
) -> StoreResult<bool> {
    if person == act.actor {
        return Ok(false);
    }
    let relation = relation(db, person, act.actor)?;
    let connected = relation.friend || relation.following;
    Ok(relation.may_notify()
        && (connected || stranger_mentions::take(db, act.actor, act.at, limits)?))
}

fn may_open(
    db: &Db<'_>,
    person: PersonId,
    author: PersonId,
    audience: Audience,
) -> StoreResult<bool> {
    Ok(relation(db, person, author)?.may_open(audience))
}

fn insert(db: &Db<'_>, notification: &NewNotification) -> StoreResult<bool> {
    let (story, comment) = (
        notification.story.map(StoryId::as_i64),
        notification.comment.map(CommentId::as_i64),
    );
    let (person, id, actor) = (
        notification.person.as_i64(),
        notification.id.as_i64(),
        notification.actor.as_i64(),
    );
    let row = params![
        person,
        id,
        notification_kind_number(notification.kind),
        actor,
        story,
        comment,
        notification.at.as_i64(),
        comment_act_number(notification.kind)
    ];
    db.changes(NOTIFICATION_INSERT, row)
}
