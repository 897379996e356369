//! Likes of comments. A like is in the bucket of the story. The row of the comment serializes its likes.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use sosik_feed::{Audience, CommentId, NotificationId, PersonId, StoryId, Timestamp};

use super::PostgresStore;
use super::comments::hold_story;
use super::notify;
use super::pool::Class;
use super::relations::{related_person, relation_in, relation_query};
use super::sql::{Value, bind, statements};
use super::tx::Tx;
use super::withdrawn;
use super::{people, relations, stories, threads};
use sosik_store::engine::{Cause, NewNotification};
use sosik_store::{
    CommentLikes, Committed, LikedComment, NotificationKind, PersonLimits, Position, RelatedPerson,
    StoreResult,
};

statements! {
    COMMENT_HOLD = "SELECT author, likes FROM comments WHERE bucket = $1 AND id = $2 AND NOT deleted FOR UPDATE";
    /// As COMMENT_HOLD, for imported likes.
    COMMENT_LIKED_HOLD = "SELECT story FROM comments WHERE bucket = $1 AND id = $2 AND NOT deleted FOR UPDATE";
    COMMENT_LIKE_INSERT = "INSERT INTO comment_likes (bucket, comment, person, story, liked_at)
        VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING";
    COMMENT_LIKE_DELETE = "DELETE FROM comment_likes WHERE bucket = $1 AND comment = $2 AND person = $3 RETURNING liked_at";
    COMMENT_LIKES_ADD = "UPDATE comments SET likes = likes + $3 WHERE bucket = $1 AND id = $2 RETURNING likes";
    COMMENT_LIKED_BY_OTHERS = "SELECT 1 FROM comment_likes WHERE bucket = $1 AND comment = $2 AND person <> $3 LIMIT 1";
    COMMENTS_LIKED_AMONG = "SELECT comment FROM comment_likes
        WHERE bucket = $1 AND comment = ANY ($2) AND person = $3";
    COMMENT_LIKERS = "SELECT person, liked_at FROM comment_likes
        WHERE bucket = $1 AND comment = $2 AND (liked_at, person) < ($3, $4)
        ORDER BY liked_at DESC, person DESC LIMIT $5";
    STORIES_OF_COMMENTS = "SELECT c.story FROM unnest($1::smallint[], $2::bigint[]) AS asked (bucket, id)
        JOIN comments c ON c.bucket = asked.bucket AND c.id = asked.id";
    COMMENT_LIKES_IMPORT = "INSERT INTO comment_likes (bucket, comment, person, story, liked_at)
        SELECT * FROM unnest($1::smallint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[])
        ON CONFLICT DO NOTHING RETURNING comment";
    COMMENT_LIKES_ADD_MANY = "UPDATE comments c SET likes = c.likes + n.likes
        FROM unnest($1::smallint[], $2::bigint[], $3::bigint[]) AS n (bucket, id, likes)
        WHERE c.bucket = n.bucket AND c.id = n.id";
}

#[async_trait]
impl CommentLikes for PostgresStore {
    async fn like_comment(
        &self,
        person: PersonId,
        comment: CommentId,
        notification: NotificationId,
        now: Timestamp,
    ) -> StoreResult<Committed<Option<LikedComment>>> {
        let limits = &self.person_limits;
        let act = &Like {
            person,
            comment,
            notification,
            now,
        };
        self.db
            .commit_new("like a comment", notification.raw(), |tx| async move {
                like(&tx, act, limits).await
            })
            .await
    }

    async fn unlike_comment(
        &self,
        person: PersonId,
        comment: CommentId,
    ) -> StoreResult<Committed<Option<LikedComment>>> {
        let limits = &self.person_limits;
        self.db
            .commit(
                Class::Post,
                "take a like of a comment back",
                |tx| async move { unlike(&tx, person, comment, limits).await },
            )
            .await
    }

    async fn liked_comments_among(
        &self,
        person: PersonId,
        comments: &[CommentId],
    ) -> StoreResult<Vec<CommentId>> {
        let Some(first) = comments.first() else {
            return Ok(Vec::new());
        };
        let liked = bind!(COMMENTS_LIKED_AMONG, first.bucket(), comments, person);
        let liked = self
            .db
            .read(Class::Read, "look up likes of comments", liked);
        liked.await?.column()
    }

