//! Previews of links: the work of making them for stories, and the links that were fetched for everybody.
//!
//! The row of a preview is the record of the work, as that of an upload is (see [`Media`](super::Media)). It is in the
//! bucket of the author and has its own folder of files. A link belongs to nobody: it is fetched once in a while, and
//! previews copy its result.

use async_trait::async_trait;
use sosik_feed::{MediaId, StoryId, Timestamp};

use crate::{
    Committed, ExpiredLink, LinkClaim, LinkResult, LinkState, MediaFiles, PreviewTask, StoreResult,
    StoryLink,
};

/// Previews of links.
#[async_trait]
pub trait Previews {
    /// Claims the work that has waited longest, until this time. `None` if nothing is due.
    async fn claim_preview(
        &self,
        now: Timestamp,
        until: Timestamp,
    ) -> StoreResult<Option<PreviewTask>>;

    /// Gives a claim back. The work is due at this time. If the claim is lost, nothing changes.
    async fn postpone_preview(
        &self,
        preview: MediaId,
        attempt: u32,
        due_at: Timestamp,
    ) -> StoreResult<()>;

    /// Ends the work on a preview, and shows the result in its story. Returns the story if what it shows has changed. If
    /// the claim is lost, or the preview was deleted, nothing changes. The row stays only if the result has files.
    async fn finish_preview(
        &self,
        preview: MediaId,
        attempt: u32,
        result: Option<StoryLink>,
    ) -> StoreResult<Committed<Option<StoryId>>>;

    /// Removes the row of a deleted preview, after its files.
    async fn forget_preview(&self, preview: MediaId) -> StoreResult<()>;

    /// The folders among these that belong to a preview or to a link.
    async fn known_folders(&self, folders: &[MediaId]) -> StoreResult<Vec<MediaId>>;

    /// The files of those of these previews that have a row.
    async fn preview_files(&self, previews: &[MediaId]) -> StoreResult<Vec<MediaFiles>>;

    /// The files of the previews after this one, in the order of their ids, at most `limit`.
    async fn preview_files_after(&self, after: MediaId, limit: u32)
    -> StoreResult<Vec<MediaFiles>>;

    /// Looks a link up, and claims it if there is no result in use and nobody fetches it. Of concurrent callers, one
    /// claims it.
    async fn claim_link(&self, claim: LinkClaim) -> StoreResult<LinkState>;

    /// Records the result of a fetch. Returns whether it did: a lost claim changes nothing.
    async fn finish_link(&self, result: LinkResult) -> StoreResult<bool>;

    /// Links whose results and claims ended before this time, at most `limit`.
    async fn expired_links(&self, before: Timestamp, limit: u32) -> StoreResult<Vec<ExpiredLink>>;

    /// Removes the row of a link, after its files, unless it was claimed since.
    async fn forget_link(&self, link: ExpiredLink) -> StoreResult<()>;
}
