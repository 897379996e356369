//! The copy of the store lags behind: it answers, and it poisons no cache.

use sosik_feed::Audience;
use sosik_service::people::ProfileUpdate;

use super::{Nodes, eventually, opens, top};

#[tokio::test]
async fn the_copy_answers_what_nobody_has_changed_and_fills_no_cache_with_what_has_changed() {
    let nodes = Nodes::new().await;
    let [mina, joon] = nodes.friends().await;
    let eve = nodes.person("eve").await;
    let story = nodes.read_story(&mina, Audience::Friends, &joon).await;
    let reads = nodes.store.reads_of_copy();
    assert_eq!(top(&nodes.other, &eve).await, []);
    assert!(
        nodes.store.reads_of_copy() > reads,
        "nothing of hers is cached"
    );

    let relations = nodes.one.relations();
    relations.unfriend(mina.id, joon.id).await.unwrap();
    for node in [&nodes.one, &nodes.other] {
        assert!(!opens(node, &joon, story).await, "filled from the primary");
        assert!(!opens(node, &joon, story).await, "from the cache");
    }
    nodes.freeze_copy();
    relations
        .send_friend_request(mina.id, joon.id)
        .await
        .unwrap();
    relations
        .accept_friend_request(joon.id, mina.id)
        .await
        .unwrap();
    for node in [&nodes.one, &nodes.other] {
        assert!(
            opens(node, &joon, story).await,
            "the copy has the unfriending only"
        );
    }
    nodes.stop().await;
}

#[tokio::test]
async fn edited_profiles_and_counts_are_not_taken_from_the_copy() {
    let nodes = Nodes::new().await;
    let [mina, joon] = nodes.friends().await;
    let story = nodes.read_story(&mina, Audience::Public, &joon).await;
    nodes.one.likes().add(joon.id, story).await.unwrap();
    let change = ProfileUpdate {
        display_name: Some("Mina Kim".to_owned()),
        ..ProfileUpdate::default()
    };
    nodes
        .one
        .people()
        .change_profile(mina.id, change)
        .await
        .unwrap();
    for node in [&nodes.one, &nodes.other] {
        eventually(async || {
            let found = node.stories().open(joon.id, story).await.unwrap();
            let name = &found.author.record.display_name;
            assert_eq!((name.as_str(), found.liked), ("Mina Kim", true));
            found.story.counts().likes == 1
        })
        .await;
    }
    nodes.stop().await;
}

#[tokio::test]
async fn people_sign_up_although_the_copy_does_not_know_them_yet() {
    let nodes = Nodes::new().await;
    nodes.freeze_copy();
    let mina = nodes.person("mina").await;
    let known = nodes.one.sessions().viewer(&mina.token).await.unwrap();
    assert_eq!(known.map(|viewer| viewer.id), Some(mina.id));
    for node in [&nodes.one, &nodes.other] {
        let profile = node.people().profile(mina.id, "mina").await.unwrap();
        assert_eq!(profile.person.record.id, mina.id);
    }
    nodes.stop().await;
}
