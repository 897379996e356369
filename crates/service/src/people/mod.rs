//! People as others see them: profiles and search.

mod profile;
mod search;

use std::sync::Arc;

use futures::{StreamExt, TryStreamExt, stream};
use sosik_feed::{Circle, PersonId, Relation};

use crate::caches::PersonEntry;
use crate::{Service, ServiceResult};

pub use profile::{Profile, ProfileUpdate};

/// Relations that one request reads from the store concurrently. It leaves reader connections for other requests.
const LOOK_UPS_AT_ONCE: usize = 4;

/// A person in a list, with their relation to the viewer.
#[derive(Debug, Clone)]
pub struct PersonWithRelation {
    /// The person.
    pub person: Arc<PersonEntry>,
    /// Their relation to the viewer. Never reveals that they blocked the viewer.
    pub relation: Relation,
}

impl Service {
    /// Adds each person's relation to the viewer, in the given order.
    pub(crate) async fn with_relations(
        &self,
        viewer: PersonId,
        circle: &Circle,
        people: Vec<Arc<PersonEntry>>,
    ) -> ServiceResult<Vec<PersonWithRelation>> {
        let look_ups = people.into_iter().map(|person| async move {
            let relation = self.relation_to(viewer, circle, person.record.id).await?;
            Ok(PersonWithRelation { person, relation })
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
        let relation = self.0.store.relation(viewer, other).await?;
        Ok(Relation {
            blocked_by: false,
            ..relation
        })
    }
}
