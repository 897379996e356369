//! Privacy settings: mentions that they permit, and friends in common.

use std::collections::HashMap;

use sosik_feed::limits::COMMON_FRIENDS_EXAMINED_MAX;
use sosik_feed::{AllowedActors, Permission, PersonId, Privacy};
use sosik_store::{Mention, StoreResult};

use super::counts;
use super::sql::{bind, statements};
use super::tx::Tx;

statements! {
    /// People who do not let everybody mention them.
    MENTIONS_LIMITED = "SELECT id, mentions_by FROM people WHERE id = ANY($1) AND mentions_by <> 0";
    LIMITED_FRIENDS = "SELECT friend FROM friendships WHERE bucket = $1 AND person = $2 AND friend = ANY($3)";
    SOME_FRIENDS = "SELECT friend FROM friendships WHERE bucket = $1 AND person = $2 ORDER BY friend LIMIT $3";
    FRIEND_AMONG = "SELECT 1 FROM friendships WHERE bucket = $1 AND person = $2 AND friend = ANY($3) LIMIT 1";
}

/// The mentions that the settings of the mentioned people permit. The others stay in the text as plain text.
pub(crate) async fn permitted_mentions(
    tx: &Tx,
    actor: PersonId,
    mut mentions: Vec<Mention>,
) -> StoreResult<Vec<Mention>> {
    if mentions.is_empty() {
        return Ok(mentions);
    }
    let people: Vec<_> = mentions.iter().map(|mention| mention.person).collect();
    let limited = tx.rows(bind!(MENTIONS_LIMITED, people), |row| {
        Ok((row.get::<PersonId>(0)?, row.get::<i64>(1)?))
    });
    let mut limited: HashMap<_, _> = limited.await?.into_iter().collect();
    limited.remove(&actor);
    if limited.is_empty() {
        return Ok(mentions);
    }
    let people: Vec<_> = limited.keys().copied().collect();
    let friends = bind!(LIMITED_FRIENDS, actor.bucket(), actor, people);
    let friends: Vec<PersonId> = tx.column(friends).await?;
    let mut refused = Vec::new();
    for (person, number) in limited {
        let privacy = Privacy {
            mentions: AllowedActors::from_number(number),
            ..Privacy::default()
        };
        let permitted = match privacy.permits_mention(friends.contains(&person)) {
            Permission::WithCommonFriend => have_common_friend(tx, actor, person).await?,
            decided => decided.resolve(false),
        };
        if !permitted {
            refused.push(person);
        }
    }
    mentions.retain(|mention| !refused.contains(&mention.person));
    Ok(mentions)
}

/// Whether two people have a friend in common, as far as it is examined. Two statements, because the two people can have
/// different buckets.
pub(crate) async fn have_common_friend(
    tx: &Tx,
    one: PersonId,
    other: PersonId,
) -> StoreResult<bool> {
    let [of_one, of_other] = tx.batch([counts::read(one), counts::read(other)]).await?;
    let of_one = counts::locked(&of_one)?.unwrap_or_default().friends;
    let of_other = counts::locked(&of_other)?.unwrap_or_default().friends;
    let (fewer, more) = match (of_one, one) <= (of_other, other) {
        true => (one, other),
        false => (other, one),
    };
    let some = bind!(
        SOME_FRIENDS,
        fewer.bucket(),
        fewer,
        COMMON_FRIENDS_EXAMINED_MAX
    );
    let some: Vec<PersonId> = tx.column(some).await?;
    if some.is_empty() {
        return Ok(false);
    }
    tx.exists(bind!(FRIEND_AMONG, more.bucket(), more, some))
        .await
}
