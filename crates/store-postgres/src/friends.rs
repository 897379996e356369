//! Friend requests and friendships.

use sosik_feed::limits::FRIENDS_MAX;
use sosik_feed::{Change, NotificationId, PersonId, Timestamp};
use sosik_store::engine::{Cause, NewNotification};
use sosik_store::{NotificationKind, PersonLimits, RelationChange, RelationLimits, StoreResult};

use super::changes;
use super::counts::{self, Limited};
use super::notify;
use super::pair::{self, Pair};
use super::row::Answer;
use super::sql::{Query, bind, statements};
use super::tx::Tx;
use super::withdrawn;

statements! {
    SENT_INSERT = "INSERT INTO requests_sent (bucket, asker, asked, since, notification) VALUES ($1, $2, $3, $4, $5)";
    RECEIVED_INSERT = "INSERT INTO requests_received (bucket, asked, asker, since) VALUES ($1, $2, $3, $4)";
    SENT_DELETE = "DELETE FROM requests_sent WHERE bucket = $1 AND asker = $2 AND asked = $3";
    RECEIVED_DELETE = "DELETE FROM requests_received WHERE bucket = $1 AND asked = $2 AND asker = $3";
    REQUEST = "SELECT notification, since FROM requests_sent WHERE bucket = $1 AND asker = $2 AND asked = $3";
    /// Stops counting at the limit.
    REQUESTS_COUNT = "SELECT count(*) FROM
        (SELECT 1 FROM requests_sent WHERE bucket = $1 AND asker = $2 LIMIT $3) waiting";
    FRIENDSHIP_INSERT = "INSERT INTO friendships (bucket, person, friend, since) VALUES ($1, $2, $3, $4)";
    FRIENDSHIP_DELETE = "DELETE FROM friendships WHERE bucket = $1 AND person = $2 AND friend = $3";
}

/// A request that waits.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Request {
    pub(crate) asker: PersonId,
    pub(crate) asked: PersonId,
    pub(crate) notification: NotificationId,
    pub(crate) since: Timestamp,
}

/// Sends a request, or makes two people friends if the other person has sent one. A person at the friend limit cannot
/// send a request. The other person's limit is checked only when the request is accepted.
pub(crate) async fn ask(
    tx: &Tx,
    asker: PersonId,
    asked: PersonId,
    (limits, person_limits): (RelationLimits, &PersonLimits),
    notification: NotificationId,
    now: Timestamp,
) -> StoreResult<RelationChange> {
    if asker == asked {
        return Ok(RelationChange::NoSuchPerson);
    }
    let further = [
        request_query(asked, asker),
        bind!(REQUESTS_COUNT, asker.bucket(), asker, limits.requests_max),
        withdrawn::earlier(Cause::friend_request(asker, asked), now, person_limits),
    ];
    let (pair, [received, waiting, earlier]) = pair::lock(tx, asker, asked, further).await?;
    if !pair.is_open() {
        return Ok(RelationChange::NoSuchPerson);
    }
    if pair.relation.friend || pair.relation.requested {
        return Ok(RelationChange::Unchanged);
    }
    if let Some(request) = request_in(&received, asked, asker)? {
        let befriended = befriend(tx, &pair, Some(request), limits, notification, now);
        return match befriended.await? {
            RelationChange::Changed => Ok(RelationChange::BecameFriends),
            refused => Ok(refused),
        };
    }
    if waiting.number()? >= i64::from(limits.requests_max) || is_full(pair.one_counts, limits) {
        return Ok(RelationChange::LimitReached);
    }
    // Repeated within a short time: the notification is restored at its position, and nobody is woken.
    let earlier = earlier.first()?;
    let request = Request {
        asker,
        asked,
        notification: earlier.unwrap_or(notification),
        since: now,
    };
    send(tx, &pair, request).await?;
    Ok(outcome(earlier.is_none()))
}

async fn send(tx: &Tx, pair: &Pair, request: Request) -> StoreResult<()> {
    let Request { asker, asked, .. } = request;
    let (since, notification) = (request.since, request.notification);
    let mut writes = vec![
        bind!(
            SENT_INSERT,
            asker.bucket(),
            asker,
            asked,
            since,
            notification
        ),
        bind!(RECEIVED_INSERT, asked.bucket(), asked, asker, since),
    ];
    if pair.reverse.may_notify() {
        let kind = NotificationKind::FriendRequest;
        let note = NewNotification::about_people(asked, notification, kind, asker, since);
        writes.push(notify::insert(&note));
    }
    tx.last_each(writes).await?;
    Ok(())
}

const fn outcome(notified: bool) -> RelationChange {
    if notified {
        RelationChange::Changed
    } else {
        RelationChange::ChangedQuietly
    }
}

/// Accepts the request of `asker`.
pub(crate) async fn accept(
    tx: &Tx,
    asked: PersonId,
    asker: PersonId,
    limits: RelationLimits,
    notification: NotificationId,
    now: Timestamp,
) -> StoreResult<RelationChange> {
    if asked == asker {
        return Ok(RelationChange::NoSuchRequest);
    }
    let request = [request_query(asker, asked)];
    let (pair, [request]) = pair::lock(tx, asked, asker, request).await?;
    if pair.relation.friend {
        return Ok(RelationChange::Unchanged);
    }
    // A block ends requests, so if there is a request neither person has blocked the other.
    match request_in(&request, asker, asked)? {
        None => Ok(RelationChange::NoSuchRequest),
        request => befriend(tx, &pair, request, limits, notification, now).await,
    }
}

