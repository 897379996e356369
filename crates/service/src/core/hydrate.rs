//! Turns rows into what one reader sees: stories with their authors, people with their relation to the reader.

use std::sync::Arc;

use foldhash::HashMap;
use futures::{StreamExt, TryStreamExt, stream};
use sosik_feed::{Circle, Cursor, PersonId, Position, Relation, StoryId};
use sosik_store::{Mention, RelatedPerson, StoryRecord};

use super::Core;
use crate::caches::{PersonEntry, StoryEntry};
use crate::pages::Filled;
use crate::people::PersonWithRelation;
use crate::relations::PersonPage;
use crate::stories::StoryItem;
use crate::{ServiceError, ServiceResult};

/// Relations that one request reads from the store concurrently. It leaves reader connections for other requests.
const LOOK_UPS_AT_ONCE: usize = 4;

impl Core {
    /// Adds the parts that depend on the reader, and hides people whom the reader may not see. Omits stories whose
    /// author is gone.
    pub(crate) async fn hydrate(
        &self,
        reader: PersonId,
        circle: &Circle,
        mut stories: Vec<Arc<StoryEntry>>,
    ) -> ServiceResult<Vec<StoryItem>> {
        if circle.is_severed_from_anybody() {
            let circle = self.decide(reader, circle, mentioned(&stories)).await?;
            for story in &mut stories {
                hide_mentions(story, &circle);
            }
        }
        let ids: Vec<StoryId> = stories.iter().map(|story| story.record.id).collect();
        let liked = self.liked_among(reader, &ids).await?;
        let authors = self.authors(&stories).await?;
        let mut items = Vec::with_capacity(stories.len());
        for ((story, author), liked) in stories.into_iter().zip(authors).zip(liked) {
            if let Some(author) = author {
                items.push(StoryItem {
                    story,
                    author,
                    liked,
                });
            }
        }
        Ok(items)
    }

    /// A story that its author has just posted. While the author is cached, this reads nothing from the store. The
    /// story is not cached: only the store may say that it exists.
    pub(crate) async fn hydrate_new(&self, record: StoryRecord) -> ServiceResult<StoryItem> {
        let circle = self.circle(record.author).await?;
        let author = self.person(record.author).await?;
        let reader = record.author;
        let mut story = Arc::new(StoryEntry::from(record));
        let mentioned = mentioned(std::slice::from_ref(&story));
        hide_mentions(&mut story, &*self.decide(reader, &circle, mentioned).await?);
        Ok(StoryItem {
            story,
            author: author.ok_or(ServiceError::NotFound("person"))?,
            liked: false,
        })
    }

    /// Makes a page of people from the rows that may be shown.
    pub(crate) async fn person_page(
        &self,
        viewer: PersonId,
        circle: &Circle,
        found: Filled<RelatedPerson, Position>,
    ) -> ServiceResult<PersonPage> {
        let Filled { shown: found, next } = found;
        let ids: Vec<_> = found.iter().map(|related| related.person).collect();
        let people = self.people(&ids).await?;
        let people = ids
            .iter()
            .filter_map(|id| people.get(id))
            .map(Arc::clone)
            .collect();
        let since: HashMap<_, _> = found
            .iter()
            .map(|related| (related.person, related.since))
            .collect();
        let found = self.with_relations(viewer, circle, people).await?;
        let items = found.into_iter().filter_map(|found| {
            let since = *since.get(&found.person.record.id)?;
            Some((found, since))
        });
        Ok(PersonPage {
            items: items.collect(),
            before: next.map(Cursor::Behind),
            end: next.is_none(),
        })
    }

    /// Adds each person's relation to the viewer, in the given order.
    pub(crate) async fn with_relations(
        &self,
        viewer: PersonId,
        circle: &Circle,
        people: Vec<Arc<PersonEntry>>,
    ) -> ServiceResult<Vec<PersonWithRelation>> {
        let look_ups = people.into_iter().map(|person| async move {
            let (other, privacy) = (person.record.id, person.record.privacy);
            let relation = self.relation_to(viewer, circle, other).await?;
            let permitted = self.permitted(viewer, other, privacy, relation).await?;
            Ok(PersonWithRelation {
                can_request: permitted.request,
                can_mention: permitted.mention,
                person,
                relation,
            })
        });
        stream::iter(look_ups)
            .buffered(LOOK_UPS_AT_ONCE)
            .try_collect()
            .await
    }

    /// A person's relation to the viewer, as far as the viewer may know it. For friends the circle is sufficient.
    async fn relation_to(
        &self,
        viewer: PersonId,
        circle: &Circle,
        other: PersonId,
    ) -> ServiceResult<Relation> {
        if other == viewer {
            return Ok(Relation::default());
        }
        if circle.is_friend(other) {
            let following = circle.follows().binary_search(&other).is_ok();
            return Ok(Relation {
                friend: true,
                following,
                muted: circle.is_hidden(other),
                ..Relation::default()
            });
        }
        let relation = self.store.relation(viewer, other).await?;
        Ok(Relation {
            blocked_by: false,
            ..relation
        })
    }
}

/// The people whom these stories mention.
fn mentioned(stories: &[Arc<StoryEntry>]) -> Vec<PersonId> {
    let mentions = stories.iter().flat_map(|story| &story.record.mentions);
    mentions.map(|mention| mention.person).collect()
}

/// Removes mentions of people who are severed from the reader, so that such a mention reads like one of a handle that
/// does not exist. A story without any is shared as it is, with its rendered form.
fn hide_mentions(story: &mut Arc<StoryEntry>, circle: &Circle) {
    let hidden = |mention: &Mention| circle.is_severed_from(mention.person);
    if !story.record.mentions.iter().any(hidden) {
        return;
    }
    let mut record = story.record.clone();
    record.counts = story.counts();
    record.mentions.retain(|mention| !hidden(mention));
    *story = Arc::new(record.into());
}
