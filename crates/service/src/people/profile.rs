//! Profiles: the viewer's own, another person's, and changes to one's own.

use std::sync::Arc;

use sosik_feed::people::{Bio, DisplayName, Handle, Language};
use sosik_feed::{PersonId, Relation, Visibility, search};
use sosik_store::{PersonCounts, PrivacyChange, ProfileChange};

use super::{NO_SUCH_PERSON, People};
use crate::caches::PersonEntry;
use crate::core::invalidate::position_of;
use crate::{Change, ServiceResult};

/// The content of a profile page.
#[derive(Debug, Clone)]
pub struct Profile {
    /// The person.
    pub person: Arc<PersonEntry>,
    /// Their relation to the viewer; none for the viewer.
    pub relation: Relation,
    /// Counts. `stories` counts only those that the viewer may see.
    pub counts: PersonCounts,
    /// Whether the viewer may send them a friend request. `true` for the viewer and for somebody without an account.
    pub can_request: bool,
    /// Whether a mention by the viewer is kept. `true` for the viewer and for somebody without an account.
    pub can_mention: bool,
}

/// The requested changes to a profile; `None` leaves a field unchanged.
#[derive(Debug, Clone, Default)]
pub struct ProfileUpdate {
    /// As typed.
    pub display_name: Option<String>,
    /// As typed; an empty text removes it.
    pub bio: Option<String>,
    /// `ko`, `en` or `ja`.
    pub language: Option<String>,
    /// The privacy settings to change.
    pub privacy: PrivacyChange,
}

impl People {
    /// The viewer's own profile.
    ///
    /// # Errors
    /// `NotFound` if the account no longer exists.
    pub async fn me(&self, viewer: PersonId) -> ServiceResult<Profile> {
        let person = self.core.person(viewer).await?.ok_or(NO_SUCH_PERSON)?;
        self.profile_of(person, Relation::default(), Visibility::Everything)
            .await
    }

    /// Another person's profile.
    ///
    /// # Errors
    /// `NotFound` if the handle does not exist, or if either person has blocked the other.
    pub async fn profile(&self, viewer: PersonId, handle: &str) -> ServiceResult<Profile> {
        let person = self.core.visible_person(viewer, handle).await?;
        let other = person.record.id;
        if other == viewer {
            return self
                .profile_of(person, Relation::default(), Visibility::Everything)
                .await;
        }
        let relation = self.core.store.relation(viewer, other).await?;
        if relation.severed() {
            return Err(NO_SUCH_PERSON);
        }
        let visibility = match relation.friend {
            true => Visibility::Everything,
            false => Visibility::Public,
        };
        let privacy = person.record.privacy;
        let permitted = self.core.permitted(viewer, other, privacy, relation);
        let permitted = permitted.await?;
        Ok(Profile {
            can_request: permitted.request,
            can_mention: permitted.mention,
            ..self.profile_of(person, relation, visibility).await?
        })
    }

    /// Changes the viewer's own profile.
    ///
    /// # Errors
    /// `RuleBroken` if the rules reject the name, bio or language; then nothing changes.
    pub async fn change_profile(
        &self,
        viewer: PersonId,
        request: ProfileUpdate,
    ) -> ServiceResult<Profile> {
        let name = request
            .display_name
            .as_deref()
            .map(DisplayName::parse)
            .transpose()?;
        let bio = request.bio.as_deref().map(Bio::parse).transpose()?;
        let language = request
            .language
            .as_deref()
            .map(Language::parse)
            .transpose()?;
        let privacy = request.privacy;
        let is_empty = name.is_none() && bio.is_none() && language.is_none();
        if is_empty && privacy == PrivacyChange::default() {
            return self.me(viewer).await;
        }
        let person = self.core.person(viewer).await?.ok_or(NO_SUCH_PERSON)?;
        let handle = Handle::from_stored(person.record.handle.clone());
        let change = ProfileChange {
            search_terms: name.as_ref().map(|name| search::terms(&handle, name)),
            display_name: name.map(DisplayName::into_string),
            bio: bio.map(Bio::into_string),
            language,
            privacy,
        };
        let this = self.clone();
        self.core
            .run_to_completion(async move {
                let answer = this.core.store.change_profile(viewer, change).await;
                // Also after a failed write, because the write may have committed.
                this.core
                    .invalidate(position_of(&answer), [Change::Person(viewer)])
                    .await;
                answer?.value.map(|_| ()).ok_or(NO_SUCH_PERSON)
            })
            .await?;
        self.me(viewer).await
    }

    async fn profile_of(
        &self,
        person: Arc<PersonEntry>,
        relation: Relation,
        visibility: Visibility,
    ) -> ServiceResult<Profile> {
        let mut counts = self.core.store.person_counts(person.record.id).await?;
        if visibility == Visibility::Public {
            counts.stories = counts.public_stories;
        }
        Ok(Profile {
            person,
            relation,
            counts,
            can_request: true,
            can_mention: true,
        })
    }
}
