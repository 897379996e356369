//! Bulk imports: the contract, and queries of what is there already.

use async_trait::async_trait;
use sosik_feed::{CommentId, PersonId, StoryId, Timestamp};

use super::db::Db;
use super::people::id_by_handle;
use super::statement::{Sql, statements};
use super::stories::story_id;
use super::{SqliteStore, accounts, bulk, comment_likes, comments, likes, posts};
use sosik_store::{ExistingStory, Imports, NewComment, NewPerson, NewStory, StoreResult};

statements! {
    ARE_FRIENDS = "SELECT 1 FROM friendships WHERE person = ?1 AND friend = ?2";
    FOLLOWS_THEM = "SELECT 1 FROM follows WHERE follower = ?1 AND followee = ?2";
    STORY_PLACES = "SELECT id, author, text, edited_at IS NOT NULL OR deleted_at IS NOT NULL FROM stories
        WHERE id BETWEEN ?1 AND ?2 ORDER BY id";
}

#[async_trait]
impl Imports for SqliteStore {
    async fn sign_up_many(&self, people: Vec<NewPerson>) -> StoreResult<u64> {
        self.write("sign up many", move |db| accounts::import(db, &people))
            .await
    }

    async fn befriend_many(
        &self,
        pairs: Vec<(PersonId, PersonId)>,
        now: Timestamp,
    ) -> StoreResult<u64> {
        self.write("befriend many", move |db| bulk::befriend(db, &pairs, now))
            .await
    }

    async fn follow_many(
        &self,
        pairs: Vec<(PersonId, PersonId)>,
        now: Timestamp,
    ) -> StoreResult<u64> {
        self.write("follow many", move |db| bulk::follow(db, &pairs, now))
            .await
    }

    async fn post_many(&self, stories: Vec<NewStory>) -> StoreResult<u64> {
        self.write("post many stories", move |db| {
            posts::post_many(db, &stories)
        })
        .await
    }

    async fn comment_many(&self, comments: Vec<NewComment>) -> StoreResult<u64> {
        self.write("comment many", move |db| comments::import(db, &comments))
            .await
    }

    async fn like_many(&self, likes: Vec<(PersonId, StoryId, Timestamp)>) -> StoreResult<u64> {
        self.write("like many", move |db| likes::import(db, &likes))
            .await
    }

    async fn like_comments_many(
        &self,
        likes: Vec<(PersonId, CommentId, Timestamp)>,
    ) -> StoreResult<u64> {
        self.write("like many comments", move |db| {
            comment_likes::import(db, &likes)
        })
        .await
    }

    async fn ids_of_handles(&self, handles: Vec<String>) -> StoreResult<Vec<Option<PersonId>>> {
        self.read("look up handles", move |db| {
            handles
                .iter()
                .map(|handle| id_by_handle(db, handle))
                .collect()
        })
        .await
    }

    async fn friends_among(&self, pairs: Vec<(PersonId, PersonId)>) -> StoreResult<u64> {
        self.read("look up friends", move |db| count(db, ARE_FRIENDS, &pairs))
            .await
    }

    async fn follows_among(&self, pairs: Vec<(PersonId, PersonId)>) -> StoreResult<u64> {
        self.read("look up follows", move |db| count(db, FOLLOWS_THEM, &pairs))
            .await
    }

    async fn existing_stories(
        &self,
        first: StoryId,
        last: StoryId,
    ) -> StoreResult<Vec<ExistingStory>> {
        self.read("look up stories of a time", move |db| {
            db.rows(STORY_PLACES, [first.as_i64(), last.as_i64()], |row| {
                Ok(ExistingStory {
                    id: story_id(row)?,
                    author: PersonId::from_i64(row.get(1)?),
                    text: row.get(2)?,
                    changed: row.get(3)?,
                })
            })
        })
        .await
    }
}

fn count(db: &Db<'_>, sql: Sql, pairs: &[(PersonId, PersonId)]) -> StoreResult<u64> {
    let mut found = 0;
    for (one, other) in pairs {
        found += u64::from(db.exists(sql, [one.as_i64(), other.as_i64()])?);
    }
    Ok(found)
}
