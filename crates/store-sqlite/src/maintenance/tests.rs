//! Repairs of derived counts that the test has changed.

use sosik_feed::id::EPOCH;
use sosik_feed::people::Language;
use sosik_feed::{Audience, CommitPosition};

use super::*;
use crate::SqliteOptions;
use crate::statement::Sql;
use sosik_store::{
    Accounts, Comments, NewComment, NewPerson, NewStory, People, PersonCounts, Stories,
};

/// Counts and tags as they would be after a bug or a manual change.
const BREAK: [Sql; 5] = [
    Sql::listed(
        "BREAK_PEOPLE",
        "UPDATE person_counts SET friends = 7, follows = 7, followers = 7, stories = 7, public_stories = 7",
    ),
    Sql::listed(
        "BREAK_STORIES",
        "UPDATE story_counts SET likes = 7, comments = 7, revision = 5",
    ),
    Sql::listed(
        "BREAK_COMMENTS",
        "UPDATE comments SET replies = 7, likes = 7",
    ),
    Sql::listed("BREAK_TAGS", "DELETE FROM story_tags WHERE tag = 'lost'"),
    Sql::listed(
        "BREAK_AUDIENCES",
        "UPDATE story_tags SET audience = 0, author = 77 WHERE tag = 'tag'",
    ),
];

#[tokio::test]
async fn broken_figures_and_tags_are_mended_and_get_a_newer_revision() {
    let store = SqliteStore::open(&SqliteOptions::temporary()).unwrap();
    let (mina, story) = (PersonId::from_u64(1), StoryId::from_u64(1));
    let person = NewPerson {
        id: mina,
        handle: "mina".to_owned(),
        skeleton: "mina".to_owned(),
        display_name: "Mina".to_owned(),
        language: Language::En,
        password_hash: String::new(),
        search_terms: vec![],
        created_at: sosik_feed::Timestamp::default(),
    };
    store.sign_up(person).await.unwrap();
    let posted = NewStory {
        id: story,
        author: mina,
        text: "#tag #lost".to_owned(),
        audience: Audience::Public,
        mentions: vec![],
        attachments: Vec::new(),
        link: None,
        tags: vec!["tag".to_owned(), "lost".to_owned()],
        idempotency: None,
        now: EPOCH,
        claim: None,
    };
    store.post(posted).await.unwrap();
    let comment = NewComment {
        id: CommentId::from_u64(1),
        story,
        reply_to: None,
        author: mina,
        text: "comment".to_owned(),
        mentions: vec![],
        idempotency: None,
        now: EPOCH,
    };
    store.comment(comment).await.unwrap();
    for sql in BREAK {
        assert!(
            store
                .write("break it", move |db| db.changes(sql, []))
                .await
                .unwrap()
        );
    }
    let large = LargeAuthorLimits {
        above: 10,
        below: 5,
    };
    let people = store
        .repair_people(PersonId::default(), 9, large)
        .await
        .unwrap();
    assert_eq!(people.counts, 1);
    assert_eq!(
        store.person_counts(mina).await.unwrap(),
        PersonCounts {
            stories: 1,
            public_stories: 1,
            ..PersonCounts::default()
        }
    );
    let stories = store.repair_stories(StoryId::default(), 9).await.unwrap();
    assert_eq!((stories.counts, stories.tags), (1, 2));
    let counts = store
        .stories(&[story], CommitPosition::LATEST)
        .await
        .unwrap()[0]
        .counts;
    assert_eq!((counts.likes, counts.comments, counts.revision), (0, 1, 6));
    for wrong in [1, 0] {
        let comments = store.repair_comments(CommentId::default(), 9);
        assert_eq!(comments.await.unwrap().counts, wrong);
    }
    let comments = store.comments_of(story, CommentId::default(), 9);
    let comment = &comments.await.unwrap()[0];
    assert_eq!((comment.replies, comment.likes), (0, 0));
    assert_eq!(
        store.stories_with_tag("tag", mina, None, 9).await.unwrap(),
        [story]
    );
}
