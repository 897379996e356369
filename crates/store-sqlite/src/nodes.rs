//! Leases of node numbers.

use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;
use sosik_feed::Timestamp;

use super::SqliteStore;
use super::db::Db;
use super::statement::{Sql, statements};
use sosik_store::engine::{KnownNode, choose_node};
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
    NEWEST_INVITATION = "SELECT max(id) FROM invitations";
    NEWEST_MEDIA = "SELECT max(id) FROM media";
    NEWEST_UPLOAD = "SELECT max(id) FROM uploads";
    NEWEST_PREVIEW = "SELECT max(id) FROM previews";
    NEWEST_LINK = "SELECT max(folder) FROM links";
}

/// The statements that find the newest id of each kind.
const NEWEST: [Sql; 10] = [
    NEWEST_STORY,
    NEWEST_COMMENT,
    NEWEST_NOTIFICATION,
    NEWEST_PERSON,
    NEWEST_SESSION,
    NEWEST_INVITATION,
    NEWEST_MEDIA,
    NEWEST_UPLOAD,
    NEWEST_PREVIEW,
    NEWEST_LINK,
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

/// The newest id of any kind; 0 if there is none.
fn newest_id(db: &Db<'_>) -> StoreResult<i64> {
    let mut newest = 0;
    for sql in NEWEST {
        let id: Option<i64> = db.row(sql, [], |row| row.get(0))?.flatten();
        newest = newest.max(id.unwrap_or_default());
    }
    Ok(newest)
}

fn lease(db: &Db<'_>, request: &LeaseRequest) -> StoreResult<NodeLease> {
    let numbers = request.numbers();
    let values = [
        i64::from(numbers.start),
        i64::from(numbers.end),
        request.now.as_i64(),
    ];
    let known = db.rows(NODES_OF_REGION, values, |row| {
        let known = KnownNode {
            epoch: row.get::<_, i64>(1)?.cast_unsigned(),
            ids_until: Timestamp::from_i64(row.get(2)?),
            is_held: row.get(3)?,
        };
        Ok((row.get::<_, u16>(0)?, known))
    })?;
    let known: BTreeMap<_, _> = known.into_iter().collect();
    let lease = choose_node(request, &known, newest_id(db)?)?;
    db.execute(
        NODE_LEASE,
        rusqlite::params![
            lease.node,
            lease.epoch.cast_signed(),
            request.holder,
            request.now.plus(request.span).as_i64(),
            lease.ids_until.as_i64()
        ],
    )?;
    Ok(lease)
}
