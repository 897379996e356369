//! The queries of a bulk import.

use super::world::World;

pub async fn handles_are_answered_in_the_order_asked(world: &World) {
    let [mina, joon] = world.people(["mina", "joon"]).await;
    let handles = ["joon", "nobody", "mina", "joon"]
        .map(str::to_owned)
        .to_vec();
    assert_eq!(
        world.ids_of_handles(handles).await.unwrap(),
        [Some(joon), None, Some(mina), Some(joon)]
    );
}

pub async fn pairs_that_are_there_already_are_counted(world: &World) {
    let [mina, joon, yuna] = world.people(["mina", "joon", "yuna"]).await;
    world.befriend(mina, joon).await;
    world.follows(mina, yuna).await;
    let pairs = vec![(mina, joon), (joon, mina), (mina, yuna), (yuna, mina)];
    assert_eq!(
        world.friends_among(pairs.clone()).await.unwrap(),
        2,
        "friendship goes both ways"
    );
    assert_eq!(
        world.follows_among(pairs).await.unwrap(),
        1,
        "a follow does not"
    );
}

pub async fn places_of_a_time_are_taken_also_by_stories_that_changed_or_are_deleted(world: &World) {
    let [mina] = world.people(["mina"]).await;
    let mut ids = vec![];
    for text in ["before", "one", "edited", "deleted", "after"] {
        ids.push(world.posts(mina, text).await);
    }
    let now = world.now();
    let edit = crate::StoryEdit {
        id: ids[2],
        author: mina,
        text: None,
        attachments: None,
        audience: Some(sosik_feed::Audience::Friends),
        now,
    };
    world.edit_story(edit).await.unwrap();
    world.deletes(mina, ids[3]).await;
    let places = world.existing_stories(ids[1], ids[3]).await.unwrap();
    let places: Vec<_> = places
        .into_iter()
        .map(|place| (place.id, place.author, place.text, place.changed))
        .collect();
    let expected = [
        (ids[1], "one", false),
        (ids[2], "edited", true),
        (ids[3], "", true),
    ];
    assert_eq!(
        places,
        expected.map(|(id, text, changed)| (id, mina, text.to_owned(), changed))
    );
}
