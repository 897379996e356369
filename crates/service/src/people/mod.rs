//! People as others see them: profiles and search.

mod profile;
mod search;

use std::sync::Arc;

use futures::{StreamExt, TryStreamExt, stream};
use sosik_feed::{Circle, PersonId, Relation};

use crate::caches::PersonEntry;
use crate::{Service, ServiceResult};

pub use profile::{Profile, ProfileAsk};

/// Relations that one request looks up in the store at the same time. Leaves the store's readers room for others.
const LOOK_UPS_AT_ONCE: usize = 4;

/// Somebody in a list, with what they are to the one who looks.
#[derive(Debug, Clone)]
pub struct FoundPerson {
    /// Who.
    pub person: Arc<PersonEntry>,
    /// What they are to the viewer. Never tells that they blocked the viewer.
    pub relation: Relation,
}

impl Service {
    /// Adds what each of these people is to the viewer, in the order given.
    pub(crate) async fn found(
        &self,
        viewer: PersonId,
        circle: &Circle,
        people: Vec<Arc<PersonEntry>>,
    ) -> ServiceResult<Vec<FoundPerson>> {
        let look_ups = people.into_iter().map(|person| async move {
            let relation = self.relation_to(viewer, circle, person.record.id).await?;
            Ok(FoundPerson { person, relation })
        });
        stream::iter(look_ups)
            .buffered(LOOK_UPS_AT_ONCE)
            .try_collect()
            .await
    }

    /// What somebody is to the viewer, as far as the viewer may know. For friends the circle knows everything.
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
