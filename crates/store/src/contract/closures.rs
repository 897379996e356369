//! Deleted accounts.

use async_trait::async_trait;
use sosik_feed::{PersonId, Timestamp};

use crate::{
    AccountClosing, ClosedAccount, Committed, PersonRemains, RowsLeft, StoreResult, TokenHash,
};

/// Deletes accounts in two steps. Closing is one small transaction; from then on no read finds the person. What the
/// person wrote is erased afterwards in many small ones, because it may be thousands of rows in many places.
///
/// The row of a closed account stays without a name, a text and a password, so that nobody takes its handle.
#[async_trait]
pub trait Closures {
    /// Closes an account: no other call returns its person or its credentials, a search does not find it, and no session
    /// is left. Returns the tokens of the ended sessions. `None`, and nothing is changed, if the stored hash is no longer
    /// the one that was checked, or the account is closed.
    async fn close_account(
        &self,
        closing: AccountClosing,
    ) -> StoreResult<Committed<Option<Vec<TokenHash>>>>;

    /// Closed accounts that are not erased, at most `limit`, in ascending order of id, after `after`.
    async fn closed_accounts(&self, after: PersonId, limit: u32)
    -> StoreResult<Vec<ClosedAccount>>;

    /// Comments by a person, and comments that the person likes, at most `limit` of each. Only those of stories that are
    /// not deleted, because the purge of a deleted story removes the others.
    async fn remains_of(&self, person: PersonId, limit: u32) -> StoreResult<PersonRemains>;

    /// Removes rows that only a closed account could see, at most `limit` of each kind: notifications, saved stories,
    /// suggestions that were put aside, invitations, read positions, devices. Its uploads that were not posted are due to
    /// be deleted as unused. Returns whether rows may be left.
    async fn erase_own_rows(&self, person: PersonId, limit: u32) -> StoreResult<RowsLeft>;

    /// Records that nothing of a closed account is left. [`closed_accounts`](Self::closed_accounts) omits it then.
    async fn finish_erasure(&self, person: PersonId, now: Timestamp) -> StoreResult<()>;
}
