//! Computes candidates. Every read is bounded: by the numbers below, it reads at most 20,000 friends, 5 lists of stories
//! with a tag and 210 stories, and most of the stories are cached.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::Arc;

use foldhash::HashMap;
use sosik_feed::limits::SUGGESTION_FRIENDS_MAX;
use sosik_feed::text::hashtag;
use sosik_feed::{Audience, Circle, CommitPosition, PersonId, StoryId};
use sosik_store::{ReadersMax, ReadersQuery, StoryRecord};

use super::{Candidate, Followed, KEPT, Suggestions, is_new, is_possible};
use crate::ServiceResult;

/// Candidates kept for one reader: twice the longest list, so that dismissals and open requests leave enough.
pub(super) const CANDIDATES_MAX: usize = 80;

/// Candidates whose relation to the reader is examined. The reader may have blocked or muted some of them.
const EXAMINED_MAX: usize = 400;

/// Friends read of each friend. People with more friends connect many people who do not know each other.
const FRIENDS_EACH_MAX: u32 = 200;

/// Newest stories of the reader's feed whose tags count. Older ones do not say what people write about now.
const FEED_STORIES_MAX: u32 = 60;

/// Tags that are looked up: those that occur most often.
const TAGS_MAX: usize = 5;

/// Newest stories with a tag whose authors count.
const STORIES_OF_TAG_MAX: u32 = 30;

/// People whom most follow. Everybody sees the same ones.
const FOLLOWED_MAX: u32 = 100;

/// Candidates by person, while they are collected.
type Candidates = HashMap<PersonId, Candidate>;

impl Suggestions {
    /// The candidates of a reader, best first.
    pub(super) async fn find(
        &self,
        viewer: PersonId,
        circle: &Circle,
    ) -> ServiceResult<Vec<Candidate>> {
        let mut candidates = Candidates::default();
        self.add_friends_of_friends(circle, &mut candidates).await?;
        self.add_writers(viewer, circle, &mut candidates).await?;
        candidates.retain(|person, _| is_new(circle, viewer, *person));
        let mut found = ranked(candidates);
        let people = found.iter().map(|one| one.person);
        let decided = self.core.decide(viewer, circle, people).await?;
        found.retain(|one| is_possible(&decided, viewer, one.person));
        found.truncate(CANDIDATES_MAX);
        Ok(found)
    }

    /// The people whom most follow.
    pub(super) async fn followed_candidates(&self) -> ServiceResult<Vec<Candidate>> {
        let followed = self.followed().await?;
        let candidates = followed.iter().map(|person| Candidate {
            followed: true,
            ..Candidate::of(*person)
        });
        Ok(candidates.collect())
    }

    /// Counts friends in common, among some of the friends whom the reader has not muted.
    async fn add_friends_of_friends(
        &self,
        circle: &Circle,
        candidates: &mut Candidates,
    ) -> ServiceResult<()> {
        let friends = circle.friends().iter().filter(|id| !circle.is_hidden(**id));
        let friends: Vec<_> = friends.copied().collect();
        let step = friends.len().div_ceil(SUGGESTION_FRIENDS_MAX).max(1);
        let query = |friend: &PersonId| ReadersQuery {
            author: *friend,
            audience: Audience::Friends,
            after: PersonId::default(),
        };
        let queries: Vec<_> = friends.iter().step_by(step).map(query).collect();
        if queries.is_empty() {
            return Ok(());
        }
        let max = ReadersMax {
            each: FRIENDS_EACH_MAX,
            total: SUGGESTION_FRIENDS_MAX * FRIENDS_EACH_MAX as usize,
        };
        let chunks = self.core.store.readers_of_many(queries, max).await?;
        for person in chunks.into_iter().flat_map(|chunk| chunk.readers) {
            of(candidates, person).common += 1;
        }
        Ok(())
    }

