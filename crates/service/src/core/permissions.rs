//! Decides by the privacy settings of people whether a viewer may act towards them.
//!
//! The settings are part of a person's record, so a request that begins after a change was acknowledged sees it on every
//! node. Friends in common are read from the store, and only where they decide.

use sosik_feed::{AllowedAskers, Permission, PersonId, Privacy, Relation};
use sosik_store::StoryRecord;

use super::Core;
use crate::ServiceResult;

/// The acts towards a person that their settings permit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Permitted {
    /// A friend request.
    pub(crate) request: bool,
    /// A mention that is kept as one.
    pub(crate) mention: bool,
}

impl Core {
    /// Whether the viewer may comment on a story that they may open.
    pub(crate) async fn may_comment(
        &self,
        viewer: PersonId,
        story: &StoryRecord,
    ) -> ServiceResult<bool> {
        if story.author == viewer {
            return Ok(true);
        }
        let Some(author) = self.person(story.author).await? else {
            return Ok(false);
        };
        let relation = Relation {
            friend: self.circle(viewer).await?.is_friend(story.author),
            ..Relation::default()
        };
        let permission = author
            .record
            .privacy
            .permits_comment(relation, story.audience);
        self.resolve(permission, viewer, story.author).await
    }

    /// Which acts of the viewer towards another person with this relation to the viewer are permitted. Friends in common
    /// are read at most once.
    pub(crate) async fn permitted(
        &self,
        viewer: PersonId,
        other: PersonId,
        privacy: Privacy,
        relation: Relation,
    ) -> ServiceResult<Permitted> {
        if viewer == other {
            return Ok(Permitted {
                request: true,
                mention: true,
            });
        }
        let request = privacy.permits_request(relation);
        let mention = privacy.permits_mention(relation.friend);
        let decides = [request, mention].contains(&Permission::WithCommonFriend);
        let common = decides && self.store.have_common_friend(viewer, other).await?;
        Ok(Permitted {
            request: request.resolve(common),
            mention: mention.resolve(common),
        })
    }

    /// Whether the settings of a person refuse a friend request by the viewer. Severed people and
    /// people who do not exist are left to the store, which reports both alike.
    pub(crate) async fn refuses_request(
        &self,
        viewer: PersonId,
        other: PersonId,
    ) -> ServiceResult<bool> {
        let Some(person) = self.person(other).await? else {
            return Ok(false);
        };
        let privacy = person.record.privacy;
        if privacy.requests == AllowedAskers::Everyone {
            return Ok(false);
        }
        let relation = self.store.relation(viewer, other).await?;
        let permission = privacy.permits_request(relation);
        Ok(!relation.severed() && !self.resolve(permission, viewer, other).await?)
    }

    /// Reads friends in common if they decide.
    async fn resolve(
        &self,
        permission: Permission,
        viewer: PersonId,
        other: PersonId,
    ) -> ServiceResult<bool> {
        match permission {
            Permission::WithCommonFriend => {
                Ok(self.store.have_common_friend(viewer, other).await?)
            }
            Permission::Granted | Permission::Refused => Ok(permission.resolve(false)),
        }
    }
}