/// Makes an invited person and the inviter friends without a request.
pub(crate) async fn befriend_invited(
    tx: &Tx,
    invited: PersonId,
    inviter: PersonId,
    limits: RelationLimits,
    notification: NotificationId,
    now: Timestamp,
) -> StoreResult<RelationChange> {
    if invited == inviter {
        return Ok(RelationChange::NoSuchPerson);
    }
    let request = [request_query(inviter, invited)];
    let (pair, [request]) = pair::lock(tx, invited, inviter, request).await?;
    if !pair.is_open() {
        return Ok(RelationChange::NoSuchPerson);
    }
    if pair.relation.friend {
        return Ok(RelationChange::Unchanged);
    }
    let request = request_in(&request, inviter, invited)?;
    befriend(tx, &pair, request, limits, notification, now).await
}

/// The first person of the pair accepts the request of the other, if there is one.
async fn befriend(
    tx: &Tx,
    pair: &Pair,
    request: Option<Request>,
    limits: RelationLimits,
    notification: NotificationId,
    now: Timestamp,
) -> StoreResult<RelationChange> {
    if is_full(pair.one_counts, limits) {
        return Ok(RelationChange::LimitReached);
    }
    if is_full(pair.other_counts, limits) {
        return Ok(RelationChange::TheirLimitReached);
    }
    let (person, other) = (pair.one, pair.other);
    let mut writes: Vec<Query> = request.into_iter().flat_map(removal).collect();
    writes.extend([
        bind!(FRIENDSHIP_INSERT, person.bucket(), person, other, now),
        bind!(FRIENDSHIP_INSERT, other.bucket(), other, person, now),
        counts::friends(person, 1),
        counts::friends(other, 1),
        changes::log_both([person, other], Change::CircleGrew),
    ]);
    if pair.reverse.may_notify() {
        let kind = NotificationKind::FriendAccepted;
        let note = NewNotification::about_people(other, notification, kind, person, now);
        writes.push(notify::insert(&note));
    }
    tx.last_each(writes).await?;
    Ok(RelationChange::Changed)
}

fn is_full(counted: Option<Limited>, limits: RelationLimits) -> bool {
    let friends = counted.unwrap_or_default().friends;
    friends >= limits.friends_max.min(FRIENDS_MAX)
}

/// Looks up a request. [`request_in`] reads the answer.
pub(crate) fn request_query(asker: PersonId, asked: PersonId) -> Query {
    bind!(REQUEST, asker.bucket(), asker, asked)
}

/// The answer to [`request_query`].
pub(crate) fn request_in(
    answer: &Answer,
    asker: PersonId,
    asked: PersonId,
) -> StoreResult<Option<Request>> {
    answer.row(|row| {
        Ok(Request {
            asker,
            asked,
            notification: row.get(0)?,
            since: row.get(1)?,
        })
    })
}

/// Removes a request with its notification.
pub(crate) fn removal(request: Request) -> [Query; 3] {
    let Request { asker, asked, .. } = request;
    [
        bind!(SENT_DELETE, asker.bucket(), asker, asked),
        bind!(RECEIVED_DELETE, asked.bucket(), asked, asker),
        notify::remove(asked, request.notification),
    ]
}

/// Withdraws the person's own request or declines that of the other, and records it as withdrawn. Requests never exist
/// in both directions, because a request in return is an acceptance.
pub(crate) async fn withdraw(
    tx: &Tx,
    person: PersonId,
    other: PersonId,
    limits: &PersonLimits,
) -> StoreResult<RelationChange> {
    if person == other {
        return Ok(RelationChange::Unchanged);
    }
    let requests = [request_query(person, other), request_query(other, person)];
    let (_, [own, received]) = pair::lock(tx, person, other, requests).await?;
    let own = request_in(&own, person, other)?;
    let Some(request) = own.or(request_in(&received, other, person)?) else {
        return Ok(RelationChange::Unchanged);
    };
    let cause = Cause::friend_request(request.asker, request.asked);
    let earlier = withdrawn::earlier(cause, request.since, limits);
    let notified = !tx.exists(earlier).await?;
    let [sent, received, note] = removal(request);
    let remember = withdrawn::remember(cause, request.notification, request.since);
    tx.last([sent, received, note, remember]).await?;
    Ok(outcome(notified))
}

/// Ends a friendship.
pub(crate) async fn unfriend(
    tx: &Tx,
    person: PersonId,
    other: PersonId,
) -> StoreResult<RelationChange> {
    if person == other {
        return Ok(RelationChange::Unchanged);
    }
    let (pair, _) = pair::lock(tx, person, other, []).await?;
    if pair.relation.friend {
        let mut writes = end(person, other).to_vec();
        writes.push(changes::log_both([person, other], Change::CircleShrank));
        tx.last_each(writes).await?;
    }
    Ok(RelationChange::changed_if(pair.relation.friend))
}

/// Ends a friendship that exists.
pub(crate) fn end(person: PersonId, other: PersonId) -> [Query; 4] {
    [
        bind!(FRIENDSHIP_DELETE, person.bucket(), person, other),
        bind!(FRIENDSHIP_DELETE, other.bucket(), other, person),
        counts::friends(person, -1),
        counts::friends(other, -1),
    ]
}
