//! Writes the friendships and follows of a world.
//!
//! A friendship starts when the later of the two people joined. The time is the same from either side, and it sorts the
//! friends of a person by time and by id alike, so inserts into both indexes of the table are local.

use std::sync::Arc;
use std::time::Duration;

use sosik_feed::PersonId;
use sosik_load::world::World;
use sosik_store::FriendsOf;
use tokio::task::{JoinHandle, spawn_blocking};

use super::listed::Listed;
use super::steps::first_missing;
use super::{Fill, Part, id_of};
use crate::import::{Import, Input, Kind};

/// People whose follows are written in one transaction: some thousands of rows.
const FOLLOWS_STEP: u32 = 5_000;
/// The first people of a world joined this long before its end, the last one at its end.
const AGE: Duration = Duration::from_secs(400 * 86_400);

impl Fill {
    /// Writes town by town. The next town is computed while one is written.
    pub(super) async fn fill_friends(&self, world: &Arc<World>) -> anyhow::Result<Part> {
        let store = &self.target.operations;
        let towns = world.towns();
        let is_there = async |town: u64| {
            let town = self.town(world, u32::try_from(town)?).await?;
            Ok(store.friends_among(some_pairs(&town)).await? > 0)
        };
        let first = u32::try_from(first_missing(towns.into(), is_there).await?)?;
        let bar = (self.watch.bar)("towns make friends", towns.into());
        let mut rows = 0;
        let mut next = (first < towns).then(|| self.town(world, first));
        for after in first + 1..=towns {
            let Some(computed) = next.take() else { break };
            let town = computed.await?;
            next = (after < towns).then(|| self.town(world, after));
            rows += store.fill_friends(town).await?;
            bar.set_position(after.into());
        }
        bar.finish_and_clear();
        Ok(Part::of(rows / 2))
    }

    /// Computes the rows of a town on another thread.
    fn town(&self, world: &Arc<World>, town: u32) -> JoinHandle<Vec<FriendsOf>> {
        let (world, node, until) = (Arc::clone(world), self.node(), self.until());
        spawn_blocking(move || {
            let came =
                |person: u32| until.minus(AGE / world.people() * (world.people() - 1 - person));
            let friends = world.friends_of_town(town);
            let rows = friends.iter().map(|(person, friends)| FriendsOf {
                person: id_of(person, node),
                friends: (friends.iter())
                    .map(|friend| (id_of(*friend, node), came(person.max(*friend))))
                    .collect(),
            });
            rows.collect()
        })
    }

    /// Imports an edge list like `sosik import`, which skips stored pairs.
    pub(super) async fn fill_list(&self, list: &Listed) -> anyhow::Result<Part> {
        let mut import = Import::new(self.target.clone(), false, self.watch);
        let input = Input::open(list.path(), "friendships", self.watch)?;
        let pairs = import.pairs(Kind::Friendships, input).await?;
        Ok(Part::of(pairs.new))
    }

    pub(super) async fn fill_follows(&self, world: &Arc<World>) -> anyhow::Result<Part> {
        let store = &self.target.operations;
        let people = world.people();
        let steps = u64::from(people.div_ceil(FOLLOWS_STEP));
        let bar = (self.watch.bar)("people follow stars", people.into());
        let pairs = |step: u64| -> anyhow::Result<Vec<(PersonId, PersonId)>> {
            let begin = u32::try_from(step)? * FOLLOWS_STEP;
            let followers = begin..(begin + FOLLOWS_STEP).min(people);
            let pairs = followers.flat_map(|one| {
                let followed = world.follows_of(one).into_iter();
                followed.map(move |star| (self.id(one), self.id(star)))
            });
            Ok(pairs.collect())
        };
        let is_there = async |step: u64| Ok(store.follows_among(pairs(step)?).await? > 0);
        let mut new = 0;
        for step in first_missing(steps, is_there).await?..steps {
            new += store.follow_many(pairs(step)?, self.until()).await?;
            bar.inc(FOLLOWS_STEP.into());
        }
        bar.finish_and_clear();
        let limits = self.target.service.settings().delivery.large_author;
        for star in world.stars() {
            let serving = self.target.service.store();
            serving.large_authors(vec![self.id(*star)], limits).await?;
        }
        Ok(Part::of(new))
    }
}

/// Some pairs of a town that show whether it is stored. Checking several avoids restoring friendships that ended later.
fn some_pairs(town: &[FriendsOf]) -> Vec<(PersonId, PersonId)> {
    let pair = |of: &FriendsOf| Some((of.person, of.friends.first()?.0));
    town.iter().filter_map(pair).collect()
}

#[cfg(test)]
mod tests {
    use sosik_feed::Timestamp;

    use super::*;

    #[test]
    fn whether_a_town_is_there_is_asked_of_everybody_who_has_a_friend() {
        let person = PersonId::from_u64;
        let of = |one, friends: &[u64]| FriendsOf {
            person: person(one),
            friends: (friends.iter())
                .map(|friend| (person(*friend), Timestamp::default()))
                .collect(),
        };
        let town = [of(1, &[3, 4]), of(2, &[]), of(3, &[1])];
        assert_eq!(
            some_pairs(&town),
            [(person(1), person(3)), (person(3), person(1))]
        );
    }
}
