//! Bulk imports: the contract, and queries of what is there already.

use async_trait::async_trait;
use sosik_feed::{CommentId, PersonId, StoryId, Timestamp};
use sosik_store::{ExistingStory, Imports, NewComment, NewPerson, NewStory, StoreResult};

use super::pool::Class;
use super::sql::{Query, Sql, bind, statements};
use super::{PostgresStore, accounts, bulk, comment_likes, comments, counts, likes, people, posts};

statements! {
    FRIENDS_AMONG = "SELECT count(*) FROM unnest($1::smallint[], $2::bigint[], $3::bigint[]) AS pair (bucket, one, other)
        JOIN friendships f ON f.bucket = pair.bucket AND f.person = pair.one AND f.friend = pair.other";
    FOLLOWS_AMONG = "SELECT count(*) FROM unnest($1::smallint[], $2::bigint[], $3::bigint[]) AS pair (bucket, one, other)
        JOIN follows f ON f.bucket = pair.bucket AND f.follower = pair.one AND f.followee = pair.other";
    STORY_PLACES = "SELECT id, author, text, edited_at IS NOT NULL OR deleted_at IS NOT NULL FROM stories
        WHERE id BETWEEN $1 AND $2 ORDER BY id";
}

const CLASS: Class = Class::Administration;

#[async_trait]
impl Imports for PostgresStore {
    async fn sign_up_many(&self, people: Vec<NewPerson>) -> StoreResult<u64> {
        let people = &people;
        self.db
            .write(CLASS, "sign up many", |tx| async move {
                accounts::import(&tx, people).await
            })
            .await
    }

    async fn befriend_many(
        &self,
        pairs: Vec<(PersonId, PersonId)>,
        now: Timestamp,
    ) -> StoreResult<u64> {
        let pairs = &pairs;
        self.db
            .write(CLASS, "befriend many", |tx| async move {
                bulk::befriend(&tx, pairs, now).await
            })
            .await
    }

    async fn follow_many(
        &self,
        pairs: Vec<(PersonId, PersonId)>,
        now: Timestamp,
    ) -> StoreResult<u64> {
        let pairs = &pairs;
        self.db
            .write(CLASS, "follow many", |tx| async move {
                bulk::follow(&tx, pairs, now).await
            })
            .await
    }

    async fn post_many(&self, stories: Vec<NewStory>) -> StoreResult<u64> {
        let stories = &stories;
        self.db
            .write(CLASS, "post many stories", |tx| async move {
                posts::post_many(&tx, stories).await
            })
            .await
    }

    async fn comment_many(&self, comments: Vec<NewComment>) -> StoreResult<u64> {
        let comments = &comments;
        self.db
            .write(CLASS, "comment many", |tx| async move {
                comments::import(&tx, comments).await
            })
            .await
    }

    async fn like_many(&self, likes: Vec<(PersonId, StoryId, Timestamp)>) -> StoreResult<u64> {
        let likes = &likes;
        self.db
            .write(CLASS, "like many", |tx| async move {
                likes::import(&tx, likes).await
            })
            .await
    }

    async fn like_comments_many(
        &self,
        likes: Vec<(PersonId, CommentId, Timestamp)>,
    ) -> StoreResult<u64> {
        let likes = &likes;
        self.db
            .write(CLASS, "like many comments", |tx| async move {
                comment_likes::import(&tx, likes).await
            })
            .await
    }

    async fn ids_of_handles(&self, handles: Vec<String>) -> StoreResult<Vec<Option<PersonId>>> {
        let ids = people::ids_by_handles(&handles);
        let ids = people::by_handle(&self.db.read(CLASS, "look up handles", ids).await?)?;
        let id = |handle: &String| ids.get(handle).copied();
        Ok(handles.iter().map(id).collect())
    }

    async fn friends_among(&self, pairs: Vec<(PersonId, PersonId)>) -> StoreResult<u64> {
        let count = among(FRIENDS_AMONG, &pairs);
        let count = self.db.read(CLASS, "look up friends", count);
        Ok(count.await?.number()?.unsigned_abs())
    }

    async fn follows_among(&self, pairs: Vec<(PersonId, PersonId)>) -> StoreResult<u64> {
        let count = among(FOLLOWS_AMONG, &pairs);
        let count = self.db.read(CLASS, "look up follows", count);
        Ok(count.await?.number()?.unsigned_abs())
    }

    async fn existing_stories(
        &self,
        first: StoryId,
        last: StoryId,
    ) -> StoreResult<Vec<ExistingStory>> {
        let existing = bind!(STORY_PLACES, first, last);
        let existing = self.db.read(CLASS, "look up stories of a time", existing);
        existing.await?.rows(|row| {
            Ok(ExistingStory {
                id: row.get(0)?,
                author: row.get(1)?,
                text: row.get(2)?,
                changed: row.get(3)?,
            })
        })
    }
}

/// A statement about pairs of people, by the bucket of the first of each.
pub(crate) fn among(sql: Sql, pairs: &[(PersonId, PersonId)]) -> Query {
    let (ones, others): (Vec<_>, Vec<_>) = pairs.iter().copied().unzip();
    bind!(sql, counts::buckets(&ones), ones, others)
}
