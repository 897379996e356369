//! Checks what a viewer may open. Everything else is reported as missing.

use std::borrow::Cow;
use std::sync::Arc;

use sosik_feed::people::Handle;
use sosik_feed::{Circle, PersonId, StoryId};

use super::Core;
use crate::caches::{PersonEntry, StoryEntry};
use crate::pages::Judged;
use crate::people::NO_SUCH_PERSON;
use crate::{ServiceError, ServiceResult};

impl Core {
    /// The circle, with a decision about each of these people. It reads the store only for a reader whom very many
    /// people blocked.
    pub(crate) async fn decide<'c>(
        &self,
        reader: PersonId,
        circle: &'c Circle,
        people: impl IntoIterator<Item = PersonId>,
    ) -> ServiceResult<Cow<'c, Circle>> {
        let mut open = circle.undecided(people);
        if open.is_empty() {
            return Ok(Cow::Borrowed(circle));
        }
        let mut blockers = self.store.blockers_among(reader, &open).await?;
        blockers.sort_unstable();
        open.retain(|person| blockers.binary_search(person).is_err());
        Ok(Cow::Owned(circle.with_open(open)))
    }

    /// Judges the rows of a list. `people` returns the people of a row, and `shows` decides whether the viewer sees it.
    pub(crate) async fn judge<T, P: IntoIterator<Item = PersonId>>(
        &self,
        viewer: PersonId,
        circle: &Circle,
        rows: Vec<T>,
        people: impl Fn(&T) -> P,
        shows: impl Fn(&Circle, &T) -> bool,
    ) -> ServiceResult<Vec<Judged<T>>> {
        let undecided = circle.undecided(rows.iter().flat_map(people));
        let circle = self.decide(viewer, circle, undecided).await?;
        let judged = rows.into_iter().map(|row| Judged {
            is_shown: shows(&circle, &row),
            row,
        });
        Ok(judged.collect())
    }

    /// The story, if the viewer may open it now. Every operation on a story calls this first.
    pub(crate) async fn require_visible(
        &self,
        viewer: PersonId,
        id: StoryId,
    ) -> ServiceResult<Arc<StoryEntry>> {
        let story = self
            .stories(&[id])
            .await?
            .pop()
            .flatten()
            .ok_or(ServiceError::NotFound("story"))?;
        let author = story.record.author;
        let circle = self.circle(viewer).await?;
        let circle = self.decide(viewer, &circle, [author]).await?;
        let is_open = circle.may_open(viewer, author, story.record.audience);
        // The stories of a closed account are erased after it is hidden.
        if is_open && self.person(author).await?.is_some() {
            Ok(story)
        } else {
            Err(ServiceError::NotFound("story"))
        }
    }

    /// The person with this handle, unless either person has blocked the other.
    pub(crate) async fn visible_person(
        &self,
        viewer: PersonId,
        handle: &str,
    ) -> ServiceResult<Arc<PersonEntry>> {
        let handle = Handle::lookup(handle).ok_or(NO_SUCH_PERSON)?;
        let record = self
            .store
            .person_by_handle(handle.as_str())
            .await?
            .ok_or(NO_SUCH_PERSON)?;
        let circle = self.circle(viewer).await?;
        let circle = self.decide(viewer, &circle, [record.id]).await?;
        if circle.is_severed_from(record.id) {
            return Err(NO_SUCH_PERSON);
        }
        self.person(record.id).await?.ok_or(NO_SUCH_PERSON)
    }
}
