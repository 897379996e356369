//! Lists of people, newest first.

use std::collections::HashMap;
use std::sync::Arc;

use sosik_feed::{Circle, Cursor, PersonId, Position, Timestamp};
use sosik_store::{PeopleList, RelatedPerson};

use crate::pages::{Filled, fill, page_limit};
use crate::people::PersonWithRelation;
use crate::{Service, ServiceResult};

/// One page of a list of people.
#[derive(Debug, Clone, Default)]
pub struct PersonPage {
    /// Newest first, each with the time since when the relation exists. A short page does not mean the end.
    pub items: Vec<(PersonWithRelation, Timestamp)>,
    /// Where the next page starts. `None` at the end.
    pub before: Option<Cursor>,
    /// Whether this is the end of the list.
    pub end: bool,
}

impl Service {
    /// One page of one of the viewer's own lists.
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
        let circle = self.circle(viewer).await?;
        let store = &self.0.store;
        let found = fill(
            page_limit(limit),
            before,
            |before, count| store.related(viewer, list, before, count),
            place_of,
            |related| shows(list, &circle, related.person),
        )
        .await?;
        self.person_page(viewer, &circle, found).await
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
}

/// The position of a person in a list of people.
pub(crate) fn place_of(related: &RelatedPerson) -> Position {
    Position {
        key: related.since.as_millis(),
        id: related.person.as_u64(),
    }
}

/// Whether a list shows this person. The list of blocks shows severed people, because the viewer blocked them. The list
/// of mutes hides people who blocked the viewer later. The other lists contain no severed people.
fn shows(list: PeopleList, circle: &Circle, person: PersonId) -> bool {
    match list {
        PeopleList::Blocks => true,
        PeopleList::Friends
        | PeopleList::Follows
        | PeopleList::Followers
        | PeopleList::Mutes
        | PeopleList::Requests(_) => !circle.is_severed_from(person),
    }
}