    async fn comment_likers(
        &self,
        comment: CommentId,
        before: Option<Position>,
        limit: u32,
    ) -> StoreResult<Vec<RelatedPerson>> {
        let (bucket, of) = (comment.bucket(), comment.as_i64());
        let likers = relations::page(COMMENT_LIKERS, bucket, of, before, limit);
        let likers = self
            .db
            .read(Class::Read, "list likers of a comment", likers);
        likers.await?.rows(related_person)
    }

    async fn purge_comment_likes(&self, limit: u32) -> StoreResult<u64> {
        self.db
            .write(
                Class::Background,
                "remove likes of deleted comments",
                |tx| async move { threads::purge_likes(&tx, limit).await },
            )
            .await
    }
}

/// A like to insert.
struct Like {
    person: PersonId,
    comment: CommentId,
    notification: NotificationId,
    now: Timestamp,
}

/// A comment that exists, and its story.
struct Head {
    author: PersonId,
    likes: u32,
    story: StoryId,
    story_author: PersonId,
    audience: Audience,
}

impl Head {
    /// Locks the comment.
    async fn hold(tx: &Tx, comment: CommentId) -> StoreResult<Option<Self>> {
        let Some((story, (story_author, audience))) = hold_story(tx, comment).await? else {
            return Ok(None);
        };
        let hold = bind!(COMMENT_HOLD, comment.bucket(), comment);
        let held = tx.row(hold, |row| Ok((row.get(0)?, row.get(1)?))).await?;
        Ok(held.map(|(author, likes)| Self {
            author,
            likes,
            story,
            story_author,
            audience,
        }))
    }

    const fn unchanged(&self) -> LikedComment {
        LikedComment {
            story: self.story,
            likes: self.likes,
            changed: false,
            notified: None,
        }
    }
}

/// The comments among these that exist, with their stories. None of them can be deleted until the commit.
async fn hold(tx: &Tx, comments: BTreeSet<CommentId>) -> StoreResult<BTreeMap<CommentId, StoryId>> {
    let asked: Vec<_> = comments.iter().copied().collect();
    let buckets = Value::buckets(asked.iter().map(|comment| comment.bucket()));
    let stories: Vec<StoryId> = tx
        .column(bind!(STORIES_OF_COMMENTS, buckets, asked.as_slice()))
        .await?;
    let live = stories::live_held(tx, stories.into_iter().collect()).await?;
    let mut held = threads::hold(tx, COMMENT_LIKED_HOLD, &comments).await?;
    held.retain(|_, story| live.contains(story));
    Ok(held)
}

/// Inserts likes of comments that exist, without notifications. Returns the number inserted.
pub(crate) async fn import(
    tx: &Tx,
    likes: &[(PersonId, CommentId, Timestamp)],
) -> StoreResult<u64> {
    let people = people::existing(tx, likes.iter().map(|(person, ..)| *person).collect()).await?;
    let stories = hold(tx, likes.iter().map(|(_, comment, _)| *comment).collect()).await?;
    let (mut comments, mut likers, mut of, mut at) = (vec![], vec![], vec![], vec![]);
    for (person, comment, time) in likes.iter().filter(|(person, ..)| people.contains(person)) {
        if let Some(story) = stories.get(comment) {
            comments.push(*comment);
            likers.push(*person);
            of.push(*story);
            at.push(time.as_i64());
        }
    }
    let buckets = Value::buckets(comments.iter().map(|comment| comment.bucket()));
    let insert = bind!(
        COMMENT_LIKES_IMPORT,
        buckets,
        comments.as_slice(),
        likers,
        of,
        at
    );
    let inserted: Vec<CommentId> = tx.column(insert).await?;
    let mut added = BTreeMap::<CommentId, i64>::new();
    for comment in &inserted {
        *added.entry(*comment).or_default() += 1;
    }
    let keys: Vec<_> = added.keys().copied().collect();
    let buckets = Value::buckets(keys.iter().map(|comment| comment.bucket()));
    let counts = added.values().copied().collect::<Vec<_>>();
    tx.execute(bind!(
        COMMENT_LIKES_ADD_MANY,
        buckets,
        keys.as_slice(),
        counts
    ))
    .await?;
    Ok(inserted.len() as u64)
}

