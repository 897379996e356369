//! Lists of people, newest first.

use std::collections::HashMap;
use std::sync::Arc;

use sosik_feed::{Circle, Cursor, PersonId, Position, Timestamp};
use sosik_store::{PeopleList, RelatedPerson};

use crate::pages::{cut_to_page, one_more, page_limit};
use crate::people::FoundPerson;
use crate::{Service, ServiceResult};

/// One page of a list of people.
#[derive(Debug, Clone, Default)]
pub struct PersonPage {
    /// Newest first, each with since when. A short page does not mean the end.
    pub items: Vec<(FoundPerson, Timestamp)>,
    /// Where the next page starts; none at the end.
    pub before: Option<Cursor>,
    /// There is nothing further.
    pub end: bool,
}

impl Service {
    /// One page of a list of the viewer's own.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn related(
        &self,
        viewer: PersonId,
        list: PeopleList,
        before: Option<Position>,
        limit: u32,
    ) -> ServiceResult<PersonPage> {
        let limit = page_limit(limit);
        let found = self
            .0
            .store
            .related(viewer, list, before, one_more(limit))
            .await?;
        let circle = self.circle(viewer).await?;
        match list {
            // Whom one blocked is no secret from oneself. Everywhere else severed people are not shown: among muted
            // ones may be somebody who blocked the viewer later, and in the other lists nobody is severed.
            PeopleList::Blocks => {
                self.person_page(viewer, &circle, found, limit, |_| true)
                    .await
            }
            PeopleList::Friends
            | PeopleList::Follows
            | PeopleList::Followers
            | PeopleList::Mutes
            | PeopleList::Requests(_) => {
                self.person_page(viewer, &circle, found, limit, |person| {
                    !circle.is_severed_from(person)
                })
                .await
            }
        }
    }

    /// Makes a page of `limit` people out of one more, those who may be shown.
    pub(crate) async fn person_page(
        &self,
        viewer: PersonId,
        circle: &Circle,
        mut found: Vec<RelatedPerson>,
        limit: usize,
        shown: impl Fn(PersonId) -> bool,
    ) -> ServiceResult<PersonPage> {
        let end = cut_to_page(&mut found, limit);
        let before = found.last().filter(|_| !end).map(|last| {
            Cursor::Behind(Position {
                key: last.since.as_millis(),
                id: last.person.as_u64(),
            })
        });
        found.retain(|related| shown(related.person));
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
        let found = self.found(viewer, circle, people).await?;
        let items = found.into_iter().filter_map(|found| {
            let since = *since.get(&found.person.record.id)?;
            Some((found, since))
        });
        Ok(PersonPage {
            items: items.collect(),
            before,
            end,
        })
    }
}
