//! Leases of node numbers.

use std::time::Duration;

use async_trait::async_trait;
use foldhash::HashMap;
use sosik_feed::id::{NODES_PER_REGION, node_of_imports};
use sosik_feed::{RawId, Timestamp};

use super::SqliteStore;
use super::db::Db;
use super::statement::{Sql, statements};
use sosik_store::{LeaseRequest, NodeLease, Nodes, StoreError, StoreResult};

statements! {
    NODES_OF_REGION = "SELECT node, epoch, ids_until, held AND held_until > ?3 FROM nodes WHERE node BETWEEN ?1 AND ?2";
    NODE_LEASE = "INSERT INTO nodes (node, epoch, holder, held, held_until, ids_until) VALUES (?1, ?2, ?3, 1, ?4, ?5)
        ON CONFLICT (node) DO UPDATE SET epoch = ?2, holder = ?3, held = 1, held_until = ?4, ids_until = ?5";
    NODE_RENEW = "UPDATE nodes SET held_until = ?3, ids_until = max(ids_until, ?4)
        WHERE node = ?1 AND epoch = ?2 AND held = 1 RETURNING ids_until";
    NODE_RELEASE = "UPDATE nodes SET held = 0, ids_until = ?3 WHERE node = ?1 AND epoch = ?2 AND held = 1";
    NEWEST_STORY = "SELECT max(id) FROM stories";
    NEWEST_COMMENT = "SELECT max(id) FROM comments";
    NEWEST_NOTIFICATION = "SELECT max(id) FROM notifications";
    NEWEST_PERSON = "SELECT max(id) FROM people";
    NEWEST_SESSION = "SELECT max(id) FROM sessions";
}

/// The statements that find the newest id of each kind.
const NEWEST: [Sql; 5] = [
    NEWEST_STORY,
    NEWEST_COMMENT,
    NEWEST_NOTIFICATION,
    NEWEST_PERSON,
    NEWEST_SESSION,
];

#[async_trait]
impl Nodes for SqliteStore {
    async fn lease_node(&self, request: LeaseRequest) -> StoreResult<NodeLease> {
        self.write("lease a node number", move |db| lease(db, &request))
            .await
    }

    async fn renew_node(
        &self,
        lease: NodeLease,
        last_id_at: Timestamp,
        now: Timestamp,
        span: Duration,
    ) -> StoreResult<NodeLease> {
        self.write("renew a node lease", move |db| {
            let values = [
                i64::from(lease.node),
                lease.epoch.cast_signed(),
                now.plus(span).as_i64(),
                now.max(last_id_at).plus(span).as_i64(),
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

/// The time of the newest id of any kind; 1970 if there is none.
fn newest_id_at(db: &Db<'_>) -> StoreResult<Timestamp> {
    let mut newest = 0;
    for sql in NEWEST {
        let id: Option<i64> = db.row(sql, [], |row| row.get(0))?.flatten();
        newest = newest.max(id.unwrap_or_default());
    }
    Ok(match newest {
        0 => Timestamp::default(),
        newest => RawId::from_i64(newest).time(),
    })
}

/// A number that was leased before.
struct Known {
    epoch: u64,
    ids_until: Timestamp,
    is_held: bool,
}

/// The lowest free number, so a machine that restarts normally keeps its number.
fn lease(db: &Db<'_>, request: &LeaseRequest) -> StoreResult<NodeLease> {
    let numbers = request.region * NODES_PER_REGION..node_of_imports(request.region);
    let values = [
        i64::from(numbers.start),
        i64::from(numbers.end),
        request.now.as_i64(),
    ];
    let known = db.rows(NODES_OF_REGION, values, |row| {
        let known = Known {
            epoch: row.get::<_, i64>(1)?.cast_unsigned(),
            ids_until: Timestamp::from_i64(row.get(2)?),
            is_held: row.get(3)?,
        };
        Ok((row.get::<_, u16>(0)?, known))
    })?;
    let known: HashMap<_, _> = known.into_iter().collect();
    let is_free = |node: &u16| known.get(node).is_none_or(|known| !known.is_held);
    let node = numbers.into_iter().find(is_free).ok_or(StoreError::Busy)?;
    let (epoch, own_ids_until) = known
        .get(&node)
        .map_or_else(Default::default, |known| (known.epoch, known.ids_until));
    // A lease whose end is after that of a new lease was made by a clock that was ahead. Its holder may have promised
    // that no id up to the end of the lease is new.
    let ahead = |until: &Timestamp| *until > request.now.plus(request.span);
    let ids_until = known.values().map(|known| known.ids_until);
    let ahead = ids_until.filter(ahead).max().unwrap_or_default();
    let ids_after = own_ids_until.max(ahead).max(newest_id_at(db)?);
    let lease = NodeLease {
        node,
        epoch: epoch + 1,
        ids_after,
        ids_until: request.now.max(ids_after).plus(request.span),
    };
    db.execute(
        NODE_LEASE,
        rusqlite::params![
            node,
            lease.epoch.cast_signed(),
            request.holder,
            request.now.plus(request.span).as_i64(),
            lease.ids_until.as_i64()
        ],
    )?;
    Ok(lease)
}
