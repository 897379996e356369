//! Leases on the caches of nodes.
//!
//! A horizon is a snapshot of the server. The changes after it are those that it does not contain, in whatever order
//! their transactions began. A renewal locks its row before it takes the snapshot, so a revocation and a renewal see
//! each other.
//!
//! `seen` of a lease is the first transaction that may have a change that its member has not settled. It is 0 until the
//! member has settled its start. Every earlier change was settled by that member, for all: the copies are shared. So
//! a member that joins begins at the newest `seen` of the others, and the log is trimmed up to the oldest one.
//!
//! While the fabric is away, nothing is settled and the log grows. Beyond a maximum it is cut where every member has
//! applied it (`applied`). A member that joins later finds the cut and drops all copies. The others know by themselves
//! which copies they have not dropped.

use std::net::SocketAddr;
use std::time::Duration;

use async_trait::async_trait;
use sosik_feed::{Change, CommitPosition, PeerId, StoryId};
use sosik_store::{
    CacheLease, CacheLeases, Horizon, JoiningMember, RenewedLease, Revocation, StoreError,
    StoreResult,
};

use super::PostgresStore;
use super::changes::{self, change};
use super::pool::Class;
use super::row::{Answer, Row};
use super::sql::{Query, bind, statements};
use super::tx::Tx;

statements! {
    /// `seen` is below every change, so the log is not trimmed before the first renewal.
    LEASE_JOIN = "INSERT INTO cache_leases (peer, renewals, hold, alone, seen, applied, address)
        SELECT $1, 0, $2, $3, '0'::xid8, '0'::xid8, $4
        WHERE NOT EXISTS (SELECT 1 FROM cache_leases WHERE peer <> $1 AND (alone OR $3))
        ON CONFLICT (peer) DO UPDATE SET hold = excluded.hold, alone = excluded.alone, seen = excluded.seen,
            applied = excluded.applied, address = excluded.address";
    /// Members that join take turns, so that they see each other.
    JOIN_LOCK = "SELECT 1 FROM (SELECT pg_advisory_xact_lock($1)) locked";
    LEASE_RENEW = "UPDATE cache_leases SET renewals = renewals + 1,
            seen = coalesce(pg_snapshot_xmin($2::text::pg_snapshot), '0'::xid8),
            applied = coalesce(pg_snapshot_xmin($3::text::pg_snapshot), '0'::xid8) WHERE peer = $1";
    /// What the others have settled: from here on the log is complete.
    SETTLED = "SELECT pg_current_snapshot()::text, (SELECT seen FROM cache_leases
            WHERE peer <> $1 AND seen > '0'::xid8 ORDER BY seen DESC LIMIT 1)::text";
    /// The circles that grew, the sessions that ended, and changes of unknown kinds.
    COPIES_SINCE = "SELECT kind, subject, detail, token FROM changes
        WHERE xid >= $1::text::xid8 AND kind <> ALL($2) LIMIT $3";
    /// One row without a change if there is none.
    CHANGES_SINCE = "SELECT pg_current_snapshot()::text, c.kind, c.subject, c.detail, c.token
        FROM (SELECT 1) AS horizon LEFT JOIN LATERAL (
            SELECT kind, subject, detail, token FROM changes
            WHERE xid >= pg_snapshot_xmin($1::text::pg_snapshot)
              AND NOT pg_visible_in_snapshot(xid, $1::text::pg_snapshot) ORDER BY xid LIMIT $2) c ON true";
    LEASES = "SELECT peer, renewals, hold, alone FROM cache_leases";
    ADDRESSES = "SELECT address FROM cache_leases WHERE address IS NOT NULL";
    LEASE_REVOKE = "DELETE FROM cache_leases WHERE peer = $1 AND renewals = $2";
    LEASE_EXISTS = "SELECT 1 FROM cache_leases WHERE peer = $1";
    LEASE_LEAVE = "DELETE FROM cache_leases WHERE peer = $1";
    SEEN_BY_ALL = "SELECT coalesce((SELECT seen FROM cache_leases ORDER BY seen LIMIT 1),
        pg_snapshot_xmin(pg_current_snapshot()))::text";
    APPLIED_BY_ALL = "SELECT coalesce((SELECT applied FROM cache_leases ORDER BY applied LIMIT 1), '0'::xid8)::text";
    CHANGES_BEYOND = "SELECT 1 FROM changes ORDER BY xid OFFSET $1 LIMIT 1";
    CHANGES_TRIM = "DELETE FROM changes WHERE ctid = ANY(ARRAY(
        SELECT ctid FROM changes WHERE xid < $1::text::xid8 ORDER BY xid LIMIT $2))";
}

