//! Pages of a tag.

use sosik_feed::{Audience, Cursor, StoryId};
use sosik_service::stories::EditRequest;
use sosik_service::stories::StoryPage;

use crate::world::World;

fn ids(page: &StoryPage) -> Vec<StoryId> {
    page.items.iter().map(|item| item.story.record.id).collect()
}

fn below(page: &StoryPage) -> Option<StoryId> {
    assert_eq!(
        page.before.is_none(),
        page.end,
        "the end is said, and only then there is no cursor"
    );
    match page.before {
        Some(Cursor::Below(id)) => Some(StoryId::new(id)),
        None => None,
        ref other => panic!("{other:?} is no place in a list of stories"),
    }
}

#[tokio::test]
async fn a_tag_shows_its_stories_newest_first_page_by_page() {
    let world = World::new().await;
    let [author, reader] = world.people(["author", "reader"]).await;
    let mut stories = Vec::new();
    for _ in 0..5 {
        stories.insert(
            0,
            world
                .post(&author, Audience::Public, "spring in #Seoul")
                .await,
        );
    }
    world.post(&author, Audience::Public, "#busan").await;
    let (mut all, mut before) = (Vec::new(), None);
    loop {
        let page = world
            .service
            .stories()
            .with_tag(reader.id, "#SEOUL", before, 2)
            .await
            .unwrap();
        all.extend(ids(&page));
        before = below(&page);
        if before.is_none() {
            break;
        }
    }
    assert_eq!(all, stories);
    for tag in ["nothing", "", "two words", "#"] {
        let page = world
            .service
            .stories()
            .with_tag(reader.id, tag, None, 10)
            .await
            .unwrap();
        assert!(
            page.items.is_empty() && page.end && page.before.is_none(),
            "{tag}"
        );
    }
}

#[tokio::test]
async fn a_story_leaves_a_tag_with_its_text_and_with_itself() {
    let world = World::new().await;
    let [author, reader] = world.people(["author", "reader"]).await;
    let tagged = async || {
        ids(&world
            .service
            .stories()
            .with_tag(reader.id, "seoul", None, 10)
            .await
            .unwrap())
    };
    let [edited, deleted] = [
        world.post(&author, Audience::Public, "#seoul").await,
        world.post(&author, Audience::Public, "#seoul").await,
    ];
    assert_eq!(tagged().await, [deleted, edited]);
    let edit = EditRequest {
        text: Some("#busan".to_owned()),
        attachments: None,
        audience: None,
    };
    world
        .service
        .stories()
        .edit(author.id, edited, edit)
        .await
        .unwrap();
    assert_eq!(tagged().await, [deleted]);
    world
        .service
        .stories()
        .delete(author.id, deleted)
        .await
        .unwrap();
    assert_eq!(tagged().await, []);
}

#[tokio::test]
async fn many_stories_for_others_are_not_even_looked_at() {
    let world = World::new().await;
    let [author, reader] = world.people(["author", "reader"]).await;
    let oldest = world.post(&author, Audience::Public, "#seoul").await;
    let mut private = Vec::new();
    for _ in 0..2_000 {
        let id = StoryId::of_author(author.id, world.service.next_id().await.unwrap());
        private.push(sosik_store::NewStory {
            id,
            author: author.id,
            text: "#seoul".to_owned(),
            audience: Audience::Friends,
            mentions: Vec::new(),
            attachments: Vec::new(),
            link: None,
            tags: vec!["seoul".to_owned()],
            idempotency: None,
            now: id.time(),
            claim: None,
        });
    }
    assert_eq!(world.operations.post_many(private).await.unwrap(), 2_000);
    let page = world
        .service
        .stories()
        .with_tag(reader.id, "seoul", None, 10)
        .await
        .unwrap();
    assert_eq!((ids(&page), page.end), (vec![oldest], true));
}
