//! Likes. A like has a row in the bucket of its story, and one in the bucket of the person who made it.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use sosik_feed::{Change, NotificationId, Own, PersonId, StoryId, Timestamp};

use super::PostgresStore;
use super::notify;
use super::pool::Class;
use super::relations::{related_person, relation_in, relation_query};
use super::sql::{Query, Value, bind, statements};
use super::story_counts::{self, Added, counts_or_none};
use super::tx::Tx;
use super::withdrawn;
use super::{changes, hidden, people, relations, stories};
use sosik_store::engine::{Cause, NewNotification};
use sosik_store::{
    CommitPosition, Committed, Liked, LikedStories, Likes, NotificationKind, PersonLimits,
    Position, RelatedPerson, StoreResult,
};

statements! {
    LIKE_INSERT = "INSERT INTO likes (bucket, story, person, liked_at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING";
    LIKED_INSERT = "INSERT INTO liked (bucket, person, story) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
    LIKES_IMPORT = "INSERT INTO likes (bucket, story, person, liked_at)
        SELECT * FROM unnest($1::smallint[], $2::bigint[], $3::bigint[], $4::bigint[])
        ON CONFLICT DO NOTHING RETURNING story, person";
    LIKED_IMPORT = "INSERT INTO liked (bucket, person, story)
        SELECT * FROM unnest($1::smallint[], $2::bigint[], $3::bigint[]) ON CONFLICT DO NOTHING";
    LIKE_DELETE = "DELETE FROM likes WHERE bucket = $1 AND story = $2 AND person = $3 RETURNING liked_at";
    LIKED_DELETE = "DELETE FROM liked WHERE bucket = $1 AND person = $2 AND story = $3";
    LIKED_BY_OTHERS = "SELECT 1 FROM likes WHERE bucket = $1 AND story = $2 AND person <> $3 LIMIT 1";
    LIKED_STORIES = "SELECT story FROM liked WHERE bucket = $1 AND person = $2 ORDER BY story DESC LIMIT $3";
    LIKED_AMONG = "SELECT story FROM liked WHERE bucket = $1 AND person = $2 AND story = ANY($3)";
    LIKERS = "SELECT person, liked_at FROM likes
        WHERE bucket = $1 AND story = $2 AND (liked_at, person) < ($3, $4)
        ORDER BY liked_at DESC, person DESC LIMIT $5";
}

#[async_trait]
impl Likes for PostgresStore {
    async fn like(
        &self,
        person: PersonId,
        story: StoryId,
        notification: NotificationId,
        now: Timestamp,
    ) -> StoreResult<Committed<Option<Liked>>> {
        let limits = &self.person_limits;
        let act = &Like {
            person,
            story,
            notification,
            now,
        };
        self.db
            .commit_new("like a story", notification.raw(), |tx| async move {
                like(&tx, act, limits).await
            })
            .await
    }

    async fn unlike(
        &self,
        person: PersonId,
        story: StoryId,
    ) -> StoreResult<Committed<Option<Liked>>> {
        let limits = &self.person_limits;
        self.db
            .commit(Class::Post, "take a like back", |tx| async move {
                unlike(&tx, person, story, limits).await
            })
            .await
    }

    async fn liked_stories(
        &self,
        person: PersonId,
        limit: u32,
        _at_least: CommitPosition,
    ) -> StoreResult<LikedStories> {
        let liked = bind!(LIKED_STORIES, person.bucket(), person, limit);
        let liked = self.db.read(Class::Read, "read likes", liked).await?;
        let mut stories: Vec<StoryId> = liked.column()?;
        stories.reverse();
        let more = stories.len() >= limit as usize;
        // A list that was cut to nothing is complete for no story.
        let lowest = stories.first().copied();
        let lowest = lowest.unwrap_or(StoryId::from_u64(u64::MAX));
        Ok(LikedStories {
            stories,
            complete_from: if more { lowest } else { StoryId::default() },
        })
    }

    async fn liked_among(
        &self,
        person: PersonId,
        stories: &[StoryId],
    ) -> StoreResult<Vec<StoryId>> {
        let liked = bind!(LIKED_AMONG, person.bucket(), person, stories);
        let liked = self.db.read(Class::Read, "look up likes", liked);
        liked.await?.column()
    }

    async fn likers(
        &self,
        story: StoryId,
        before: Option<Position>,
        limit: u32,
    ) -> StoreResult<Vec<RelatedPerson>> {
        let likers = relations::page(LIKERS, story.bucket(), story.as_i64(), before, limit);
        let likers = self.db.read(Class::Read, "list likers", likers);
        likers.await?.rows(related_person)
    }

    async fn likes_hidden_from(&self, viewer: PersonId, story: StoryId) -> StoreResult<u32> {
        self.db
            .snapshot(Class::Read, "count hidden likes", |tx| async move {
                hidden::likes(&tx, viewer, story).await
            })
            .await
    }
}

/// A like to insert.
struct Like {
    person: PersonId,
    story: StoryId,
    notification: NotificationId,
    now: Timestamp,
}

