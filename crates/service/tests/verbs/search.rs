//! Search for people.

use sosik_feed::RuleBroken;

use crate::world::{Person, World, broken};

impl World {
    async fn found(&self, viewer: &Person, q: &str) -> Vec<String> {
        let found = self
            .service
            .people()
            .search(viewer.id, q, 10)
            .await
            .unwrap();
        found
            .iter()
            .map(|found| found.person.record.handle.clone())
            .collect()
    }
}

#[tokio::test]
async fn people_are_found_by_handle_and_name_the_best_first() {
    let world = World::new().await;
    let me = world.named("searcher", "Searcher").await;
    for (handle, name) in [
        ("zoe_park", "Mina Park"),
        ("mina_kim", "Kim"),
        ("mina", "x"),
        ("abe", "Abe Mina"),
        ("km_na", "김미나"),
    ] {
        world.named(handle, name).await;
    }
    assert_eq!(
        world.found(&me, "MINA").await,
        ["mina", "mina_kim", "zoe_park", "abe"]
    );
    assert_eq!(world.found(&me, "@mina").await, ["mina", "mina_kim"]);
    assert_eq!(world.found(&me, "park min").await, ["zoe_park"]);
    assert_eq!(world.found(&me, "미나").await, ["km_na"]);
    assert_eq!(world.found(&me, "nobody here").await, [""; 0]);
    assert_eq!(
        world
            .service
            .people()
            .search(me.id, "mina", 1)
            .await
            .unwrap()
            .len(),
        1
    );
    assert_eq!(
        broken(world.service.people().search(me.id, "!", 10).await),
        RuleBroken::SearchQueryInvalid
    );
}

#[tokio::test]
async fn friends_come_before_strangers_who_match_as_well() {
    let world = World::new().await;
    let me = world.person("searcher").await;
    let [_, followed, friend] = world.people(["mina_a", "mina_b", "mina_c"]).await;
    world.follow(&me, &followed).await;
    world.befriend(&me, &friend).await;
    assert_eq!(
        world.found(&me, "mina").await,
        ["mina_c", "mina_b", "mina_a"]
    );
    let found = world
        .service
        .people()
        .search(me.id, "mina", 10)
        .await
        .unwrap();
    assert!(found[0].relation.friend && found[1].relation.following);
}

#[tokio::test]
async fn across_a_block_neither_finds_the_other() {
    let world = World::new().await;
    let [mina, minho] = world.people(["mina", "minho"]).await;
    assert_eq!(world.found(&mina, "minho").await, ["minho"]);
    world.block(&minho, &mina).await;
    assert_eq!(world.found(&mina, "minho").await, [""; 0]);
    assert_eq!(world.found(&minho, "mina").await, [""; 0]);
    world.unblock(&minho, &mina).await;
    assert_eq!(world.found(&mina, "minho").await, ["minho"]);
}

#[tokio::test]
async fn somebody_with_exactly_this_handle_is_found_among_any_number_of_namesakes() {
    let world = World::new().await;
    let me = world.person("searcher").await;
    let namesakes = (0..250).map(|number| sosik_store::NewPerson {
        id: sosik_feed::PersonId::from_u64(number + 1),
        handle: format!("person{number}"),
        skeleton: format!("skeleton{number}"),
        display_name: "Mina".to_owned(),
        language: sosik_feed::people::Language::En,
        password_hash: String::new(),
        search_terms: vec!["mina".to_owned()],
        created_at: sosik_feed::Timestamp::default(),
    });
    world
        .operations
        .sign_up_many(namesakes.collect())
        .await
        .unwrap();
    world.person("mina").await;
    assert_eq!(world.found(&me, "mina").await[0], "mina");
}
