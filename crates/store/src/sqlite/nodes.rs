//! Leases of node numbers.

use std::time::Duration;

use async_trait::async_trait;
use rustc_hash::FxHashMap;
use sosik_feed::Timestamp;

use super::SqliteStore;
use super::db::Db;
use super::statement::statements;
use crate::{LeaseRequest, NodeLease, Nodes, StoreError, StoreResult};

statements! {
    NODES_OF_REGION = "SELECT node, epoch, ids_until FROM nodes WHERE node BETWEEN ?1 AND ?2";
    NODE_LEASE = "INSERT INTO nodes (node, epoch, holder, held, ids_until) VALUES (?1, ?2, ?3, 1, ?4)
        ON CONFLICT (node) DO UPDATE SET epoch = ?2, holder = ?3, held = 1, ids_until = ?4";
    NODE_RENEW = "UPDATE nodes SET ids_until = max(ids_until, ?3) WHERE node = ?1 AND epoch = ?2 AND held = 1
        RETURNING ids_until";
    NODE_RELEASE = "UPDATE nodes SET held = 0, ids_until = ?3 WHERE node = ?1 AND epoch = ?2 AND held = 1";
}

/// Node numbers of a region. The last one is never leased.
const NODES_PER_REGION: u16 = 256;

#[async_trait]
impl Nodes for SqliteStore {
    async fn lease_node(&self, request: LeaseRequest) -> StoreResult<NodeLease> {
        self.write("lease a node number", move |db| lease(db, &request))
            .await
    }

    async fn renew_node(
        &self,
        lease: NodeLease,
        now: Timestamp,
        span: Duration,
    ) -> StoreResult<NodeLease> {
        self.write("renew a node lease", move |db| {
            let values = [
                i64::from(lease.node),
                lease.epoch.cast_signed(),
                now.plus(span).as_i64(),
            ];
            let renewed = db.row(NODE_RENEW, values, |row| {
                Ok(Timestamp::from_i64(row.get(0)?))
            })?;
            renewed
                .map(|ids_until| NodeLease { ids_until, ..lease })
                .ok_or(StoreError::LeaseLost)
        })
        .await
    }

    async fn release_node(&self, lease: NodeLease, last_id_at: Timestamp) -> StoreResult<()> {
        self.write("release a node number", move |db| {
            db.execute(
                NODE_RELEASE,
                [
                    i64::from(lease.node),
                    lease.epoch.cast_signed(),
                    last_id_at.as_i64(),
                ],
            )?;
            Ok(())
        })
        .await
    }
}

/// The lowest free number: a machine that restarts in peace keeps the one it had.
fn lease(db: &Db<'_>, request: &LeaseRequest) -> StoreResult<NodeLease> {
    let first = request.region * NODES_PER_REGION;
    let numbers = first..first + NODES_PER_REGION - 1;
    let known = db.rows(NODES_OF_REGION, [numbers.start, numbers.end], |row| {
        Ok((
            row.get::<_, u16>(0)?,
            (
                row.get::<_, i64>(1)?.cast_unsigned(),
                Timestamp::from_i64(row.get(2)?),
            ),
        ))
    })?;
    let known: FxHashMap<_, _> = known.into_iter().collect();
    let past = |node| known.get(&node).copied().unwrap_or_default();
    let node = numbers.into_iter().find(|&node| {
        known
            .get(&node)
            .is_none_or(|&(_, ids_until)| ids_until <= request.now)
    });
    let node = node.ok_or(StoreError::Busy)?;
    let (epoch, ids_after) = past(node);
    let lease = NodeLease {
        node,
        epoch: epoch + 1,
        ids_after,
        ids_until: request.now.plus(request.span),
    };
    let (epoch, until) = (lease.epoch.cast_signed(), lease.ids_until.as_i64());
    db.execute(
        NODE_LEASE,
        rusqlite::params![node, epoch, request.holder, until],
    )?;
    Ok(lease)
}
