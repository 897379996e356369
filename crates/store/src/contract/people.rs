//! People as others see them.

use async_trait::async_trait;
use sosik_feed::{PersonId, StoryId};

use crate::{
    CommitPosition, Committed, FoundByTerm, HandleUse, PersonCounts, PersonRecord, ProfileChange,
    StoreResult, TermPlace,
};

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

    /// Whether this handle, lower case, is free. `skeleton` is the form that look-alike handles share.
    async fn handle_use(&self, handle: &str, skeleton: &str) -> StoreResult<HandleUse>;

    /// Rows of the index of search terms after `after` with a term before `to`, ascending, at most `limit`. Somebody
    /// with several terms in the range is in several rows.
    async fn people_by_term(
        &self,
        after: &TermPlace,
        to: &str,
        limit: u32,
    ) -> StoreResult<Vec<FoundByTerm>>;

    /// Those of these people who have a search term in the half-open range, each once, in no particular order.
    async fn with_term_among(
        &self,
        people: &[PersonId],
        from: &str,
        to: &str,
    ) -> StoreResult<Vec<PersonId>>;

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
