//! Writes that insert a story, a comment or a notification. Its id is fenced by its age when it is committed.
//!
//! Readers remember ids: the delivery watermark in their cursors, their read positions, the last comment they loaded. A node
//! that was paused between making an id and COMMIT stores it below what readers have passed, also if its number has another
//! holder by then. So PostgreSQL compares the id with its own clock, directly before COMMIT. The delivery watermark stays
//! behind by more than the limit, so no story appears below it. For read positions and comments the limit bounds by how much
//! an id can be late.

use std::time::Duration;

use sosik_feed::RawId;
use sosik_store::{Committed, StoreError, StoreResult};

use super::db::Db;
use super::failure::is_division_by_zero;
use super::pool::Class;
use super::sql::{Query, bind, statements};
use super::tx::Tx;

statements! {
    /// A division by zero if the time of the server is later.
    IN_TIME = "SELECT 1 / CASE WHEN extract(epoch FROM clock_timestamp()) * 1000 <= $1::bigint THEN 1 ELSE 0 END";
}

impl Db {
    /// A write that may insert rows with this new id. `Busy` if the id is too old when it is committed. The request can be
    /// repeated, with another new id.
    pub(crate) async fn commit_new<T, W, F>(
        &self,
        context: &'static str,
        id: impl Into<Option<RawId>>,
        work: W,
    ) -> StoreResult<Committed<T>>
    where
        W: Fn(Tx) -> F,
        F: Future<Output = StoreResult<T>>,
    {
        let fence = id.into().zip(self.id_age_max);
        let fenced = |tx: Tx| {
            if let Some((id, age_max)) = fence {
                tx.guard(is_in_time(id, age_max));
            }
            work(tx)
        };
        let committed = self.commit(Class::Post, context, fenced).await;
        committed.map_err(|error| of_guard(error, context))
    }
}

/// Fails if the id is older than this by the clock of the server.
fn is_in_time(id: RawId, age_max: Duration) -> Query {
    bind!(IN_TIME, id.time().plus(age_max))
}

fn of_guard(error: StoreError, context: &'static str) -> StoreError {
    if !is_division_by_zero(&error) {
        return error;
    }
    tracing::warn!(
        context,
        "nothing was stored, because the new id was old: this node was paused, or the clock of PostgreSQL was set forward"
    );
    StoreError::Busy
}
