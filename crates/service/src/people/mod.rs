//! People as others see them: profiles and search.

mod profile;
mod search;

use std::sync::Arc;

use sosik_feed::{Circle, PersonId, Relation};

use crate::caches::PersonEntry;
use crate::core::Core;
use crate::{ServiceError, ServiceResult};

pub use profile::{Profile, ProfileUpdate};
pub use search::FoundPage;

/// The error for a person who does not exist, and for one that the viewer may not see.
pub(crate) const NO_SUCH_PERSON: ServiceError = ServiceError::NotFound("person");

/// People as others see them. Cheap to clone.
#[derive(Clone)]
pub struct People {
    core: Core,
}

/// A person in a list, with their relation to the viewer.
#[derive(Debug, Clone)]
pub struct PersonWithRelation {
    /// The person.
    pub person: Arc<PersonEntry>,
    /// Their relation to the viewer. Never reveals that they blocked the viewer.
    pub relation: Relation,
    /// Whether the viewer may send them a friend request.
    pub can_request: bool,
    /// Whether a mention by the viewer is kept.
    pub can_mention: bool,
}

impl People {
    pub(crate) const fn new(core: Core) -> Self {
        Self { core }
    }

    /// One person by id.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn by_id(&self, id: PersonId) -> ServiceResult<Option<Arc<PersonEntry>>> {
        self.core.person(id).await
    }

    /// The circle of a reader.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn circle(&self, reader: PersonId) -> ServiceResult<Arc<Circle>> {
        self.core.circle(reader).await
    }
}
