//! Reads of people without an account while the store fails: what they have in memory is enough for a while.

use std::time::Duration;

use sosik_decorators::Fault;
use sosik_feed::{Audience, StoryId};
use sosik_service::ServiceResult;

use crate::common::World;

/// Everything that strangers ask for.
async fn ask(world: &World, story: StoryId) -> ServiceResult<()> {
    let strangers = world.service.strangers();
    strangers.story(story).await?;
    strangers.person("author").await?;
    strangers.profile("author").await?;
    strangers.stories_of("author", None, 20).await?;
    for limit in [1, 20, 100] {
        strangers.public_page(None, None, limit).await?;
    }
    Ok(())
}

#[tokio::test]
async fn strangers_read_no_store_until_a_list_is_old() {
    let world = World::new().await;
    let author = world.person("author").await;
    let story = world.post(author, Audience::Public).await;
    world.quiet().await;
    ask(&world, story).await.unwrap();
    for contract in ["Stories::", "People::", "Accounts::", "Relations::"] {
        world.faults.all(contract, Fault::Error);
    }
    for _ in 0..3 {
        ask(&world, story).await.unwrap();
    }
    world.clock.advance(Duration::from_secs(3));
    assert!(
        ask(&world, story).await.is_err(),
        "the lists are read again"
    );
    world.faults.lift_all();
    ask(&world, story).await.unwrap();
    assert_eq!(world.faults.begun("Stories::public_stories"), 2);
}