    /// Adds people who write public stories under the tags of the reader's feed, which has the reader's own stories.
    async fn add_writers(
        &self,
        viewer: PersonId,
        circle: &Circle,
        candidates: &mut Candidates,
    ) -> ServiceResult<()> {
        let store = &self.core.store;
        let newest = store.newest(
            viewer,
            circle,
            None,
            FEED_STORIES_MAX,
            CommitPosition::START,
        );
        let stories = self.core.stories(&newest.await?).await?;
        for tag in tags_of(stories.iter().flatten().map(|story| &story.record)) {
            let ids = store.stories_with_tag(&tag, viewer, None, STORIES_OF_TAG_MAX);
            for story in self.core.stories(&ids.await?).await?.iter().flatten() {
                let story = &story.record;
                if story.audience == Audience::Public {
                    add_tag(of(candidates, story.author), &tag, story.id);
                }
            }
        }
        Ok(())
    }

    /// The people whom most follow and who have public stories. One read for all readers of this node in [`KEPT`].
    async fn followed(&self) -> ServiceResult<Arc<[PersonId]>> {
        let now = self.core.clock.monotonic();
        let kept = self.state.followed.lock().clone();
        if let Some(kept) = kept.filter(|kept| kept.until > now) {
            return Ok(kept.people);
        }
        let most = self.core.store.most_followed(FOLLOWED_MAX).await?;
        let writers = most.iter().filter(|one| one.public_stories > 0);
        let people: Arc<[PersonId]> = writers.map(|one| one.person).collect();
        *self.state.followed.lock() = Some(Followed {
            until: now + KEPT,
            people: Arc::clone(&people),
        });
        Ok(people)
    }
}

impl Candidate {
    const fn of(person: PersonId) -> Self {
        Self {
            person,
            common: 0,
            tags: Vec::new(),
            followed: false,
        }
    }
}

fn of(candidates: &mut Candidates, person: PersonId) -> &mut Candidate {
    candidates
        .entry(person)
        .or_insert_with(|| Candidate::of(person))
}

fn add_tag(candidate: &mut Candidate, tag: &Arc<str>, story: StoryId) {
    if candidate.tags.iter().all(|(known, _)| known != tag) {
        candidate.tags.push((Arc::clone(tag), story));
    }
}

/// Whether the story has this folded tag.
pub(super) fn has_tag(story: &StoryRecord, tag: &str) -> bool {
    let folded = story.tags.iter().filter_map(|own| hashtag(own));
    folded.into_iter().any(|own| own == tag)
}

/// The tags that most of these stories have.
fn tags_of<'s>(stories: impl Iterator<Item = &'s StoryRecord>) -> Vec<Arc<str>> {
    let mut counted = BTreeMap::<String, usize>::new();
    for tag in stories.flat_map(|story| &story.tags) {
        if let Some(tag) = hashtag(tag) {
            *counted.entry(tag).or_default() += 1;
        }
    }
    let mut tags: Vec<_> = counted.into_iter().collect();
    tags.sort_by_key(|(_, stories)| Reverse(*stories));
    let most = tags.into_iter().take(TAGS_MAX);
    most.map(|(tag, _)| tag.into()).collect()
}

/// More friends in common first, then more shared tags, then the older account.
fn ranked(candidates: Candidates) -> Vec<Candidate> {
    let mut ranked: Vec<_> = candidates.into_values().collect();
    ranked.sort_unstable_by_key(|one| (Reverse(one.common), Reverse(one.tags.len()), one.person));
    ranked.truncate(EXAMINED_MAX);
    ranked
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn friends_in_common_come_before_shared_tags_and_these_before_nothing() {
        let person = PersonId::from_u64;
        let story = StoryId::from_u64(1);
        let mut candidates = Candidates::default();
        of(&mut candidates, person(4));
        of(&mut candidates, person(3)).common = 1;
        of(&mut candidates, person(2)).common = 2;
        for tag in ["tea", "rain", "tea"] {
            add_tag(of(&mut candidates, person(5)), &tag.into(), story);
        }
        add_tag(of(&mut candidates, person(1)), &"tea".into(), story);
        let ranked = ranked(candidates);
        let order: Vec<_> = ranked.iter().map(|one| one.person.as_u64()).collect();
        assert_eq!(order, [2, 3, 5, 1, 4]);
        assert_eq!(ranked[2].tags.len(), 2, "a tag counts once");
    }
}
