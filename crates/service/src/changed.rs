//! The one place where caches learn of changes.
//!
//! Called after the commit and before the answer, so that whoever reads after the answer sees the change. With
//! several nodes this is also the place that tells the others, and waits until they know.

use std::sync::atomic::Ordering;

use sosik_fabric::Signals;
use sosik_feed::{PersonId, StoryId};
use sosik_store::{StoryCounts, TokenHash};

use crate::sabotage::Sabotage;
use crate::{Service, ServiceResult};

/// Something in the store is different now.
#[derive(Debug, Clone)]
pub enum Change {
    /// Text, audience or existence of a story.
    Story(StoryId),
    /// Likes and comments of a story.
    Counts(StoryId, StoryCounts),
    /// The profile of a person.
    Person(PersonId),
    /// Somebody became hidden for the reader, or their stories fewer: what is shown is filtered at read.
    CircleShrank(PersonId),
    /// Stories that are not in the reader's timeline belong into it now: it is forgotten and built anew.
    CircleGrew(PersonId),
    /// What a person likes.
    Liked(PersonId),
    /// A person read up to this story.
    ReadPosition(PersonId, StoryId),
    /// Sessions that ended, of a person.
    SessionsEnded(PersonId, Vec<TokenHash>),
    /// People with a new notification, or whose notifications were read.
    Notifications(Vec<PersonId>),
}

impl Service {
    /// Makes every later read see these changes.
    ///
    /// # Errors
    /// When the fabric fails: the write happened, but the answer must not say so yet.
    pub async fn changed(&self, changes: impl IntoIterator<Item = Change>) -> ServiceResult<()> {
        for change in changes {
            self.apply(change).await?;
        }
        Ok(())
    }

    async fn apply(&self, change: Change) -> ServiceResult<()> {
        let caches = &self.0.caches;
        match change {
            Change::Story(story) if self.breaks(Sabotage::KeepDeleted) => {
                tracing::debug!(%story, "kept on purpose");
            }
            Change::Story(story) => caches.stories.drop_changed(&story),
            Change::Counts(story, counts) => self.mend_counts(story, counts),
            Change::Person(person) => caches.people.drop_changed(&person),
            Change::CircleShrank(reader) => caches.circles.drop_changed(&reader),
            Change::CircleGrew(reader) => {
                // In this order: a timeline built in between must see the new circle or be forgotten.
                caches.circles.drop_changed(&reader);
                self.0.fabric.forget(reader).await?;
                self.0.fabric.wake(&[reader], Signals::STORY).await?;
            }
            Change::Liked(person) => caches.liked.drop_changed(&person),
            Change::ReadPosition(person, story) => {
                caches.read_positions.mend_changed(&person, |position| {
                    position.fetch_max(story.as_u64(), Ordering::AcqRel);
                });
            }
            Change::SessionsEnded(person, tokens) => {
                tokens
                    .iter()
                    .for_each(|token| caches.sessions.drop_changed(token));
                self.0.fabric.wake(&[person], Signals::SESSION).await?;
            }
            Change::Notifications(people) => {
                self.0.fabric.wake(&people, Signals::NOTIFICATION).await?;
            }
        }
        Ok(())
    }
}
