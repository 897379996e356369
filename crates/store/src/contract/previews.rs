//! Link previews: the work of making them for stories, and the fetched links, which all stories share.
//! The row of a preview is the record of the work, like the row of an upload (see [`Media`](super::Media)). It is in
//! the bucket of the author and has its own folder of files. A link has no owner. Its result is reused for a while, and
//! previews copy it.

use async_trait::async_trait;
use sosik_feed::{MediaId, StoryId, Timestamp};

use crate::{
    Committed, ExpiredLink, LinkClaim, LinkResult, LinkState, MediaFiles, PreviewTask, StoreResult,
    StoryLink,
};

/// Previews of links.
#[async_trait]
pub trait Previews {
    /// Claims the work that has waited longest. The claim ends at `until`. `None` if nothing is due.
    async fn claim_preview(
        &self,
        now: Timestamp,
        until: Timestamp,
    ) -> StoreResult<Option<PreviewTask>>;

    /// Releases a claim. The work is due again at `due_at`. If the claim is lost, nothing changes.
    async fn postpone_preview(
        &self,
        preview: MediaId,
        attempt: u32,
        due_at: Timestamp,
    ) -> StoreResult<()>;

    /// Ends the work on a preview, and stores the result in its story. Returns the story if it changed. If the claim is
    /// lost or the preview was deleted, nothing changes. The row stays only if the result has files.
    async fn finish_preview(
        &self,
        preview: MediaId,
        attempt: u32,
        result: Option<StoryLink>,
    ) -> StoreResult<Committed<Option<StoryId>>>;

    /// Removes the row of a deleted preview, after its files.
    async fn forget_preview(&self, preview: MediaId) -> StoreResult<()>;

    /// Those of these folders that belong to a preview or to a link.
    async fn known_folders(&self, folders: &[MediaId]) -> StoreResult<Vec<MediaId>>;

    /// The files of these previews. Previews without a row are left out.
    async fn preview_files(&self, previews: &[MediaId]) -> StoreResult<Vec<MediaFiles>>;

    /// The files of at most `limit` previews with ids above `after`, in the order of their ids.
    async fn preview_files_after(&self, after: MediaId, limit: u32)
    -> StoreResult<Vec<MediaFiles>>;

    /// Looks up a link. Claims it if it has no current result and no worker fetches it. Only one of several concurrent
    /// callers gets the claim.
    async fn claim_link(&self, claim: LinkClaim) -> StoreResult<LinkState>;

    /// Records the result of a fetch. Returns `false` and changes nothing if the claim is lost.
    async fn finish_link(&self, result: LinkResult) -> StoreResult<bool>;

    /// Links whose results and claims ended before this time, at most `limit`.
    async fn expired_links(&self, before: Timestamp, limit: u32) -> StoreResult<Vec<ExpiredLink>>;

    /// Removes the row of a link, after its files, unless it was claimed since.
    async fn forget_link(&self, link: ExpiredLink) -> StoreResult<()>;
}
