//! Friend requests and friendships.

use rusqlite::params;
use sosik_feed::limits::FRIENDS_MAX;
use sosik_feed::{NotificationId, PersonId, Timestamp};

use super::db::Db;
use super::notify;
use super::relations::{open_relation, relation};
use super::statement::statements;
use super::withdrawn;
use super::{counts, people};
use sosik_store::engine::{Cause, NewNotification};
use sosik_store::{NotificationKind, PersonLimits, RelationChange, RelationLimits, StoreResult};

statements! {
    REQUEST_INSERT = "INSERT INTO friend_requests (asker, asked, since, notification) VALUES (?1, ?2, ?3, ?4)";
    REQUEST_DELETE = "DELETE FROM friend_requests WHERE asker = ?1 AND asked = ?2 RETURNING notification, since";
    /// Stops counting at the limit.
    REQUESTS_COUNT = "SELECT count(*) FROM (SELECT 1 FROM friend_requests WHERE asker = ?1 LIMIT ?2)";
    FRIENDSHIP_INSERT = "INSERT INTO friendships (person, friend, since) VALUES (?1, ?2, ?3), (?2, ?1, ?3)";
    FRIENDSHIP_DELETE = "DELETE FROM friendships WHERE person = ?1 AND friend = ?2";
}

/// Sends a request, or makes two people friends if the other person has sent one. A person at the friend limit cannot
/// send a request. The other person's limit is checked only when the request is accepted.
pub(super) fn ask(
    db: &Db<'_>,
    asker: PersonId,
    asked: PersonId,
    (limits, person_limits): (RelationLimits, &PersonLimits),
    notification: NotificationId,
    now: Timestamp,
) -> StoreResult<RelationChange> {
    let Some(relation) = open_relation(db, asker, asked)? else {
        return Ok(RelationChange::NoSuchPerson);
    };
    if relation.friend || relation.requested {
        return Ok(RelationChange::Unchanged);
    }
    if relation.asked {
        return match befriend(db, asker, asked, limits, notification, now)? {
            RelationChange::Changed => Ok(RelationChange::BecameFriends),
            refused => Ok(refused),
        };
    }
    let waiting = db.number(REQUESTS_COUNT, params![asker.as_i64(), limits.requests_max])?;
    if waiting >= i64::from(limits.requests_max) || is_full(db, asker, limits)? {
        return Ok(RelationChange::LimitReached);
    }
    // Repeated within a short time: the notification is restored at its position, and no wake-up is sent.
    let cause = Cause::friend_request(asker, asked);
    let earlier = withdrawn::earlier(db, cause, now, person_limits)?;
    let notification = earlier.unwrap_or(notification);
    db.execute(
        REQUEST_INSERT,
        [
            asker.as_i64(),
            asked.as_i64(),
            now.as_i64(),
            notification.as_i64(),
        ],
    )?;
    notify::notify(
        db,
        &NewNotification::about_people(
            asked,
            notification,
            NotificationKind::FriendRequest,
            asker,
            now,
        ),
    )?;
    Ok(outcome(earlier.is_none()))
}

const fn outcome(notified: bool) -> RelationChange {
    if notified {
        RelationChange::Changed
    } else {
        RelationChange::ChangedQuietly
    }
}

/// Accepts the request of `asker`.
pub(super) fn accept(
    db: &Db<'_>,
    asked: PersonId,
    asker: PersonId,
    limits: RelationLimits,
    notification: NotificationId,
    now: Timestamp,
) -> StoreResult<RelationChange> {
    let relation = relation(db, asked, asker)?;
    if relation.friend {
        return Ok(RelationChange::Unchanged);
    }
    // A block ends requests, so if there is a request neither person has blocked the other.
    if !relation.asked {
        return Ok(RelationChange::NoSuchRequest);
    }
    befriend(db, asked, asker, limits, notification, now)
}

