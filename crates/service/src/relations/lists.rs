//! Lists of people, newest first.

use sosik_feed::{Circle, Cursor, PersonId, Position, Timestamp};
use sosik_store::{PeopleList, RelatedPerson};

use super::Relations;
use crate::ServiceResult;
use crate::pages::{fill, page_limit};
use crate::people::PersonWithRelation;

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

impl Relations {
    /// One page of one of the viewer's own lists.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn list(
        &self,
        viewer: PersonId,
        list: PeopleList,
        before: Option<Position>,
        limit: u32,
    ) -> ServiceResult<PersonPage> {
        let circle = self.core.circle(viewer).await?;
        let store = &self.core.store;
        let found = fill(
            page_limit(limit),
            before,
            async |before, count| {
                let rows = store.related(viewer, list, before, count).await?;
                self.core
                    .judge(viewer, &circle, rows, person_of, |circle, related| {
                        shows(list, circle, related.person)
                    })
                    .await
            },
            place_of,
        )
        .await?;
        self.core.person_page(viewer, &circle, found).await
    }
}

/// The position of a person in a list of people.
pub(crate) fn place_of(related: &RelatedPerson) -> Position {
    Position {
        key: related.since.as_millis(),
        id: related.person.as_u64(),
    }
}

/// The person of a row.
pub(crate) fn person_of(related: &RelatedPerson) -> [PersonId; 1] {
    [related.person]
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
