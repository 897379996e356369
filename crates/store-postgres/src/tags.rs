//! The index from tags to stories, by audience. The entries of a story are in its bucket.
//!
//! The page of a tag is a merge: public stories, the viewer's own, and those for friends of each friend. An index
//! serves each of them, so stories for other people's friends cost nothing and leave no trace in a page. The service
//! removes public stories of severed people.

use sosik_feed::{Audience, PersonId, StoryId};

use super::sql::{Query, bind, statements};
use super::stories::below;
use super::tx::Tx;
use sosik_store::StoreResult;
use sosik_store::engine::audience_number;

statements! {
    /// Correct rows are not written.
    TAGS_KEEP = "INSERT INTO story_tags AS t (bucket, tag, story, author, audience)
        SELECT $1::smallint, tag, $2::bigint, $3::bigint, $4::bigint FROM unnest($5::text[]) AS tag
        ON CONFLICT (story, tag, bucket) DO UPDATE SET author = excluded.author, audience = excluded.audience
        WHERE t.author <> excluded.author OR t.audience <> excluded.audience";
    TAGS_AUDIENCE = "UPDATE story_tags SET audience = $3 WHERE bucket = $1 AND story = $2";
    TAGS_DELETE = "DELETE FROM story_tags WHERE bucket = $1 AND story = $2";
    TAGGED_PUBLIC = "SELECT story FROM story_tags
        WHERE tag = $1 AND audience = 1 AND story < $2 ORDER BY story DESC LIMIT $3";
    TAGGED_FOR_FRIENDS = "SELECT x.story FROM person_counts p CROSS JOIN LATERAL
        (SELECT t.story FROM story_tags t WHERE t.bucket = p.bucket AND t.tag = $1 AND t.author = p.person
            AND t.audience = 0 AND t.story < $2 AND t.story > $3 ORDER BY t.story DESC LIMIT $4) x
        WHERE p.person = ANY($5) ORDER BY x.story DESC LIMIT $4";
    FRIENDS = "SELECT friend FROM friendships WHERE bucket = $1 AND person = $2";
}

/// Inserts or repairs the index entries of the tags of a story, if it has any.
pub(crate) fn keep(
    story: StoryId,
    author: PersonId,
    audience: Audience,
    tags: &[String],
) -> Option<Query> {
    if tags.is_empty() {
        return None;
    }
    let mut tags = tags.to_vec();
    // One statement must not write a row twice.
    tags.sort_unstable();
    tags.dedup();
    let audience = audience_number(audience);
    Some(bind!(
        TAGS_KEEP,
        story.bucket(),
        story,
        author,
        audience,
        tags
    ))
}

/// Changes the audience of the entries of a story.
pub(crate) fn change_audience(story: StoryId, audience: Audience) -> Query {
    let audience = audience_number(audience);
    bind!(TAGS_AUDIENCE, story.bucket(), story, audience)
}

/// Removes the entries of a story. They are removed together with the text and not by the purge, so a tag page contains
/// no deleted stories.
pub(crate) fn remove(story: StoryId) -> Query {
    bind!(TAGS_DELETE, story.bucket(), story)
}

/// The newest stories with a tag for a viewer, newest first.
pub(crate) async fn newest(
    tx: &Tx,
    tag: &str,
    viewer: PersonId,
    before: Option<StoryId>,
    limit: u32,
) -> StoreResult<Vec<StoryId>> {
    let public = bind!(TAGGED_PUBLIC, tag, below(before), limit);
    let friends = bind!(FRIENDS, viewer.bucket(), viewer);
    let [public, friends] = tx.batch([public, friends]).await?;
    let mut newest: Vec<StoryId> = public.column()?;
    let mut authors: Vec<PersonId> = friends.column()?;
    authors.push(viewer);
    let floor = floor(&newest, limit);
    let of_friends = bind!(
        TAGGED_FOR_FRIENDS,
        tag,
        below(before),
        floor,
        limit,
        authors
    );
    newest.extend(tx.column::<StoryId>(of_friends).await?);
    newest.sort_unstable_by(|one, other| other.cmp(one));
    newest.truncate(limit as usize);
    Ok(newest)
}

/// Ids up to this one are not on the page, because it is full without them. Most friends have no larger one, which
/// costs one look-up in the index.
fn floor(newest: &[StoryId], limit: u32) -> i64 {
    let last = newest.last().filter(|_| newest.len() >= limit as usize);
    last.map_or(-1, |story| story.as_i64())
}