/// Makes an invited person and the inviter friends without a request.
pub(super) fn befriend_invited(
    db: &Db<'_>,
    invited: PersonId,
    inviter: PersonId,
    limits: RelationLimits,
    notification: NotificationId,
    now: Timestamp,
) -> StoreResult<RelationChange> {
    match open_relation(db, invited, inviter)? {
        None => Ok(RelationChange::NoSuchPerson),
        Some(relation) if relation.friend => Ok(RelationChange::Unchanged),
        Some(_) => befriend(db, invited, inviter, limits, notification, now),
    }
}

/// `person` accepts the request of `other`, if there is one.
fn befriend(
    db: &Db<'_>,
    person: PersonId,
    other: PersonId,
    limits: RelationLimits,
    notification: NotificationId,
    now: Timestamp,
) -> StoreResult<RelationChange> {
    if is_full(db, person, limits)? {
        return Ok(RelationChange::LimitReached);
    }
    if is_full(db, other, limits)? {
        return Ok(RelationChange::TheirLimitReached);
    }
    remove_request(db, other, person)?;
    db.execute(
        FRIENDSHIP_INSERT,
        [person.as_i64(), other.as_i64(), now.as_i64()],
    )?;
    counts::friends(db, person, 1)?;
    counts::friends(db, other, 1)?;
    notify::notify(
        db,
        &NewNotification::about_people(
            other,
            notification,
            NotificationKind::FriendAccepted,
            person,
            now,
        ),
    )?;
    Ok(RelationChange::Changed)
}

fn is_full(db: &Db<'_>, person: PersonId, limits: RelationLimits) -> StoreResult<bool> {
    let (friends, _) = people::relation_counts(db, person)?;
    Ok(friends >= limits.friends_max.min(FRIENDS_MAX))
}

/// Deletes a request with its notification. Returns whether there was one.
pub(super) fn remove_request(db: &Db<'_>, asker: PersonId, asked: PersonId) -> StoreResult<bool> {
    Ok(take_request(db, asker, asked)?.is_some())
}

/// Removes a request that a block ends, and records it as withdrawn: otherwise a block and its end would make the next
/// request a new one.
pub(super) fn end_request(db: &Db<'_>, asker: PersonId, asked: PersonId) -> StoreResult<()> {
    match take_request(db, asker, asked)? {
        Some((notification, since)) => {
            withdrawn::remember(db, Cause::friend_request(asker, asked), notification, since)
        }
        None => Ok(()),
    }
}

/// Withdraws or declines a request, and records it as withdrawn.
pub(super) fn withdraw(
    db: &Db<'_>,
    asker: PersonId,
    asked: PersonId,
    limits: &PersonLimits,
) -> StoreResult<RelationChange> {
    let Some((notification, since)) = take_request(db, asker, asked)? else {
        return Ok(RelationChange::Unchanged);
    };
    let cause = Cause::friend_request(asker, asked);
    let notified = withdrawn::earlier(db, cause, since, limits)?.is_none();
    withdrawn::remember(db, cause, notification, since)?;
    Ok(outcome(notified))
}

fn take_request(
    db: &Db<'_>,
    asker: PersonId,
    asked: PersonId,
) -> StoreResult<Option<(NotificationId, Timestamp)>> {
    let removed = db.row(REQUEST_DELETE, [asker.as_i64(), asked.as_i64()], |row| {
        Ok((
            NotificationId::from_i64(row.get(0)?),
            Timestamp::from_i64(row.get(1)?),
        ))
    })?;
    if let Some((notification, _)) = removed {
        notify::remove(db, asked, notification)?;
    }
    Ok(removed)
}

/// Ends a friendship. Returns whether there was one.
pub(super) fn unfriend(db: &Db<'_>, person: PersonId, other: PersonId) -> StoreResult<bool> {
    let ended = lose_friend(db, person, other)?;
    lose_friend(db, other, person)?;
    Ok(ended)
}

/// Removes one side of a friendship.
fn lose_friend(db: &Db<'_>, person: PersonId, friend: PersonId) -> StoreResult<bool> {
    let lost = db.changes(FRIENDSHIP_DELETE, [person.as_i64(), friend.as_i64()])?;
    if lost {
        counts::friends(db, person, -1)?;
    }
    Ok(lost)
}
