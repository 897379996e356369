//! Profiles: one's own, somebody's, and changing one's own.

use std::sync::Arc;

use sosik_feed::people::{Bio, DisplayName, Handle, Language};
use sosik_feed::{PersonId, Relation, Sees, search};
use sosik_store::{PersonCounts, ProfileChange};

use crate::caches::PersonEntry;
use crate::{Change, Service, ServiceError, ServiceResult};

const NOBODY: ServiceError = ServiceError::NotFound("person");

/// What stands on a profile page.
#[derive(Debug, Clone)]
pub struct Profile {
    /// Who.
    pub person: Arc<PersonEntry>,
    /// What they are to the viewer; nothing for oneself.
    pub relation: Relation,
    /// Figures. `stories` counts what the viewer may see.
    pub counts: PersonCounts,
}

/// What somebody wants to be different about themselves; `None` leaves as it is.
#[derive(Debug, Clone, Default)]
pub struct ProfileAsk {
    /// As typed.
    pub display_name: Option<String>,
    /// As typed; empty removes it.
    pub bio: Option<String>,
    /// `ko`, `en` or `ja`.
    pub language: Option<String>,
}

impl Service {
    /// The viewer's own profile.
    ///
    /// # Errors
    /// `NotFound` when there is no such account any more.
    pub async fn me(&self, viewer: PersonId) -> ServiceResult<Profile> {
        let person = self.person(viewer).await?.ok_or(NOBODY)?;
        self.profile_of(person, Relation::default(), Sees::Everything)
            .await
    }

    /// Somebody's profile.
    ///
    /// # Errors
    /// `NotFound` when nobody has the handle, or one of the two has blocked the other.
    pub async fn profile(&self, viewer: PersonId, handle: &str) -> ServiceResult<Profile> {
        let person = self.visible_person(viewer, handle).await?;
        let other = person.record.id;
        if other == viewer {
            return self
                .profile_of(person, Relation::default(), Sees::Everything)
                .await;
        }
        let relation = self.0.store.relation(viewer, other).await?;
        if relation.severed() {
            return Err(NOBODY);
        }
        let sees = match relation.friend {
            true => Sees::Everything,
            false => Sees::Public,
        };
        self.profile_of(person, relation, sees).await
    }

    /// Changes the viewer's own profile.
    ///
    /// # Errors
    /// `RuleBroken` for a name, bio or language that the rules refuse; then nothing is changed.
    pub async fn change_profile(
        &self,
        viewer: PersonId,
        ask: ProfileAsk,
    ) -> ServiceResult<Profile> {
        let name = ask
            .display_name
            .as_deref()
            .map(DisplayName::parse)
            .transpose()?;
        let bio = ask.bio.as_deref().map(Bio::parse).transpose()?;
        let language = ask.language.as_deref().map(Language::parse).transpose()?;
        if name.is_none() && bio.is_none() && language.is_none() {
            return self.me(viewer).await;
        }
        let person = self.person(viewer).await?.ok_or(NOBODY)?;
        let handle = Handle::from_stored(person.record.handle.clone());
        let change = ProfileChange {
            search_terms: name.as_ref().map(|name| search::terms(&handle, name)),
            display_name: name.map(DisplayName::into_string),
            bio: bio.map(Bio::into_string),
            language,
        };
        let service = self.clone();
        self.whole(async move {
            let answer = service.0.store.change_profile(viewer, change).await;
            // Also when it failed: it may have happened all the same.
            service.changed([Change::Person(viewer)]).await;
            answer?.map(|_| ()).ok_or(NOBODY)
        })
        .await?;
        self.me(viewer).await
    }

    /// Whoever has this handle, unless one of the two has blocked the other.
    pub(crate) async fn visible_person(
        &self,
        viewer: PersonId,
        handle: &str,
    ) -> ServiceResult<Arc<PersonEntry>> {
        let handle = Handle::lookup(handle).ok_or(NOBODY)?;
        let record = self
            .0
            .store
            .person_by_handle(handle.as_str())
            .await?
            .ok_or(NOBODY)?;
        if self.circle(viewer).await?.is_severed_from(record.id) {
            return Err(NOBODY);
        }
        self.person(record.id).await?.ok_or(NOBODY)
    }

    async fn profile_of(
        &self,
        person: Arc<PersonEntry>,
        relation: Relation,
        sees: Sees,
    ) -> ServiceResult<Profile> {
        let mut counts = self.0.store.person_counts(person.record.id).await?;
        if sees == Sees::Public {
            counts.stories = counts.public_stories;
        }
        Ok(Profile {
            person,
            relation,
            counts,
        })
    }
}
