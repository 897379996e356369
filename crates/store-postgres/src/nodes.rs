//! Leases of node numbers.
//!
//! A transaction that takes a number locks the row of its region, so two nodes that start together get different ones.
//! A renewal and a release name the epoch, so an earlier holder changes nothing.

use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;
use sosik_feed::Timestamp;
use sosik_store::engine::{KnownNode, choose_node};
use sosik_store::{LeaseRequest, NodeLease, Nodes, StoreError, StoreResult};

use super::PostgresStore;
use super::pool::Class;
use super::row::{Answer, Row};
use super::sql::{Query, bind, statements};
use super::tx::Tx;

statements! {
    REGION_LOCK = "SELECT 1 FROM regions WHERE region = $1 FOR UPDATE";
    NODES_OF_REGION = "SELECT node, epoch, ids_until, held AND held_until > $3 FROM nodes WHERE node BETWEEN $1 AND $2";
    NODE_LEASE = "INSERT INTO nodes (node, epoch, holder, held, held_until, ids_until) VALUES ($1, $2, $3, true, $4, $5)
        ON CONFLICT (node) DO UPDATE SET epoch = excluded.epoch, holder = excluded.holder, held = true,
            held_until = excluded.held_until, ids_until = excluded.ids_until";
    NODE_RENEW = "UPDATE nodes SET held_until = $3, ids_until = greatest(ids_until, $4)
        WHERE node = $1 AND epoch = $2 AND held RETURNING ids_until";
    NODE_RELEASE = "UPDATE nodes SET held = false, ids_until = $3 WHERE node = $1 AND epoch = $2 AND held";
    STORE_TIME = "SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint";
    NEWEST_STORY = "SELECT max(id) FROM stories";
    NEWEST_COMMENT = "SELECT max(id) FROM comments";
    NEWEST_NOTIFICATION = "SELECT max(id) FROM notifications";
    NEWEST_PERSON = "SELECT max(id) FROM people";
    NEWEST_SESSION = "SELECT max(id) FROM person_sessions";
    NEWEST_INVITATION = "SELECT max(id) FROM invitations";
    NEWEST_MEDIA = "SELECT max(id) FROM media";
    NEWEST_UPLOAD = "SELECT max(id) FROM uploads";
    NEWEST_PREVIEW = "SELECT max(id) FROM previews";
    NEWEST_LINK = "SELECT max(folder) FROM links";
}

#[async_trait]
impl Nodes for PostgresStore {
    async fn lease_node(&self, request: LeaseRequest) -> StoreResult<NodeLease> {
        let (class, request, fenced) = (Class::Lease, &request, self.db.id_age_max.is_some());
        let leased = self
            .db
            .write(class, "lease a node number", |tx| async move {
                let [_locked, now] = tx
                    .batch([bind!(REGION_LOCK, request.region), bind!(STORE_TIME)])
                    .await?;
                let store_now = store_now(&now, fenced)?;
                let now = store_now.unwrap_or(request.now);
                let request = LeaseRequest {
                    now,
                    ..request.clone()
                };
                let lease = lease(&tx, &request).await?;
                Ok(NodeLease { store_now, ..lease })
            });
        leased.await
    }

    async fn renew_node(
        &self,
        lease: NodeLease,
        last_id_at: Timestamp,
        now: Timestamp,
        span: Duration,
    ) -> StoreResult<NodeLease> {
        let renew = bind!(
            NODE_RENEW,
            lease.node,
            lease.epoch,
            now.plus(span),
            now.max(last_id_at).plus(span)
        );
        let (class, renew) = (Class::Lease, &renew);
        let renewed = self.db.write(class, "renew a node lease", |tx| async move {
            tx.last([renew.clone(), bind!(STORE_TIME)]).await
        });
        let [ids_until, now] = renewed.await?;
        Ok(NodeLease {
            ids_until: ids_until.first()?.ok_or(StoreError::LeaseLost)?,
            store_now: store_now(&now, self.db.id_age_max.is_some())?,
            ..lease
        })
    }

    async fn release_node(&self, lease: NodeLease, last_id_at: Timestamp) -> StoreResult<()> {
        let release = bind!(NODE_RELEASE, lease.node, lease.epoch, last_id_at);
        let class = Class::Lease;
        self.db
            .execute(class, "release a node number", release)
            .await?;
        Ok(())
    }
}

/// The answer to [`STORE_TIME`], if ids are fenced by the clock of the server.
fn store_now(answer: &Answer, fenced: bool) -> StoreResult<Option<Timestamp>> {
    match fenced {
        true => answer.first(),
        false => Ok(None),
    }
}

/// The row of the region is locked.
async fn lease(tx: &Tx, request: &LeaseRequest) -> StoreResult<NodeLease> {
    let numbers = request.numbers();
    let [known, newest @ ..] = tx
        .batch([
            bind!(NODES_OF_REGION, numbers.start, numbers.end, request.now),
            bind!(NEWEST_STORY),
            bind!(NEWEST_COMMENT),
            bind!(NEWEST_NOTIFICATION),
            bind!(NEWEST_PERSON),
            bind!(NEWEST_SESSION),
            bind!(NEWEST_INVITATION),
            bind!(NEWEST_MEDIA),
            bind!(NEWEST_UPLOAD),
            bind!(NEWEST_PREVIEW),
            bind!(NEWEST_LINK),
        ])
        .await?;
    let known: BTreeMap<u16, KnownNode> = known.rows(known_node)?.into_iter().collect();
    let lease = choose_node(request, &known, newest_id(&newest)?)?;
    tx.last([insert(&lease, request)]).await?;
    Ok(lease)
}

fn known_node(row: &Row) -> StoreResult<(u16, KnownNode)> {
    let known = KnownNode {
        epoch: row.get(1)?,
        ids_until: row.get(2)?,
        is_held: row.get(3)?,
    };
    Ok((row.get(0)?, known))
}

/// The newest id of any kind; 0 if there is none.
fn newest_id(newest: &[Answer]) -> StoreResult<i64> {
    let mut largest = 0;
    for answer in newest {
        let id: Option<i64> = answer.row(|row| row.get(0))?.flatten();
        largest = largest.max(id.unwrap_or_default());
    }
    Ok(largest)
}

fn insert(lease: &NodeLease, request: &LeaseRequest) -> Query {
    bind!(
        NODE_LEASE,
        lease.node,
        lease.epoch,
        &request.holder,
        request.now.plus(request.span),
        lease.ids_until
    )
}
