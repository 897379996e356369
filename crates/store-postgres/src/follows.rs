//! Follows: a row in the bucket of the follower, and one in the bucket of the followee.

use sosik_feed::limits::FOLLOWS_MAX;
use sosik_feed::{Change, PersonId, Timestamp};
use sosik_store::{RelationChange, RelationLimits, StoreResult};

use super::sql::{Query, bind, statements};
use super::tx::Tx;
use super::{changes, counts, pair};

statements! {
    FOLLOW_INSERT = "INSERT INTO follows (bucket, follower, followee, since) VALUES ($1, $2, $3, $4)";
    FOLLOWER_INSERT = "INSERT INTO followers (bucket, followee, follower, since) VALUES ($1, $2, $3, $4)";
    FOLLOW_DELETE = "DELETE FROM follows WHERE bucket = $1 AND follower = $2 AND followee = $3";
    FOLLOWER_DELETE = "DELETE FROM followers WHERE bucket = $1 AND followee = $2 AND follower = $3";
}

/// Starts following.
pub(crate) async fn follow(
    tx: &Tx,
    follower: PersonId,
    followee: PersonId,
    limits: RelationLimits,
    now: Timestamp,
) -> StoreResult<RelationChange> {
    if follower == followee {
        return Ok(RelationChange::NoSuchPerson);
    }
    let (pair, _) = pair::lock(tx, follower, followee, []).await?;
    let Some(counted) = pair.one_counts.filter(|_| pair.is_open()) else {
        return Ok(RelationChange::NoSuchPerson);
    };
    if pair.relation.following {
        return Ok(RelationChange::Unchanged);
    }
    if counted.follows >= limits.follows_max.min(FOLLOWS_MAX) {
        return Ok(RelationChange::LimitReached);
    }
    let [follows, followers] = counts::follow(follower, followee, 1);
    let follow = bind!(FOLLOW_INSERT, follower.bucket(), follower, followee, now);
    let followed = bind!(FOLLOWER_INSERT, followee.bucket(), followee, follower, now);
    let grew = changes::log(&[Change::CircleGrew(follower)]);
    tx.last([follow, followed, follows, followers, grew])
        .await?;
    Ok(RelationChange::Changed)
}

/// Stops following.
pub(crate) async fn unfollow(
    tx: &Tx,
    follower: PersonId,
    followee: PersonId,
) -> StoreResult<RelationChange> {
    if follower == followee {
        return Ok(RelationChange::Unchanged);
    }
    let (pair, _) = pair::lock(tx, follower, followee, []).await?;
    if !pair.relation.following {
        return Ok(RelationChange::Unchanged);
    }
    let mut writes = removal(follower, followee).to_vec();
    writes.push(changes::log(&[Change::CircleShrank(follower)]));
    tx.last_each(writes).await?;
    Ok(RelationChange::Changed)
}

/// Removes a follow that exists.
pub(crate) fn removal(follower: PersonId, followee: PersonId) -> [Query; 4] {
    let [follows, followers] = counts::follow(follower, followee, -1);
    [
        bind!(FOLLOW_DELETE, follower.bucket(), follower, followee),
        bind!(FOLLOWER_DELETE, followee.bucket(), followee, follower),
        follows,
        followers,
    ]
}
