//! Two people whose relations are locked. Every change of a relation begins here.

use sosik_feed::{PersonId, Relation};
use sosik_store::StoreResult;

use super::counts::{self, Limited};
use super::relations::{relation_in, relation_query};
use super::row::Answer;
use super::sql::Query;
use super::tx::{Tx, array};

/// Two people, and what is between them while the transaction lasts.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pair {
    pub(crate) one: PersonId,
    pub(crate) other: PersonId,
    /// `None` if the person does not exist.
    pub(crate) one_counts: Option<Limited>,
    pub(crate) other_counts: Option<Limited>,
    /// The relation of `other` to `one`, as `one` sees it.
    pub(crate) relation: Relation,
    /// As `other` sees it.
    pub(crate) reverse: Relation,
}

impl Pair {
    /// Whether both exist and may see each other.
    pub(crate) const fn is_open(&self) -> bool {
        self.exists() && !self.relation.severed()
    }

    /// Whether both exist.
    pub(crate) const fn exists(&self) -> bool {
        self.one_counts.is_some() && self.other_counts.is_some()
    }
}

/// Locks two different people in ascending order of their ids, and reads their relations and the answers to further
/// statements, in one round trip. Nobody else changes a relation between the two until the transaction ends.
pub(crate) async fn lock<const N: usize>(
    tx: &Tx,
    one: PersonId,
    other: PersonId,
    further: [Query; N],
) -> StoreResult<(Pair, [Answer; N])> {
    let (first, second) = (one.min(other), one.max(other));
    let mut queries = vec![
        counts::lock(first),
        counts::lock(second),
        relation_query(one, other),
        relation_query(other, one),
    ];
    queries.extend(further);
    let mut answers = tx.each(queries).await?;
    let further = answers.split_off(4);
    let mut counted = [counts::locked(&answers[0])?, counts::locked(&answers[1])?];
    if first != one {
        counted.reverse();
    }
    let [one_counts, other_counts] = counted;
    let pair = Pair {
        one,
        other,
        one_counts,
        other_counts,
        relation: relation_in(&answers[2])?,
        reverse: relation_in(&answers[3])?,
    };
    Ok((pair, array(further)?))
}