/// Maximum number of rows of the log in one renewal: two for each like. A member that missed more empties its caches,
/// which costs about as much as applying them.
const CHANGES_MAX: usize = 8_192;

/// Maximum number of copies in the shared fabric that one renewal names. They take about 2 MiB. Dropping all copies is
/// cheaper than more.
const COPIES_MAX: usize = 20_000;

/// Changes after which the log is cut. It is five times what one renewal names, so a longer log helps nobody. It takes
/// about 10 MB. With 100 changes a second it is cut after a quarter of an hour without the fabric.
const CHANGES_KEPT_MAX: usize = 100_000;

/// The advisory lock of members that join ("caches" in ASCII).
const LOCK: i64 = 0x63_61_63_68_65_73;

/// Leases are renewed also while requests and imports wait for connections.
const CLASS: Class = Class::Lease;

/// Writers read the leases of the others after each change, and revoke those that expired. They wait as other writes do,
/// so that they delay no renewal.
const WRITERS: Class = Class::Post;

#[async_trait]
impl CacheLeases for PostgresStore {
    async fn join(&self, member: JoiningMember) -> StoreResult<bool> {
        self.db
            .write(CLASS, "join the caches", |tx| async move {
                let [_, joined] = tx.last(join(member)).await?;
                Ok(joined.changed())
            })
            .await
    }

    async fn renew(
        &self,
        peer: PeerId,
        since: &Horizon,
        settled: &Horizon,
    ) -> StoreResult<Option<RenewedLease>> {
        let renewed = self
            .db
            .commit(CLASS, "renew a cache lease", |tx| async move {
                tx.last(renew(peer, since, settled)).await
            });
        let renewed = renewed.await?;
        let [lease, found] = &renewed.value;
        if !lease.changed() {
            return Ok(None);
        }
        let logged = self.logged(found, since).await?;
        Ok(Some(RenewedLease {
            changes: logged.changes,
            counts: logged.counts,
            all_copies: logged.all_copies,
            at: renewed.at,
            horizon: Horizon(found.first()?.unwrap_or_default()),
        }))
    }

    async fn log_changes(&self, changes: &[Change]) -> StoreResult<CommitPosition> {
        let logged = self.db.commit(WRITERS, "log changes", |tx| async move {
            tx.last([changes::log(changes)]).await.map(drop)
        });
        Ok(logged.await?.at)
    }

    async fn cache_leases(&self) -> StoreResult<Vec<CacheLease>> {
        let leases = self
            .db
            .read(WRITERS, "read the cache leases", bind!(LEASES));
        leases.await?.rows(lease)
    }

    async fn addresses(&self) -> StoreResult<Vec<SocketAddr>> {
        let read = self
            .db
            .read(CLASS, "read the addresses of nodes", bind!(ADDRESSES));
        read.await?.rows(address)
    }

    async fn revoke(&self, lease: CacheLease) -> StoreResult<Revocation> {
        let peer = number(lease.peer);
        self.db
            .write(WRITERS, "revoke a cache lease", |tx| async move {
                let revoke = bind!(LEASE_REVOKE, peer, lease.renewals);
                let [revoked, left] = tx.last([revoke, bind!(LEASE_EXISTS, peer)]).await?;
                Ok(match (revoked.changed(), left.exists()) {
                    (true, _) => Revocation::Revoked,
                    (false, true) => Revocation::Renewed,
                    (false, false) => Revocation::Absent,
                })
            })
            .await
    }

    async fn leave(&self, peer: PeerId) -> StoreResult<()> {
        let leave = bind!(LEASE_LEAVE, number(peer));
        self.db.execute(CLASS, "leave the caches", leave).await?;
        Ok(())
    }

    async fn trim_changes(&self, limit: u32) -> StoreResult<u64> {
        let class = Class::Background;
        self.db
            .write(class, "trim the changes", |tx| async move {
                trim(&tx, limit).await
            })
            .await
    }
}

async fn trim(tx: &Tx, limit: u32) -> StoreResult<u64> {
    // A member that joins meanwhile begins with a later horizon.
    let seen: Option<String> = tx.first(bind!(SEEN_BY_ALL)).await?;
    let [trimmed, beyond] = tx
        .batch([
            bind!(CHANGES_TRIM, seen, limit),
            bind!(CHANGES_BEYOND, CHANGES_KEPT_MAX as u64),
        ])
        .await?;
    match trimmed.affected < u64::from(limit) && beyond.exists() {
        true => cut(tx).await,
        false => Ok(trimmed.affected),
    }
}

