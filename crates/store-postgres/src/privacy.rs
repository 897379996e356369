//! Privacy settings: mentions that they permit, and friends in common.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use sosik_feed::limits::COMMON_FRIENDS_EXAMINED_MAX;
use sosik_feed::{AllowedActors, Permission, PersonId, Privacy};
use sosik_store::{Mention, StoreResult};

use super::counts;
use super::row::Answer;
use super::sql::{Query, bind, statements};
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
    let (mut refused, mut open) = (BTreeSet::new(), Vec::new());
    for (person, number) in limited {
        let privacy = Privacy {
            mentions: AllowedActors::from_number(number),
            ..Privacy::default()
        };
        match privacy.permits_mention(friends.contains(&person)) {
            Permission::Granted => {}
            Permission::Refused => drop(refused.insert(person)),
            Permission::WithCommonFriend => open.push(person),
        }
    }
    let permitted = with_common_friend(tx, actor, &open).await?;
    refused.extend(open.iter().filter(|person| !permitted.contains(person)));
    mentions.retain(|mention| !refused.contains(&mention.person));
    Ok(mentions)
}

/// Whether two people have a friend in common, as far as it is examined.
pub(crate) async fn have_common_friend(
    tx: &Tx,
    one: PersonId,
    other: PersonId,
) -> StoreResult<bool> {
    Ok(!with_common_friend(tx, one, &[other]).await?.is_empty())
}

/// The people among `others` who have a friend in common with the person, as far as it is examined. Three round trips
/// for all of them. Two people can have different buckets, so no statement joins their friends.
async fn with_common_friend(
    tx: &Tx,
    person: PersonId,
    others: &[PersonId],
) -> StoreResult<BTreeSet<PersonId>> {
    if others.is_empty() {
        return Ok(BTreeSet::new());
    }
    let counted = others.iter().chain([&person]);
    let counted = tx
        .each(counted.map(|one| counts::read(*one)).collect())
        .await?;
    let counted = counted.iter().map(friends_of);
    let mut counted: Vec<u32> = counted.collect::<StoreResult<_>>()?;
    let own = counted.pop().unwrap_or_default();
    let pairs = others.iter().zip(counted);
    let pairs: Vec<_> = pairs
        .map(|(other, theirs)| match (own, person) <= (theirs, *other) {
            true => (person, *other),
            false => (*other, person),
        })
        .collect();
    // The friends of the one with fewer. Those of the person are read once.
    let fewer: BTreeSet<_> = pairs.iter().map(|(fewer, _)| *fewer).collect();
    let some = tx.each(fewer.iter().map(some_friends).collect()).await?;
    let some = some.iter().map(Answer::column::<PersonId>);
    let some: Vec<_> = some.collect::<StoreResult<_>>()?;
    let some: BTreeMap<_, _> = fewer.into_iter().zip(some).collect();
    let probes = pairs.iter().map(|(fewer, more)| {
        let some = some.get(fewer).cloned().unwrap_or_default();
        bind!(FRIEND_AMONG, more.bucket(), *more, some)
    });
    let found = tx.each(probes.collect()).await?;
    let found = others.iter().zip(found).filter(|(_, found)| found.exists());
    Ok(found.map(|(other, _)| *other).collect())
}

/// The answer to [`counts::read`].
fn friends_of(answer: &Answer) -> StoreResult<u32> {
    Ok(counts::locked(answer)?.unwrap_or_default().friends)
}

fn some_friends(person: &PersonId) -> Query {
    let max = COMMON_FRIENDS_EXAMINED_MAX;
    bind!(SOME_FRIENDS, person.bucket(), *person, max)
}
