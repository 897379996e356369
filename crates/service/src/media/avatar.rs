//! Avatars. The upload is a medium that changes the profile of its owner when it is processed. The last upload wins.

use bytes::Bytes;
use sosik_feed::{MediaId, PersonId};
use sosik_media::photo::Purpose;
use sosik_media::storage::Name;
use sosik_store::{Finished, MediaKind, MediaRecord, MediaTask, Processed};

use super::process::{STOP_GRACE, photo};
use super::{Media, MediaEngine, MediaFile, check_photo, folder};
use crate::core::invalidate::position_of;
use crate::{Change, ServiceError, ServiceResult};

const NO_SUCH_FILE: ServiceError = ServiceError::NotFound("file");

impl Media {
    /// Stores an upload that becomes the avatar of its owner when it is processed. Earlier uploads that are not
    /// processed yet are deleted.
    ///
    /// # Errors
    /// `Media` if it is no photo, too large, or beyond the quota of the person or the disk.
    pub async fn change_avatar(&self, owner: PersonId, file: Bytes) -> ServiceResult<MediaRecord> {
        check_photo(&file)?;
        let this = self.clone();
        self.core
            .run_to_completion(
                async move { this.store_upload(owner, MediaKind::Avatar, file).await },
            )
            .await
    }

    /// Whether the profile of the person shows this medium. Profiles are cached, and this node may learn of a new avatar
    /// just after its commit.
    pub(super) async fn is_avatar(&self, person: PersonId, media: MediaId) -> ServiceResult<bool> {
        let people = self.core.people(&[person]).await?;
        let avatar = people
            .get(&person)
            .and_then(|person| person.record.avatar.as_ref());
        Ok(avatar.is_some_and(|avatar| avatar.media == media))
    }

    /// Removes the avatar of a person, and uploads that would become one.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn remove_avatar(&self, owner: PersonId) -> ServiceResult<()> {
        let this = self.clone();
        self.core
            .run_to_completion(async move {
                let (store, now) = (&this.core.store, this.core.now());
                let answer = store.remove_avatar(owner, now).await;
                // Also after a failed write, because the write may have committed.
                let changes = [Change::Person(owner)];
                this.core.invalidate(position_of(&answer), changes).await;
                this.notify_workers();
                answer?;
                Ok(())
            })
            .await
    }

    /// A file of the avatar of a person, if the reader may see the person now; `None` is a reader without an account.
    /// The decision uses the caches of this node.
    ///
    /// # Errors
    /// `NotFound` if there is no such person, if one blocked the other, or if their avatar has no such file.
    pub async fn avatar_file(
        &self,
        reader: Option<PersonId>,
        person: PersonId,
        name: &str,
    ) -> ServiceResult<MediaFile> {
        if let Some(reader) = reader {
            let circle = self.core.circle(reader).await?;
            let circle = self.core.decide(reader, &circle, [person]).await?;
            if circle.is_severed_from(person) {
                return Err(NO_SUCH_FILE);
            }
        }
        let person = self.core.person(person).await?.ok_or(NO_SUCH_FILE)?;
        let avatar = person.record.avatar.as_ref().ok_or(NO_SUCH_FILE)?;
        let name = Name::parse(name).filter(|name| avatar.has_file(name.as_str()));
        Ok(MediaFile {
            folder: folder(avatar.media),
            name: name.ok_or(NO_SUCH_FILE)?,
        })
    }

    pub(super) async fn process_avatar(
        &self,
        engine: &MediaEngine,
        task: &MediaTask,
        upload: &str,
    ) -> ServiceResult<()> {
        let work = photo(engine, task, upload, Purpose::Avatar);
        let Some(result) = self.attempt(engine, task, STOP_GRACE, work).await? else {
            return Ok(());
        };
        let is_ready = matches!(result, Processed::Ready { .. });
        let (store, now) = (&self.core.store, self.core.now());
        let answer = store
            .finish_avatar(task.media, task.attempt, result, now)
            .await;
        let at = position_of(&answer);
        match answer?.value {
            Finished::Lost => return self.remove_if_forgotten(engine, task.media).await,
            Finished::Recorded(Some(owner)) => {
                self.core.invalidate(at, [Change::Person(owner)]).await;
                self.notify_workers();
            }
            Finished::Recorded(None) => {}
        }
        self.end_upload(engine, task.media, is_ready).await
    }
}
