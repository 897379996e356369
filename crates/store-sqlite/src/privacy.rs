//! Privacy settings: mentions that they permit, and friends in common.

use rusqlite::params;
use sosik_feed::limits::COMMON_FRIENDS_EXAMINED_MAX;
use sosik_feed::{AllowedActors, Permission, PersonId, Privacy};

use super::db::Db;
use super::people;
use super::statement::statements;
use sosik_store::{Mention, StoreResult};

statements! {
    MENTIONS_BY = "SELECT mentions_by FROM people WHERE id = ?1";
    IS_FRIEND_OF = "SELECT 1 FROM friendships WHERE person = ?1 AND friend = ?2";
    /// ?1 is the one with fewer friends.
    COMMON_FRIEND = "SELECT 1 FROM (SELECT friend FROM friendships WHERE person = ?1 ORDER BY friend LIMIT ?3) some
        WHERE EXISTS (SELECT 1 FROM friendships f WHERE f.person = ?2 AND f.friend = some.friend) LIMIT 1";
}

/// The mentions that the settings of the mentioned people permit. The others stay in the text as plain text.
pub(super) fn permitted_mentions(
    db: &Db<'_>,
    actor: PersonId,
    mut mentions: Vec<Mention>,
) -> StoreResult<Vec<Mention>> {
    let mut refused = Vec::new();
    for mention in &mentions {
        if !may_mention(db, actor, mention.person)? {
            refused.push(mention.person);
        }
    }
    mentions.retain(|mention| !refused.contains(&mention.person));
    Ok(mentions)
}

fn may_mention(db: &Db<'_>, actor: PersonId, person: PersonId) -> StoreResult<bool> {
    let mentions = AllowedActors::from_number(db.number(MENTIONS_BY, [person.as_i64()])?);
    if person == actor || mentions == AllowedActors::Everyone {
        return Ok(true);
    }
    let privacy = Privacy {
        mentions,
        ..Privacy::default()
    };
    let are_friends = db.exists(IS_FRIEND_OF, [actor.as_i64(), person.as_i64()])?;
    match privacy.permits_mention(are_friends) {
        Permission::WithCommonFriend => have_common_friend(db, actor, person),
        decided => Ok(decided.resolve(false)),
    }
}

/// Whether two people have a friend in common, as far as it is examined.
pub(super) fn have_common_friend(db: &Db<'_>, one: PersonId, other: PersonId) -> StoreResult<bool> {
    let (of_one, _) = people::relation_counts(db, one)?;
    let (of_other, _) = people::relation_counts(db, other)?;
    let (fewer, more) = match (of_one, one) <= (of_other, other) {
        true => (one, other),
        false => (other, one),
    };
    let pair = params![fewer.as_i64(), more.as_i64(), COMMON_FRIENDS_EXAMINED_MAX];
    db.exists(COMMON_FRIEND, pair)
}
