//! Likes.

use async_trait::async_trait;
use rusqlite::params;
use sosik_feed::{NotificationId, PersonId, StoryId, Timestamp};

use super::db::Db;
use super::hidden;
use super::notify;
use super::relations::related;
use super::statement::statements;
use super::stories::{self, story_id};
use super::withdrawn;
use super::{SqliteStore, counts};
use sosik_store::engine::{Cause, NewNotification};
use sosik_store::{
    CommitPosition, Committed, Liked, LikedStories, Likes, NotificationKind, PersonLimits,
    Position, RelatedPerson, StoreResult,
};

statements! {
    LIKE_INSERT = "INSERT INTO likes (person, story, liked_at) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING";
    LIKE_IMPORT = "INSERT INTO likes (person, story, liked_at) SELECT ?1, ?2, ?3
        WHERE EXISTS (SELECT 1 FROM stories WHERE id = ?2 AND deleted_at IS NULL)
          AND EXISTS (SELECT 1 FROM people WHERE id = ?1) ON CONFLICT DO NOTHING";
    LIKE_DELETE = "DELETE FROM likes WHERE person = ?1 AND story = ?2 RETURNING liked_at";
    LIKED_BY_OTHERS = "SELECT 1 FROM likes WHERE story = ?1 AND person <> ?2 LIMIT 1";
    LIKED_STORIES = "SELECT story FROM likes WHERE person = ?1 ORDER BY story DESC LIMIT ?2";
    LIKES_IT = "SELECT 1 FROM likes WHERE person = ?1 AND story = ?2";
    LIKERS = "SELECT person, liked_at FROM likes
        WHERE story = ?1 AND (liked_at, person) < (?2, ?3) ORDER BY liked_at DESC, person DESC LIMIT ?4";
}

#[async_trait]
impl Likes for SqliteStore {
    async fn like(
        &self,
        person: PersonId,
        story: StoryId,
        notification: NotificationId,
        now: Timestamp,
    ) -> StoreResult<Committed<Option<Liked>>> {
        let limits = self.person_limits;
        self.commit("like a story", move |db| {
            like(db, person, story, notification, now, &limits)
        })
        .await
    }

    async fn unlike(
        &self,
        person: PersonId,
        story: StoryId,
    ) -> StoreResult<Committed<Option<Liked>>> {
        let limits = self.person_limits;
        self.commit("take a like back", move |db| {
            unlike(db, person, story, &limits)
        })
        .await
    }

    async fn liked_stories(
        &self,
        person: PersonId,
        limit: u32,
        _at_least: CommitPosition,
    ) -> StoreResult<LikedStories> {
        self.read("read likes", move |db| {
            let mut stories = db.rows(LIKED_STORIES, params![person.as_i64(), limit], story_id)?;
            stories.reverse();
            let more = stories.len() >= limit as usize;
            // An empty list that was cut is complete from above every id.
            let lowest = stories
                .first()
                .copied()
                .unwrap_or(StoryId::from_u64(u64::MAX));
            Ok(LikedStories {
                stories,
                complete_from: if more { lowest } else { StoryId::default() },
            })
        })
        .await
    }

    async fn liked_among(
        &self,
        person: PersonId,
        stories: &[StoryId],
    ) -> StoreResult<Vec<StoryId>> {
        let stories = stories.to_vec();
        self.read("look up likes", move |db| {
            let mut liked = Vec::new();
            for story in stories {
                if db.exists(LIKES_IT, [person.as_i64(), story.as_i64()])? {
                    liked.push(story);
                }
            }
            Ok(liked)
        })
        .await
    }

    async fn likers(
        &self,
        story: StoryId,
        before: Option<Position>,
        limit: u32,
    ) -> StoreResult<Vec<RelatedPerson>> {
        self.read("list likers", move |db| {
            related(db, LIKERS, story.as_i64(), before, limit)
        })
        .await
    }

    async fn likes_hidden_from(&self, viewer: PersonId, story: StoryId) -> StoreResult<u32> {
        self.read("count hidden likes", move |db| {
            hidden::likes(db, viewer, story)
        })
        .await
    }
}

/// Inserts likes of stories that exist, without notifications. Returns the number inserted.
pub(super) fn import(db: &Db<'_>, likes: &[(PersonId, StoryId, Timestamp)]) -> StoreResult<u64> {
    let mut made = 0;
    for (person, story, at) in likes {
        if db.changes(LIKE_IMPORT, [person.as_i64(), story.as_i64(), at.as_i64()])? {
            counts::likes(db, *story, 1)?;
            made += 1;
        }
    }
    Ok(made)
}

fn like(
    db: &Db<'_>,
    person: PersonId,
    story: StoryId,
    notification: NotificationId,
    now: Timestamp,
    limits: &PersonLimits,
) -> StoreResult<Option<Liked>> {
    let Some((author, _)) = stories::head(db, story)? else {
        return Ok(None);
    };
    if !db.changes(LIKE_INSERT, [person.as_i64(), story.as_i64(), now.as_i64()])? {
        return Ok(Some(Liked {
            counts: counts::of_story(db, story)?,
            changed: false,
            notified: None,
        }));
    }
    let counts = counts::likes(db, story, 1)?;
    let kind = NotificationKind::Like;
    let note = NewNotification {
        person: author,
        id: notification,
        kind,
        actor: person,
        story: Some(story),
        comment: None,
        at: now,
    };
    let notified = match withdrawn::earlier(db, Cause::like(person, story), now, limits)? {
        None => notify::notify_like(db, &note, story)?.then_some(author),
        // Repeated within a short time: the notification stays at its position, and no wake-up is sent.
        Some(id) => {
            notify::restore_like(db, &NewNotification { id, ..note }, story)?;
            None
        }
    };
    Ok(Some(Liked {
        counts,
        changed: true,
        notified,
    }))
}

fn unlike(
    db: &Db<'_>,
    person: PersonId,
    story: StoryId,
    limits: &PersonLimits,
) -> StoreResult<Option<Liked>> {
    let Some((author, _)) = stories::head(db, story)? else {
        return Ok(None);
    };
    let liked_at = db.row(LIKE_DELETE, [person.as_i64(), story.as_i64()], |row| {
        Ok(Timestamp::from_i64(row.get(0)?))
    })?;
    let Some(liked_at) = liked_at else {
        return Ok(Some(Liked {
            counts: counts::of_story(db, story)?,
            changed: false,
            notified: None,
        }));
    };
    let counts = counts::likes(db, story, -1)?;
    let cause = Cause::like(person, story);
    let earlier = withdrawn::earlier(db, cause, liked_at, limits)?;
    if let Some(notification) = notify::likes_notification(db, author, story)?.or(earlier) {
        withdrawn::remember(db, cause, notification, liked_at)?;
    }
    let by_others = db.exists(LIKED_BY_OTHERS, [story.as_i64(), author.as_i64()])?;
    let removed = !by_others && notify::remove_likes(db, author, story)?;
    // If the like created no new notification, its withdrawal signals no change of notifications.
    let notified = (removed && earlier.is_none()).then_some(author);
    Ok(Some(Liked {
        counts,
        changed: true,
        notified,
    }))
}
