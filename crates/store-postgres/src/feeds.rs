//! Home feeds from the rows: by a merge of the authors' newest stories, and by the definition.

use async_trait::async_trait;
use sosik_feed::{Circle, PersonId, StoryId, Visibility};

use super::PostgresStore;
use super::pool::Class;
use super::row::Answer;
use super::sql::{Query, bind, statements};
use super::stories::below;
use sosik_store::{CommitPosition, Feeds, StoreResult, StorySpan};

statements! {
    /// Each author contributes at most a page from the index (author, id), and the best of all pages are the result.
    /// The counts of the authors join them to the shards of their stories: an engine that distributes rejects a list
    /// of values in this place.
    NEWEST = "SELECT x.id FROM person_counts p CROSS JOIN LATERAL
        (SELECT s.id FROM stories s WHERE s.bucket = p.bucket AND s.author = p.person AND s.deleted_at IS NULL
            AND s.id < $2 ORDER BY s.id DESC LIMIT $3) x
        WHERE p.person = ANY($1) ORDER BY x.id DESC LIMIT $3";
    NEWEST_PUBLIC = "SELECT x.id FROM person_counts p CROSS JOIN LATERAL
        (SELECT s.id FROM stories s WHERE s.bucket = p.bucket AND s.author = p.person AND s.deleted_at IS NULL
            AND s.audience = 1 AND s.id < $2 ORDER BY s.id DESC LIMIT $3) x
        WHERE p.person = ANY($1) ORDER BY x.id DESC LIMIT $3";
    /// The definition of the home feed, independent of the code of the merge and of `Circle`. The first part covers the
    /// reader and their friends, the second one the people followed. Each author contributes at most a page of the
    /// span, so the cost does not depend on the number of stories below it. The `+ 0` excludes the index of public
    /// stories: the merge uses it, and an error in the index must not affect both sides. A closed account that is erased
    /// has no stories.
    FEED_BY_DEFINITION = "WITH hidden AS MATERIALIZED (
            SELECT blocked AS person FROM blocks WHERE bucket = $1 AND blocker = $2
            UNION SELECT blocker FROM blocked_by WHERE bucket = $1 AND blocked = $2
            UNION SELECT muted FROM mutes WHERE bucket = $1 AND muter = $2
            UNION SELECT id FROM people WHERE closed_at IS NOT NULL AND erased_at IS NULL AND id > 0),
        near AS MATERIALIZED (SELECT author FROM (
                SELECT $2::bigint AS author UNION SELECT friend FROM friendships WHERE bucket = $1 AND person = $2) c
            WHERE author NOT IN (SELECT person FROM hidden)),
        followed AS MATERIALIZED (SELECT followee AS author FROM follows
            WHERE bucket = $1 AND follower = $2 AND followee NOT IN (SELECT person FROM hidden))
        SELECT id FROM (
            SELECT x.id FROM near a JOIN person_counts p ON p.person = a.author CROSS JOIN LATERAL
                (SELECT s.id FROM stories s WHERE s.bucket = p.bucket AND s.author = p.person
                    AND s.deleted_at IS NULL AND s.id > $3 AND s.id < $4 ORDER BY s.id DESC LIMIT $5) x
            UNION
            SELECT x.id FROM followed a JOIN person_counts p ON p.person = a.author CROSS JOIN LATERAL
                (SELECT s.id FROM stories s WHERE s.bucket = p.bucket AND s.author = p.person
                    AND s.deleted_at IS NULL AND s.audience + 0 = 1 AND s.id > $3 AND s.id < $4
                    ORDER BY s.id DESC LIMIT $5) x) feed
        ORDER BY id DESC LIMIT $5";
}

#[async_trait]
impl Feeds for PostgresStore {
    async fn newest(
        &self,
        reader: PersonId,
        circle: &Circle,
        before: Option<StoryId>,
        limit: u32,
        _at_least: CommitPosition,
    ) -> StoreResult<Vec<StoryId>> {
        let queries = &newest(reader, circle, before, limit);
        let answers = self
            .db
            .snapshot(Class::Rebuild, "merge a feed", |tx| async move {
                tx.batch(queries.clone()).await
            });
        merge(&answers.await?, limit)
    }

    async fn feed_by_definition(
        &self,
        reader: PersonId,
        span: StorySpan,
        limit: u32,
    ) -> StoreResult<Vec<StoryId>> {
        let StorySpan { above, below } = span;
        let feed = bind!(
            FEED_BY_DEFINITION,
            reader.bucket(),
            reader,
            above,
            below,
            limit
        );
        let (class, context) = (Class::Administration, "compute a feed by definition");
        self.db.read(class, context, feed).await?.column()
    }
}

/// One statement for the authors who show the reader all their stories, and one for those who show only public ones.
fn newest(reader: PersonId, circle: &Circle, before: Option<StoryId>, limit: u32) -> [Query; 2] {
    let (mut everything, mut public) = (vec![reader], Vec::new());
    for (author, visibility) in circle.authors() {
        match visibility {
            Visibility::Everything => everything.push(author),
            Visibility::Public => public.push(author),
        }
    }
    [
        bind!(NEWEST, everything, below(before), limit),
        bind!(NEWEST_PUBLIC, public, below(before), limit),
    ]
}

/// The largest ids. No story is in both lists: an author is in one of them.
fn merge(answers: &[Answer; 2], limit: u32) -> StoreResult<Vec<StoryId>> {
    let [everything, public] = answers;
    let mut page: Vec<StoryId> = everything.column()?;
    page.extend(public.column::<StoryId>()?);
    page.sort_unstable_by(|one, other| other.cmp(one));
    page.truncate(limit as usize);
    Ok(page)
}