/// Removes what every member has applied, and records it in the same transaction: a member that joins finds either the
/// changes or the cut.
async fn cut(tx: &Tx) -> StoreResult<u64> {
    let applied: Option<String> = tx.first(bind!(APPLIED_BY_ALL)).await?;
    let removed = bind!(CHANGES_TRIM, applied, CHANGES_KEPT_MAX as u64);
    let removed = tx.execute(removed).await?;
    if removed > 0 {
        tx.last([changes::log_cut()]).await?;
        tracing::warn!(
            removed,
            "the log of changes is too long, because Redis has not confirmed them: a node that starts now drops all \
             timelines and sessions in Redis"
        );
    }
    Ok(removed)
}

fn join(member: JoiningMember) -> [Query; 2] {
    let hold = i64::try_from(member.hold.as_millis()).unwrap_or(i64::MAX);
    [
        bind!(JOIN_LOCK, LOCK),
        bind!(
            LEASE_JOIN,
            number(member.peer),
            hold,
            member.alone,
            member.address.map(|address| address.to_string())
        ),
    ]
}

/// The lock of the lease first, then the changes in a snapshot that is taken afterwards.
fn renew(peer: PeerId, since: &Horizon, settled: &Horizon) -> [Query; 2] {
    let lease = bind!(
        LEASE_RENEW,
        number(peer),
        snapshot(settled),
        snapshot(since)
    );
    let found = match snapshot(since) {
        None => bind!(SETTLED, number(peer)),
        since => bind!(CHANGES_SINCE, since, CHANGES_MAX as u64 + 1),
    };
    [lease, found]
}

/// `None` for the horizon of a member that has applied nothing.
fn snapshot(horizon: &Horizon) -> Option<&str> {
    Some(horizon.0.as_str()).filter(|text| !text.is_empty())
}

/// The first transaction that a snapshot may not contain: its first number.
fn first_unseen(horizon: &Horizon) -> &str {
    horizon.0.split(':').next().unwrap_or_default()
}

/// The changes of a renewal.
#[derive(Default)]
struct Logged {
    changes: Vec<Change>,
    counts: Vec<(StoryId, u64)>,
    all_copies: bool,
}

impl PostgresStore {
    /// The changes since a horizon, from the answer of a renewal.
    async fn logged(&self, found: &Answer, since: &Horizon) -> StoreResult<Logged> {
        if snapshot(since).is_none() {
            let settled = found.row(|row| row.get::<Option<String>>(1))?.flatten();
            return self.everything_since(settled.as_deref()).await;
        }
        if found.rows.len() > CHANGES_MAX {
            return self.everything_since(Some(first_unseen(since))).await;
        }
        // The member has applied what was before a cut.
        let tells = |kind: Option<i64>| kind.is_some_and(|kind| kind != changes::CUT);
        let is_change = |row: &&Row| row.get(1).map_or(true, tells);
        let mut logged = Logged::default();
        for row in found.rows.iter().filter(is_change) {
            match changes::counts(row, 1)? {
                Some(counts) => logged.counts.push(counts),
                None => logged.changes.push(change(row, 1)?),
            }
        }
        logged.all_copies = logged.changes.contains(&Change::Everything);
        Ok(logged)
    }

    /// Everything in the caches, and the copies to drop since a transaction. All of them if it is unknown, or if there are
    /// too many. The log keeps these changes while the member has not settled them.
    async fn everything_since(&self, first: Option<&str>) -> StoreResult<Logged> {
        let mut logged = Logged {
            changes: vec![Change::Everything],
            all_copies: first.is_none(),
            ..Logged::default()
        };
        let Some(first) = first else {
            return Ok(logged);
        };
        let kinds = changes::NO_COPY.to_vec();
        let since = bind!(COPIES_SINCE, first, kinds, COPIES_MAX as u64 + 1);
        let since = self.db.read(CLASS, "read the copies to drop", since);
        let mut copies = since.await?.rows(|row| change(row, 0))?;
        logged.all_copies = copies.len() > COPIES_MAX || copies.contains(&Change::Everything);
        if !logged.all_copies {
            logged.changes.append(&mut copies);
        }
        Ok(logged)
    }
}

/// The number of a peer uses all 64 bits.
const fn number(peer: PeerId) -> i64 {
    peer.as_u64().cast_signed()
}

fn lease(row: &Row) -> StoreResult<CacheLease> {
    Ok(CacheLease {
        peer: PeerId::from_u64(row.get::<i64>(0)?.cast_unsigned()),
        renewals: row.get(1)?,
        hold: Duration::from_millis(row.get(2)?),
        alone: row.get(3)?,
    })
}

fn address(row: &Row) -> StoreResult<SocketAddr> {
    let text: String = row.get(0)?;
    text.parse()
        .map_err(|error| StoreError::failed("read the address of a node", error))
}
