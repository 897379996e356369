//! People as others see them.

use async_trait::async_trait;
use sosik_feed::{PersonId, StoryId};

use crate::{PersonCounts, PersonRecord, ProfileChange, StoreResult};

/// Profiles, search, read positions.
#[async_trait]
pub trait People {
    /// Those of the people asked for who exist, in no order.
    async fn people(&self, ids: &[PersonId]) -> StoreResult<Vec<PersonRecord>>;

    /// By handle, lower case.
    async fn person_by_handle(&self, handle: &str) -> StoreResult<Option<PersonRecord>>;

    /// Changes a profile; answers it as it is now, `None` when the person does not exist.
    async fn change_profile(
        &self,
        person: PersonId,
        change: ProfileChange,
    ) -> StoreResult<Option<PersonRecord>>;

    /// Figures on the profile page.
    async fn person_counts(&self, person: PersonId) -> StoreResult<PersonCounts>;

    /// People with a search term in the half-open range, each once, at most `limit`, in the order of terms. People
    /// severed from the viewer are left out here, so that they take nobody's place.
    async fn people_by_term(
        &self,
        viewer: PersonId,
        from: &str,
        to: &str,
        limit: u32,
    ) -> StoreResult<Vec<PersonRecord>>;

    /// Everybody, in ascending order of id, behind `after`, at most `limit`: for verify and rebuild.
    async fn everybody(&self, after: PersonId, limit: u32) -> StoreResult<Vec<PersonId>>;

    /// How many people there are.
    async fn people_count(&self) -> StoreResult<u64>;

    /// Newest story the person has marked as read, 0 when none.
    async fn read_position(&self, person: PersonId) -> StoreResult<StoryId>;

    /// Moves the read position forward, never back. Answers where it is now.
    async fn advance_read_position(&self, person: PersonId, story: StoryId)
    -> StoreResult<StoryId>;
}
