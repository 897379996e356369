//! Data for suggestions of people.

use sosik_feed::PersonId;

use super::world::World;

/// People put aside in these tests.
const MAX: u32 = 2;

pub async fn the_latest_people_put_aside_are_kept_until_they_are_taken_up_again(world: &World) {
    let [mina, joon, yuna, nari] = world.people(["mina", "joon", "yuna", "nari"]).await;
    world.puts_aside(mina, joon).await;
    world.puts_aside(mina, yuna).await;
    world.puts_aside(mina, joon).await;
    assert_eq!(world.people_put_aside(mina).await.unwrap(), [joon, yuna]);
    world.puts_aside(mina, nari).await;
    assert_eq!(world.people_put_aside(mina).await.unwrap(), [joon, nari]);
    world.take_up_again(mina, joon).await.unwrap();
    world.take_up_again(mina, joon).await.unwrap();
    assert_eq!(world.people_put_aside(mina).await.unwrap(), [nari]);
    assert_eq!(world.people_put_aside(joon).await.unwrap(), []);
}

pub async fn nobody_puts_aside_people_who_do_not_exist(world: &World) {
    let [mina] = world.people(["mina"]).await;
    let nobody = PersonId::from_u64(5);
    world.puts_aside(mina, nobody).await;
    world.puts_aside(nobody, mina).await;
    assert_eq!(world.people_put_aside(mina).await.unwrap(), []);
    assert_eq!(world.people_put_aside(nobody).await.unwrap(), []);
}

pub async fn the_people_whom_most_follow_come_first(world: &World) {
    let [mina, joon, yuna, nari] = world.people(["mina", "joon", "yuna", "nari"]).await;
    for follower in [mina, yuna, nari] {
        world.follows(follower, joon).await;
    }
    world.follows(joon, yuna).await;
    world.follows(mina, yuna).await;
    world.follows(joon, mina).await;
    world.posts(yuna, "for all").await;
    assert_eq!(
        world.followed(10).await,
        [(joon, 0), (yuna, 1), (mina, 0)],
        "nobody follows the others"
    );
    world.blocks(yuna, mina).await;
    assert_eq!(world.followed(2).await, [(joon, 0), (yuna, 1)]);
}

impl World {
    async fn puts_aside(&self, person: PersonId, other: PersonId) {
        let now = self.now();
        self.put_aside(person, other, now, MAX).await.unwrap();
    }

    async fn followed(&self, limit: u32) -> Vec<(PersonId, u32)> {
        let most = self.most_followed(limit).await.unwrap();
        let pairs = most.iter().map(|one| (one.person, one.public_stories));
        pairs.collect()
    }
}