/// Inserts likes of stories that exist, without notifications. Returns the number inserted.
pub(crate) async fn import(tx: &Tx, likes: &[(PersonId, StoryId, Timestamp)]) -> StoreResult<u64> {
    let of_people = likes.iter().map(|(person, ..)| *person).collect();
    let of_stories = likes.iter().map(|(_, story, _)| *story).collect();
    let people = people::existing(tx, of_people).await?;
    let stories = stories::live_held(tx, of_stories).await?;
    let exists = |like: &&(PersonId, StoryId, Timestamp)| {
        people.contains(&like.0) && stories.contains(&like.1)
    };
    let likes: Vec<_> = likes.iter().filter(exists).collect();
    let inserted = bind!(
        LIKES_IMPORT,
        Value::buckets(likes.iter().map(|(_, story, _)| story.bucket())),
        likes.iter().map(|(_, story, _)| *story).collect::<Vec<_>>(),
        likes.iter().map(|(person, ..)| *person).collect::<Vec<_>>(),
        likes.iter().map(|(.., at)| at.as_i64()).collect::<Vec<_>>()
    );
    let inserted: Vec<(StoryId, PersonId)> = tx
        .rows(inserted, |row| Ok((row.get(0)?, row.get(1)?)))
        .await?;
    let liked = bind!(
        LIKED_IMPORT,
        Value::buckets(inserted.iter().map(|(_, person)| person.bucket())),
        inserted
            .iter()
            .map(|(_, person)| *person)
            .collect::<Vec<_>>(),
        inserted.iter().map(|(story, _)| *story).collect::<Vec<_>>()
    );
    let likers: BTreeSet<_> = inserted.iter().map(|(_, person)| *person).collect();
    let own = |person| Change::Own(person, Own::Likes);
    let own: Vec<_> = likers.into_iter().map(own).collect();
    tx.batch([liked, changes::log(&own)]).await?;
    let mut added = BTreeMap::<StoryId, Added>::new();
    for (story, _) in &inserted {
        added.entry(*story).or_default().likes += 1;
    }
    story_counts::add_many(tx, &added).await?;
    Ok(inserted.len() as u64)
}

async fn like(tx: &Tx, act: &Like, limits: &PersonLimits) -> StoreResult<Option<Liked>> {
    let &Like { person, story, .. } = act;
    let insert = bind!(LIKE_INSERT, story.bucket(), story, person, act.now);
    let [head, inserted] = tx.batch([stories::head_held(story), insert]).await?;
    let Some((author, _)) = stories::head_of(&head)? else {
        if inserted.changed() {
            tx.run(bind!(LIKE_DELETE, story.bucket(), story, person))
                .await?;
        }
        return Ok(None);
    };
    if !inserted.changed() {
        return unchanged(tx, story).await.map(Some);
    }
    let [_, counts, earlier, relation] = tx
        .batch([
            bind!(LIKED_INSERT, person.bucket(), person, story),
            story_counts::likes(story, 1),
            withdrawn::earlier(Cause::like(person, story), act.now, limits),
            relation_query(author, person),
        ])
        .await?;
    let tells = notify::may_notify(author, person, relation_in(&relation)?);
    let (counts, earlier) = (counts_or_none(&counts)?, earlier.first()?);
    let own = [Change::Own(person, Own::Likes)];
    let mut writes = vec![changes::log_counts(story, counts, &own)];
    writes.extend(tells.then(|| notification(act, author, earlier)));
    tx.last_each(writes).await?;
    // Repeated within a short time: the notification stays at its position, and nobody is woken.
    let notified = tells && earlier.is_none();
    Ok(Some(Liked {
        counts,
        changed: true,
        notified: notified.then_some(author),
    }))
}

/// Notifies the author of a like. The notification moves to the top unless the like repeats an earlier one.
fn notification(act: &Like, author: PersonId, earlier: Option<NotificationId>) -> Query {
    let note = NewNotification {
        person: author,
        id: earlier.unwrap_or(act.notification),
        kind: NotificationKind::Like,
        actor: act.person,
        story: Some(act.story),
        comment: None,
        at: act.now,
    };
    match earlier {
        None => notify::raise_likes(&note, act.story),
        Some(_) => notify::insert(&note),
    }
}

/// The result of a like or unlike that changes nothing.
async fn unchanged(tx: &Tx, story: StoryId) -> StoreResult<Liked> {
    let counts = tx.run(story_counts::of_story(story)).await?;
    Ok(Liked {
        counts: counts_or_none(&counts)?,
        changed: false,
        notified: None,
    })
}

async fn unlike(
    tx: &Tx,
    person: PersonId,
    story: StoryId,
    limits: &PersonLimits,
) -> StoreResult<Option<Liked>> {
    let head = tx.run(stories::head_held(story)).await?;
    let Some((author, _)) = stories::head_of(&head)? else {
        return Ok(None);
    };
    let deleted = bind!(LIKE_DELETE, story.bucket(), story, person);
    let Some(liked_at) = tx.first::<Timestamp>(deleted).await? else {
        return unchanged(tx, story).await.map(Some);
    };
    let cause = Cause::like(person, story);
    // The counts are locked before the other likes are read, so that of two last likers one sees no other.
    let [_, counts, earlier, told, others] = tx
        .batch([
            bind!(LIKED_DELETE, person.bucket(), person, story),
            story_counts::likes(story, -1),
            withdrawn::earlier(cause, liked_at, limits),
            notify::likes_notification(author, story),
            bind!(LIKED_BY_OTHERS, story.bucket(), story, author),
        ])
        .await?;
    let earlier = earlier.first::<NotificationId>()?;
    let told = told.first()?;
    let removed = told.is_some() && !others.exists();
    let counts = counts_or_none(&counts)?;
    let own = [Change::Own(person, Own::Likes)];
    let mut writes = vec![changes::log_counts(story, counts, &own)];
    writes.extend(
        told.or(earlier)
            .map(|id| withdrawn::remember(cause, id, liked_at)),
    );
    writes.extend(removed.then(|| notify::remove_likes(author, story)));
    tx.last_each(writes).await?;
    // If the like created no new notification, its withdrawal signals no change of notifications.
    let notified = (removed && earlier.is_none()).then_some(author);
    Ok(Some(Liked {
        counts,
        changed: true,
        notified,
    }))
}
