//! People as others see them.

use async_trait::async_trait;
use sosik_feed::{PersonId, StoryId};

use crate::{CommitPosition, Committed, PersonCounts, PersonRecord, ProfileChange, StoreResult};

/// Profiles, search, read positions.
#[async_trait]
pub trait People {
    /// People by id, in no particular order. Omits ids without a person.
    async fn people(
        &self,
        ids: &[PersonId],
        at_least: CommitPosition,
    ) -> StoreResult<Vec<PersonRecord>>;

    /// The person with this handle, lower case.
    async fn person_by_handle(&self, handle: &str) -> StoreResult<Option<PersonRecord>>;

    /// Changes a profile and returns the new one; `None` if the person does not exist.
    async fn change_profile(
        &self,
        person: PersonId,
        change: ProfileChange,
    ) -> StoreResult<Committed<Option<PersonRecord>>>;

    /// The counts of the profile page.
    async fn person_counts(&self, person: PersonId) -> StoreResult<PersonCounts>;

    /// People with a search term in the half-open range, each once, at most `limit`, in the order of terms. People
    /// severed from the viewer are omitted here, so that they do not count against `limit`.
    async fn people_by_term(
        &self,
        viewer: PersonId,
        from: &str,
        to: &str,
        limit: u32,
    ) -> StoreResult<Vec<PersonRecord>>;

    /// Everybody, in ascending order of id, after `after`, at most `limit`. For verify and rebuild.
    async fn people_after(&self, after: PersonId, limit: u32) -> StoreResult<Vec<PersonId>>;

    /// The newest story that the person has marked as read; 0 if none.
    async fn read_position(
        &self,
        person: PersonId,
        at_least: CommitPosition,
    ) -> StoreResult<StoryId>;

    /// Moves the read position forward, never back. Returns the new position.
    async fn advance_read_position(
        &self,
        person: PersonId,
        story: StoryId,
    ) -> StoreResult<Committed<StoryId>>;
}