async fn like(tx: &Tx, act: &Like, limits: &PersonLimits) -> StoreResult<Option<LikedComment>> {
    let &Like {
        person, comment, ..
    } = act;
    let Some(head) = Head::hold(tx, comment).await? else {
        return Ok(None);
    };
    let bucket = comment.bucket();
    let insert = bind!(
        COMMENT_LIKE_INSERT,
        bucket,
        comment,
        person,
        head.story,
        act.now
    );
    if !tx.changes(insert).await? {
        return Ok(Some(head.unchanged()));
    }
    let [likes, earlier, to_actor, to_story] = tx
        .batch([
            bind!(COMMENT_LIKES_ADD, bucket, comment, 1_i64),
            withdrawn::earlier(Cause::comment_like(person, comment), act.now, limits),
            relation_query(head.author, person),
            relation_query(head.author, head.story_author),
        ])
        .await?;
    let opens = head.author == head.story_author || relation_in(&to_story)?.may_open(head.audience);
    let tells = opens && notify::may_notify(head.author, person, relation_in(&to_actor)?);
    let notified = tells && notify(tx, act, &head, earlier.first()?).await?;
    Ok(Some(LikedComment {
        story: head.story,
        likes: likes.first()?.unwrap_or(0),
        changed: true,
        notified: notified.then_some(head.author),
    }))
}

/// Notifies the author of the comment. Returns whether the notification moved to the top.
async fn notify(
    tx: &Tx,
    act: &Like,
    head: &Head,
    earlier: Option<NotificationId>,
) -> StoreResult<bool> {
    let note = NewNotification {
        person: head.author,
        id: earlier.unwrap_or(act.notification),
        kind: NotificationKind::CommentLike,
        actor: act.person,
        story: Some(head.story),
        comment: Some(act.comment),
        at: act.now,
    };
    let write = match earlier {
        None => notify::raise_comment_likes(&note),
        // Repeated within a short time: the notification stays at its position, and nobody is woken.
        Some(_) => notify::insert(&note),
    };
    tx.last([write]).await?;
    Ok(earlier.is_none())
}

async fn unlike(
    tx: &Tx,
    person: PersonId,
    comment: CommentId,
    limits: &PersonLimits,
) -> StoreResult<Option<LikedComment>> {
    let Some(head) = Head::hold(tx, comment).await? else {
        return Ok(None);
    };
    let bucket = comment.bucket();
    let delete = bind!(COMMENT_LIKE_DELETE, bucket, comment, person);
    let Some(liked_at) = tx.first::<Timestamp>(delete).await? else {
        return Ok(Some(head.unchanged()));
    };
    let cause = Cause::comment_like(person, comment);
    let [likes, earlier, told, others] = tx
        .batch([
            bind!(COMMENT_LIKES_ADD, bucket, comment, -1_i64),
            withdrawn::earlier(cause, liked_at, limits),
            notify::comment_likes_notification(head.author, comment),
            bind!(COMMENT_LIKED_BY_OTHERS, bucket, comment, head.author),
        ])
        .await?;
    let earlier = earlier.first::<NotificationId>()?;
    let told = told.first()?;
    let removed = told.is_some() && !others.exists();
    let mut writes = Vec::with_capacity(2);
    writes.extend(
        told.or(earlier)
            .map(|id| withdrawn::remember(cause, id, liked_at)),
    );
    writes.extend(removed.then(|| notify::remove_comment_likes(head.author, comment)));
    tx.last_each(writes).await?;
    // If the like created no new notification, its withdrawal signals no change of notifications.
    let notified = (removed && earlier.is_none()).then_some(head.author);
    Ok(Some(LikedComment {
        story: head.story,
        likes: likes.first()?.unwrap_or(0),
        changed: true,
        notified,
    }))
}
